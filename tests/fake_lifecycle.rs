//! How objects end in the fake API server where it runs controllers: what follows an owner, a namespace, a definition.
//! What every server does is in `tests/protocol`.

use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};

mod support;

use support::{http::send, merge, random::Random};

const MERGE: &str = "application/merge-patch+json";

/// A cluster with one namespace of some name.
struct World {
    cluster: FakeCluster,
    random: Random,
    namespace: String,
}

/// What the server says: a code, its warnings, a body.
type Said = (u16, Vec<String>, Value);

impl World {
    fn new() -> Self {
        World::with(|| FakeCluster::builder().build())
    }

    fn without_controllers() -> Self {
        World::with(|| FakeCluster::builder().controllers(false).build())
    }

    fn with(make: impl Fn() -> FakeCluster) -> Self {
        let mut random = Random::new();
        let world = World { cluster: make(), namespace: label(&mut random), random };
        world.cluster.namespace(&world.namespace);
        world
    }

    fn name(&mut self) -> String {
        label(&mut self.random)
    }

    fn path(&self, plural: &str, name: &str) -> String {
        format!("/api/v1/namespaces/{}/{plural}/{name}", self.namespace).trim_end_matches('/').to_owned()
    }

    /// Creates an object of a core kind, which must be possible.
    fn create(&self, kind: &str, name: &str, fields: &Value) -> Value {
        let metadata = json!({"name": name, "namespace": self.namespace});
        let mut object = json!({"apiVersion": "v1", "kind": kind, "metadata": metadata});
        merge(&mut object, fields);
        self.cluster.create(object).unwrap()
    }

    fn get(&self, kind: &str, name: &str) -> Option<Value> {
        self.cluster.get(kind, &self.namespace, name).ok()
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Said {
        let media_type = if method == "PATCH" { MERGE } else { "application/json" };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = send(&self.cluster, method, path, &[("content-type", media_type)], &body).await;
        (answer.code, answer.warnings(), answer.json())
    }

    async fn delete(&self, plural: &str, name: &str, parameters: &str) -> Said {
        self.ask("DELETE", &format!("{}?{parameters}", self.path(plural, name)), &Value::Null).await
    }

    /// What happened to the objects of a kind since a revision: type, name and version of each event.
    async fn events(&self, path: &str, since: u64) -> Vec<(String, String, u64)> {
        let path = format!("{path}?watch=true&resourceVersion={since}&timeoutSeconds=1");
        let answer = send(&self.cluster, "GET", &path, &[], "").await;
        let events = serde_json::Deserializer::from_str(&answer.text).into_iter::<Value>();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let told = events.map(Result::unwrap).map(|event| {
            let metadata = &event["object"]["metadata"];
            (text(&event["type"]), text(&metadata["name"]), text(&metadata["resourceVersion"]).parse().unwrap())
        });
        told.collect()
    }
}

fn label(random: &mut Random) -> String {
    format!("{}-{}", random.name().replace('.', "-").trim_end_matches('-'), random.below(1000))
}

/// The metadata of what an object owns.
fn owned(owner: &Value, blocks: bool) -> Value {
    let reference = json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"],
        "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"], "blockOwnerDeletion": blocks,
    });
    json!({"metadata": {"ownerReferences": [reference]}})
}

mod garbage {
    use super::*;

    /// An owner, what it owns, and what that owns.
    fn family(world: &mut World) -> [String; 3] {
        let names = [world.name() + "-a", world.name() + "-b", world.name() + "-c"];
        let owner = world.create("ConfigMap", &names[0], &json!({}));
        let middle = world.create("Secret", &names[1], &owned(&owner, true));
        world.create("ConfigMap", &names[2], &owned(&middle, true));
        names
    }

    fn left(world: &World, names: &[String; 3]) -> [bool; 3] {
        let there = |kind: &str, name: &str| world.get(kind, name).is_some();
        [there("ConfigMap", &names[0]), there("Secret", &names[1]), there("ConfigMap", &names[2])]
    }

