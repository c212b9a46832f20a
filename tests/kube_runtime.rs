//! The pieces of kube's own runtime against a `testing::FakeCluster`: watchers, reflectors, controllers, conditions, and
//! election by a Lease.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use k8s_openapi::{
    api::{
        coordination::v1::{Lease, LeaseSpec},
        core::v1::{ConfigMap, Pod},
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ObjectMeta, Patch, PatchParams, PostParams},
    core::PartialObjectMeta,
    runtime::{
        Controller, WatchStreamExt,
        controller::Action,
        events::{EventType, Recorder, Reporter},
        finalizer::{self, finalizer},
        reflector, wait, watcher,
    },
};
use kube_indexed_store::testing::{FakeCluster, Fault, objects};
use tokio::time::{Instant, sleep, timeout};

const DAY: Duration = Duration::from_secs(86_400);

type Maps = reflector::Store<ConfigMap>;

/// Follows the ConfigMaps of a cluster, and tries again where that fails.
fn follow(cluster: &FakeCluster, config: watcher::Config) -> Maps {
    let (reader, writer) = reflector::store();
    let events = watcher(Api::<ConfigMap>::all(cluster.client()), config).default_backoff();
    tokio::spawn(reflector(writer, events).for_each(async |_| ()));
    reader
}

/// Names and versions, as a store has them and as the cluster does.
fn shown(maps: &Maps) -> BTreeMap<String, String> {
    maps.state().iter().map(|map| (map.name_any(), map.resource_version().unwrap_or_default())).collect()
}

fn stored(cluster: &FakeCluster) -> BTreeMap<String, String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let maps = cluster.objects("ConfigMap");
    maps.iter().map(|map| (text(&map["metadata"]["name"]), text(&map["metadata"]["resourceVersion"]))).collect()
}

/// Returns once the condition holds; gives up after a virtual day.
async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DAY, "never {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

fn strategies() -> [watcher::Config; 2] {
    [watcher::Config::default(), watcher::Config::default().streaming_lists()]
}

