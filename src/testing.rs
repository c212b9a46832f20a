//! An API server in the process, for tests of programs that speak to Kubernetes.
//!
//! [`FakeCluster`] answers a real `kube::Client` from memory, in the words of Kubernetes 1.36: no sockets unless asked for, no
//! threads, no sleeps. It keeps the time of tokio, so tests with paused time run as fast as they can, and two runs of one
//! test get the same bytes.
//!
//! | to | there is |
//! |---|---|
//! | fill it | [`FakeCluster::create`] with [`objects`] in few words, [`FakeCluster::load`] with manifests |
//! | see what the program did | [`FakeCluster::get`] and [`get_as`](FakeCluster::get_as), [`FakeCluster::requests`], [`FakeCluster::dump_yaml`] |
//! | wait for it | [`FakeCluster::until`], [`FakeCluster::requested`], [`FakeCluster::watch_established`] |
//! | make it fail | [`Fault`], [`FakeCluster::watches`], [`FakeCluster::compact`], [`FakeCluster::restart`] |
//! | go back | [`FakeCluster::snapshot`], [`FakeCluster::restore`], [`FakeCluster::rewind`] |
//! | choose | [`FakeCluster::builder`]: seed, clock, window of history, controllers, patience |
//! | let others in | [`FakeCluster::serve`]: a socket for kubectl and for programs in any language |
//!
//! # In the place of tower-test
//!
//! A mock of the service below a client (`tower_test::mock`) must name each request and its answer, in their order: a test
//! of what the program does becomes a copy of how it does it. Here the answers come from a state, and what a test is
//! about are the state and the requests:
//!
//! ```
//! use k8s_openapi::api::core::v1::ConfigMap;
//! use kube::{Api, api::{Patch, PatchParams}};
//! use kube_indexed_store::testing::{FakeCluster, Fault, objects::config_map};
//! use serde_json::json;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! cluster.create(config_map("shop/settings").data("color", "red")).unwrap_err(); // There is no namespace `shop` yet.
//! cluster.namespace("shop");
//! cluster.create(config_map("shop/settings").data("color", "red"))?;
//! cluster.fault(Fault::on("patch").times(1).status(503));
//!
//! // The program, with its own client: here one that asks again as kube's does.
//! let maps: Api<ConfigMap> = Api::namespaced(cluster.client_with_retries(), "shop");
//! maps.patch("settings", &PatchParams::default(), &Patch::Merge(json!({"data": {"color": "blue"}}))).await?;
//!
//! assert_eq!(cluster.get_as::<ConfigMap>("shop", "settings")?.data.unwrap()["color"], "blue");
//! let answered: Vec<_> = cluster.requests().verb("patch").iter().map(|request| request.answered).collect();
//! assert_eq!(answered, [Some(503), Some(200)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Testing a controller
//!
//! A `kube::runtime::Controller` runs against the cluster as it is. The test writes what people would write, waits until
//! the state is as it should be, and breaks what may break. With paused time (`#[tokio::test(start_paused = true)]`) the
//! waits of the controller take none.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//!
//! use futures::StreamExt;
//! use k8s_openapi::api::core::v1::{ConfigMap, Secret};
//! use kube::{Api, Client, Resource, ResourceExt, api::{ObjectMeta, PostParams}};
//! use kube::runtime::{Controller, controller::Action, watcher};
//! use kube_indexed_store::testing::{FakeCluster, Fault, objects::config_map};
//!
//! /// Each ConfigMap has a Secret of its name.
//! async fn reconcile(map: Arc<ConfigMap>, client: Arc<Client>) -> kube::Result<Action> {
//!     let secrets: Api<Secret> = Api::namespaced((*client).clone(), &map.namespace().unwrap_or_default());
//!     if secrets.get_opt(&map.name_any()).await?.is_none() {
//!         let owners = map.controller_owner_ref(&()).map(|owner| vec![owner]);
//!         let metadata = ObjectMeta { name: map.metadata.name.clone(), owner_references: owners, ..Default::default() };
//!         secrets.create(&PostParams::default(), &Secret { metadata, ..Default::default() }).await?;
//!     }
//!     Ok(Action::await_change())
//! }
//!
//! fn later(_: Arc<ConfigMap>, _: &kube::Error, _: Arc<Client>) -> Action {
//!     Action::requeue(Duration::from_secs(5))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! let (client, any) = (cluster.client(), watcher::Config::default());
//! let controller = Controller::new(Api::<ConfigMap>::all(client.clone()), any.clone())
//!     .owns(Api::<Secret>::all(client.clone()), any)
//!     .run(reconcile, later, Arc::new(client));
//! tokio::spawn(controller.for_each(async |_| ()));
//!
//! // It does its work, ...
//! cluster.create(config_map("a"))?;
//! cluster.until(|cluster| cluster.get_as::<Secret>("default", "a").is_ok()).await;
//! // ... repairs what others break, ...
//! cluster.delete("Secret", "default", "a")?;
//! cluster.until(|cluster| cluster.get_as::<Secret>("default", "a").is_ok()).await;
//! // ... tries again later where it fails, ...
//! let start = tokio::time::Instant::now();
//! cluster.fault(Fault::on("create").resource("secrets").times(1).status(500));
//! cluster.create(config_map("b"))?;
//! cluster.until(|cluster| cluster.get_as::<Secret>("default", "b").is_ok()).await;
//! assert_eq!(start.elapsed().as_secs(), 5);
//! // ... and writes no more than it must.
//! assert_eq!(cluster.requests().verb("create").resource("secrets").answered(201).count(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How faithful it is
//!
//! ## It imitates
//!
//! - all kinds of the stable groups, and custom kinds from their CustomResourceDefinitions: served versions, scope,
//!   statuses and scales, columns, selectable fields, schemas with pruning, defaults and checks;
//! - lists: selectors, pages with tokens over one state, every meaning of resourceVersion, expiry;
//! - watches: from a resourceVersion or from the state of now, streamed lists (`sendInitialEvents`), crossing selectors,
//!   bookmarks each minute and before the end, `timeoutSeconds`, expiry as an ERROR event, the clean end of slow readers,
//!   what a [restart](FakeCluster::restart) does;
//! - create, get, replace, delete, deletecollection, with their conflicts, preconditions, dry runs, finalizers, grace
//!   periods, propagation policies, generations and generated names; no change, no event;
//! - JSON patches, merge patches, strategic merge patches of built-in kinds, server-side apply; managed fields with their
//!   conflicts; the parts status, scale and, of namespaces, finalize, of certificate requests approval, of pods
//!   ephemeralcontainers and resize;
//! - what is asked rather than stored: reviews of access (everybody may do everything, but for what a
//!   [fault forbids](Fault::forbidden)), tokens of service accounts and reviews of them, bindings of pods to nodes, and
//!   evictions, which keep to the statuses of disruption budgets;
//! - warnings of deprecated versions, of fields that mean nothing, and of what is unwise;
//! - the types of all built-in kinds, down to the last field: unknown and doubled fields are warned of or refused
//!   (`fieldValidation`), values of wrong types are refused in the words of the server's decoder;
//! - the defaults of all built-in kinds, quantities in their one form, and what the server sets on its own: a new
//!   object's status, the selector of a Job, the class, priority and tolerations of a pod, finalizers that protect;
//! - cluster IPs (of 10.0.0.0/16), IP families and node ports for Services: given out, kept, checked, given back;
//! - validation of metadata, of what must not change, and of what all built-in kinds say, in the server's words;
//! - limits of size: of bodies, annotations, ConfigMaps and Secrets, and of what fits into the server's database;
//! - the controllers that clean up: of namespaces, of custom kinds, and of what owners leave behind, at once instead of
//!   soon (all but that of custom kinds can be turned [off](Builder::controllers));
//! - whole objects, metadata alone (`PartialObjectMetadata`), Tables, in JSON and YAML; bodies of requests in protobuf
//!   too, in which Go's clients and kubectl's `create` send objects of built-in kinds;
//! - discovery, plain and aggregated; OpenAPI v3 without descriptions and lists of values; health and version.
//!
//! ## It does not
//!
//! - answer in protobuf (clients that accept nothing else are told so), or read CustomResourceDefinitions in it; speak
//!   CBOR, TLS or HTTP/2, or compress;
//! - describe kinds in OpenAPI v2: the document is there and empty, so that kubectl leaves manifests of `kind: List` to the
//!   server to check;
//! - authenticate or authorize: whoever asks may, token or not, see [`Fault::forbidden`];
//! - run any other controller, a scheduler or a kubelet: nobody makes the pods of a Deployment, and a pod on a node that
//!   is deleted waits for somebody to delete it with a grace period of 0, as [`FakeCluster::delete_now`] does;
//! - log, run or forward anything: logs, exec, attach, portforward and proxy are answered as by a server whose nodes are out
//!   of reach, unless a test answers a log itself with [`Fault::text`];
//! - serve alpha and beta groups, or watches at the paths of old, below `/watch/`;
//! - note the owners of fields in what tests bring through its doors, such as [`FakeCluster::create`], before a client
//!   applies something to it;
//! - show what the body of a Secret holds in a message, where the server shows its first bytes;
//! - check the rarer formats of texts in schemas, all of pod templates, statuses but for a few, sources of volumes that only
//!   one provider has, what is inside a certificate or a request for one, or which time zones an area has;
//! - show the difference where a whole specification must not change;
//! - say in Go's words what is wrong with YAML;
//! - evaluate rules in CEL, call webhooks or admission policies, or convert between versions: objects differ in nothing
//!   but apiVersion, and the two Event groups are apart;
//! - forget by time: of each kind the last 10,000 changes can be watched and listed, or as many as
//!   [`Builder::window`] says, and [`FakeCluster::compact`] expires what is older than now, for watches too, which a real
//!   compaction leaves alone; bookmarks never lag, where the real server's do on kinds to which nothing happens.
//!
//! ## Compared with a real server
//!
//! Recorded exchanges with a real server are replayed against the fake, one suite of protocol cases runs against both, and
//! sessions of chance are asked of both at once, in which less than one request in a hundred, most of them nonsense, is
//! answered otherwise. Beside what lies in the nature of things (uids, times, versions, generated names, the order of
//! causes), these answers are known to differ:
//!
//! - `/version` names no commit and no compiler: there is none;
//! - `/`, and `/readyz?verbose`, list the paths and the checks that there are;
//! - `/openapi/v3` lists the documents of group versions alone, and these have what clients read: no descriptions, no
//!   lists, of the paths those to one object;
//! - a custom object in protobuf is refused (415), where the server's handler fails and the connection ends;
//! - a definition that is deleted is gone with the answer: nobody sees it go, or is refused a new object meanwhile.

