//! How to test what: short examples for the tests that programs with Kubernetes need.
//!
//! Each test has a cluster of its own. Clusters share nothing, so tests run in parallel. The examples run with paused
//! time, as in `#[tokio::test(start_paused = true)]` (tokio's feature `test-util`); only a program in another process
//! needs real time.
//!
//! - [One reconciliation, request by request](#one-reconciliation-request-by-request)
//! - [Finalizers, and work that fails](#finalizers-and-work-that-fails)
//! - [Delays: requeue and backoff](#delays-requeue-and-backoff)
//! - [Nothing happens](#nothing-happens)
//! - [Custom kinds](#custom-kinds)
//! - [What other controllers and the kubelet do](#what-other-controllers-and-the-kubelet-do)
//! - [Server-side apply with another manager](#server-side-apply-with-another-manager)
//! - [Limited rights](#limited-rights)
//! - [Two replicas, and races](#two-replicas-and-races)
//! - [Lost connections and expired versions](#lost-connections-and-expired-versions)
//! - [Time that matters to the program](#time-that-matters-to-the-program)
//! - [Many cases from one state](#many-cases-from-one-state)
//! - [The whole result as text](#the-whole-result-as-text)
//! - [A program in another process](#a-program-in-another-process)
//!
//! # One reconciliation, request by request
//!
//! Call the reconciler without a `Controller`, and compare the log. The object it gets must be one that the cluster
//! returned, with uid and resourceVersion.
//!
//! ```
//! # use std::sync::Arc;
//! # use k8s_openapi::api::core::v1::ConfigMap;
//! # use kube::{Api, Client, ResourceExt, api::{Patch, PatchParams}};
//! # use kube_indexed_store::testing::{FakeCluster, objects::config_map};
//! # use serde_json::json;
//! async fn reconcile(map: Arc<ConfigMap>, client: Client) -> kube::Result<()> {
//!     let maps: Api<ConfigMap> = Api::namespaced(client, &map.namespace().unwrap_or_default());
//!     let patch = Patch::Merge(json!({"data": {"color": "blue"}}));
//!     maps.patch(&map.name_any(), &PatchParams::default(), &patch).await.map(drop)
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! cluster.create(config_map("settings"))?;
//! let settings: ConfigMap = cluster.get_as("default", "settings")?;
//!
//! reconcile(settings.into(), cluster.client()).await?;
//!
//! let requests = cluster.requests();
//! assert_eq!(requests.to_string(), "PATCH /api/v1/namespaces/default/configmaps/settings 200\n");
//! assert_eq!(requests[0].body(), json!({"data": {"color": "blue"}}));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Finalizers, and work that fails
//!
//! A [`Fault`](super::Fault) with `times(1)` fails once. `until` waits for the state after that.
//!
//! ```
//! # use std::{sync::Arc, time::Duration};
//! # use futures::StreamExt;
//! # use k8s_openapi::api::core::v1::{ConfigMap, Secret};
//! # use kube::{Api, Client, ResourceExt, api::DeleteParams};
//! # use kube::runtime::{Controller, controller::Action, finalizer::{self, Event, finalizer}, watcher};
//! # use kube_indexed_store::testing::{FakeCluster, Fault, objects::{config_map, secret}};
//! /// The Secret of the same name goes with a ConfigMap.
//! async fn reconcile(map: Arc<ConfigMap>, client: Arc<Client>) -> Result<Action, finalizer::Error<kube::Error>> {
//!     let (maps, secrets) = (Api::default_namespaced((*client).clone()), Api::default_namespaced((*client).clone()));
//!     let secrets: Api<Secret> = secrets;
//!     finalizer(&maps, "example.org/secret", map, |event| async {
//!         if let Event::Cleanup(map) = event {
//!             secrets.delete(&map.name_any(), &DeleteParams::default()).await?;
//!         }
//!         Ok(Action::await_change())
//!     })
//!     .await
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! let maps = Api::<ConfigMap>::default_namespaced(cluster.client());
//! let controller = Controller::new(maps, watcher::Config::default())
//!     .run(reconcile, |_, _, _| Action::requeue(Duration::from_secs(5)), Arc::new(cluster.client()));
//! tokio::spawn(controller.for_each(async |_| ()));
//! cluster.create(secret("a"))?;
//! cluster.create(config_map("a"))?;
//! cluster.until(|cluster| !cluster.get_as::<ConfigMap>("", "a").unwrap().finalizers().is_empty()).await;
//!
//! let failure = cluster.fault(Fault::on("delete").resource("secrets").times(1).status(500));
//! cluster.delete("ConfigMap", "", "a")?;
//! cluster.until(|_| failure.hits() > 0).await;
//! assert!(cluster.get("ConfigMap", "", "a").is_ok(), "the finalizer holds it");
//! cluster.until(|cluster| cluster.get("ConfigMap", "", "a").is_err()).await;
//! assert!(cluster.get("Secret", "", "a").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Delays: requeue and backoff
//!
//! With paused time, [`Request::at`](super::Request::at) is exact: compare the times of the attempts. A test that waits
//! for more than a minute needs more [patience](super::Builder::patience).
//!
//! ```
//! # use std::time::Duration;
//! # use k8s_openapi::api::core::v1::Secret;
//! # use kube::{Api, Client};
//! # use kube_indexed_store::testing::{FakeCluster, Fault};
//! async fn program(client: Client) {
//!     let secrets = Api::<Secret>::default_namespaced(client);
//!     let mut delay = Duration::from_secs(10);
//!     while secrets.list(&Default::default()).await.is_err() {
//!         tokio::time::sleep(delay).await;
//!         delay *= 2;
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::builder().patience(Duration::from_secs(600)).build();
//! cluster.fault(Fault::on("list").times(3).status(500));
//! tokio::spawn(program(cluster.client()));
//! cluster.requested(|requests| requests.verb("list").answered(200)).await;
//! let attempts: Vec<_> = cluster.requests().iter().map(|request| request.at.as_secs()).collect();
//! assert_eq!(attempts, [0, 10, 30, 70]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Nothing happens
//!
//! With paused time a sleep costs nothing, and it ends only when every task waits for a later time. So the shortest
//! sleep lets a program do all that it can do now, and a long one shows what it does on its own.
//!
//! ```
//! # use std::time::Duration;
//! # use k8s_openapi::api::core::v1::Secret;
//! # use kube::{Api, Client};
//! # use kube_indexed_store::testing::FakeCluster;
//! # async fn program(client: Client) {
//! #     Api::<Secret>::all(client).list(&Default::default()).await.unwrap();
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! # let cluster = FakeCluster::new();
//! tokio::spawn(program(cluster.client()));
//! tokio::time::sleep(Duration::from_millis(1)).await;
//! let started = cluster.mark();
//! tokio::time::sleep(Duration::from_secs(3600)).await;
//! assert_eq!(cluster.requests().since(started).to_string(), "");
//! # });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Custom kinds
//!
//! The cluster must have the CustomResourceDefinition. With `#[derive(kube::CustomResource)]` that is
//! `cluster.create(Document::crd())`; for a folder of definitions, `cluster.load("config/crd")?.complete()?`. A test
//! that does not care about the schema can use [`objects::definition`](super::objects::definition):
//!
//! ```
//! # use kube::{Api, api::{ApiResource, DynamicObject, GroupVersionKind, PostParams}};
//! # use kube_indexed_store::testing::{FakeCluster, objects::{definition, object}};
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! cluster.create(definition("example.org", "Document", "documents").with_status())?;
//! cluster.create(object("example.org/v1", "Document", "a").set("spec.title", "An example"))?;
//!
//! let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("example.org", "v1", "Document"));
//! let documents: Api<DynamicObject> = Api::default_namespaced_with(cluster.client(), &kind);
//! assert_eq!(documents.get("a").await?.data["spec"]["title"], "An example");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What other controllers and the kubelet do
//!
//! Nothing runs pods here, and no other controller writes a status. The test does it: the direct methods write the
//! status together with the rest.
//!
//! ```
//! # use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
//! # use kube::{Api, api::Patch, runtime::{conditions, wait::await_condition}};
//! # use kube_indexed_store::testing::{FakeCluster, objects::{deployment, pod}};
//! # use serde_json::json;
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! cluster.create(pod("web"))?;
//! let pods = Api::<Pod>::default_namespaced(cluster.client());
//! let running = tokio::spawn(await_condition(pods, "web", conditions::is_pod_running()));
//! cluster.watch_established("pods").await;
//!
//! // The pod is up with all that belongs to it, ...
//! cluster.apply(pod("web").ready())?;
//! running.await??;
//! // ... or just some field of a status changes.
//! cluster.patch("Pod", "", "web", &Patch::Merge(json!({"status": {"phase": "Failed"}})))?;
//! // A pod on a node stays Terminating until its kubelet has ended it.
//! cluster.delete_now("Pod", "", "web")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Server-side apply with another manager
//!
//! Conflicts need two clients that apply: the direct methods force, and own no fields.
//!
//! ```
//! # use k8s_openapi::api::core::v1::ConfigMap;
//! # use kube::{Api, ResourceExt, api::{Patch, PatchParams}};
//! # use kube_indexed_store::testing::{FakeCluster, objects::config_map};
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! let maps: Api<ConfigMap> = Api::default_namespaced(cluster.client());
//! let color = |color: &str| Patch::Apply(config_map("a").data("color", color).typed::<ConfigMap>());
//! maps.patch("a", &PatchParams::apply("one"), &color("red")).await?;
//!
//! let Err(kube::Error::Api(refused)) = maps.patch("a", &PatchParams::apply("two"), &color("blue")).await else {
//!     panic!("`one` owns the color");
//! };
//! assert_eq!(refused.message, "Apply failed with 1 conflict: conflict with \"one\": .data.color");
//! let forced = maps.patch("a", &PatchParams::apply("two").force(), &color("blue")).await?;
//! assert_eq!(forced.managed_fields()[0].manager.as_deref(), Some("two"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limited rights
//!
//! The cluster allows everything and evaluates no Roles. Write down what the program may do, and forbid the rest:
//!
//! ```
//! # use k8s_openapi::api::core::v1::Secret;
//! # use kube::Api;
//! # use kube_indexed_store::testing::{FakeCluster, Fault};
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! // It may read Secrets in the namespace `mine`. Paths without a resource, such as discovery, stay open to all.
//! let forbidden = Fault::on("*").when(|request| {
//!     let reads = ["get", "list", "watch"].contains(&request.verb.as_str());
//!     let mine = request.resource == "secrets" && request.namespace.as_deref() == Some("mine");
//!     !request.resource.is_empty() && !(mine && reads)
//! });
//! cluster.fault(forbidden.forbidden("system:serviceaccount:mine:reader"));
//!
//! Api::<Secret>::namespaced(cluster.client(), "mine").list(&Default::default()).await?;
//! let refused = Api::<Secret>::all(cluster.client()).list(&Default::default()).await.unwrap_err();
//! assert!(matches!(refused, kube::Error::Api(refused) if refused.is_forbidden()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Two replicas, and races
//!
//! A gate holds requests until all are there that the race needs.
//! [`client_with_user_agent`](super::FakeCluster::client_with_user_agent) tells the replicas apart.
//!
//! ```
//! # use k8s_openapi::api::coordination::v1::Lease;
//! # use kube::{Api, Client, api::PostParams};
//! # use kube_indexed_store::testing::{FakeCluster, Fault, objects::object};
//! /// Whether this replica leads now.
//! async fn acquire(client: Client) -> bool {
//!     let leases: Api<Lease> = Api::default_namespaced(client);
//!     let lease = object("coordination.k8s.io/v1", "Lease", "leader").typed();
//!     leases.get_opt("leader").await.is_ok_and(|lease| lease.is_none())
//!         && leases.create(&PostParams::default(), &lease).await.is_ok()
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! let gate = cluster.fault(Fault::on("create").resource("leases").gate());
//! let [a, b] = ["a", "b"].map(|name| tokio::spawn(acquire(cluster.client_with_user_agent(name))));
//! // Both have seen that there is no Lease.
//! gate.reached(2).await;
//! gate.open();
//! let (a, b) = (a.await?, b.await?);
//! assert!(a != b, "one of them leads");
//! let other = if a { "b" } else { "a" };
//! assert_eq!(cluster.requests().user_agent(other).verb("create").answered(409).count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In the same way a test writes between a program's read and its write:
//!
//! ```
//! # use k8s_openapi::api::core::v1::ConfigMap;
//! # use kube::{Api, Client};
//! # use kube_indexed_store::testing::{FakeCluster, Fault, objects::config_map};
//! # use serde_json::json;
//! /// Reads, changes and writes, until nobody comes in between.
//! async fn paint(client: Client) -> kube::Result<()> {
//!     let maps: Api<ConfigMap> = Api::default_namespaced(client);
//!     loop {
//!         let mut map = maps.get("a").await?;
//!         map.data.get_or_insert_default().insert("color".into(), "blue".into());
//!         match maps.replace("a", &Default::default(), &map).await {
//!             Err(kube::Error::Api(refused)) if refused.is_conflict() => {}
//!             result => return result.map(drop),
//!         }
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! cluster.create(config_map("a"))?;
//! let gate = cluster.fault(Fault::on("replace").times(1).gate());
//! let program = tokio::spawn(paint(cluster.client()));
//! gate.reached(1).await;
//! cluster.apply(config_map("a").data("size", "large"))?;
//! gate.open();
//! program.await??;
//! assert_eq!(cluster.get("ConfigMap", "", "a")?["data"], json!({"color": "blue", "size": "large"}));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Lost connections and expired versions
//!
//! Open watches are ended by [`cluster.watches()`](super::FakeCluster::watches). A resourceVersion is expired when
//! something has changed since and the cluster has [forgotten](super::FakeCluster::compact) it.
//!
//! ```
//! # use futures::StreamExt;
//! # use k8s_openapi::api::core::v1::ConfigMap;
//! # use kube::{Api, ResourceExt, runtime::{WatchStreamExt, reflector, watcher}};
//! # use kube_indexed_store::testing::{FakeCluster, objects::config_map};
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! cluster.create(config_map("old"))?;
//! let (reader, writer) = reflector::store();
//! let maps = watcher(Api::<ConfigMap>::all(cluster.client()), watcher::Config::default());
//! tokio::spawn(maps.default_backoff().reflect(writer).for_each(async |_| ()));
//! cluster.watch_established("configmaps").await;
//!
//! cluster.watches().cut();
//! cluster.delete("ConfigMap", "", "old")?;
//! cluster.create(config_map("new"))?;
//! cluster.compact();
//!
//! let names = || -> Vec<_> { reader.state().iter().map(|map| map.name_any()).collect() };
//! cluster.until(|_| names() == ["new"]).await;
//! assert_eq!(cluster.requests().verb("list").count(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Time that matters to the program
//!
//! A program that compares timestamps with the time takes its clock as an argument, and the test gives it
//! [`cluster.now()`](super::FakeCluster::now). Paused time then moves its sleeps, its clock, and the timestamps
//! together.
//!
//! ```
//! # use std::time::{Duration, SystemTime};
//! # use k8s_openapi::api::core::v1::ConfigMap;
//! # use kube::{Api, Client, ResourceExt, api::DeleteParams};
//! # use kube_indexed_store::testing::{FakeCluster, objects::config_map};
//! /// Deletes ConfigMaps that are older than an hour.
//! async fn clean(client: Client, now: impl Fn() -> SystemTime) -> kube::Result<()> {
//!     let maps: Api<ConfigMap> = Api::default_namespaced(client);
//!     loop {
//!         for map in maps.list(&Default::default()).await? {
//!             let made = map.creation_timestamp().map(|time| SystemTime::from(time.0));
//!             if made.is_some_and(|made| made + Duration::from_secs(3600) <= now()) {
//!                 maps.delete(&map.name_any(), &DeleteParams::default()).await?;
//!             }
//!         }
//!         tokio::time::sleep(Duration::from_secs(60)).await;
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::builder().patience(Duration::from_secs(7200)).build();
//! cluster.create(config_map("a"))?;
//! let (client, clock) = (cluster.client(), cluster.clone());
//! tokio::spawn(clean(client, move || clock.now()));
//! cluster.until(|cluster| cluster.get("ConfigMap", "", "a").is_err()).await;
//! assert_eq!(cluster.requests().verb("delete")[0].at, Duration::from_secs(3600));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Many cases from one state
//!
//! ```
//! # use kube_indexed_store::testing::{FakeCluster, objects::config_map};
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
//! let cluster = FakeCluster::new();
//! cluster.create(config_map("settings"))?;
//! let start = cluster.snapshot();
//! for color in ["red", "blue"] {
//!     cluster.restore(&start);
//!     cluster.forget_requests();
//!     cluster.apply(config_map("settings").data("color", color))?;
//!     // ... and so on.
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Faults and the clock stay as they are. A new cluster for each case is as good if it is filled quickly.
//!
//! # The whole result as text
//!
//! [`objects_yaml`](super::FakeCluster::objects_yaml) is for a kind, and
//! [`dump_yaml`](super::FakeCluster::dump_yaml) for all. Both leave out what differs from run to run.
//!
//! ```
//! # use kube_indexed_store::testing::{FakeCluster, objects::secret};
//! let cluster = FakeCluster::new();
//! cluster.create(secret("web").label("app", "web").data("user", "admin"))?;
//! assert_eq!(cluster.objects_yaml("Secret"), "\
//! apiVersion: v1
//! data:
//!   user: YWRtaW4=
//! kind: Secret
//! metadata:
//!   labels:
//!     app: web
//!   name: web
//!   namespace: default
//! type: Opaque
//! ");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A program in another process
//!
//! Serve the cluster on a socket and give the program the kubeconfig. Do not pause time here. All else is the same: the
//! log, faults, and `until`.
//!
//! ```no_run
//! # use std::process::Command;
//! # use kube_indexed_store::testing::{Clock, FakeCluster};
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let cluster = FakeCluster::builder().clock(Clock::system()).build();
//! let server = cluster.serve("127.0.0.1:0").await?;
//! let folder = tempfile::tempdir()?;
//! let kubeconfig = folder.path().join("kubeconfig");
//! server.write_kubeconfig(&kubeconfig)?;
//!
//! // In the tests of a crate its path is env!("CARGO_BIN_EXE_my-controller").
//! let mut program = Command::new("my-controller").env("KUBECONFIG", kubeconfig).spawn()?;
//! cluster.watch_established("configmaps").await;
//! // ...
//! program.kill()?;
//! server.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
