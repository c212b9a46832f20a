//! One open watch: what it is about, how far it is, and how it is to end.

use std::{fmt, sync::Arc};

use kube::core::Status;

use super::super::{kinds::Kind, options::Options, state::Target};

/// What a cluster knows of an open watch, and what it wants of it.
#[derive(Debug)]
pub(in crate::testing) struct Open {
    pub(in crate::testing) shown: OpenWatch,
    pub(in crate::testing) bookmarks: usize,
    /// How it is to end, and the version it was at when that was decided: it tells nothing that came later.
    pub(in crate::testing) end: Option<(End, u64)>,
}

impl Open {
    /// Decides how it ends, unless that is decided.
    pub(super) fn end(&mut self, how: &End, now: u64) {
        self.end.get_or_insert_with(|| (how.clone(), now));
    }
}

#[derive(Debug, Clone)]
pub(in crate::testing) enum End {
    Clean,
    Cut,
    Error(Box<Status>),
}

/// An open watch: what it watches, and how far its client has read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenWatch {
    /// The API group, empty for the core group.
    pub group: String,
    /// The plural name of the resource.
    pub resource: String,
    /// The namespace; `None` for a watch of all namespaces or of a cluster-scoped resource.
    pub namespace: Option<String>,
    /// The label selector as the client sent it; empty if there is none.
    pub label_selector: String,
    /// The field selector as the client sent it; empty if there is none.
    pub field_selector: String,
    /// The resourceVersion it started from: the one in the request, or the newest at that time.
    pub since: u64,
    /// Everything up to this resourceVersion has been sent; 0 until all initial events are.
    pub seen: u64,
    /// Whether all initial events have been sent, and the bookmark after them if the client allows bookmarks. Always
    /// true for a watch without initial events.
    pub initial_events_sent: bool,
    /// The `User-Agent` of the client, if it sent one.
    pub user_agent: Option<String>,
    pub(super) id: u64,
    pub(super) kind: Arc<Kind>,
}

impl OpenWatch {
    pub(in crate::testing) fn new(
        id: u64,
        target: &Target,
        options: &Options,
        since: u64,
        has_initial_events: bool,
        user_agent: Option<&str>,
    ) -> Self {
        OpenWatch {
            group: target.kind.group.clone(),
            resource: target.kind.plural.clone(),
            namespace: Some(target.namespace.clone()).filter(|namespace| !namespace.is_empty()),
            label_selector: options.labels.clone(),
            field_selector: options.fields.clone(),
            since,
            seen: if has_initial_events { 0 } else { since },
            initial_events_sent: !has_initial_events,
            user_agent: user_agent.map(str::to_owned),
            id,
            kind: target.kind.clone(),
        }
    }
}

/// It is shown as `configmaps in shop, seen up to 17 by my-controller`.
impl fmt::Display for OpenWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        for (sign, said) in [
            (" in ", self.namespace.as_deref()),
            (" with ", Some(&*self.label_selector)),
            (" with ", Some(&*self.field_selector)),
        ] {
            said.filter(|said| !said.is_empty()).map_or(Ok(()), |said| write!(f, "{sign}{said}"))?;
        }
        write!(f, ", seen up to {}", self.seen)?;
        self.user_agent.as_ref().map_or(Ok(()), |agent| write!(f, " by {agent}"))
    }
}
