//! What can go wrong between us and the API server.

use std::sync::Arc;
use std::time::Duration;

use crate::indexer;

/// Why a list, a watch or an object failed. Cloning is cheap.
///
/// A watcher goes on by itself after every one of these; they are told so that people can act on them. No message
/// holds the content of an object.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused.
    #[error("{}", refusal(*code, message, reason))]
    Refused {
        /// The HTTP status code.
        code: u16,
        /// The machine-readable reason, such as `Forbidden`; empty when the answer was no Kubernetes Status.
        reason: String,
        /// The server's words.
        message: String,
        /// When the server asks to come back.
        retry_after: Option<Duration>,
    },
    /// The server does not know the resource.
    #[error(
        "the server does not know {resource}: install its CustomResourceDefinition, correct the name, or mark it optional"
    )]
    UnknownResource {
        /// The resource, as `plural.version.group`.
        resource: String,
    },
    /// No answer came in time.
    #[error("no answer to the {request} within {after:?}")]
    Timeout {
        /// `list` or `watch`.
        request: &'static str,
        /// How long was waited.
        after: Duration,
    },
    /// The connection failed.
    #[error("the connection failed")]
    Connection(#[source] Arc<kube::Error>),
    /// The connection broke in the middle of an answer.
    #[error("the {request} was cut off")]
    Cut {
        /// `list` or `watch`.
        request: &'static str,
        /// What broke it.
        #[source]
        source: Arc<kube::Error>,
    },
    /// What came is not what the API promises.
    #[error("the answer to the {request} is no {expected}")]
    Malformed {
        /// `list` or `watch`.
        request: &'static str,
        /// What was expected.
        expected: &'static str,
        /// Where it stopped to make sense, if it is JSON at all.
        #[source]
        source: Option<Arc<serde_json::Error>>,
    },
    /// One object could not be taken.
    #[error("an object was skipped")]
    Object(#[source] Arc<indexer::Error>),
    /// One object does not fit the store.
    #[error("the store refused an object")]
    Store(#[source] crate::store::Error),
    /// kube's own watcher failed, whose events feed the store.
    #[error("the watch that feeds this store failed")]
    Foreign(#[source] Arc<kube::runtime::watcher::Error>),
    /// A settings mistake: it is told when the watcher is started.
    #[error("{0}")]
    Settings(String),
}

fn refusal(code: u16, message: &str, reason: &str) -> String {
    let way_out = match code {
        401 => ": check the credentials",
        403 => ": grant list and watch on it",
        _ => "",
    };
    let message = if message.is_empty() { reason } else { message };
    format!("the server answered {code}: {message}{way_out}")
}

impl Error {
    /// The HTTP status code, if the server answered with one.
    pub fn code(&self) -> Option<u16> {
        match self {
            Error::Refused { code, .. } => Some(*code),
            Error::UnknownResource { .. } => Some(404),
            _ => None,
        }
    }

    pub(super) fn malformed(request: &'static str, expected: &'static str, source: Option<serde_json::Error>) -> Error {
        // Where JSON breaks off is told by a place; where it only has another shape, by the value found there.
        let source = source.filter(|error| !error.is_data()).map(Arc::new);
        Error::Malformed { request, expected, source }
    }

    /// Whether the server forgot the version to go on from.
    pub(super) fn is_expired(&self) -> bool {
        self.code() == Some(410)
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
