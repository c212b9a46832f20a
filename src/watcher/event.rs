//! What the watch loop tells: a few words about objects, nothing about HTTP.

use std::time::Duration;

use super::Error;
use crate::{Indexed, ObjectName, ResourceVersion};

/// One step of the state of the world, in order.
///
/// A complete list is told as [`Start`](Event::Start), one [`Item`](Event::Item) each, [`Done`](Event::Done); a new
/// `Start` before `Done` begins anew and what came before it is void. In between and afterwards the world is as it
/// was last done, with every [`Apply`](Event::Apply) and [`Delete`](Event::Delete) since.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A complete list begins.
    Start {
        /// Why a further one, if it is not the first.
        reason: Option<Restart>,
    },
    /// An object of the list.
    Item(Indexed),
    /// The list is complete.
    Done {
        /// The version it shows; unknown for an optional kind that the server does not have.
        version: Option<ResourceVersion>,
    },
    /// An object was created or changed.
    Apply(Indexed),
    /// An object is gone, or does not match the selectors any more.
    Delete {
        /// The object.
        name: ObjectName,
        /// The version of its deletion.
        version: Option<ResourceVersion>,
    },
    /// Everything up to this version has been told.
    Bookmark(ResourceVersion),
    /// A watch is open: what is told is current. Every `Apply`, `Delete` and `Bookmark` says so, too.
    Connected,
    /// A watch ended in good order and will be opened again where it ended.
    Ended,
    /// The list that was just done shows an older state than was served before: the server's data was restored
    /// from a backup.
    Rewound,
    /// An object could not be taken and is left out.
    Skipped(Error),
    /// Something failed and will be tried again.
    Failed {
        /// What failed.
        error: Error,
        /// When it is tried again.
        retry_in: Duration,
    },
}

/// Why a complete list is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Restart {
    /// The server has forgotten the version to go on from (410).
    Expired,
    /// A page of the list before was refused or lost.
    Incomplete,
    /// The watch stayed silent, without even a bookmark, longer than it may.
    Silent,
    /// The server's versions are lower than they were: its data was restored from a backup.
    Rewound,
    /// The resource was unknown to the server for a while.
    Unknown,
}

impl std::fmt::Display for Restart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Restart::Expired => "expired",
            Restart::Incomplete => "incomplete",
            Restart::Silent => "silent",
            Restart::Rewound => "rewound",
            Restart::Unknown => "unknown",
        })
    }
}
