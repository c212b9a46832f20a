//! A fake Kubernetes API server in the process, for tests of programs that talk to Kubernetes.
//!
//! [`FakeCluster`] answers a real `kube::Client` from memory, with the answers and error messages of Kubernetes 1.36.
//! It needs no sockets (unless you [serve](FakeCluster::serve) it) and no sleeps, and starts no threads, except one for
//! as long as it reads or evaluates rules in CEL. It uses tokio's time, so tests with paused time take no real time for
//! waits, and two runs of a test get the same bytes.
//!
//! To use only the fake:
//!
//! ```toml
//! [dev-dependencies]
//! kube-indexed-store = { version = "0.1", default-features = false, features = ["testing"] }
//! ```
//!
//! If your CustomResourceDefinitions have rules in CEL (`x-kubernetes-validations`), use the feature `testing-cel`
//! instead of `testing`. It adds the crate `cel` and some 20 others.
//!
//! Your crate needs kube 5 and k8s-openapi 0.29, so that its types are the same as the fake's. A program with other
//! versions, or in another language, can use the fake over a socket: [`FakeCluster::serve`].
//!
//! | to | use |
//! |---|---|
//! | fill it | [`FakeCluster::create`] with the builders of [`objects`], [`FakeCluster::load`] with manifests |
//! | give it to the program | [`FakeCluster::client`], [`client_with_retries`](FakeCluster::client_with_retries), [`client_with_user_agent`](FakeCluster::client_with_user_agent), [`FakeCluster::now`] |
//! | see what the program did | [`FakeCluster::get`] and [`get_as`](FakeCluster::get_as), [`FakeCluster::requests`], [`FakeCluster::dump_yaml`] |
//! | wait for it | [`FakeCluster::until`], [`FakeCluster::until_some`], [`FakeCluster::requested`], [`FakeCluster::watch_established`] |
//! | make it fail | [`Fault`], [`FakeCluster::watches`], [`FakeCluster::compact`], [`FakeCluster::restart`] |
//! | go back | [`FakeCluster::snapshot`], [`FakeCluster::restore`], [`FakeCluster::rewind`] |
//! | configure it | [`FakeCluster::builder`]: seed, clock, history, controllers, patience |
//! | open it to other programs | [`FakeCluster::serve`]: a socket for kubectl and programs in any language |
//!
//! *Direct methods* are the methods of [`FakeCluster`] that read and write objects without a client, for the test
//! itself: `create`, `replace`, `apply`, `patch`, `delete`, `get`, `get_as`. [`Fault`]s do not act on them, and the log
//! of [requests](FakeCluster::requests) does not show them.
//!
//! There are [recipes] for the usual tests: finalizers, backoff, conflicts, limited rights, replicas, lost connections,
//! clocks, other processes.
//!
//! # Instead of tower-test
//!
//! With a mock service (`tower_test::mock`), a test must list each request and its answer, in order. Such a test copies
//! how the program works. Here the answers come from a cluster's state, and a test checks only what matters: the state
//! that the program leaves, and the requests it makes:
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
//! // The program under test, with a client that retries as kube's own does.
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
//! A `kube::runtime::Controller` runs against the fake without changes. The test writes what a user would write, waits
//! until the state is as expected, and makes things fail. With paused time (`#[tokio::test(start_paused = true)]`) the
//! controller's waits take no real time.
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
//! /// Each ConfigMap gets a Secret of the same name.
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
//! // ... repairs what others delete, ...
//! cluster.delete("Secret", "default", "a")?;
//! cluster.until(|cluster| cluster.get_as::<Secret>("default", "a").is_ok()).await;
//! // ... tries again after a failure, ...
//! let start = tokio::time::Instant::now();
//! cluster.fault(Fault::on("create").resource("secrets").times(1).status(500));
//! cluster.create(config_map("b"))?;
//! cluster.until(|cluster| cluster.get_as::<Secret>("default", "b").is_ok()).await;
//! assert_eq!(start.elapsed().as_secs(), 5);
//! // ... and writes no more than it has to.
//! assert_eq!(cluster.requests().verb("create").resource("secrets").answered(201).count(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Coming from another tool
//!
//! | there | here |
//! |---|---|
//! | **tower-test** | |
//! | `mock::pair`, `Client::new(mock, ..)` | [`FakeCluster::new`], [`FakeCluster::client`] |
//! | `next_request` and assertions | [`FakeCluster::requests`] afterwards, or [`FakeCluster::requested`] to wait for one |
//! | `send_response` | the state answers; [`Fault::status`] and [`Fault::json`] answer something else |
//! | **envtest** | |
//! | `testEnv.Start()` in a suite | [`FakeCluster::new`] in each test |
//! | `CRDDirectoryPaths` | [`FakeCluster::load`], or `cluster.create(Widget::crd())` |
//! | `k8sClient.Create`, `Get`, `Status().Update` | [`FakeCluster::create`], [`get_as`](FakeCluster::get_as), [`patch`](FakeCluster::patch), or `kube::Api` |
//! | `Eventually` | [`FakeCluster::until`], [`FakeCluster::until_some`] |
//! | `Consistently` | a sleep with paused time: [recipe](recipes#nothing-happens) |
//! | `cfg`, a kubeconfig | [`FakeCluster::serve`] |
//! | no controllers run | the same, but for namespaces and garbage: [`Builder::controllers`] |
//! | **controller-runtime's fake client** | |
//! | `NewClientBuilder().WithObjects(..)` | [`FakeCluster::create`], [`FakeCluster::load`] |
//! | `WithStatusSubresource` | not needed: built-in kinds have theirs, and definitions say it |
//! | `WithInterceptorFuncs` | [`Fault`] |
//! | **client-go's fake clientset** | |
//! | `NewClientset(objects...)`, the tracker | [`FakeCluster::create`] |
//! | `PrependReactor` | [`Fault`] |
//! | `Actions()` | [`FakeCluster::requests`] |
//! | `watch.NewFake()` | real watches: change the state, see [`FakeCluster::watches`] |
//! | `clock.FakeClock`, `Step` | paused time and `tokio::time::advance`, or a [`ManualClock`] |
//!
//! # How faithful it is
//!
//! ## It imitates
//!
//! Kinds:
//!
//! - all built-in kinds of the stable groups (`v1`, `v2`; no alpha or beta), with all their fields;
//! - Events, which are stored once and served in both of their groups with different field names, and
//!   HorizontalPodAutoscalers, which are converted between `autoscaling/v1` and `v2`;
//! - custom kinds from their CustomResourceDefinitions: served versions, scope, status and scale subresources, printer
//!   columns, selectable fields, and schemas with pruning, defaults and validation;
//! - rules in CEL of custom kinds, with the feature `testing-cel`: on all parts of objects and on their status, about
//!   changes (`oldSelf`, also optional), with all that a rule can say (`message`, `messageExpression`, `reason`,
//!   `fieldPath`), and with ratcheting: a value that broke a rule before and has not changed is let through with a
//!   warning. Rules that do not parse or whose types do not fit are refused with the definition, in the words of the
//!   server. Functions: CEL's own, and those of strings, lists, sets, optionals, regular expressions, quantities, IP
//!   addresses, CIDRs and URLs.
//!
//! Reading:
//!
//! - lists: label and field selectors, pages with continue tokens that show one state, every meaning of resourceVersion
//!   and resourceVersionMatch, expiry with 410;
//! - watches: from a resourceVersion or from the current state, streaming lists (`sendInitialEvents`), objects that
//!   start or stop matching a selector, a bookmark each minute and before the end, `timeoutSeconds`, expiry as an ERROR
//!   event;
//! - the clean end of watches whose clients read too slowly, and of all watches at a [restart](FakeCluster::restart);
//! - whole objects, metadata only (`PartialObjectMetadata`) and Tables, as JSON or YAML;
//! - discovery, plain and aggregated; OpenAPI v3; health and version.
//!
//! Writing:
//!
//! - create, get, replace, delete and deletecollection, with conflicts, preconditions and dry runs;
//! - finalizers, grace periods, propagation policies, generations and generated names; a write that changes nothing
//!   sends no event;
//! - JSON patch, merge patch, strategic merge patch of built-in kinds, and server-side apply with managed fields and
//!   their conflicts;
//! - the subresources `status` and `scale`, `finalize` of namespaces, `approval` of certificate signing requests, and
//!   `ephemeralcontainers` and `resize` of pods;
//! - requests that store nothing: access reviews, token requests and token reviews, bindings, and evictions (refused
//!   when a PodDisruptionBudget's status allows none);
//! - request bodies in JSON, YAML and protobuf. Go's clients send built-in kinds in protobuf, as `kubectl create` does.
//!
//! Checks and defaults:
//!
//! - unknown and duplicate fields are warned about or refused (`fieldValidation`); values of a wrong type are refused
//!   with the message of the server's decoder;
//! - defaults of all built-in kinds, quantities in canonical form, and what the server sets itself: the initial status,
//!   the selector of a Job, priority and tolerations of a pod, protecting finalizers;
//! - LimitRanges: defaults for the containers of new pods, and limits for pods and claims;
//! - cluster IPs (from 10.0.0.0/16), IP families and node ports of Services: allocated, kept, validated, released;
//! - validation of metadata, of immutable fields, and of all built-in kinds, with the server's messages;
//! - warnings about deprecated versions, about fields that have no effect, and about discouraged settings;
//! - size limits of request bodies, annotations, ConfigMaps, Secrets, and of objects in etcd.
//!
//! Controllers: deleted namespaces are emptied, the objects of a deleted CustomResourceDefinition go with it, and
//! objects whose owners are gone are collected. This happens at once instead of soon. The first and the last can be
//! [switched off](Builder::controllers).
//!
//! ## It does not
//!
//! Features that are missing:
//!
//! - Without the feature `testing-cel` it does not evaluate rules in CEL; a CustomResourceDefinition that has some gets
//!   a `Warning` header that says so (direct methods write it to the log of `tracing`).
//! - With that feature, a rule is skipped with such a warning if it uses `semver`, `format.dns1123Label` and the like, or
//!   comprehensions with two variables; or if it is longer than 8000 bytes, or has more than 90 brackets or 500
//!   expressions inside one another. It does not estimate what rules cost, and so takes definitions that the real
//!   server refuses because lists and texts have no limits. It stops an expression after 200,000 rounds of loops, and
//!   all rules about one object after 2,000,000, where ten letters or items that are made or compared count as one. In
//!   regular expressions, `\d`, `\s` and `\w` match characters of all scripts, not only ASCII. `+` joins lists of the
//!   types `set` and `map` end to end; the real server merges their items.
//! - It does not call admission webhooks, and does not apply ValidatingAdmissionPolicies and MutatingAdmissionPolicies.
//! - It calls no conversion webhook: all versions of a custom kind share one content, and only `apiVersion` changes.
//! - It does not authenticate or authorize: everybody may do everything, with or without a token, except what
//!   [`Fault::forbidden`] forbids ([recipe](recipes#limited-rights)).
//! - It runs no other controllers, no scheduler and no kubelet: a Deployment gets no pods, nothing updates a status,
//!   and a deleted pod that is on a node stays until [`FakeCluster::delete_now`].
//! - It runs no containers: logs, exec, attach, port-forward and proxy fail as if the node were unreachable, unless a
//!   test answers a log with [`Fault::text`].
//! - It does not enforce ResourceQuotas or count what they limit.
//! - It does not apply default StorageClasses and IngressClasses, RuntimeClasses, or the Pod Security labels of
//!   namespaces. It does not mount service account tokens into pods.
//! - It has no Service `kubernetes` in the namespace `default`, and no endpoints of it.
//! - It serves no alpha and beta groups.
//!
//! The protocol:
//!
//! - It does not answer in protobuf; a client that accepts nothing else gets 406. It does not read
//!   CustomResourceDefinitions in protobuf.
//! - It does not speak CBOR, TLS or HTTP/2, and does not compress.
//! - Its OpenAPI v2 document is empty. kubectl then leaves the validation of manifests to the server.
//!
//! Validation:
//!
//! - It does not check all statuses, what pods must not say because of their operating system, the resources of a pod as
//!   a whole, all that sources of volumes of one provider need, the content of certificates and of requests for them, or
//!   the names of time zones.
//! - It does not check the rarer formats in schemas, such as `isbn`, `creditcard` and `hexcolor`.
//! - When a spec is immutable, its error does not show the difference.
//! - Its error messages do not quote Secret contents (the real server quotes the first bytes).
//! - It does not report YAML errors in the same words as the Go parser.
//!
//! Behavior:
//!
//! - It does not expire history after five minutes, as the real server does. It keeps the last 10,000 changes of each
//!   kind, or as many as [`Builder::window`] says.
//! - [`FakeCluster::compact`] expires older resourceVersions for watches too. A real compaction leaves alone the
//!   watches that the server can serve from its memory.
//! - Its bookmarks always have the newest resourceVersion. Those of the real server lag behind for kinds without
//!   changes.
//! - The direct methods, such as [`FakeCluster::create`], write no managed fields until a client applies something to
//!   the object.
//! - It serves the kind of every definition. The real server does not accept a definition whose names are those of
//!   another one in its group.
//! - It keeps the managed fields of versions that a definition does not have any more, and of a custom object that was
//!   sent with a part of a wrong type that the write does not change. The real server then drops all managed fields, or
//!   fails to apply.
//!
//! ## Compared with a real server
//!
//! Recorded exchanges with a real server are replayed against the fake. One suite of protocol cases runs against both.
//! Random sessions are run against both at the same time; there, less than one request in a hundred is answered
//! differently, and most of those are nonsense. Apart from what differs on any two servers (uids, times,
//! resourceVersions, generated names, the order of causes), these answers are known to differ:
//!
//! - `/version` names no commit and no compiler, because there is none.
//! - `/` lists only the paths, and `/readyz?verbose` only the checks, that the fake has.
//! - `/openapi/v3` lists only the documents of group versions. These have no descriptions, no list types, and only the
//!   paths of objects and collections.
//! - A custom object in protobuf is refused with 415. The real server's handler fails, and the connection ends.
//! - A deleted CustomResourceDefinition is gone with the answer. On the real server it is terminating for a moment, and
//!   new objects of its kind are refused meanwhile.

mod accept;
mod allocate;
mod answer;
mod body;
mod builder;
mod calls;
mod clients;
mod clock;
mod cluster;
mod connections;
mod conversion;
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
pub mod recipes;
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
