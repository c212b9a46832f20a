//! An API server in the process, for tests of programs that watch Kubernetes.
//!
//! [`FakeCluster`] answers a real `kube::Client` from memory: no sockets unless asked for, no threads, no sleeps. It keeps the
//! time of tokio, so tests with paused time run as fast as they can, and two runs of one test get the same
//! bytes. [`Fault`] makes it fail on demand, [`FakeCluster::requests`] tells what it was asked,
//! [`FakeCluster::load`] fills it from manifests, [`FakeCluster::builder`] chooses its seed and its clock,
//! [`FakeCluster::serve`] puts it behind a socket for programs that are not in this process.
//! Statuses are those of Kubernetes 1.36, word for word.
//!
//! # It imitates
//!
//! - lists: selectors, pages with tokens over one state, every meaning of resourceVersion, expiry;
//! - watches: from a resourceVersion or from the state of now, crossing selectors, bookmarks each minute and
//!   before the end, `timeoutSeconds`, expiry as an ERROR event;
//! - create, get, replace, delete, deletecollection, with their conflicts, preconditions, dry runs,
//!   finalizers, generations and generated names; no change, no event;
//! - JSON patches and merge patches with the ways of the server's own libraries, strategic merge patches of built-in
//!   kinds; they start from the object as it is, so only a resourceVersion in the patch makes them conflict;
//! - the types of all built-in kinds, down to the last field: what has no field is left out and warned of or refused
//!   (`fieldValidation`), values of wrong types are refused in the words of the server's decoder;
//! - the schemas of custom kinds: objects are pruned, get their defaults, and are refused for what the schema forbids,
//!   unless it was so before; definitions are checked;
//! - whole objects and metadata alone (`PartialObjectMetadata`);
//! - all stored kinds of the stable groups, and custom kinds from their CustomResourceDefinitions;
//! - the namespace controller and the cleanup of custom kinds, both at once instead of soon;
//! - discovery, as far as kube's client needs it;
//! - validation of metadata, and of what manifests get wrong in Ingresses, Services, EndpointSlices,
//!   ConfigMaps, Secrets and Deployments;
//! - the defaults of all built-in kinds, quantities in their one form, and what the server sets on its own: a new
//!   object's status, the selector of a Job, the class, priority and tolerations of a pod, finalizers that protect;
//! - cluster IPs (of 10.0.0.0/16), IP families and node ports for Services: given out, kept, checked, given back.
//!
//! # It does not
//!
//! - apply server-side (such patches are answered 415), serve subresources (a write to an object leaves its status
//!   as it was; [`FakeCluster::apply`] writes it), Tables, streaming lists (`sendInitialEvents` is refused as by a server without them), protobuf, CBOR, OpenAPI;
//! - speak TLS or HTTP/2 on its socket, or compress;
//! - authenticate or authorize: see [`Fault::forbidden`];
//! - run any other controller, scheduler or garbage collector: an object without finalizers goes at once, whatever owns it and whatever the propagation policy;
//! - track managed fields: what a client sends is kept;
//! - evaluate rules in CEL (`x-kubernetes-validations`), check the rarer formats of texts in schemas, or validate pod
//!   templates;
//! - show what a Secret's body holds in a message, where the server shows its first bytes;
//! - convert between versions: objects differ in nothing but apiVersion, and the two Event groups are apart;
//! - forget: all history stays in memory, and only [`FakeCluster::compact`] expires resourceVersions.

mod allocate;
mod answer;
mod body;
mod builder;
mod clock;
mod cluster;
mod defaults;
mod discovery;
mod doors;
mod fault;
mod kinds;
mod lifecycle;
mod listing;
mod load;
pub mod manifests;
mod media;
mod options;
mod owners;
mod patch;
mod prepare;
mod quantity;
mod random;
mod requests;
mod route;
mod schema;
mod selection;
mod serve;
mod service;
mod shape;
mod state;
mod status;
mod storage;
mod text;
mod validation;
mod watching;
mod write;
mod yaml;

pub use body::Body;
pub use builder::Builder;
pub use clock::Clock;
pub use cluster::FakeCluster;
pub use fault::{Fault, FaultHandle};
pub use load::{Incomplete, Origin, Reason, Refusal, Report};
pub use requests::{Request, Requests};
pub use serve::{ServeError, Server};
