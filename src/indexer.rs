//! From an object as the API server sends it to what a store keeps: the fields wanted, and the keys it is found by.
//!
//! An [`Indexer`] is plain configuration, checked when it is built. Where its results go is a store's business.
//!
//! # Choosing index keys
//!
//! - **One named index for each question.** "Which Ingresses have this host?" is an index by host; "which
//!   EndpointSlices belong to this Service?" is one by namespace and service name.
//! - **From coarse to fine.** A query gives the first components of a key, as many as it likes. (namespace, service)
//!   answers for a namespace and for a Service; it cannot answer for a service name in any namespace. Who asks in both
//!   orders declares two indexes.
//! - **Several keys with `[*]`.** An object is found under every value, and appears once in an answer, however many of
//!   its keys match. Paths that share a `[*]` advance together: the host and a path of one rule. Lists that have
//!   nothing to do with each other combine, which multiplies; an object of more than [`MAX_KEYS`] keys in an index is
//!   not found by that index.
//! - **What is not indexed is not lost.** Where a component is missing, null, a list or a map, the index does not find
//!   the object, not even by the components before it. It is still there by name, in `list` and in `len`, and
//!   [`Snapshot::unindexed`](crate::Snapshot::unindexed) names it with the reason. Of a list, elements without the
//!   field are passed over.
//! - **Keys are texts, compared byte by byte.** Integers and booleans are printed, 80.0 is `80`. There are no ranges of
//!   values and no case folding.
//! - **An index costs an entry for each key and each length of prefix** of every object, in memory and with every
//!   write. The default index by namespace and name costs nothing more than the objects.
//! - **A label selector is no index:** it narrows a query by looking at each object under the prefix. Where the same
//!   label is asked for in every render, index it: `metadata.labels['app.kubernetes.io/name']`.
//!
//! ```
//! use kube_indexed_store::{Indexer, MemoryStore, Query, Store, StoreExt};
//!
//! let indexer = Indexer::builder()
//!     .index("by-route", ["spec.rules[*].host", "spec.rules[*].http.paths[*].path"])
//!     .build()?;
//! let store = MemoryStore::for_indexer(&indexer);
//! for ingress in [
//!     r#"{"metadata": {"namespace": "shop", "name": "web"}, "spec": {"rules": [
//!         {"host": "a.example", "http": {"paths": [{"path": "/"}, {"path": "/cart"}]}},
//!         {"host": "b.example", "http": {"paths": [{"path": "/"}]}}
//!     ]}}"#,
//!     r#"{"metadata": {"namespace": "shop", "name": "fallback"}, "spec": {"defaultBackend": {}}}"#,
//! ] {
//!     store.apply(indexer.decode(ingress.as_bytes())?.matching().unwrap())?;
//! }
//! let snapshot = store.snapshot();
//! let found = |prefix: &[&str]| Ok::<_, kube_indexed_store::snapshot::Error>(
//!     snapshot.get(&Query::index("by-route").with_prefix(prefix))?.len()
//! );
//!
//! assert_eq!(found(&["a.example"])?, 1, "one object, though two of its keys match");
//! assert_eq!((found(&["a.example", "/cart"])?, found(&["b.example", "/cart"])?), (1, 0), "of one rule");
//! assert_eq!(snapshot.keys(&Query::index("by-route"))?.len(), 3);
//!
//! let (name, why) = snapshot.unindexed("by-route")?.next().unwrap();
//! assert_eq!(format!("{name}: {why}"), "shop/fallback: spec.rules[*].host is missing");
//! assert_eq!(snapshot.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::sync::Arc;

use crate::object::{self, Decoder};
use crate::path::Mask;
use crate::{Object, ObjectName, ResourceVersion};

mod builder;
mod fields;
mod indexed;
mod keys;
mod schema;

pub use builder::IndexerBuilder;
pub use fields::{FieldSelector, SelectorError};
pub use indexed::{IndexKeys, Indexed};
use keys::KeyExtractor;
pub use keys::KeyProblem;
pub use schema::{DEFAULT_INDEX, IndexSpec, Schema};

/// How many keys one object may have in one index.
pub const MAX_KEYS: usize = 256;

/// Decodes objects, drops the fields nobody asked for, and computes index keys. Cheap to clone.
///
/// Without settings it keeps everything but `metadata.managedFields` and the last-applied annotation, and indexes
/// by (`metadata.namespace`, `metadata.name`).
///
/// # Examples
///
/// ```
/// use kube_indexed_store::Indexer;
///
/// let indexer = Indexer::builder()
///     .index("by-service", ["metadata.namespace", "metadata.labels['kubernetes.io/service-name']"])
///     .remove_fields(["metadata.annotations"])
///     .build()?;
/// let slice = indexer.decode(br#"{
///     "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
///     "metadata": {"namespace": "shop", "name": "web-abc", "labels": {"kubernetes.io/service-name": "web"}}
/// }"#)?.matching().unwrap();
/// assert_eq!(slice.keys("by-service").unwrap()[0].to_string(), r#"("shop", "web")"#);
///
/// let error = Indexer::builder().index("by-phase", ["status.phase"]).remove_fields(["status"]).build().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "index \"by-phase\" reads status.phase, which remove_fields drops with status: \
///      keep that field, or index by another",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Indexer {
    settings: Arc<Settings>,
}

#[derive(Debug)]
struct Settings {
    schema: Schema,
    extractors: Vec<KeyExtractor>,
    mask: Mask,
    selector: FieldSelector,
    /// The fields the selector reads and the identity, decoded before anything is dropped.
    selector_mask: Mask,
}

