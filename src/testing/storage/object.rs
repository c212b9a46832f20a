//! One state of one object, and its cached JSON.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value;

use super::super::text::Print;

/// One state of one object.
pub(in super::super) struct Object {
    pub(in super::super) namespace: String,
    pub(in super::super) name: String,
    pub(in super::super) value: Value,
    /// What it was printed as so far: nobody prints the same twice.
    prints: Mutex<Vec<(Print, Bytes)>>,
}

impl Object {
    pub(in super::super) fn new(value: Value) -> Self {
        let text = |field: &str| value["metadata"][field].as_str().unwrap_or_default().to_owned();
        Object { namespace: text("namespace"), name: text("name"), prints: Mutex::default(), value }
    }

    /// The same state with a later resourceVersion, as a deletion shows it.
    pub(super) fn at(&self, revision: u64) -> Arc<Self> {
        let mut value = self.value.clone();
        value["metadata"]["resourceVersion"] = revision.to_string().into();
        Arc::new(Object::new(value))
    }

    pub(in super::super) fn metadata(&self, field: &str) -> &str {
        self.value["metadata"][field].as_str().unwrap_or_default()
    }

    pub(in super::super) fn terminating(&self) -> bool {
        !self.value["metadata"]["deletionTimestamp"].is_null()
    }

    /// The bytes of a print, which are shared by all who ask for them.
    pub(in super::super) fn printed(&self, print: Print, make: impl FnOnce() -> Bytes) -> Bytes {
        let mut prints = self.prints.lock();
        if let Some((_, bytes)) = prints.iter().find(|(known, _)| *known == print) {
            return bytes.clone();
        }
        let bytes = make();
        prints.push((print, bytes.clone()));
        bytes
    }
}
