//! The state of a cluster, and the target of a request in it.
//!
//! Every change happens under one lock and at once: writes in [`write`](super::write), and what the server does on its
//! own in [`lifecycle`](super::lifecycle).

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kube::core::Status;
use serde_json::json;
use tokio::time::Instant;

use super::{
    allocate::Given,
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
    pub(super) kinds: Arc<Kinds>,
    pub(super) storage: Storage,
    pub(super) random: Random,
    pub(super) lifecycle: Lifecycle,
    pub(super) given: Given,
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
    /// A state with the namespaces every cluster has. `window` is how many changes of a kind are remembered,
    /// `controllers` says whether the API server has company.
    pub(super) fn new(seed: u64, clock: Clock, window: usize, controllers: bool) -> Self {
        let mut state = State {
            kinds: Arc::new(Kinds::new()),
            storage: Storage::new(window),
            random: Random(seed),
            lifecycle: Lifecycle::new(controllers),
            given: Given::default(),
            tokens: Tokens::new(seed),
            clock,
            made: Instant::now(),
        };
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            state.ensure_namespace(name).expect("its name is valid");
        }
        state
    }

    /// Now, in whole seconds.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now(self.made)
    }

    /// Now, as exactly as the clock knows it.
    pub(super) fn exact_now(&self) -> Timestamp {
        self.clock.exact(self.made)
    }

    /// How long ago it was made, on tokio's clock.
    pub(super) fn age(&self) -> Duration {
        self.made.elapsed()
    }

    /// Now, as objects show it.
    pub(super) fn time(&self) -> String {
        self.now().to_string()
    }

    pub(super) fn find(&self, kind: &Kind, namespace: &str, name: &str) -> Result<&Arc<Object>, Box<Status>> {
        let object = self.storage.get(kind.id, &key(namespace, name));
        object.ok_or_else(|| status::not_found(kind, name))
    }

    /// Creates a namespace unless it is there.
    pub(super) fn ensure_namespace(&mut self, name: &str) -> Result<(), Box<Status>> {
        let kind = self.kinds.namespaces();
        if self.storage.get(kind.id, name).is_none() {
            let target = Target { kind: kind.clone(), version: "v1".to_owned(), namespace: String::new() };
            self.create(&target, json!({"metadata": {"name": name}}), Write::default())?;
        }
        Ok(())
    }
}
