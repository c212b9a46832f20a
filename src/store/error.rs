//! Why a store could not do what it was asked.

use std::sync::Arc;

use super::Scope;
use crate::{ObjectName, snapshot};

/// Why a store could not do what it was asked. Cloning is cheap: many readers can get one failure.
///
/// Absence is never an error: what is not there is an empty answer.
#[doc(alias = "StoreError")]
#[doc(alias = "ErrNotFound")]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A query or a write does not fit the indexes; for a batch, nothing of it was applied.
    #[error(transparent)]
    Index(#[from] snapshot::Error),
    /// A store of whole objects was given a reference.
    #[error("{object} was written without its body: this store keeps whole objects")]
    NoBody {
        /// The object.
        object: ObjectName,
    },
    /// An object was pushed to a reset that does not cover it.
    #[error("{object} is outside the reset of {scope}")]
    OutsideReset {
        /// The object.
        object: ObjectName,
        /// What the reset covers.
        scope: Scope,
    },
    /// An object could not be fetched.
    #[cfg(feature = "client")]
    #[error("{object} could not be fetched")]
    Fetch {
        /// The object.
        object: ObjectName,
        /// Why.
        source: crate::fetch::Error,
    },
    /// One object was asked for and there are several.
    #[error("{count} objects under {query} where one was expected, {first} and {second} among them")]
    Several {
        /// What was asked.
        query: String,
        /// How many there are.
        count: usize,
        /// The first of them.
        first: ObjectName,
        /// The second.
        second: ObjectName,
    },
    /// An object does not have the shape it was asked for in.
    #[error("{object} does not parse as asked: {reason}")]
    Parse {
        /// The object.
        object: ObjectName,
        /// What was wrong.
        reason: Arc<str>,
    },
}
