//! Doors for tests that know the type: the kind is that of the type, and no word.
//!
//! Not here: what is written, for which a type is as good as any object ([`create`](FakeCluster::create)).

use kube::{Resource, core::Status};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{cluster::FakeCluster, doors, state::Target, text};

impl FakeCluster {
    /// The object as it is now, as a type: one of k8s-openapi, or your own with `#[derive(CustomResource)]`. An empty
    /// namespace is `default`; it means nothing at cluster scope.
    ///
    /// ```
    /// use k8s_openapi::api::core::v1::ConfigMap;
    /// use kube_indexed_store::testing::{FakeCluster, objects::config_map};
    ///
    /// let cluster = FakeCluster::new();
    /// cluster.create(config_map("settings").data("color", "blue"))?;
    /// let settings: ConfigMap = cluster.get_as("default", "settings")?;
    /// assert_eq!(settings.data.unwrap()["color"], "blue");
    /// assert!(cluster.get_as::<ConfigMap>("default", "other").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The Status the server would answer: there is no such object.
    ///
    /// # Panics
    ///
    /// If the cluster does not serve the type's version of its kind now, or the object is not of the type.
    #[track_caller]
    pub fn get_as<K>(&self, namespace: &str, name: &str) -> Result<K, Box<Status>>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let target = self.target_as::<K>(namespace)?;
        let found = self.shared.read(|inner| {
            let object = inner.state.find(&target.kind, &target.namespace, name)?;
            Ok::<_, Box<Status>>(text::in_version(&target.kind, &target.version, object))
        })?;
        Ok(typed(found))
    }

    /// All objects of a type in the order of a list, those of all namespaces.
    ///
    /// ```
    /// use k8s_openapi::api::core::v1::Namespace;
    /// use kube::ResourceExt;
    /// use kube_indexed_store::testing::FakeCluster;
    ///
    /// let namespaces = FakeCluster::new().objects_as::<Namespace>();
    /// let names: Vec<_> = namespaces.iter().map(|namespace| namespace.name_any()).collect();
    /// assert_eq!(names, ["default", "kube-node-lease", "kube-public", "kube-system"]);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`get_as`](FakeCluster::get_as) does, and for a kind of which nothing is stored.
    #[track_caller]
    pub fn objects_as<K>(&self) -> Vec<K>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let target = match self.target_as::<K>("") {
            Ok(target) => target,
            Err(status) => panic!("{}", status.message),
        };
        let found: Vec<_> = self.shared.read(|inner| {
            let objects = inner.state.storage.objects(target.kind.id, "");
            objects.map(|object| text::in_version(&target.kind, &target.version, object)).collect()
        });
        found.into_iter().map(typed).collect()
    }

    /// Where objects of a type are.
    #[track_caller]
    fn target_as<K: Resource<DynamicType = ()>>(&self, namespace: &str) -> Result<Target, Box<Status>> {
        let (version, kind) = (K::api_version(&()), K::kind(&()));
        match self.shared.read(|inner| doors::target_in(&inner.state, &version, &kind, namespace)) {
            Err(status) if status.code == 404 => panic!("{}", status.message),
            target => target,
        }
    }
}

/// An object as a type.
#[track_caller]
pub(super) fn typed<K: DeserializeOwned>(object: Value) -> K {
    match serde_json::from_value(object) {
        Ok(object) => object,
        Err(error) => panic!("the object is not of this type: {error}"),
    }
}
