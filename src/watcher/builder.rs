//! What to watch, and how, until it is begun.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::resource::Selection;
use super::run::{self, Target};
use super::{Debounce, Error, Resource, Timeouts, Watcher};
use crate::fetch::ApiFetcher;
use crate::indexer::Indexer;
use crate::selector::LabelSelector;
use crate::store::{MemoryStore, Store};

/// What to watch, and how; see [`Watcher::builder`].
#[doc(alias = "WatcherConfig")]
#[derive(Clone)]
#[must_use]
pub struct WatcherBuilder {
    client: kube::Client,
    resource: Resource,
    name: Option<String>,
    indexer: Indexer,
    store: Option<Arc<dyn Store>>,
    namespaces: BTreeSet<String>,
    selection: Selection,
    optional: bool,
    debounce: Option<Debounce>,
    timeouts: Timeouts,
}

impl WatcherBuilder {
    pub(super) fn new(client: kube::Client, resource: Resource) -> WatcherBuilder {
        WatcherBuilder {
            client,
            resource,
            name: None,
            indexer: Indexer::default(),
            store: None,
            namespaces: BTreeSet::new(),
            selection: Selection::default(),
            optional: false,
            debounce: None,
            timeouts: Timeouts::default(),
        }
    }

    /// What is kept of the objects, and what they are found by.
    pub fn indexer(mut self, indexer: Indexer) -> WatcherBuilder {
        self.indexer = indexer;
        self
    }

    /// The store to feed, instead of a [`MemoryStore`] of the indexer's indexes.
    pub fn store(mut self, store: impl Store) -> WatcherBuilder {
        self.store = Some(Arc::new(store));
        self
    }

    /// A name for messages, instead of the resource's.
    pub fn name(mut self, name: &str) -> WatcherBuilder {
        self.name = Some(name.to_owned());
        self
    }

    /// Only this namespace; called again, this one too.
    pub fn namespace(mut self, namespace: &str) -> WatcherBuilder {
        self.namespaces.insert(namespace.to_owned());
        self
    }

