//! Getting single objects from where they are, for stores that keep references only.
//!
//! [`Fetch`] is what a [`CachedStore`](crate::store::CachedStore) asks; [`ApiFetcher`] asks the API server. When to ask, and
//! what to remember, is the store's business.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::{Indexed, ObjectName};

mod api;

pub use api::ApiFetcher;

/// Gets single objects.
///
/// An implementation answers from the newest state there is: an answer older than what a watch has told before the
/// question is asked again. It need not bound its time, the store does.
pub trait Fetch: fmt::Debug + Send + Sync + 'static {
    /// Gets the object of that name, filtered and indexed as a watched one would be.
    ///
    /// `None` when there is no such object, or it does not match the selectors of the watch. An object of another name,
    /// or a reference without a body, is no answer: readers get an error, as they do when this panics.
    fn fetch(&self, name: &ObjectName) -> BoxFuture<'static, Result<Option<Indexed>, Error>>;
}

impl<F: Fetch + ?Sized> Fetch for Arc<F> {
    fn fetch(&self, name: &ObjectName) -> BoxFuture<'static, Result<Option<Indexed>, Error>> {
        (**self).fetch(name)
    }
}

/// Why an object could not be fetched. Cloning is cheap: all who wait for one fetch get its error.
///
/// That there is no such object is no error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused.
    #[error("the server answered {code}: {message}")]
    Refused {
        /// The HTTP status code.
        code: u16,
        /// The machine-readable reason, such as `Forbidden`.
        reason: String,
        /// The server's words.
        message: String,
        /// When the server asks to come back.
        retry_after: Option<Duration>,
    },
    /// No answer came in time.
    #[error("no answer within {after:?}")]
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// The server answered with an older version than it has told before, again and again.
    #[error("the answer is older than version {known}, which is known")]
    Outdated {
        /// The version that is known.
        known: String,
    },
    /// Anything else; the text tells it and its causes.
    #[error("{0}")]
    Failed(Arc<str>),
}
