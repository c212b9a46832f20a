//! Why a configuration cannot be used.

use std::fmt;

use crate::{indexer, selector};

/// Why a configuration cannot be used. Nothing has been started when it is told.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("{path} cannot be read: {reason}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The text is not YAML, or has a field or value that there is not.
    #[error("{}{message}", Place { file: file.as_deref(), line: *line })]
    Syntax {
        /// The file, if it is one.
        file: Option<String>,
        /// The line, counted from 1.
        line: Option<u64>,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// Two settings of one resource do not go together.
    #[error("watched_resources.{resource}: {message}")]
    Setting {
        /// The resource.
        resource: String,
        /// What is wrong, and the way out.
        message: String,
    },
    /// What one resource is to be indexed by, or rid of, is wrong.
    #[error("watched_resources.{resource}")]
    Indexer {
        /// The resource.
        resource: String,
        /// What is wrong.
        source: indexer::Error,
    },
    /// A label selector does not parse.
    #[error("watched_resources.{resource}: label_selector")]
    Labels {
        /// The resource.
        resource: String,
        /// What is wrong.
        source: selector::Error,
    },
    /// A watcher does not start.
    #[cfg(feature = "client")]
    #[error("watched_resources.{resource}")]
    Watcher {
        /// The resource.
        resource: String,
        /// What is wrong.
        source: crate::watcher::Error,
    },
}

struct Place<'e> {
    file: Option<&'e str>,
    line: Option<u64>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{file}, line {line}: "),
            (Some(file), None) => write!(f, "{file}: "),
            (None, Some(line)) => write!(f, "line {line}: "),
            (None, None) => Ok(()),
        }
    }
}
