//! One object of a store that may have to be fetched.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::Error;
use crate::Object;
use crate::indexer::IndexKeys;
use crate::snapshot::Entry;

/// An object with the keys it has now, which may not be those of the reference it was asked for by.
#[derive(Clone)]
pub struct Body {
    pub(super) object: Object,
    pub(super) keys: Arc<[(Arc<str>, IndexKeys)]>,
    /// Its own version, or else the one that was known when it was asked for.
    #[cfg(feature = "client")]
    pub(super) version: Option<crate::ResourceVersion>,
    pub(super) stale: bool,
}

/// A body, or the way to it.
pub enum BodyGet {
    /// It is at hand.
    Here(Body),
    /// It has to be fetched; `None` when there is no such object any more.
    Fetching(BoxFuture<'static, Result<Option<Body>, Error>>),
}

impl Body {
    /// The object.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// Whether this is an old body, answered because a newer one could not be fetched.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// Whether the object is found under a key prefix. Keys that are made by hand are not known here and fit.
    pub fn has_key(&self, index: &str, prefix: &[&str]) -> bool {
        match self.keys.iter().find(|(name, _)| **name == *index) {
            _ if prefix.is_empty() => true,
            Some((_, keys)) => keys.found().iter().any(|key| key.cmp_prefix(prefix).is_eq()),
            None => true,
        }
    }
}

impl BodyGet {
    /// The body of an entry that has one.
    pub(super) fn of(entry: &Entry) -> BodyGet {
        match entry.object() {
            Some(object) => BodyGet::Here(Body {
                object: object.clone(),
                keys: entry.named_keys(),
                #[cfg(feature = "client")]
                version: entry.version(),
                stale: false,
            }),
            None => BodyGet::Fetching(Box::pin(std::future::ready(Ok(None)))),
        }
    }

    /// Waits for it.
    pub async fn get(self) -> Result<Option<Body>, Error> {
        match self {
            BodyGet::Here(body) => Ok(Some(body)),
            BodyGet::Fetching(fetch) => fetch.await,
        }
    }
}

/// Identity only: the content may be a Secret's.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({:?})", self.object)
    }
}

impl fmt::Debug for BodyGet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BodyGet::Here(body) => body.fmt(f),
            BodyGet::Fetching(_) => f.write_str("fetching"),
        }
    }
}
