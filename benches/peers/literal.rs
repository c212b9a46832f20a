//! The Go original's store, ported word by word: one locked map from joined keys to lists of objects.
//!
//! A complete key is looked up; for an incomplete one every key is compared with its text, and what is found is sorted.
//! Answers are references to shared objects, as the pointers of the original are, not copies.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use parking_lot::RwLock;
use serde_json::Value;

use super::Peer;

#[derive(Default)]
pub struct Literal {
    /// Whether the namespace alone is the key, under which there are many objects then.
    by_namespace: bool,
    buckets: RwLock<HashMap<String, Vec<Arc<Value>>>>,
}

impl Literal {
    /// One whose objects are found by namespace.
    pub fn by_namespace() -> Literal {
        Literal { by_namespace: true, ..Literal::default() }
    }

    /// The objects under a complete key, or under its first components.
    pub fn get(&self, components: &[&str]) -> Vec<Arc<Value>> {
        let joined = components.join("/");
        let buckets = self.buckets.read();
        if components.len() == 2 {
            return buckets.get(&joined).cloned().unwrap_or_default();
        }
        let below = format!("{joined}/");
        let under = |key: &str| components.is_empty() || key == joined || key.starts_with(&below);
        let found = buckets.iter().filter(|(key, _)| under(key)).flat_map(|(_, bucket)| bucket);
        // The names are looked up once for each object, not for each comparison.
        let mut found: Vec<_> = found.map(|object| (identity(object), object)).collect();
        found.sort_unstable_by_key(|(identity, _)| *identity);
        found.into_iter().map(|(_, object)| Arc::clone(object)).collect()
    }

    /// Stores an object while others read.
    pub fn put(&self, object: Value) {
        let (namespace, name) = identity(&object);
        let key = if self.by_namespace { namespace.to_owned() } else { format!("{namespace}/{name}") };
        let mut buckets = self.buckets.write();
        let bucket = buckets.entry(key).or_default();
        let found = bucket.iter().position(|other| identity(other) == (namespace, name));
        match found {
            Some(position) => bucket[position] = Arc::new(object),
            None => bucket.push(Arc::new(object)),
        }
    }
}

/// Namespace and name.
fn identity(object: &Value) -> (&str, &str) {
    let metadata = &object["metadata"];
    (metadata["namespace"].as_str().unwrap_or_default(), metadata["name"].as_str().unwrap_or_default())
}

impl Peer for Literal {
    const NAME: &'static str = "literal port";
    type Decoded = Value;

    fn new(_: &str) -> Literal {
        Literal::default()
    }

    fn decode(&self, json: &[u8]) -> Value {
        let mut object: Value = serde_json::from_slice(json).expect("an object");
        crate::corpus::remove_noise(&mut object);
        object
    }

    fn apply(&mut self, object: Value) {
        self.put(object);
    }

    fn exact(&self, namespace: &str, name: &str) -> bool {
        self.get(&[namespace, name]).iter().map(black_box).count() == 1
    }

    fn prefix(&self, namespace: &str) -> usize {
        self.get(&[namespace]).iter().map(black_box).count()
    }

    fn list(&self) -> usize {
        self.get(&[]).iter().map(black_box).count()
    }
}