/// Why an [`Indexer`] cannot be built, or one object cannot be taken.
///
/// What [`IndexerBuilder::build`] returns is a mistake in settings, found before anything runs. What decoding
/// returns concerns that one object: skip it, count it, go on.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path in the settings does not parse.
    #[error("{setting} has a path that does not parse")]
    Path {
        /// The setting: an index by name, `remove_fields` or `keep_fields`.
        setting: String,
        /// What is wrong with the path.
        source: crate::path::Error,
    },
    /// The client-side field selector does not parse.
    #[error("the field selector does not parse")]
    Selector(#[from] SelectorError),
    /// Two indexes have the same name.
    #[error("index {index:?} is declared twice: give one of them another name")]
    DuplicateIndex {
        /// The name.
        index: String,
    },
    /// An index has no paths.
    #[error("index {index:?} has no paths: name at least one field to index by")]
    EmptyIndex {
        /// The name of the index.
        index: String,
    },
    /// A removal would take a part of the identity.
    #[error("remove_fields names {path}, which would remove {part}: a store cannot do without it")]
    RemovesIdentity {
        /// The removal.
        path: String,
        /// The part of the identity.
        part: &'static str,
    },
    /// An index reads a field that the filter drops.
    #[error("index {index:?} reads {path}, which {dropped_by}: keep that field, or index by another")]
    IndexDropped {
        /// The name of the index.
        index: String,
        /// The path it reads.
        path: String,
        /// The setting that drops it.
        dropped_by: String,
    },
    /// A projection keeps one element of a list that is not the first.
    #[error("keep_fields names {path}: a single element that is not the first would move; keep [*] or [0]")]
    KeepsPosition {
        /// The path.
        path: String,
    },
    /// A text or value is not an object.
    #[error(transparent)]
    Object(#[from] object::Error),
    /// An object has no name.
    #[error("object has no metadata.name")]
    NoName,
}

/// What an object from the API server comes to.
#[derive(Clone, Debug)]
pub enum Decoded {
    /// The object belongs into the store.
    Matching(Indexed),
    /// The client-side field selector does not match: if the store holds an object of that name, it is to go.
    Unmatched {
        /// The object's name.
        name: ObjectName,
        /// The version at which it does not match.
        version: Option<ResourceVersion>,
    },
}

impl Decoded {
    /// The object, if it matches.
    pub fn matching(self) -> Option<Indexed> {
        match self {
            Decoded::Matching(indexed) => Some(indexed),
            Decoded::Unmatched { .. } => None,
        }
    }
}

impl Default for Indexer {
    fn default() -> Indexer {
        Indexer::builder().build().expect("the default settings agree with each other")
    }
}

impl Indexer {
    /// Starts from the defaults.
    pub fn builder() -> IndexerBuilder {
        IndexerBuilder::default()
    }

    /// The indexes this indexer computes keys for; a store is built from it.
    pub fn schema(&self) -> &Schema {
        &self.settings.schema
    }

    /// Decodes one JSON object; fields to drop are skipped, not allocated.
    ///
    /// # Errors
    ///
    /// When the text is not a JSON object or the object has no name. An index that cannot be computed is no error:
    /// it is recorded in the result, see [`Indexed::problems`].
    pub fn decode(&self, json: &[u8]) -> Result<Decoded, Error> {
        self.decode_as(json, None)
    }

    /// Like [`decode`](Indexer::decode), for the items of lists, which do not always say what they are.
    pub fn decode_item(&self, json: &[u8], api_version: &str, kind: &str) -> Result<Decoded, Error> {
        self.decode_as(json, Some((api_version, kind)))
    }

    fn decode_as(&self, json: &[u8], type_meta: Option<(&str, &str)>) -> Result<Decoded, Error> {
        let decode = |mask| Decoder { mask: Some(mask), type_meta }.decode(json).map_err(object::Error::from);
        if !self.settings.selector.is_empty() {
            let object = decode(&self.settings.selector_mask)?;
            if let Some(unmatched) = self.unmatched(&object)? {
                return Ok(unmatched);
            }
        }
        self.keys_of(decode(&self.settings.mask)?)
    }

    /// Filters and indexes an object that is decoded already, for example by kube's own watcher.
    ///
    /// # Errors
    ///
    /// When the object has no name.
    pub fn index(&self, object: &Object) -> Result<Decoded, Error> {
        if let Some(unmatched) = self.unmatched(object)? {
            return Ok(unmatched);
        }
        let decoder = Decoder { mask: Some(&self.settings.mask), type_meta: None };
        self.keys_of(
            decoder.decode_from(object.root()).map_err(|error| object::Error::from(serde_json::Error::from(error)))?,
        )
    }

    fn unmatched(&self, object: &Object) -> Result<Option<Decoded>, Error> {
        if self.settings.selector.matches(object) {
            return Ok(None);
        }
        let name = object.name().ok_or(Error::NoName)?;
        Ok(Some(Decoded::Unmatched { name, version: object.resource_version() }))
    }

    fn keys_of(&self, object: Object) -> Result<Decoded, Error> {
        let mut indexed = Indexed::new(object).ok_or(Error::NoName)?;
        for (spec, extractor) in self.settings.schema.indexes().iter().zip(&self.settings.extractors) {
            if !spec.is_by_name() {
                let keys = extractor.keys(indexed.body.as_ref().map(Object::root));
                indexed.keys.push((spec.shared_name(), keys));
            }
        }
        Ok(Decoded::Matching(indexed))
    }
}
