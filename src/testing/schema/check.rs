//! What a schema demands of values, in the server's words and order.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{super::status::Flaw, child, format, number, patterns::Patterns};

#[derive(Clone, Copy)]
pub(super) struct Check<'s> {
    pub(super) patterns: &'s Patterns,
}

impl Check<'_> {
    /// What is wrong with an object; what is as it was in `old` may stay.
    pub(super) fn flaws(self, object: &Value, old: Option<&Value>, schema: &Value) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        self.look(object, old, schema, "", &mut flaws);
        flaws
    }

    fn look(self, value: &Value, old: Option<&Value>, schema: &Value, path: &str, flaws: &mut Vec<Flaw>) {
        if old == Some(value) {
            return;
        }
        flaws.extend(mistyped(value, schema, path));
        if value.is_null() {
            flaws.extend(outside(value, schema, path));
            return;
        }
        self.combined(value, schema, path, flaws);
        match value {
            Value::String(text) => self.text(text, schema, path, flaws),
            Value::Number(number) => flaws.extend(number::flaws(number, schema, path)),
            Value::Array(items) => self.list(items, old, schema, path, flaws),
            _ => {}
        }
        flaws.extend(outside(value, schema, path));
        if let Value::Object(fields) = value {
            self.map(fields, old, schema, path, flaws);
        }
    }

    /// Whether it is, or is not, what several schemas say.
    fn combined(self, value: &Value, schema: &Value, path: &str, flaws: &mut Vec<Flaw>) {
        let each = |name: &str| {
            let schemas = schema[name].as_array().into_iter().flatten();
            schemas.map(|schema| self.within(value, schema, path)).collect::<Vec<_>>()
        };
        let nowhere = |why: String| Flaw::invalid("<nil>", "", &format!("{path:?} must {why}"));
        let any = each("anyOf");
        if !any.is_empty() && !any.iter().any(Vec::is_empty) {
            flaws.push(nowhere("validate at least one schema (anyOf)".to_owned()));
            flaws.extend(any.into_iter().next().into_iter().flatten());
        }
        let one = each("oneOf");
        match one.iter().filter(|flaws| flaws.is_empty()).count() {
            1 => {}
            0 if one.is_empty() => {}
            0 => {
                flaws.push(nowhere("validate one and only one schema (oneOf). Found none valid".to_owned()));
                flaws.extend(one.into_iter().next().into_iter().flatten());
            }
            several => flaws
                .push(nowhere(format!("validate one and only one schema (oneOf). Found {several} valid alternatives"))),
        }
        let all = each("allOf");
        if all.iter().any(|flaws| !flaws.is_empty()) {
            let none = if all.iter().any(Vec::is_empty) { "" } else { ". None validated" };
            flaws.extend(all.into_iter().flatten());
            flaws.push(nowhere(format!("validate all the schemas (allOf){none}")));
        }
        if schema.get("not").is_some_and(|not| self.within(value, not, path).is_empty()) {
            flaws.push(nowhere("not validate the schema (not)".to_owned()));
        }
    }

    fn within(self, value: &Value, schema: &Value, path: &str) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        self.look(value, None, schema, path, &mut flaws);
        flaws
    }

    fn text(self, text: &str, schema: &Value, path: &str, flaws: &mut Vec<Flaw>) {
        let length = text.chars().count() as u64;
        if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
            flaws.push(Flaw::too_long(path, most as usize));
        }
        if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
            let why = format!("{path} in body should be at least {least} chars long");
            flaws.push(Flaw::invalid(path, text, &why));
        }
        if let Some(pattern) = schema["pattern"].as_str()
            && !self.patterns.found_in(text, pattern)
        {
            flaws.push(Flaw::invalid(path, text, &format!("{path} in body should match '{pattern}'")));
        }
        if let Some(format) = schema["format"].as_str().filter(|format| !format::matches(format, text)) {
            flaws.push(type_flaw(path, format, text));
        }
    }

    fn list(self, items: &[Value], old: Option<&Value>, schema: &Value, path: &str, flaws: &mut Vec<Flaw>) {
        if let Some(declared) = schema.get("items") {
            let counterparts = Counterparts::new(old, schema);
            for (index, item) in items.iter().enumerate() {
                let old = counterparts.of(item);
                self.look(item, old, declared, &format!("{path}[{index}]"), flaws);
            }
        }
        let length = items.len() as u64;
        if let Some(least) = schema["minItems"].as_u64().filter(|least| length < *least) {
            let why = format!("{path} in body should have at least {least} items");
            flaws.push(Flaw::invalid(path, length, &why));
        }
        if let Some(most) = schema["maxItems"].as_u64().filter(|most| length > *most) {
            flaws.push(Flaw::too_many(path, length, most));
        }
    }

    fn map(self, fields: &Map<String, Value>, old: Option<&Value>, schema: &Value, path: &str, flaws: &mut Vec<Flaw>) {
        let size = fields.len() as u64;
        if let Some(least) = schema["minProperties"].as_u64().filter(|least| size < *least) {
            let why = format!("{path} in body should have at least {least} properties");
            flaws.push(Flaw::invalid(path, size, &why));
        }
        if let Some(most) = schema["maxProperties"].as_u64().filter(|most| size > *most) {
            flaws.push(Flaw::too_many(path, size, most));
        }
        for (name, field) in fields {
            if let Some(declared) = super::of_field(schema, name) {
                self.look(field, old.and_then(|old| old.get(name)), declared, &child(path, name), flaws);
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                flaws.push(Flaw::required(child(path, name), ""));
            }
        }
    }
}