    #[tokio::test(start_paused = true)]
    async fn dependents_follow_their_owner_in_the_background() {
        let mut world = World::new();
        let names = family(&mut world);
        let before = world.cluster.revision();
        world.delete("configmaps", &names[0], "").await;
        assert_eq!(left(&world, &names), [false; 3]);
        let maps = world.events(&world.path("configmaps", ""), before).await;
        let gone = |name: &str, version| ("DELETED".to_owned(), name.to_owned(), version);
        assert_eq!(maps, [gone(&names[0], before + 1), gone(&names[2], before + 3)]);
        let secrets = world.events(&world.path("secrets", ""), before).await;
        assert_eq!(secrets, [gone(&names[1], before + 2)]);
    }

    #[tokio::test(start_paused = true)]
    async fn dependents_go_before_their_owner_in_the_foreground() {
        let mut world = World::new();
        let names = family(&mut world);
        let before = world.cluster.revision();
        let (_, _, answer) = world.delete("configmaps", &names[0], "propagationPolicy=Foreground").await;
        assert_eq!(answer["metadata"]["finalizers"], json!(["foregroundDeletion"]));
        assert_eq!(left(&world, &names), [false; 3]);
        let mut events = world.events(&world.path("configmaps", ""), before).await;
        events.extend(world.events(&world.path("secrets", ""), before).await);
        events.sort_by_key(|(_, _, version)| *version);
        let told: Vec<_> = events.iter().map(|(what, name, _)| (what.as_str(), name.as_str())).collect();
        let [first, second, third] = [&*names[0], &*names[1], &*names[2]];
        let expected =
            [("MODIFIED", first), ("MODIFIED", second), ("DELETED", third), ("DELETED", second), ("DELETED", first)];
        assert_eq!(told, expected);
    }

    #[tokio::test]
    async fn an_owner_waits_for_a_dependent_that_blocks_it_and_for_no_other() {
        for blocks in [true, false] {
            let mut world = World::new();
            let (owner, dependent) = (world.name() + "-a", world.name() + "-b");
            let made = world.create("ConfigMap", &owner, &json!({}));
            let mut held = owned(&made, blocks);
            held["metadata"]["finalizers"] = json!(["sea.example/a"]);
            world.create("Secret", &dependent, &held);
            world.delete("configmaps", &owner, "propagationPolicy=Foreground").await;
            assert_eq!(world.get("ConfigMap", &owner).is_some(), blocks);
            let secret = world.get("Secret", &dependent).unwrap();
            assert!(secret["metadata"]["deletionTimestamp"].is_string());
            let freed = json!({"metadata": {"finalizers": null}});
            world.ask("PATCH", &world.path("secrets", &dependent), &freed).await;
            assert_eq!((world.get("ConfigMap", &owner), world.get("Secret", &dependent)), (None, None));
        }
    }

    #[tokio::test]
    async fn orphans_lose_their_owner_and_stay() {
        let mut world = World::new();
        let names = family(&mut world);
        world.delete("configmaps", &names[0], "propagationPolicy=Orphan").await;
        assert_eq!(left(&world, &names), [false, true, true]);
        assert_eq!(world.get("Secret", &names[1]).unwrap()["metadata"].get("ownerReferences"), None);
    }

    #[tokio::test]
    async fn one_owner_is_enough_to_stay() {
        let mut world = World::new();
        let (first, second, both) = (world.name() + "-a", world.name() + "-b", world.name() + "-c");
        let mut shared = owned(&world.create("ConfigMap", &first, &json!({})), false);
        let other = owned(&world.create("ConfigMap", &second, &json!({})), false);
        let kept = other["metadata"]["ownerReferences"][0].clone();
        shared["metadata"]["ownerReferences"].as_array_mut().unwrap().push(kept.clone());
        world.create("Secret", &both, &shared);
        world.delete("configmaps", &first, "").await;
        assert_eq!(world.get("Secret", &both).unwrap()["metadata"]["ownerReferences"], json!([kept]));
        world.delete("configmaps", &second, "").await;
        assert_eq!(world.get("Secret", &both), None);
    }

    #[tokio::test]
    async fn an_owner_that_never_was_is_gone_unless_nobody_knows_its_kind() {
        let mut world = World::new();
        let made = world.create("ConfigMap", "owner", &json!({}));
        for (field, value, stays) in [("uid", "other", false), ("name", "other", false), ("kind", "Boat", true)] {
            let name = world.name();
            let mut dependent = owned(&made, false);
            dependent["metadata"]["ownerReferences"][0][field] = value.into();
            world.create("Secret", &name, &dependent);
            assert_eq!(world.get("Secret", &name).is_some(), stays, "{field}");
        }
    }

