//! An API server in the process, for tests of programs that watch Kubernetes.
//!
//! [`FakeCluster`] answers a real `kube::Client` from memory: no sockets, no threads, no sleeps. It keeps the
//! time of tokio, so tests with paused time run as fast as they can, and two runs of one test get the same
//! bytes. [`Fault`] makes it fail on demand, [`FakeCluster::requests`] tells what it was asked,
//! [`FakeCluster::load`] fills it from manifests. Statuses are those of Kubernetes 1.36, word for word.
//!
//! # It imitates
//!
//! - lists: selectors, pages with tokens over one state, every meaning of resourceVersion, expiry;
//! - watches: from a resourceVersion or from the state of now, crossing selectors, bookmarks each minute and
//!   before the end, `timeoutSeconds`, expiry as an ERROR event;
//! - create, get, replace, delete, deletecollection, with their conflicts, preconditions, dry runs,
//!   finalizers, generations and generated names; no change, no event;
//! - whole objects and metadata alone (`PartialObjectMetadata`);
//! - all stored kinds of the stable groups, and custom kinds from their CustomResourceDefinitions;
//! - the namespace controller and the cleanup of custom kinds, both at once instead of soon;
//! - discovery, as far as kube's client needs it;
//! - validation of metadata, and of what manifests get wrong in Ingresses, Services, EndpointSlices,
//!   ConfigMaps, Secrets and Deployments;
//! - defaults of Services, Endpoints, EndpointSlices, Secrets, Namespaces and definitions.
//!
//! # It does not
//!
//! - patch or apply server-side, serve subresources (a write to an object writes its status too), Tables,
//!   streaming lists (`sendInitialEvents` is refused as by a server without them), protobuf, CBOR, OpenAPI;
//! - authenticate or authorize: see [`Fault::forbidden`];
//! - give out cluster IPs, IP families or node ports, or check them; run any other controller, scheduler or garbage
//!   collector: an object without finalizers goes at once, whatever owns it and whatever the propagation policy;
//! - track managed fields: what a client sends is kept;
//! - check or prune custom objects by their schema, fill in its defaults, or validate pod templates;
//! - convert between versions: objects differ in nothing but apiVersion, and the two Event groups are apart;
//! - forget: all history stays in memory, and only [`FakeCluster::compact`] expires resourceVersions.

mod body;
mod cluster;
mod defaults;
mod discovery;
mod fault;
mod kinds;
mod listing;
mod load;
pub mod manifests;
mod options;
#[allow(dead_code, unused_imports, reason = "the verbs that need it come later")]
mod owners;
#[allow(dead_code, reason = "the verbs that need it come later")]
mod patch;
mod requests;
mod selection;
mod service;
#[allow(dead_code, reason = "the verbs that need it come later")]
mod shape;
mod state;
mod status;
mod storage;
mod text;
mod validation;
mod watching;
mod yaml;

pub use body::Body;
pub use cluster::FakeCluster;
pub use fault::{Fault, FaultHandle};
pub use load::{Incomplete, Origin, Reason, Refusal, Report};
pub use requests::{Request, Requests};
