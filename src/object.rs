//! One Kubernetes object: immutable, shared, read through cursors.
//!
//! An [`Object`] says nothing about where it is kept or found; index keys are the [`Indexer`](crate::Indexer)'s
//! work. How it is stored inside is private, so that the form can change.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::FieldPath;

mod blob;
mod decode;
mod dictionary;
mod digest;
mod merge;
mod name;
mod numbers;
mod pack;
mod packed;
mod parse;
mod record;
mod repack;
mod sightings;
mod slot;
mod stable;
mod target;
mod value;
mod version;

use blob::{Blob, place};
pub(crate) use decode::Decoder;
pub use name::{IndexKey, NameRef, ObjectName};
pub(crate) use pack::Packer;
pub(crate) use record::{Draft, Keys, Record};
pub use value::{Items, Kind, Members, SharedValue, ValueRef};
pub use version::ResourceVersion;

/// How deep the values of an object may nest, counted in maps and lists.
///
/// It is what `serde_json` allows in a text, so whatever is kept can also be written and read again.
pub const MAX_DEPTH: usize = 127;

/// An immutable, cheaply cloned Kubernetes object, with the fields that were kept when it was decoded.
///
/// A clone shares everything. Two objects are equal when their content is, whatever their
/// [`resource_version`](Object::resource_version): that one lives beside the content, so that a write which
/// changes nothing else is no change. Reads and serialization still show it at `metadata.resourceVersion`.
///
/// Round trips are exact in the sense of [`serde_json::Value`]: the order of members is not kept, of duplicate
/// members the last wins, integers stay integers over the range of `i64` and `u64`, and floats stay floats.
///
/// # Examples
///
/// ```
/// use kube_indexed_store::Object;
///
/// let ingress: Object = serde_json::from_str(r#"{
///     "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
///     "metadata": {"name": "web", "namespace": "shop", "resourceVersion": "7"},
///     "spec": {"rules": [{"host": "a.example"}, {"host": "b.example"}]}
/// }"#)?;
/// assert_eq!(ingress.kind(), "Ingress");
/// assert_eq!(ingress.get(&"spec.rules[1].host".parse()?).unwrap().as_str().unwrap(), "b.example");
/// assert_eq!(ingress.values(&"spec.rules[*].host".parse()?).count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Object {
    blob: Blob,
}

/// Why a text or value is not an object.
///
/// The messages tell what and where, never the content: it may be a Secret's.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not JSON, is not a JSON object, or nests deeper than [`MAX_DEPTH`].
    #[error("object does not decode")]
    Decode(#[source] Arc<serde_json::Error>),
}

impl From<serde_json::Error> for Error {
    fn from(source: serde_json::Error) -> Error {
        Error::Decode(Arc::new(source))
    }
}

impl Object {
    /// Decodes one JSON text, keeping every field.
    ///
    /// # Errors
    ///
    /// When the text is not JSON, not a JSON object, or nests deeper than [`MAX_DEPTH`].
    pub fn from_slice(json: &[u8]) -> Result<Object, Error> {
        Ok(Decoder::default().decode(json)?)
    }

    /// The whole object as a value.
    pub fn root(&self) -> ValueRef<'_> {
        ValueRef::root(&self.blob)
    }

    /// The value at `path`, the first one if the path has `[*]`; `None` where there is none.
    pub fn get(&self, path: &FieldPath) -> Option<ValueRef<'_>> {
        self.root().get(path)
    }

    /// Every value at `path`, in the order of the lists.
    pub fn values<'a>(&'a self, path: &'a FieldPath) -> impl Iterator<Item = ValueRef<'a>> {
        self.root().values(path)
    }

    /// `apiVersion`; empty where the object has none.
    pub fn api_version(&self) -> Cow<'_, str> {
        self.text(&["apiVersion"]).unwrap_or_default()
    }

    /// `kind`; empty where the object has none.
    pub fn kind(&self) -> Cow<'_, str> {
        self.text(&["kind"]).unwrap_or_default()
    }

    /// The identity: namespace and name. `None` without a name.
    pub fn name(&self) -> Option<ObjectName> {
        let own = self.blob.own();
        let name = own.text(place::NAME).filter(|name| !name.is_empty())?;
        Some(ObjectName::new(own.text(place::NAMESPACE).unwrap_or_default(), name))
    }

    /// `metadata.uid`, which tells a recreated object from the one before.
    pub fn uid(&self) -> Option<Cow<'_, str>> {
        self.text(&["metadata", "uid"])
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<Cow<'_, str>> {
        self.text(&["metadata", "labels", key])
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<Cow<'_, str>> {
        self.text(&["metadata", "annotations", key])
    }

    /// The version of this object, which takes no part in equality.
    pub fn resource_version(&self) -> Option<ResourceVersion> {
        self.blob.version()
    }

    /// The object as a typed one, straight from its values.
    ///
    /// # Errors
    ///
    /// When `T` does not accept the content, for example because the indexer dropped a field it requires.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        self.root().parse()
    }

    /// The object as a `serde_json::Value`; copies everything.
    pub fn to_value(&self) -> serde_json::Value {
        self.root().to_value()
    }

    /// The bytes asked of the allocator, without what is shared with others.
    #[cfg(feature = "client")]
    pub(crate) fn bytes(&self) -> usize {
        self.blob.bytes()
    }

    /// Whether two handles came from one decoding, which implies equality and costs nothing.
    pub fn ptr_eq(&self, other: &Object) -> bool {
        self.blob.identity() == other.blob.identity()
    }

    fn text(&self, path: &[&str]) -> Option<Cow<'_, str>> {
        path.iter().try_fold(self.root(), |value, key| value.member(key))?.as_str()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.ptr_eq(other) || ValueRef::content(&self.blob) == ValueRef::content(&other.blob)
    }
}

impl TryFrom<serde_json::Value> for Object {
    type Error = Error;

    fn try_from(value: serde_json::Value) -> Result<Object, Error> {
        Ok(serde_json::from_value(value)?)
    }
}

impl From<&Object> for serde_json::Value {
    fn from(object: &Object) -> serde_json::Value {
        object.to_value()
    }
}

impl serde::Serialize for Object {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.root().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Object {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        Decoder::default().decode_from(deserializer)
    }
}

/// Identity only: the content may be a Secret's.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({} {}", self.api_version(), self.kind())?;
        if let Some(name) = self.name() {
            write!(f, " {name}")?;
        }
        if let Some(version) = self.resource_version() {
            write!(f, " @{version}")?;
        }
        f.write_str(")")
    }
}
