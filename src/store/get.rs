//! The answer of a store: at once, or after fetching.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{Body, Error};
use crate::Object;
use crate::snapshot::List;

/// An answer that may still have to be fetched. It borrows nothing.
///
/// ```
/// # use kube_indexed_store::{Indexed, MemoryStore, Query, Store};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), kube_indexed_store::store::Error> {
/// let store = MemoryStore::new();
/// let services = store.get(Query::prefix(&["shop"]))?.await?;
/// assert!(services.is_empty());
/// # Ok(())
/// # }
/// ```
#[must_use = "an answer is awaited, or taken with `now`"]
pub struct Get(GetFuture);

/// The future of a [`Get`].
pub struct GetFuture(Form);

enum Form {
    Ready(Option<Objects>),
    Fetching(Pin<Box<dyn Future<Output = Result<Objects, Error>> + Send>>),
}

impl Get {
    /// An answer that is there.
    pub fn ready(objects: Objects) -> Get {
        Get(GetFuture(Form::Ready(Some(objects))))
    }

    /// An answer that has to be fetched; for implementors of [`Store`](super::Store).
    pub fn fetching(future: impl Future<Output = Result<Objects, Error>> + Send + 'static) -> Get {
        Get(GetFuture(Form::Fetching(Box::pin(future))))
    }

    /// The answer, if nothing has to be fetched for it.
    pub fn now(self) -> Option<Objects> {
        match self.0.0 {
            Form::Ready(objects) => objects,
            Form::Fetching(_) => None,
        }
    }
}

impl IntoFuture for Get {
    type Output = Result<Objects, Error>;
    type IntoFuture = GetFuture;

    fn into_future(self) -> GetFuture {
        self.0
    }
}

impl Future for GetFuture {
    type Output = Result<Objects, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // Polled again after it was ready, which no caller may do: there is nothing to come.
            Form::Ready(objects) => objects.take().map_or(Poll::Pending, |objects| Poll::Ready(Ok(objects))),
            Form::Fetching(future) => future.as_mut().poll(context),
        }
    }
}

impl fmt::Debug for Get {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Get").field(&self.0).finish()
    }
}

impl fmt::Debug for GetFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Ready(objects) => objects.fmt(f),
            Form::Fetching(_) => f.write_str("fetching"),
        }
    }
}

/// Objects ordered by namespace and name. Cheap to clone.
#[derive(Clone)]
pub struct Objects(Source);

#[derive(Clone)]
enum Source {
    Stored(List),
    Fetched(Arc<[Body]>),
}

impl Objects {
    /// The number of objects.
    pub fn len(&self) -> usize {
        match &self.0 {
            Source::Stored(list) => list.len(),
            Source::Fetched(objects) => objects.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The object at a position.
    pub fn at(&self, position: usize) -> Option<&Object> {
        match &self.0 {
            Source::Stored(list) => list.at(position)?.object(),
            Source::Fetched(bodies) => bodies.get(position).map(Body::object),
        }
    }

    /// The objects, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Object> {
        let (stored, fetched) = match &self.0 {
            Source::Stored(list) => (Some(list), None),
            Source::Fetched(objects) => (None, Some(objects)),
        };
        let stored = stored.into_iter().flat_map(List::objects);
        stored.chain(fetched.into_iter().flat_map(|bodies| bodies.iter()).map(Body::object))
    }

    /// The objects that are older than what is known, because a newer body could not be fetched. There are none unless
    /// the store was told to serve such.
    pub fn stale(&self) -> impl Iterator<Item = &Object> {
        let bodies = match &self.0 {
            Source::Stored(_) => None,
            Source::Fetched(bodies) => Some(bodies),
        };
        bodies.into_iter().flat_map(|bodies| bodies.iter()).filter(|body| body.is_stale()).map(Body::object)
    }
}

impl From<List> for Objects {
    /// Entries that all have their bodies.
    fn from(list: List) -> Objects {
        Objects(Source::Stored(list))
    }
}

impl FromIterator<Body> for Objects {
    fn from_iter<I: IntoIterator<Item = Body>>(bodies: I) -> Objects {
        Objects(Source::Fetched(bodies.into_iter().collect()))
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
