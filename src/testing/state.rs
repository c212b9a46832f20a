//! The state of a cluster, and where in it requests point.
//!
//! Everything that changes it happens under one lock and at once: writes in [`write`](super::write), and what the
//! server does on its own in [`lifecycle`](super::lifecycle).

use std::sync::Arc;

use kube::core::Status;
use serde_json::json;
use tokio::time::Instant;

use super::{
    calls::Tokens,
    clock::Clock,
    kinds::{Kind, Kinds},
    lifecycle::Lifecycle,
    random::Random,
    status,
    storage::{Object, Storage, key},
    write::Write,
};

pub(super) struct State {
    pub(super) kinds: Kinds,
    pub(super) storage: Storage,
    pub(super) random: Random,
    pub(super) lifecycle: Lifecycle,
    pub(super) tokens: Tokens,
    clock: Clock,
    made: Instant,
}

/// Where a request points: a kind in one of its versions, and a namespace (empty: none, or all).
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) kind: Arc<Kind>,
    pub(super) version: String,
    pub(super) namespace: String,
}

impl State {
    /// A state with the namespaces every cluster has. `window` is how many changes of a kind are remembered, `controllers`
    /// says whether the API server has company.
    pub(super) fn new(seed: u64, clock: Clock, window: usize, controllers: bool) -> Self {
        let mut state = State {
            kinds: Kinds::new(),
            storage: Storage::new(window),
            random: Random(seed),
            lifecycle: Lifecycle::new(controllers),
            tokens: Tokens::new(seed),
            clock,
            made: Instant::now(),
        };
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            state.ensure_namespace(name);
        }
        state
    }

    /// Now, as timestamps show it.
    pub(super) fn time(&self) -> String {
        self.clock.now(self.made)
    }

    pub(super) fn find(&self, kind: &Kind, namespace: &str, name: &str) -> Result<&Arc<Object>, Box<Status>> {
        let object = self.storage.get(kind.id, &key(namespace, name));
        object.ok_or_else(|| status::not_found(kind, name))
    }

    /// Creates a namespace unless it is there; a name that cannot be one is left alone.
    pub(super) fn ensure_namespace(&mut self, name: &str) {
        let kind = self.kinds.namespaces();
        if self.storage.get(kind.id, name).is_none() {
            let target = Target { kind: kind.clone(), version: "v1".to_owned(), namespace: String::new() };
            let _ = self.create(&target, json!({"metadata": {"name": name}}), Write::default());
        }
    }
}
