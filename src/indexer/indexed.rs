//! What is written to a store: an object, or a reference to one, with its index keys.

use std::sync::Arc;

use super::keys::KeyProblem;
use super::schema::DEFAULT_INDEX;
use crate::object::Keys;
use crate::{IndexKey, Object, ObjectName, ResourceVersion};

/// An object with its identity, version and index keys, as an [`Indexer`](crate::Indexer) makes it or as it is
/// made by hand.
///
/// # Examples
///
/// ```
/// use kube_indexed_store::{Indexed, Object, ObjectName};
///
/// let object: Object = serde_json::from_str(r#"{"kind": "Secret", "metadata": {"namespace": "shop", "name": "tls"}}"#)?;
/// let by_hand = Indexed::new(object).unwrap().key("by-issuer", ["letsencrypt", "prod"]);
/// assert_eq!(by_hand.name(), &ObjectName::new("shop", "tls"));
/// assert_eq!(by_hand.keys("by-issuer").unwrap().len(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Indexed {
    pub(crate) name: ObjectName,
    pub(crate) uid: Option<Arc<str>>,
    pub(crate) version: Option<ResourceVersion>,
    pub(crate) keys: Vec<(Arc<str>, IndexKeys)>,
    pub(crate) body: Option<Object>,
}

/// The keys of one object in one index, or why there are none.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexKeys {
    /// The keys, ordered, each once.
    Found(Arc<[IndexKey]>),
    /// The object is not found by this index.
    Absent(KeyProblem),
}

impl Indexed {
    /// An object without keys beyond its name; `None` when it has no name.
    pub fn new(object: Object) -> Option<Indexed> {
        Some(Indexed {
            name: object.name()?,
            uid: object.uid().map(|uid| uid.as_ref().into()),
            version: object.resource_version(),
            keys: Vec::new(),
            body: Some(object),
        })
    }

    /// A reference to an object whose body is elsewhere.
    pub fn reference(name: ObjectName, version: Option<ResourceVersion>) -> Indexed {
        Indexed { name, uid: None, version, keys: Vec::new(), body: None }
    }

    /// Sets the uid, which a reference does not know by itself.
    pub fn with_uid(mut self, uid: &str) -> Indexed {
        self.uid = Some(uid.into());
        self
    }

    /// Adds a key under an index of the store; several keys under one index are fine, up to [`MAX_KEYS`]: with more,
    /// the store does not find the object by that index.
    ///
    /// [`MAX_KEYS`]: super::MAX_KEYS
    pub fn key<C: Into<Box<str>>>(mut self, index: &str, components: impl IntoIterator<Item = C>) -> Indexed {
        let key = IndexKey::new(components);
        match self.keys.iter_mut().find(|(name, _)| **name == *index) {
            Some((_, IndexKeys::Found(keys))) => {
                let mut all = keys.to_vec();
                all.push(key);
                all.sort_unstable();
                all.dedup();
                *keys = all.into();
            }
            Some((_, keys)) => *keys = IndexKeys::Found([key].into()),
            None => self.keys.push((index.into(), IndexKeys::Found([key].into()))),
        }
        self
    }

    /// Adds a key under the default index, for stores whose default index is not the one by name.
    pub fn default_key<C: Into<Box<str>>>(self, components: impl IntoIterator<Item = C>) -> Indexed {
        self.key(DEFAULT_INDEX, components)
    }

    /// The identity.
    pub fn name(&self) -> &ObjectName {
        &self.name
    }

    /// The uid, which tells a recreated object from the one before.
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_deref()
    }

    /// The version.
    pub fn version(&self) -> Option<&ResourceVersion> {
        self.version.as_ref()
    }

    /// The object itself; `None` for a reference.
    pub fn object(&self) -> Option<&Object> {
        self.body.as_ref()
    }

    /// The keys under an index; `None` where nothing was computed or set for it.
    pub fn keys(&self, index: &str) -> Option<&[IndexKey]> {
        self.keys.iter().find(|(name, _)| **name == *index).map(|(_, keys)| keys.found())
    }

    /// The indexes under which the object is not found, with the reason.
    pub fn problems(&self) -> impl Iterator<Item = (&str, &KeyProblem)> {
        self.keys.iter().filter_map(|(index, keys)| match keys {
            IndexKeys::Absent(problem) => Some((&**index, problem)),
            IndexKeys::Found(_) => None,
        })
    }
}

impl IndexKeys {
    pub(crate) fn to_keys(&self) -> Keys<'_> {
        match self {
            IndexKeys::Found(keys) => Keys::Found(keys),
            IndexKeys::Absent(problem) => Keys::Absent(problem.to_code()),
        }
    }

    /// The keys; empty where there are none.
    pub fn found(&self) -> &[IndexKey] {
        match self {
            IndexKeys::Found(keys) => keys,
            IndexKeys::Absent(_) => &[],
        }
    }
}