mod accept;
mod allocate;
mod answer;
mod body;
mod builder;
mod calls;
mod clock;
mod cluster;
mod connections;
mod defaults;
mod deletion;
mod discovery;
mod doors;
mod dump;
mod fault;
mod filter;
mod kinds;
mod lifecycle;
mod listing;
mod load;
mod log;
pub mod manifests;
mod media;
pub mod objects;
mod options;
mod owners;
mod patch;
mod patience;
mod prepare;
mod protobuf;
mod quantity;
mod quoted;
mod random;
mod reports;
mod requests;
mod route;
mod schema;
mod selection;
mod serve;
mod service;
mod shape;
mod snapshot;
mod state;
mod status;
mod storage;
mod table;
mod text;
mod typed;
mod validation;
mod warnings;
mod watches;
mod watching;
mod write;
mod yaml;

pub use body::Body;
pub use builder::Builder;
pub use clock::{Clock, ManualClock};
pub use cluster::FakeCluster;
pub use fault::{Failure, Fault, FaultHandle};
pub use load::{Incomplete, Origin, Reason, Refusal, Report};
pub use log::{Mark, Requests};
pub use requests::Request;
pub use serve::{ServeError, Server};
pub use snapshot::Snapshot;
pub use watches::{OpenWatch, Watches};
