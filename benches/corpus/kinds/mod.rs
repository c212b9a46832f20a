//! The kinds of objects that are generated.

use serde_json::Value;

use super::cluster::Cluster;

mod config_map;
mod endpoint_slice;
mod ingress;
mod pod;
mod secret;
mod service;

/// A kind of objects there is a generator for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Pod,
    Ingress,
    Service,
    EndpointSlice,
    ConfigMap,
    Secret,
}

impl Kind {
    pub const ALL: [Kind; 6] =
        [Kind::Pod, Kind::Ingress, Kind::Service, Kind::EndpointSlice, Kind::ConfigMap, Kind::Secret];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Pod => "Pod",
            Kind::Ingress => "Ingress",
            Kind::Service => "Service",
            Kind::EndpointSlice => "EndpointSlice",
            Kind::ConfigMap => "ConfigMap",
            Kind::Secret => "Secret",
        }
    }

    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The object at a position, which depends on nothing but the cluster and the numbers. The serial is the position, or
    /// another number for another object of the same application.
    pub fn generate(self, cluster: &Cluster, position: usize, serial: usize) -> Value {
        let mut random = cluster.random(self.name(), serial);
        let (app, first) = cluster.owner(&mut random, position);
        let first = first && serial == position;
        let random = &mut random;
        let draft = match self {
            Kind::Pod => pod::pod(cluster, random, app, serial),
            Kind::Ingress => ingress::ingress(random, app, first, serial),
            Kind::Service => service::service(random, app, first, serial),
            Kind::EndpointSlice => endpoint_slice::endpoint_slice(cluster, random, app, serial),
            Kind::ConfigMap => config_map::config_map(random, app, first, serial),
            Kind::Secret => secret::secret(random, app, first, serial),
        };
        draft.finish()
    }
}
