//! The three patches that describe a change: JSON patch, merge patch, strategic merge patch.
//!
//! All are functions from a document and a patch to a document. Not here: server-side apply, which describes a state,
//! and decoding the result.

pub(super) mod json;
pub(super) mod merge;
pub(super) mod strategic;

use bytes::Bytes;
use kube::core::Status;
use serde_json::{Map, Value};

use super::{
    shape::{Shape, decode::decode},
    status::{self, Flaw},
    write,
};

/// How a patch says what to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Json,
    Merge,
    Strategic,
}

/// A patch as a request brings it.
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) language: Language,
    /// Read only once the object is found.
    pub(super) text: Bytes,
}

/// What a patch made of a document.
pub(super) struct Patched {
    pub(super) object: Value,
    /// What in the patch means nothing.
    pub(super) unknown: Vec<String>,
    /// What was patched in, as complaints about it show it.
    change: Option<Value>,
}

impl Language {
    pub(super) fn of(media_type: &str) -> Option<Self> {
        [Language::Json, Language::Merge, Language::Strategic]
            .into_iter()
            .find(|known| known.media_type() == media_type)
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Language::Json => "application/json-patch+json",
            Language::Merge => "application/merge-patch+json",
            Language::Strategic => "application/strategic-merge-patch+json",
        }
    }
}

impl Patch {
    /// The document after the patch.
    pub(super) fn apply(&self, document: Map<String, Value>, shape: Shape<'_>) -> Result<Patched, Box<Status>> {
        let patch = self.parsed()?;
        let made = |object| Patched { object, unknown: self.repeated(), change: None };
        match self.language {
            Language::Json => {
                let patch = json::Patch::decode(patch)?;
                let object = patch.apply(Value::Object(document))?;
                Ok(Patched { unknown: patch.unknown, ..made(object) })
            }
            Language::Merge => Ok(made(merge::apply(document, patch)?.into())),
            Language::Strategic => {
                let object = strategic::apply(document, patch.clone(), shape)?;
                Ok(Patched { change: Some(patch), ..made(object.into()) })
            }
        }
    }

    /// What the patch says twice; operations are told apart from fields.
    fn repeated(&self) -> Vec<String> {
        if self.language == Language::Json {
            return Vec::new();
        }
        let mut text = serde_json::Deserializer::from_slice(&self.text);
        decode(&mut text, Shape::deduced(), "").map(|decoded| decoded.problems).unwrap_or_default()
    }

    fn parsed(&self) -> Result<Value, Box<Status>> {
        serde_json::from_slice(&self.text).map_err(|error| {
            let why = write::complaint(&self.text, &error);
            let prefix = if self.language == Language::Strategic { "" } else { "error decoding patch: " };
            status::bad_request(format!("{prefix}{why}"))
        })
    }
}

impl Patched {
    /// The refusal of what came out; `text` shows it as a whole. Of a strategic merge patch only the patch is shown.
    pub(super) fn refused(&self, text: impl FnOnce(&Value) -> String, why: &str) -> Box<Status> {
        let shown = self.change.as_ref().map_or_else(|| text(&self.object), strategic::in_go);
        status::invalid_as("", "", "", vec![Flaw::invalid("patch", shown, why)])
    }
}

impl From<json::Error> for Box<Status> {
    fn from(error: json::Error) -> Self {
        match error {
            json::Error::Malformed(_) => status::bad_request(error.to_string()),
            json::Error::TooMany(_) => {
                status::failure(413, "RequestEntityTooLarge", format!("Request entity too large: {error}"))
            }
            json::Error::Failed { .. } => status::rejected(),
        }
    }
}

impl From<merge::Error> for Box<Status> {
    fn from(error: merge::Error) -> Self {
        status::bad_request(error.to_string())
    }
}

impl From<strategic::Error> for Box<Status> {
    fn from(error: strategic::Error) -> Self {
        match error {
            strategic::Error::Malformed(why) => status::bad_request(why),
            strategic::Error::ListOfLists => status::rejected(),
            strategic::Error::Unforeseen(why) => status::internal(why),
        }
    }
}

/// `json: cannot unmarshal array into Go value of type ..`.
fn cannot_unmarshal(value: &Value, into: &str) -> String {
    format!("json: cannot unmarshal {} into Go value of type {into}", status::json_type(value))
}

/// Removes members that are null, at any depth; items of lists stay.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, member| !member.is_null());
            object.values_mut().for_each(drop_nulls);
        }
        Value::Array(array) => array.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
