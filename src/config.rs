//! Configuration: which resources are watched, how they are kept and what they are found by.
//!
//! Plain serde types; what they mean is done by the [`Indexer`], the stores and the watcher they are turned into.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::indexer::Indexer;

mod duration;
mod error;
mod resource;
mod yaml;

pub use error::Error;
pub use resource::{StoreKind, WatchedResource};

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
