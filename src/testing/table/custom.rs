//! The columns of custom kinds: the name, and what their definitions declare.

use serde_json::{Value, json};

use super::{cells::Item, columns, path::Path};

/// The columns of one version of a custom kind.
#[derive(Debug, Clone)]
pub(super) struct Columns(Vec<Column>);

#[derive(Debug, Clone)]
struct Column {
    definition: Value,
    path: Path,
}

impl Columns {
    /// Those of `additionalPrinterColumns`, or the age where there are none.
    pub(super) fn new(declared: &[Value]) -> Self {
        if declared.is_empty() {
            let path = ".metadata.creationTimestamp";
            let age = json!({"name": "Age", "type": "date", "description": columns::age(), "jsonPath": path});
            return Columns(vec![Column::new(&age)]);
        }
        Columns(declared.iter().map(Column::new).collect())
    }

    pub(super) fn definitions(&self) -> Vec<Value> {
        let declared = self.0.iter().map(|column| column.definition.clone());
        std::iter::once(columns::name()).chain(declared).collect()
    }

    pub(super) fn cells(&self, item: &Item<'_>) -> Vec<Value> {
        std::iter::once(item.name()).chain(self.0.iter().map(|column| column.cell(item))).collect()
    }
}

impl Column {
    fn new(declared: &Value) -> Self {
        let text = |name: &str| declared[name].as_str().unwrap_or_default();
        let path = text("jsonPath");
        let description = match text("description") {
            "" => format!("Custom resource definition column (in JSONPath format): {path}"),
            said => said.to_owned(),
        };
        let definition = json!({
            "name": text("name"),
            "type": text("type"),
            "format": text("format"),
            "description": description,
            "priority": declared["priority"].as_i64().unwrap_or_default(),
        });
        Column { definition, path: Path::read(path) }
    }

    /// A value of the type the column has; nothing where the object has another, or none.
    fn cell(&self, item: &Item<'_>) -> Value {
        let Some(value) = self.path.first(item.object) else { return Value::Null };
        match (self.definition["type"].as_str().unwrap_or_default(), value) {
            (_, Value::Null) => Value::Null,
            ("string", Value::String(text)) => text.clone().into(),
            ("string", other) => other.to_string().into(),
            ("integer", Value::Number(number)) => whole(number).map_or(Value::Null, Value::from),
            ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
            ("date", Value::String(text)) => match text.parse::<jiff::Timestamp>() {
                Ok(_) => item.since(value).into(),
                Err(_) => "<invalid>".into(),
            },
            _ => Value::Null,
        }
    }
}

/// A number without what follows its point.
fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| format!("{:.0}", number.as_f64()?.trunc()).parse().ok())
}
