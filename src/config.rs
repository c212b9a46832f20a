//! Configuration: which resources are watched, how they are kept and what they are found by.
//!
//! Plain serde types; what they mean is done by the [`Indexer`], the stores and the watcher they are turned into.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::indexer::{self, Indexer};
use crate::selector::{self, LabelSelector};

mod duration;
mod yaml;

/// The resources to watch, by the name that templates know them by.
///
/// Field names are written in `snake_case` or `camelCase`. What is not known is an error.
///
/// # Examples
///
/// ```
/// use kube_indexed_store::config::Config;
///
/// let config = Config::from_yaml("
/// watched_resources:
///   ingresses:
///     api_version: networking.k8s.io/v1
///     resources: ingresses
///     indexes: {by-host: ['spec.rules[*].host']}
///     remove_fields: [status]
///   endpoints:
///     api_version: discovery.k8s.io/v1
///     resources: endpointslices
///     index_by: [metadata.namespace, \"metadata.labels['kubernetes.io/service-name']\"]
/// ")?;
/// let indexers = config.indexers()?;
/// assert_eq!(indexers["ingresses"].schema().indexes()[1].name(), "by-host");
///
/// let error = Config::from_yaml("watched_resources:\n  a:\n    api_version: v1\n    resource: secrets").unwrap_err();
/// assert_eq!(error.to_string(), "line 4: unknown field `resource`: did you mean `resources`?");
/// # Ok::<(), kube_indexed_store::config::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The resources, by name.
    #[serde(alias = "watchedResources")]
    pub watched_resources: BTreeMap<String, WatchedResource>,
    /// Fields that are removed from every resource, in addition to each one's own `remove_fields`.
    #[serde(default, alias = "watchedResourcesIgnoreFields")]
    pub watched_resources_ignore_fields: Vec<String>,
}

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

impl Config {
    /// Reads a configuration from YAML.
    ///
    /// # Errors
    ///
    /// When it is not YAML or has a field or value that there is not; the error names it, its line and the nearest
    /// valid one. Whether the settings go together is found out by [`indexers`](Config::indexers).
    pub fn from_yaml(text: &str) -> Result<Config, Error> {
        yaml::read(text)
    }

    /// Reads a configuration from a YAML file.
    ///
    /// # Errors
    ///
    /// As [`from_yaml`](Config::from_yaml), with the file's name; and when the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Config, Error> {
        let name = path.as_ref().display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::Read { path: name.clone(), reason: error.to_string() })?;
        Config::from_yaml(&text).map_err(|error| match error {
            Error::Syntax { line, message, .. } => Error::Syntax { file: Some(name), line, message },
            other => other,
        })
    }

    /// The indexers of all resources, which checks every setting that can be checked without a server.
    ///
    /// # Errors
    ///
    /// The first setting that is wrong or does not go with another.
    pub fn indexers(&self) -> Result<BTreeMap<String, Indexer>, Error> {
        let checked = self.watched_resources.iter().map(|(name, resource)| {
            resource.check(name)?;
            Ok((name.clone(), resource.indexer(name, &self.watched_resources_ignore_fields)?))
        });
        checked.collect()
    }

    /// What is accepted but does nothing, in words.
    pub fn notices(&self) -> Vec<String> {
        let with = self.watched_resources.iter().filter(|(_, resource)| resource.enable_validation_webhook.is_some());
        with.map(|(name, _)| {
            format!("watched_resources.{name}: enable_validation_webhook does nothing here; it can be removed")
        })
        .collect()
    }

    /// Starts a watcher and a store for every resource. Everything is checked first; the notices are logged.
    ///
    /// # Errors
    ///
    /// As [`indexers`](Config::indexers), and outside a tokio runtime.
    #[cfg(feature = "client")]
    pub fn start(&self, client: &kube::Client) -> Result<crate::watcher::WatcherSet, Error> {
        let mut watchers = crate::watcher::WatcherSet::default();
        let indexers = self.indexers()?;
        self.notices().iter().for_each(|notice| tracing::warn!("{notice}"));
        let refused = |name: &str, source| Error::Watcher { resource: name.to_owned(), source };
        let mut builders = Vec::new();
        for ((name, resource), indexer) in self.watched_resources.iter().zip(indexers.into_values()) {
            let builder = resource.watcher(name, client.clone(), indexer)?;
            builder.check().map_err(|source| refused(name, source))?;
            builders.push((name, builder));
        }
        for (name, builder) in builders {
            watchers.insert(name, builder.start().map_err(|source| refused(name, source))?);
        }
        Ok(watchers)
    }
}

impl WatchedResource {
    fn check(&self, name: &str) -> Result<(), Error> {
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

    fn indexer(&self, name: &str, ignored: &[String]) -> Result<Indexer, Error> {
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
    fn watcher(
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
