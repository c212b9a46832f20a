//! Patches and configurations, more or less.

use serde_json::{Map, Value, json};

use crate::hostile::Hostile;

impl Hostile {
    /// A pointer to somewhere in a value, or nearly.
    pub fn pointer(&mut self, mut value: &Value) -> String {
        let mut path = String::new();
        while self.random.percent(80) {
            let step = match value {
                Value::Object(fields) if !fields.is_empty() => {
                    let at = self.random.below(fields.len());
                    fields.keys().nth(at).unwrap().clone()
                }
                Value::Array(items) if !items.is_empty() => self.random.below(items.len()).to_string(),
                _ => break,
            };
            path += &format!("/{}", step.replace('~', "~0").replace('/', "~1"));
            value = match value {
                Value::Object(fields) => &fields[&step],
                Value::Array(items) => &items[step.parse::<usize>().unwrap()],
                _ => break,
            };
        }
        if self.random.percent(20) {
            path += self.random.pick(&["/-", "/-1", "/01", "/99999999999999999999", "/a", "/~", "a", "/metadata"]);
        }
        path
    }

    pub fn json_patch(&mut self, live: &Value) -> Value {
        let operations = 1 + self.random.below(4);
        let made = (0..operations).map(|_| {
            let mut operation = json!({
                "op": self.random.pick(&["add", "remove", "replace", "move", "copy", "test", "ad"]),
                "path": self.pointer(live), "from": self.pointer(live), "value": self.anything(2),
            });
            self.mutate(&mut operation, 20);
            operation
        });
        made.collect()
    }

    /// A part of a live object, changed: what patches and configurations look like.
    pub fn part(&mut self, live: &Value, chance: usize) -> Value {
        match live {
            Value::Object(fields) => {
                let mut part = Map::new();
                for (name, field) in fields {
                    if self.random.percent(60) {
                        part.insert(
                            name.clone(),
                            if self.random.below(1000) < chance { self.anything(2) } else { self.part(field, chance) },
                        );
                    }
                }
                if self.random.percent(3) {
                    let directive = self.random.pick(&[
                        "$patch",
                        "$retainKeys",
                        "$setElementOrder/containers",
                        "$deleteFromPrimitiveList/finalizers",
                        "$setElementOrder/ports",
                    ]);
                    let value = if self.random.percent(50) {
                        self.random.pick(&["delete", "replace", "merge", "x"]).into()
                    } else {
                        self.anything(2)
                    };
                    part.insert(directive.to_owned(), value);
                }
                part.into()
            }
            Value::Array(items) => items.iter().map(|item| self.part(item, chance)).collect(),
            other => other.clone(),
        }
    }
}