    #[tokio::test]
    async fn what_is_applied_may_come_before_its_owner() {
        let world = World::new();
        let uid = "7c1f31b1-6f3e-4d0e-9a43-0f6a8d1e4b5c";
        let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner", "namespace": world.namespace, "uid": uid}});
        let mut dependent = owned(&owner, false);
        merge(
            &mut dependent,
            &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "dependent", "namespace": world.namespace}}),
        );
        world.cluster.apply(dependent).unwrap();
        world.cluster.apply(owner).unwrap();
        assert!(world.get("Secret", "dependent").is_some());
        world.delete("configmaps", "owner", "").await;
        assert_eq!(world.get("Secret", "dependent"), None);
    }

    #[tokio::test]
    async fn a_long_line_of_owners_ends() {
        let world = World::new();
        let mut owner = world.create("ConfigMap", "c0", &json!({}));
        for number in 1..500 {
            owner = world.create("ConfigMap", &format!("c{number}"), &owned(&owner, true));
        }
        world.delete("configmaps", "c0", "propagationPolicy=Foreground").await;
        assert_eq!(world.cluster.objects("ConfigMap").len(), 0);
    }
}

mod namespaces_and_definitions {
    use super::*;

    #[tokio::test]
    async fn a_namespace_waits_for_what_is_held_in_it_and_for_its_own_finalizers() {
        let mut world = World::new();
        let name = world.name();
        world.create("ConfigMap", &name, &json!({"metadata": {"finalizers": ["sea.example/a"]}}));
        let held = json!({"metadata": {"finalizers": ["sea.example/b"]}});
        let namespace = format!("/api/v1/namespaces/{}", world.namespace);
        world.ask("PATCH", &namespace, &held).await;
        let (code, _, marked) = world.ask("DELETE", &namespace, &Value::Null).await;
        assert_eq!((code, &marked["status"]["phase"]), (200, &json!("Terminating")));
        assert_eq!(marked["metadata"].get("deletionGracePeriodSeconds"), None);
        let freed = json!({"metadata": {"finalizers": null}});
        world.ask("PATCH", &world.path("configmaps", &name), &freed).await;
        let waits = world.cluster.get("Namespace", "", &world.namespace).unwrap();
        assert_eq!((waits["spec"].clone(), &waits["status"]["phase"]), (json!({}), &json!("Terminating")));
        world.ask("PATCH", &namespace, &freed).await;
        assert_eq!(world.cluster.get("Namespace", "", &world.namespace).unwrap_err().code, 404);
    }

    fn definition(name: &str) -> Value {
        let version =
            json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}});
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
            "spec": {
                "group": "sea.example", "scope": "Cluster", "versions": [version],
                "names": {"plural": name.split('.').next(), "kind": "Boat"},
            },
        })
    }

    fn conditions(definition: &Value) -> Vec<[&str; 3]> {
        let conditions = definition["status"]["conditions"].as_array().into_iter().flatten();
        let told =
            conditions.map(|condition| ["type", "status", "reason"].map(|field| condition[field].as_str().unwrap()));
        told.collect()
    }

    #[tokio::test]
    async fn a_definition_that_is_held_has_lost_its_objects() {
        let world = World::without_controllers();
        let mut held = definition("boats.sea.example");
        held["metadata"]["finalizers"] = json!(["sea.example/a"]);
        world.cluster.create(held).unwrap();
        world
            .cluster
            .create(json!({"apiVersion": "sea.example/v1", "kind": "Boat", "metadata": {"name": "b"}}))
            .unwrap();
        let marked = world.cluster.delete("crd", "", "boats.sea.example").unwrap();
        assert_eq!(conditions(&marked)[2], ["Terminating", "True", "InstanceDeletionPending"]);
        let now = world.cluster.get("crd", "", "boats.sea.example").unwrap();
        assert_eq!(conditions(&now)[2], ["Terminating", "False", "InstanceDeletionCompleted"]);
        assert_eq!(now["metadata"]["finalizers"], json!(["sea.example/a"]));
        assert!(world.cluster.objects("Boat").is_empty());
    }
}
