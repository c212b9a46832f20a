//! One resource to watch: its settings, whether they go together, and what they are turned into.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::{Error, duration};
use crate::indexer::Indexer;
use crate::selector::LabelSelector;

/// One resource to watch.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchedResource {
    /// `v1`, `networking.k8s.io/v1`.
    #[serde(alias = "apiVersion")]
    pub api_version: String,
    /// The plural name: `secrets`, `ingresses`.
    pub resources: String,
    /// Whether objects are kept, or only references to them.
    #[serde(default)]
    pub store: StoreKind,
    /// The paths of the default index; (`metadata.namespace`, `metadata.name`) unless set.
    #[serde(default, alias = "indexBy")]
    pub index_by: Option<Vec<String>>,
    /// Further indexes, by name.
    #[serde(default)]
    pub indexes: BTreeMap<String, Vec<String>>,
    /// Fields to drop, in addition to the default ones.
    #[serde(default, alias = "removeFields")]
    pub remove_fields: Vec<String>,
    /// The only fields to keep, beside the identity.
    #[serde(default, alias = "keepFields")]
    pub keep_fields: Option<Vec<String>>,
    /// For references: how long a fetched body is remembered.
    #[serde(default, alias = "cacheTtl", deserialize_with = "duration::optional")]
    pub cache_ttl: Option<Duration>,
    /// For references: how many fetched bodies are remembered.
    #[serde(default, alias = "cacheSize")]
    pub cache_size: Option<usize>,
    /// Whether a server that does not know the kind counts as one that has no such objects.
    #[serde(default)]
    pub optional: bool,
    /// Only this namespace.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Only these namespaces.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// Only the client's own namespace.
    #[serde(default, alias = "ownNamespace")]
    pub own_namespace: bool,
    /// Only objects with matching labels; the server selects.
    #[serde(default, alias = "labelSelector")]
    pub label_selector: String,
    /// Only objects with matching fields: any field, selected here, before fields are removed.
    #[serde(default, alias = "fieldSelector")]
    pub field_selector: String,
    /// Only objects with matching fields, selected by the server, which knows few fields.
    #[serde(default, alias = "serverFieldSelector")]
    pub server_field_selector: String,
    /// Only the object of this name.
    #[serde(default)]
    pub name: Option<String>,
    /// How long the resource has to be quiet before its changes are told.
    #[serde(default, deserialize_with = "duration::optional")]
    pub debounce: Option<Duration>,
    /// Does nothing here; accepted because configurations of the Go original have it.
    #[serde(default, alias = "enableValidationWebhook")]
    pub enable_validation_webhook: Option<bool>,
}

/// The two strategies of keeping objects. Which one when is in the documentation of [`store`](crate::store).
#[doc(alias = "StoreType")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreKind {
    /// Every object is kept in memory.
    #[default]
    Full,
    /// Only references are kept, and bodies are fetched when they are asked for.
    OnDemand,
}

impl WatchedResource {
    pub(super) fn check(&self, name: &str) -> Result<(), Error> {
        let setting = |message: &str| Err(Error::Setting { resource: name.to_owned(), message: message.to_owned() });
        for (field, set) in [("cache_ttl", self.cache_ttl.is_some()), ("cache_size", self.cache_size.is_some())] {
            if set && self.store == StoreKind::Full {
                return setting(&format!("{field} is for store: on-demand: leave it out, or write store: on-demand"));
            }
        }
        let ways = [self.namespace.is_some(), !self.namespaces.is_empty(), self.own_namespace];
        if ways.into_iter().filter(|set| *set).count() > 1 {
            return setting("namespace, namespaces and own_namespace exclude each other: keep one of them");
        }
        self.labels(name).map(|_| ())
    }

    fn labels(&self, name: &str) -> Result<LabelSelector, Error> {
        let parsed = self.label_selector.parse();
        parsed.map_err(|source| Error::Labels { resource: name.to_owned(), source })
    }

    pub(super) fn indexer(&self, name: &str, ignored: &[String]) -> Result<Indexer, Error> {
        let mut builder = Indexer::builder()
            .remove_fields(ignored.iter().chain(&self.remove_fields))
            .field_selector(&self.field_selector);
        if let Some(paths) = &self.index_by {
            builder = builder.index_by(paths);
        }
        for (index, paths) in &self.indexes {
            builder = builder.index(index, paths);
        }
        if let Some(paths) = &self.keep_fields {
            builder = builder.keep_fields(paths);
        }
        builder.build().map_err(|source| Error::Indexer { resource: name.to_owned(), source })
    }

    #[cfg(feature = "client")]
    pub(super) fn watcher(
        &self,
        name: &str,
        client: kube::Client,
        indexer: Indexer,
    ) -> Result<crate::watcher::WatcherBuilder, Error> {
        use crate::store::CachedStore;
        use crate::watcher::{Debounce, Resource, Watcher};
        let namespaces = self.namespace.iter().filter(|namespace| !namespace.is_empty()).chain(&self.namespaces);
        let mut builder = Watcher::builder(client, Resource::new(&self.api_version, &self.resources))
            .name(name)
            .indexer(indexer.clone())
            .namespaces(namespaces.map(String::as_str))
            .labels(self.labels(name)?)
            .fields(&self.server_field_selector)
            .optional(self.optional);
        if let Some(object) = &self.name {
            builder = builder.object(object);
        }
        if self.own_namespace {
            builder = builder.own_namespace();
        }
        if let Some(quiet) = self.debounce {
            builder = builder.debounce(Debounce::new(quiet, Debounce::default().max));
        }
        if self.store == StoreKind::OnDemand {
            let mut store = CachedStore::builder(builder.fetcher()).indexer(&indexer);
            if let Some(ttl) = self.cache_ttl {
                store = store.ttl(ttl);
            }
            if let Some(size) = self.cache_size {
                store = store.cache_size(size);
            }
            builder = builder.store(store.build());
        }
        Ok(builder)
    }
}
