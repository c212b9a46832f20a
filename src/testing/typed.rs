//! The direct methods that return typed objects: the type says the kind.
//!
//! Not here: writing, because [`create`](FakeCluster::create) and the others take typed objects as they are.

use kube::{Resource, core::Status};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{cluster::FakeCluster, doors, state::Target, text};

impl FakeCluster {
    /// The current state of an object, as a type of k8s-openapi or your own with `#[derive(CustomResource)]`. An empty
    /// namespace means `default`; for cluster-scoped kinds it is ignored.
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
    /// The Status a server would answer: the object does not exist.
    ///
    /// # Panics
    ///
    /// If the cluster does not serve this version of the kind now, or the object cannot be decoded as this type.
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

    /// All objects of a type in all namespaces, in the order of a list.
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
    /// As [`get_as`](FakeCluster::get_as), and for kinds that are never stored, such as reviews.
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
