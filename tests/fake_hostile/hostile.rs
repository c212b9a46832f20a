//! Who makes values that a cluster may not expect.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    server::Kind,
    support::random::Random,
    texts::{NUMBERS, TEXTS},
};

pub struct Hostile {
    pub random: Random,
    pub kinds: Vec<Kind>,
    pub schemas: BTreeMap<(String, String), Value>,
    pub components: Map<String, Value>,
}

impl Hostile {
    pub fn text(&mut self) -> Value {
        self.random.pick(TEXTS).into()
    }

    pub fn number(&mut self) -> Value {
        serde_json::from_str(self.random.pick(NUMBERS)).unwrap()
    }

    /// Any value at all.
    pub fn anything(&mut self, depth: usize) -> Value {
        match self.random.below(if depth == 0 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => self.random.percent(50).into(),
            2 => self.number(),
            3 | 4 => self.text(),
            5 => (0..self.random.below(4)).map(|_| self.anything(depth - 1)).collect(),
            6 => (0..self.random.below(60)).fold(Value::Null, |inner, _| {
                if self.random.percent(50) { json!([inner]) } else { json!({"a": inner}) }
            }),
            _ => (0..self.random.below(4))
                .map(|_| (self.random.pick(TEXTS).to_owned(), self.anything(depth - 1)))
                .collect::<Map<_, _>>()
                .into(),
        }
    }

    /// A value of a schema, more or less.
    pub fn value(&mut self, schema: &Value, depth: usize) -> Value {
        if self.random.percent(2) {
            return self.anything(3);
        }
        if depth == 0 {
            return Value::Null;
        }
        let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
        if let Some(schema) = reference.and_then(|path| self.components.get(path.rsplit('/').next()?)).cloned() {
            return self.value(&schema, depth);
        }
        match schema["type"].as_str() {
            Some("object") => {
                let mut object = Map::new();
                for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                    if self.random.percent(40) {
                        object.insert(name.clone(), self.value(schema, depth - 1));
                    }
                }
                if let Some(entries) = schema.get("additionalProperties") {
                    for _ in 0..self.random.below(3) {
                        object.insert(self.random.pick(TEXTS).to_owned(), self.value(entries, depth - 1));
                    }
                }
                object.into()
            }
            Some("array") => (0..self.random.below(4)).map(|_| self.value(&schema["items"], depth - 1)).collect(),
            Some("integer" | "number") => self.number(),
            Some("boolean") => self.random.percent(50).into(),
            Some("string") => self.text(),
            _ => self.anything(3),
        }
    }

    pub fn object(&mut self, kind: &Kind) -> Value {
        let schema = self.schemas.get(&(kind.api_version.clone(), kind.kind.clone())).cloned().unwrap_or_default();
        let mut object = self.value(&schema, 12);
        if let Some(fields) = object.as_object_mut().filter(|_| self.random.percent(95)) {
            fields.insert("apiVersion".to_owned(), kind.api_version.clone().into());
            fields.insert("kind".to_owned(), kind.kind.clone().into());
            let metadata = fields.entry("metadata").or_insert(Value::Null);
            if !metadata.is_object() || self.random.percent(70) {
                *metadata = json!({"name": self.random.name()});
            }
        }
        object
    }

    /// The same with some other values, here and there.
    pub fn mutate(&mut self, value: &mut Value, chance: usize) {
        if self.random.below(1000) < chance {
            *value = self.anything(3);
            return;
        }
        match value {
            Value::Object(fields) => {
                fields.values_mut().for_each(|field| self.mutate(field, chance));
                if self.random.below(1000) < chance {
                    fields.insert(self.random.pick(TEXTS).to_owned(), self.anything(2));
                }
            }
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.mutate(item, chance));
                if self.random.below(1000) < chance {
                    let copy = items.first().cloned();
                    items.extend(copy);
                }
            }
            _ => {}
        }
    }
}
