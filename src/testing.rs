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
//! - watches: from a resourceVersion or from the state of now, streamed lists (`sendInitialEvents`), crossing selectors,
//!   bookmarks each minute and before the end, `timeoutSeconds`, expiry as an ERROR event, the clean end of slow readers,
//!   what a [restart](FakeCluster::restart) does;
//! - create, get, replace, delete, deletecollection, with their conflicts, preconditions, dry runs,
//!   finalizers, generations and generated names; no change, no event;
//! - JSON patches and merge patches with the ways of the server's own libraries, strategic merge patches of built-in
//!   kinds; they start from the object as it is, so only a resourceVersion in the patch makes them conflict; fields
//!   of a patched object's top level that its kind does not have are warned of, or refused (`fieldValidation`);
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
//! - speak protobuf or CBOR, or describe kinds in OpenAPI;
//! - speak TLS or HTTP/2 on its socket, or compress;
//! - authenticate or authorize: see [`Fault::forbidden`];
//! - run any other controller, scheduler or garbage collector: an object without finalizers goes at once, whatever owns it and whatever the propagation policy;
//! - find unknown fields below the top level of an object, or in what is created and replaced: they are stored;
//! - track managed fields: what a client sends is kept;
//! - check or prune custom objects by their schema, fill in its defaults, or validate pod templates;
//! - convert between versions: objects differ in nothing but apiVersion, and the two Event groups are apart;
//! - forget by time: of each kind the last 10,000 changes can be watched and listed, or as many as
//!   [`Builder::window`] says, and [`FakeCluster::compact`] expires what is older than now, for watches too, which a real
//!   compaction leaves alone; bookmarks never lag, where the real server's do on kinds to which nothing happens.

mod accept;
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
mod table;
mod text;
mod validation;
mod watches;
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
pub use watches::OpenWatch;
