//! One entry of `metadata.managedFields`.

use serde_json::{Map, Value, json};

use super::{path::NoStep, set::FieldSet};

/// What one manager owns by one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testing) struct Entry {
    pub(in crate::testing) manager: String,
    pub(in crate::testing) operation: Operation,
    pub(in crate::testing) api_version: String,
    /// Empty for the object itself.
    pub(in crate::testing) subresource: String,
    pub(in crate::testing) time: Option<String>,
    pub(in crate::testing) set: FieldSet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::testing) enum Operation {
    Apply,
    Update,
}

impl Operation {
    pub(in crate::testing) fn name(self) -> &'static str {
        match self {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        }
    }
}

/// Why managed fields cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::testing) enum Unreadable {
    #[error("operation must be `Apply` or `Update`")]
    Operation,
    #[error("apiVersion must not be empty")]
    ApiVersion,
    #[error("missing fieldsType in managed fields entry {0}")]
    NoFieldsType(usize),
    #[error("invalid fieldsType {found:?} in managed fields entry {at}")]
    FieldsType { found: String, at: usize },
    #[error("error decoding set: {0}")]
    Set(#[from] NoStep),
}

impl Entry {
    pub(super) fn read(entry: &Value, at: usize) -> Result<Self, Unreadable> {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let operation = match &*text("operation") {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return Err(Unreadable::Operation),
        };
        if text("apiVersion").is_empty() {
            return Err(Unreadable::ApiVersion);
        }
        match text("fieldsType") {
            found if found.is_empty() => return Err(Unreadable::NoFieldsType(at)),
            found if found != "FieldsV1" => return Err(Unreadable::FieldsType { found, at }),
            _ => {}
        }
        Ok(Entry {
            manager: text("manager"),
            operation,
            api_version: text("apiVersion"),
            subresource: text("subresource"),
            time: entry["time"].as_str().map(str::to_owned),
            set: FieldSet::from_v1(&entry["fieldsV1"])?,
        })
    }

    pub(super) fn to_value(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("apiVersion".into(), json!(self.api_version));
        entry.insert("fieldsType".into(), json!("FieldsV1"));
        entry.insert("fieldsV1".into(), self.set.to_v1());
        entry.insert("operation".into(), json!(self.operation.name()));
        let optional =
            [("manager", Some(&self.manager)), ("subresource", Some(&self.subresource)), ("time", self.time.as_ref())];
        for (name, value) in optional {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                entry.insert(name.into(), json!(value));
            }
        }
        Value::Object(entry)
    }

    /// Entries with the same identity are one. Those of appliers go through versions, those of updates do not.
    pub(super) fn identity(&self) -> String {
        let mut identity = format!("{{\"manager\":{},\"operation\":\"{}\"", json!(self.manager), self.operation.name());
        if self.operation == Operation::Update {
            identity += &format!(",\"apiVersion\":{}", json!(self.api_version));
        }
        if !self.subresource.is_empty() {
            identity += &format!(",\"subresource\":{}", json!(self.subresource));
        }
        identity + "}"
    }

    /// When it was written, in seconds; entries without a time are the oldest.
    pub(super) fn seconds(&self) -> i64 {
        let time = self.time.as_deref().and_then(|time| time.parse::<jiff::Timestamp>().ok());
        time.map_or(0, jiff::Timestamp::as_second)
    }
}
