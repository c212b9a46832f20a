//! Tables: objects as rows for people, as `kubectl get` asks for them.
//!
//! A Table is made from the answer with whole objects, and a watch of Tables from a watch of whole objects.

mod age;
mod autoscaling;
mod cells;
mod cluster;
mod columns;
mod custom;
mod network;
mod path;
mod pod;
mod policy;
mod stream;
mod volume;
mod workload;

use bytes::Bytes;
use jiff::Timestamp;
use kube::core::Status;
use serde_json::{Map, Value, json};

use super::{conversion, requests::Request, state::Target, status, text};

pub(super) use stream::tables;

/// What a client wants to see in a Table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Options {
    /// How much of each object its row holds.
    pub(super) include: Include,
    /// The version of `meta.k8s.io` that Tables are in.
    pub(super) version: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Include {
    None,
    Metadata,
    Object,
}

impl Include {
    /// What the parameter `includeObject` says.
    pub(super) fn read(request: &Request) -> Result<Self, Box<Status>> {
        match request.param("includeObject").unwrap_or_default() {
            "" | "Metadata" => Ok(Include::Metadata),
            "Object" => Ok(Include::Object),
            "None" => Ok(Include::None),
            other => Err(status::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', \
                 'Object', 'None', or empty"
            ))),
        }
    }
}

/// How Tables of one kind are made.
#[derive(Debug, Clone)]
pub(super) struct Printer {
    columns: Columns,
    /// What was asked for. Items of lists leave out what they are.
    target: Target,
    options: Options,
}

/// Where the cells of a row come from.
#[derive(Debug, Clone)]
enum Columns {
    BuiltIn(Vec<Value>, cells::Cells),
    Custom(custom::Columns),
}

impl Printer {
    pub(super) fn new(target: &Target, options: Options) -> Self {
        let kind = &target.kind;
        let name = kind.qualified();
        Printer {
            columns: match kind.version(&target.version).filter(|_| kind.custom) {
                Some(version) => Columns::Custom(custom::Columns::new(&version.columns)),
                None => Columns::BuiltIn(columns::of(&name), cells::of(&name)),
            },
            target: target.clone(),
            options,
        }
    }

    /// The Table of an object, or of a list of them; a Status stays what it is.
    pub(super) fn table(&self, answer: Value, now: Timestamp) -> Value {
        if answer["kind"] == "Status" {
            return answer;
        }
        let metadata = ["resourceVersion", "continue", "remainingItemCount"].into_iter().filter_map(|name| {
            let field = answer["metadata"].get(name)?;
            (*field != "").then(|| (name.to_owned(), field.clone()))
        });
        let metadata: Map<_, _> = metadata.collect();
        let rows: Vec<_> = match answer.get("items") {
            Some(Value::Array(items)) => items.iter().map(|item| self.row(item, now)).collect(),
            _ => vec![self.row(&answer, now)],
        };
        json!({
            "kind": "Table",
            "apiVersion": format!("meta.k8s.io/{}", self.options.version),
            "metadata": metadata,
            "columnDefinitions": self.definitions(),
            // Kinds that have nothing but names and ages begin without a list.
            "rows": if rows.is_empty() && self.is_general() { Value::Null } else { rows.into() },
        })
    }

    /// Whether the server has no columns for the kind but those that all kinds have.
    fn is_general(&self) -> bool {
        matches!(&self.columns, Columns::BuiltIn(columns, _) if columns.iter().any(|column| column["name"] == "Created At"))
    }

    fn definitions(&self) -> Vec<Value> {
        match &self.columns {
            Columns::BuiltIn(definitions, _) => definitions.clone(),
            Columns::Custom(columns) => columns.definitions(),
        }
    }

    fn row(&self, object: &Value, now: Timestamp) -> Value {
        let item = cells::Item { object, now };
        let cells = match &self.columns {
            Columns::BuiltIn(_, cells) => cells(&item),
            Columns::Custom(columns) => columns.cells(&item),
        };
        let mut row = json!({"cells": cells, "object": self.included(object)});
        if self.target.kind.is_core("pods") {
            row.as_object_mut().into_iter().for_each(|row| row.extend(pod::condition(object)));
        }
        row
    }

    fn included(&self, object: &Value) -> Value {
        let metadata = &object["metadata"];
        // The mark of the end of what was there at the start is kept, whatever was asked for.
        let mark = metadata["annotations"]["k8s.io/initial-events-end"] == "true";
        match self.options.include {
            Include::Object => {
                let mut object = conversion::shown(&self.target, object).into_owned();
                object["kind"] = self.target.kind.kind.clone().into();
                object
            }
            Include::None if !mark => Value::Null,
            Include::Metadata | Include::None => json!({
                "kind": "PartialObjectMetadata",
                "apiVersion": format!("meta.k8s.io/{}", self.options.version),
                "metadata": text::alone(&self.target.kind, metadata),
            }),
        }
    }
}

/// A Table as text, its members in the order of Go's struct.
pub(super) fn printed(table: &Value) -> Bytes {
    text::ordered(table, &["kind", "apiVersion", "metadata", "columnDefinitions", "rows"])
}