    /// Only these namespaces, each with a watch of its own; none means all.
    pub fn namespaces<'n>(mut self, namespaces: impl IntoIterator<Item = &'n str>) -> WatcherBuilder {
        self.namespaces.extend(namespaces.into_iter().map(str::to_owned));
        self
    }

    /// Only the client's default namespace: the pod's own in a cluster, the context's outside.
    pub fn own_namespace(self) -> WatcherBuilder {
        let own = self.client.default_namespace().to_owned();
        self.namespace(&own)
    }

    /// Only objects with matching labels; the server selects.
    pub fn labels(mut self, labels: LabelSelector) -> WatcherBuilder {
        self.selection.labels = labels;
        self
    }

    /// Only objects that match a field selector of the server, such as `type=kubernetes.io/tls`.
    ///
    /// A server knows few fields; the indexer's own [selector](crate::indexer::IndexerBuilder::field_selector)
    /// knows all.
    pub fn fields(mut self, fields: &str) -> WatcherBuilder {
        fields.clone_into(&mut self.selection.fields);
        self
    }

    /// Only the object of this name.
    #[doc(alias = "SingleWatcher")]
    pub fn object(mut self, name: &str) -> WatcherBuilder {
        self.selection.name = Some(name.to_owned());
        self
    }

    /// Whether a server that does not know the resource counts as one that has no such objects. It is looked for
    /// again and again, so that a CustomResourceDefinition may come later.
    pub fn optional(mut self, optional: bool) -> WatcherBuilder {
        self.optional = optional;
        self
    }

    /// How long changes are held back before they are told.
    pub fn debounce(mut self, debounce: Debounce) -> WatcherBuilder {
        self.debounce = Some(debounce);
        self
    }

    /// Other bounds of time.
    pub fn timeouts(mut self, timeouts: Timeouts) -> WatcherBuilder {
        self.timeouts = timeouts;
        self
    }

    /// Fetches single objects of what is watched, for a [`CachedStore`](crate::store::CachedStore) that this watcher is
    /// to feed.
    ///
    /// ```
    /// # use kube_indexed_store::{CachedStore, Indexer, watcher::{Error, Resource, Watcher}};
    /// # fn start(client: kube::Client) -> Result<Watcher, Error> {
    /// let indexer = Indexer::default();
    /// let secrets = Watcher::builder(client, Resource::new("v1", "secrets")).indexer(indexer.clone());
    /// let store = CachedStore::builder(secrets.fetcher()).indexer(&indexer).build();
    /// secrets.store(store).start()
    /// # }
    /// ```
    pub fn fetcher(&self) -> ApiFetcher {
        let selection = Selection { namespace: None, name: None, ..self.selection.clone() };
        ApiFetcher::new(
            self.client.clone(),
            self.resource.clone(),
            selection,
            self.indexer.clone(),
            self.timeouts.clone(),
        )
    }

    /// Begins to watch, in tasks of the current tokio runtime, which has to be the client's.
    ///
    /// # Errors
    ///
    /// When a name cannot be one, the store lacks indexes of the indexer, or there is no runtime. A server that
    /// cannot be reached is no error: the watcher tries for ever, and [`Watcher::status`] tells.
    pub fn start(self) -> Result<Watcher, Error> {
        self.check()?;
        let store = self.store.unwrap_or_else(|| Arc::new(MemoryStore::for_indexer(&self.indexer)));
        if store.schema().indexes() != self.indexer.schema().indexes() {
            let message = format!(
                "the store has other indexes ({}) than the indexer ({}): make the store for the indexer",
                store.schema().names(),
                self.indexer.schema().names()
            );
            return Err(Error::Settings(message));
        }
        let name = self.name.unwrap_or_else(|| self.resource.to_string());
        let mut watcher = Watcher::new(name.clone(), store)?;
        watcher.debounce = self.debounce;
        let namespaces: Vec<_> = match self.namespaces.len() {
            0 => vec![None],
            _ => self.namespaces.into_iter().map(Some).collect(),
        };
        for namespace in namespaces {
            let name = match &namespace {
                Some(namespace) => format!("{name} in {namespace}"),
                None => name.clone(),
            };
            let selection = Selection { namespace, ..self.selection.clone() };
            let scope = selection.scope();
            let target = Target {
                client: self.client.clone(),
                resource: self.resource.clone(),
                selection,
                indexer: self.indexer.clone(),
                timeouts: self.timeouts.clone(),
                optional: self.optional,
            };
            watcher.spawn(name, scope, |mut feed| run::run(target, move |events| feed.apply(events)));
        }
        Ok(watcher)
    }

    /// Names go into the paths of requests, so they have to be names.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let plain = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        };
        let bad = |what: &str, text: &str| Err(Error::Settings(format!("{text:?} is no {what}")));
        let api_version = self.resource.api_version();
        if !api_version.split('/').all(plain) || api_version.split('/').count() > 2 {
            return bad("apiVersion: write v1 or group/v1", api_version);
        }
        if !plain(self.resource.plural()) {
            return bad("resource: write the plural in lower case, such as ingresses", self.resource.plural());
        }
        // Some names have colons, those of roles for example; what a selector is made of they do not have.
        let special = |c: char| c.is_whitespace() || c.is_control() || ",=!\\/".contains(c);
        if let Some(name) = self.selection.name.as_deref().filter(|name| name.is_empty() || name.contains(special)) {
            return bad("name of an object", name);
        }
        match self.namespaces.iter().find(|namespace| !plain(namespace)) {
            Some(namespace) => bad("namespace", namespace),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for WatcherBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatcherBuilder")
            .field("resource", &self.resource)
            .field("namespaces", &self.namespaces)
            .field("selection", &self.selection)
            .finish_non_exhaustive()
    }
}
