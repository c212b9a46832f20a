//! What clients of other programs read, write and watch.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt};
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, PostParams, WatchEvent, WatchParams};
use kube_indexed_store::testing::FakeCluster;

use crate::fixtures::{config_map, config_maps, names, serve};
use crate::support::random::Random;
use crate::support::{self, soon};

#[tokio::test]
async fn objects_are_written_and_read() {
    let mut random = Random::new();
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let api = config_maps(&server).await;
    let mut expected = BTreeMap::new();
    for name in names(&mut random, 20) {
        let value = random.next().to_string();
        let created = api.create(&PostParams::default(), &config_map(&name, &value)).await.unwrap();
        assert_eq!(cluster.get("ConfigMap", "default", &name).unwrap(), {
            let mut object = serde_json::to_value(&created).unwrap();
            object["apiVersion"] = "v1".into();
            object
        });
        expected.insert(name, value);
    }
    for (name, value) in &mut expected {
        let mut object = api.get(name).await.unwrap();
        assert_eq!(object.data.as_ref().unwrap()["a"], *value);
        if random.percent(50) {
            value.push('!');
            object.data = Some(BTreeMap::from([("a".to_owned(), value.clone())]));
            api.replace(name, &PostParams::default(), &object).await.unwrap();
        }
    }
    let gone = expected.pop_first().unwrap().0;
    api.delete(&gone, &DeleteParams::default()).await.unwrap();
    let kube::Error::Api(status) = api.get(&gone).await.unwrap_err() else { panic!("a Status") };
    assert_eq!((status.code, status.reason.as_str()), (404, "NotFound"));

    let list = api.list(&ListParams::default()).await.unwrap();
    assert_eq!(list.metadata.resource_version, Some(cluster.revision().to_string()));
    let found = list.into_iter().map(|object| (object.name_any(), object.data.unwrap()["a"].clone()));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
    server.stop().await;
}

#[tokio::test]
async fn lists_come_in_pages_of_one_state() {
    let mut random = Random::new();
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let api = config_maps(&server).await;
    let expected: BTreeSet<String> = names(&mut random, 25).into_iter().collect();
    for name in &expected {
        cluster.create(support::config_map(name, "1")).unwrap();
    }
    let mut pages = ListParams::default().limit(1 + random.below(12) as u32);
    let mut found = Vec::new();
    loop {
        let page = api.list(&pages).await.unwrap();
        assert!(page.items.len() <= pages.limit.unwrap() as usize);
        found.extend(page.items.iter().map(ResourceExt::name_any));
        let Some(token) = page.metadata.continue_.filter(|token| !token.is_empty()) else { break };
        // Not of the state that is listed.
        let _ = cluster.create(support::config_map(&format!("{}-later", random.name()), "1"));
        pages = pages.continue_token(&token);
    }
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn events_arrive_while_the_watch_is_open() {
    let mut random = Random::new();
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let (writer, reader) = (config_maps(&server).await, config_maps(&server).await);
    let start = cluster.revision().to_string();
    let mut events = Box::pin(reader.watch(&WatchParams::default(), &start).await.unwrap());
    for name in names(&mut random, 10) {
        writer.create(&PostParams::default(), &config_map(&name, "1")).await.unwrap();
        match soon(events.try_next()).await.unwrap() {
            Some(WatchEvent::Added(object)) => assert_eq!(object.name_any(), name),
            other => panic!("{other:?}"),
        }
        writer.delete(&name, &DeleteParams::default()).await.unwrap();
        match soon(events.try_next()).await.unwrap() {
            Some(WatchEvent::Deleted(object)) => assert_eq!(object.name_any(), name),
            other => panic!("{other:?}"),
        }
    }
    cluster.watches().close();
    assert!(soon(events.next()).await.is_none());
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_watch_only() {
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let start = cluster.revision().to_string();
    let (first, second) = (config_maps(&server).await, config_maps(&server).await);
    let mut stays = Box::pin(first.watch(&WatchParams::default(), &start).await.unwrap());
    let leaves = second.watch(&WatchParams::default(), &start).await.unwrap();
    soon(cluster.until(|cluster| cluster.open_watches("configmaps") == 2)).await;
    drop((leaves, second));
    soon(cluster.until(|cluster| cluster.open_watches("configmaps") == 1)).await;
    cluster.create(support::config_map(&Random::new().name(), "1")).unwrap();
    assert!(matches!(soon(stays.try_next()).await.unwrap(), Some(WatchEvent::Added(_))));
}

#[tokio::test]
async fn of_two_clients_the_one_that_writes_later_conflicts() {
    let name = Random::new().name();
    let cluster = FakeCluster::new();
    let server = serve(&cluster).await;
    let (first, second) = (config_maps(&server).await, config_maps(&server).await);
    first.create(&PostParams::default(), &config_map(&name, "1")).await.unwrap();
    let mut seen = [first.get(&name).await.unwrap(), second.get(&name).await.unwrap()];
    seen[0].data = Some(BTreeMap::from([("a".to_owned(), "first".to_owned())]));
    seen[1].data = Some(BTreeMap::from([("a".to_owned(), "second".to_owned())]));
    first.replace(&name, &PostParams::default(), &seen[0]).await.unwrap();
    let kube::Error::Api(status) = second.replace(&name, &PostParams::default(), &seen[1]).await.unwrap_err() else {
        panic!("a Status");
    };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert_eq!(cluster.get("ConfigMap", "default", &name).unwrap()["data"]["a"], "first");
}
