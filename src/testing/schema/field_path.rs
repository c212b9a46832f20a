//! Paths to fields of a schema, as rules name them: `.spec.items`, `.labels['app']`.

use serde_json::Value;

/// The path as messages show it; nothing where it leads nowhere.
pub(in crate::testing) fn shown(path: &str, schema: &Value) -> Option<String> {
    let (mut shown, mut rest, mut schema) = (String::new(), path, schema);
    while !rest.is_empty() {
        let (name, after) = match rest.strip_prefix("['") {
            Some(quoted) => quoted.split_once("']")?,
            None => {
                let name = rest.strip_prefix('.')?;
                name.split_at(name.find(['.', '[', ']']).unwrap_or(name.len()))
            }
        };
        let name = name.replace("\\'", "'");
        if let Some(fields) = schema["properties"].as_object() {
            schema = fields.get(&name)?;
            shown = super::child(&shown, &name);
        } else {
            schema = schema.get("additionalProperties").filter(|others| others.is_object())?;
            shown.push_str(&format!("[{name}]"));
        }
        rest = after;
    }
    Some(shown)
}