fn verbs(cluster: &FakeCluster) -> Vec<String> {
    cluster.requests().resource("configmaps").iter().map(|request| request.verb.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_reflector_follows_in_either_strategy() {
    for (config, expected) in strategies().into_iter().zip([["list", "watch"].as_slice(), &["watch"]]) {
        let cluster = FakeCluster::new();
        for number in 0..20 {
            cluster.create(objects::config_map(&format!("m{number}"))).unwrap();
        }
        let maps = follow(&cluster, config.page_size(7));
        maps.wait_until_ready().await.unwrap();
        assert_eq!(shown(&maps), stored(&cluster));
        for number in 10..30 {
            cluster.apply(objects::config_map(&format!("m{number}")).data("k", "v")).unwrap();
            cluster.delete("ConfigMap", "default", &format!("m{}", number - 10)).unwrap();
        }
        eventually("current", || shown(&maps) == stored(&cluster)).await;
        let mut verbs = verbs(&cluster);
        verbs.dedup();
        assert_eq!(verbs, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_breaks_goes_on_without_a_new_list_unless_its_version_expired() {
    for config in strategies() {
        let cluster = FakeCluster::new();
        let maps = follow(&cluster, config);
        maps.wait_until_ready().await.unwrap();
        cluster.watch_established("configmaps").await;
        cluster.create(objects::config_map("a")).unwrap();
        eventually("told", || shown(&maps) == stored(&cluster)).await;
        let mark = cluster.mark();
        let starts = |cluster: &FakeCluster| {
            let requests = cluster.requests().resource("configmaps").since(mark);
            requests.when(|asked| asked.verb == "list" || asked.param("sendInitialEvents") == Some("true")).count()
        };

        cluster.watches().cut();
        cluster.create(objects::config_map("b")).unwrap();
        eventually("told", || shown(&maps) == stored(&cluster)).await;
        assert_eq!(starts(&cluster), 0);

        let gate = cluster.fault(Fault::on("watch").resource("configmaps").gate());
        cluster.watches().close();
        gate.reached(1).await;
        cluster.delete("ConfigMap", "default", "a").unwrap();
        cluster.compact();
        gate.open();
        eventually("told", || shown(&maps) == stored(&cluster)).await;
        assert_eq!(starts(&cluster), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watcher_of_metadata_sees_objects_without_their_content() {
    for config in strategies() {
        let cluster = FakeCluster::new();
        cluster.create(objects::config_map("a").data("k", "v").label("l", "v")).unwrap();
        let events = watcher(Api::<PartialObjectMeta<ConfigMap>>::all(cluster.client()), config);
        let first = Box::pin(events.applied_objects()).try_next().await.unwrap().unwrap();
        assert_eq!((first.name_any(), first.labels()["l"].as_str()), ("a".to_owned(), "v"));
        let accepted = |request: &kube_indexed_store::testing::Request| {
            request.accept.as_deref().is_some_and(|accept| accept.contains("PartialObjectMetadata"))
        };
        assert!(cluster.requests().resource("configmaps").iter().all(|request| accepted(request)));
    }
}

fn widgets(client: &Client) -> (Api<DynamicObject>, ApiResource) {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("example.org", "v1", "Widget"));
    (Api::namespaced_with(client.clone(), "default", &resource), resource)
}

/// Each Widget has a ConfigMap of its name, which is nobody's but its.
async fn reconcile(widget: Arc<DynamicObject>, client: Arc<Client>) -> Result<Action, finalizer::Error<kube::Error>> {
    let (api, _) = widgets(&client);
    let maps: Api<ConfigMap> = Api::namespaced((*client).clone(), "default");
    finalizer(&api, "example.org/map", widget, async |event| {
        match event {
            finalizer::Event::Apply(widget) => {
                if maps.get_opt(&widget.name_any()).await?.is_none() {
                    let metadata = ObjectMeta { name: widget.metadata.name.clone(), ..ObjectMeta::default() };
                    maps.create(&PostParams::default(), &ConfigMap { metadata, ..ConfigMap::default() }).await?;
                }
            }
            finalizer::Event::Cleanup(widget) => drop(maps.delete(&widget.name_any(), &DeleteParams::default()).await?),
        }
        Ok(Action::await_change())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_controller_with_a_finalizer_cleans_up_before_a_custom_object_goes() {
    let cluster = FakeCluster::new();
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    let client = cluster.client();
    let (api, resource) = widgets(&client);
    let later = |_, _: &_, _| Action::requeue(Duration::from_secs(1));
    let controller = Controller::new_with(api, watcher::Config::default(), resource);
    tokio::spawn(controller.run(reconcile, later, Arc::new(client)).for_each(async |_| ()));

    cluster.create(objects::object("example.org/v1", "Widget", "default/w")).unwrap();
    cluster.until(|cluster| cluster.get("ConfigMap", "default", "w").is_ok()).await;
    let widget = cluster.get("Widget", "default", "w").unwrap();
    assert_eq!(widget["metadata"]["finalizers"], serde_json::json!(["example.org/map"]));

    let failing = cluster.fault(Fault::on("delete").resource("configmaps").times(2).status(500));
    cluster.delete("Widget", "default", "w").unwrap();
    let terminating = cluster.get("Widget", "default", "w").unwrap();
    assert!(terminating["metadata"]["deletionTimestamp"].is_string());
    cluster.until(|cluster| cluster.get("Widget", "default", "w").is_err()).await;
    assert!(cluster.get("ConfigMap", "default", "w").is_err());
    let cleanups = cluster.requests().verb("delete").resource("configmaps");
    assert_eq!((failing.hits(), cleanups.count()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_condition_is_awaited_until_it_holds() {
    let cluster = FakeCluster::new();
    let definitions: Api<CustomResourceDefinition> = Api::all(cluster.client());
    let pods: Api<Pod> = Api::default_namespaced(cluster.client());
    let established =
        tokio::spawn(wait::await_condition(definitions, "widgets.example.org", wait::conditions::is_crd_established()));
    let running = tokio::spawn(wait::await_condition(pods, "p", wait::conditions::is_pod_running()));
    cluster.watch_established("customresourcedefinitions").await;
    cluster.watch_established("pods").await;
    cluster.create(objects::definition("example.org", "Widget", "widgets")).unwrap();
    let established = timeout(DAY, established).await.expect("established");
    assert_eq!(established.unwrap().unwrap().unwrap().name_any(), "widgets.example.org");
    cluster.apply(objects::pod("p")).unwrap();
    cluster.apply(objects::pod("p").ready()).unwrap();
    let running = timeout(DAY, running).await.expect("running");
    assert_eq!(running.unwrap().unwrap().unwrap().name_any(), "p");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_awaited_to_its_end() {
    let cluster = FakeCluster::new();
    cluster.create(objects::config_map("held").finalizer("example.org/hold")).unwrap();
    let api: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    let deletion = tokio::spawn({
        let api = api.clone();
        async move { wait::delete::delete_and_finalize(api, "held", &DeleteParams::default()).await }
    });
    cluster.watch_established("configmaps").await;
    sleep(Duration::from_secs(60)).await;
    assert!(!deletion.is_finished());
    let release = Patch::Merge(serde_json::json!({"metadata": {"finalizers": null}}));
    api.patch("held", &PatchParams::default(), &release).await.unwrap();
    deletion.await.unwrap().unwrap();
}

/// Tries to become the leader until it is, then stays it.
async fn lead(client: Client, who: &str, leading: impl Fn()) -> Infallible {
    const TERM: Duration = Duration::from_secs(15);
    let leases: Api<Lease> = Api::default_namespaced(client);
    let start = Instant::now();
    // What was last seen, and since when.
    let mut seen: Option<(Option<String>, Instant)> = None;
    loop {
        let elapsed = i64::try_from(start.elapsed().as_micros()).unwrap();
        let spec = LeaseSpec {
            holder_identity: Some(who.to_owned()),
            renew_time: Timestamp::from_microsecond(elapsed).ok().map(MicroTime),
            ..LeaseSpec::default()
        };
        let written = match leases.get_opt("leader").await.unwrap() {
            None => {
                let metadata = ObjectMeta { name: Some("leader".to_owned()), ..ObjectMeta::default() };
                Some(leases.create(&PostParams::default(), &Lease { metadata, spec: Some(spec) }).await)
            }
            Some(lease) => {
                let version = lease.resource_version();
                if seen.as_ref().is_none_or(|(known, _)| *known != version) {
                    seen = Some((version, Instant::now()));
                }
                let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref());
                let expired = seen.as_ref().is_some_and(|(_, since)| since.elapsed() >= TERM);
                match holder == Some(who) || expired {
                    true => {
                        let lease = Lease { spec: Some(spec), ..lease };
                        Some(leases.replace("leader", &PostParams::default(), &lease).await)
                    }
                    false => None,
                }
            }
        };
        match written {
            Some(Ok(_)) => leading(),
            Some(Err(kube::Error::Api(status))) => assert_eq!(status.code, 409),
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
        sleep(TERM / 5).await;
    }
}

#[tokio::test(start_paused = true)]
async fn of_many_who_want_a_lease_one_leads_until_it_stops() {
    const CANDIDATES: [&str; 4] = ["a", "b", "c", "d"];
    let cluster = FakeCluster::new();
    let (told, mut leaders) = tokio::sync::mpsc::unbounded_channel();
    let mut running = BTreeMap::new();
    for who in CANDIDATES {
        let (client, told) = (cluster.client(), told.clone());
        running.insert(who, tokio::spawn(async move { lead(client, who, || told.send(who).unwrap()).await }));
    }
    // All read that there is no Lease before one writes it.
    for round in 0..CANDIDATES.len() {
        let leader = leaders.recv().await.unwrap();
        for _ in 0..10 {
            assert_eq!(leaders.recv().await, Some(leader));
        }
        let lease = cluster.get("Lease", "default", "leader").unwrap();
        assert_eq!(lease["spec"]["holderIdentity"], leader);
        let since = Instant::now();
        running.remove(leader).unwrap().abort();
        while leaders.try_recv().is_ok() {}
        if round + 1 < CANDIDATES.len() {
            eventually("followed by another", || !leaders.is_empty()).await;
            assert!((12..=18).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
        }
    }
    let writes = cluster.requests().resource("leases").when(|request| request.verb != "get");
    assert!(writes.answered(409).count() > 0);
}

#[tokio::test(start_paused = true)]
async fn events_that_are_published_again_are_counted() {
    let cluster = FakeCluster::new();
    let map = cluster.create(objects::config_map("a")).unwrap();
    let map: ConfigMap = serde_json::from_value(map).unwrap();
    let recorder = Recorder::new(cluster.client(), Reporter::from("tests"));
    let event = kube::runtime::events::Event {
        type_: EventType::Normal,
        reason: "Seen".to_owned(),
        note: Some("it was seen".to_owned()),
        action: "See".to_owned(),
        secondary: None,
    };
    for _ in 0..3 {
        recorder.publish(&event, &map.object_ref(&())).await.unwrap();
    }
    let events = cluster.objects("events.events.k8s.io");
    assert_eq!((events.len(), &events[0]["reason"], &events[0]["series"]["count"]), (1, &"Seen".into(), &3.into()));
}