/// The items of an old list by their keys, where items have keys.
struct Counterparts<'o> {
    keys: Vec<&'o str>,
    items: HashMap<Vec<&'o Value>, &'o Value>,
}

impl<'o> Counterparts<'o> {
    fn new(old: Option<&'o Value>, schema: &'o Value) -> Self {
        let keys: Vec<&str> = match schema["x-kubernetes-list-map-keys"].as_array() {
            Some(keys) => keys.iter().filter_map(Value::as_str).collect(),
            None => return Counterparts { keys: Vec::new(), items: HashMap::new() },
        };
        let mut items = HashMap::new();
        for item in old.and_then(Value::as_array).into_iter().flatten() {
            items.entry(of_keys(&keys, item)).or_insert(item);
        }
        Counterparts { keys, items }
    }

    /// The old item with the same keys.
    fn of(&self, item: &Value) -> Option<&'o Value> {
        self.items.get(&of_keys(&self.keys, item)).copied()
    }
}

fn of_keys<'v>(keys: &[&str], item: &'v Value) -> Vec<&'v Value> {
    keys.iter().map(|key| &item[*key]).collect()
}

/// What values a schema allows by their types.
fn types(schema: &Value) -> Vec<&str> {
    if super::says(schema, "x-kubernetes-int-or-string") {
        return vec!["integer", "string"];
    }
    schema["type"].as_str().filter(|name| !name.is_empty()).into_iter().collect()
}

fn mistyped(value: &Value, schema: &Value, path: &str) -> Option<Flaw> {
    let wanted = types(schema);
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let numeric = wanted.contains(&"number") || wanted.contains(&"integer");
    let fits = match value {
        _ if wanted.is_empty() || wanted.contains(&found) => true,
        Value::Null => super::says(schema, "nullable"),
        Value::Number(number) => {
            wanted.contains(&"number") && found == "integer"
                || wanted.contains(&"integer") && number::whole(number).is_some()
        }
        // Texts and lists pass where there is a format.
        Value::String(_) | Value::Array(_) => {
            !numeric && schema["format"].as_str().is_some_and(|format| !format.is_empty())
        }
        _ => false,
    };
    // What is neither a text nor a list is compared with the format, where there is one.
    let format = schema["format"].as_str().filter(|format| !format.is_empty());
    Some(match (format, value) {
        _ if fits => return None,
        (Some(format), Value::Number(_)) => {
            type_flaw(path, format, if found == "integer" { "int64" } else { "float64" })
        }
        (Some(format), Value::Bool(_) | Value::Object(_)) => type_flaw(path, format, ""),
        _ => type_flaw(path, &wanted.join(","), found),
    })
}

fn type_flaw(path: &str, wanted: &str, found: &str) -> Flaw {
    Flaw::mistyped(path, found, &format!("{path} in body must be of type {wanted}: {found:?}"))
}

/// Whether the value is none of those that are listed.
fn outside(value: &Value, schema: &Value, path: &str) -> Option<Flaw> {
    let allowed = schema["enum"].as_array().filter(|allowed| !allowed.is_empty() && !allowed.contains(value))?;
    let shown: Vec<String> =
        allowed.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    Some(Flaw::unsupported(path, value.clone(), &shown))
}
