//! How objects begin and end in the fake API server: what they are given, who may delete them when, what follows them.

use http::Request;
use http_body_util::BodyExt;
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};
use tower::Service;

#[path = "store/random.rs"]
mod random;

use random::Random;

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
        let root = match plural {
            "jobs" => "apis/batch/v1",
            "deployments" | "daemonsets" | "replicasets" => "apis/apps/v1",
            _ => "api/v1",
        };
        format!("/{root}/namespaces/{}/{plural}/{name}", self.namespace).trim_end_matches('/').to_owned()
    }

    /// Creates an object of a core kind, which must be possible.
    fn create(&self, kind: &str, name: &str, fields: &Value) -> Value {
        self.create_in("v1", kind, name, fields)
    }

    fn create_in(&self, api_version: &str, kind: &str, name: &str, fields: &Value) -> Value {
        let metadata = json!({"name": name, "namespace": self.namespace});
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
        merge(&mut object, fields);
        self.cluster.create(object).unwrap()
    }

    fn get(&self, kind: &str, name: &str) -> Option<Value> {
        self.cluster.get(kind, &self.namespace, name).ok()
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Said {
        let media_type = if method == "PATCH" { MERGE } else { "application/json" };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request =
            Request::builder().method(method).uri(path).header("Content-Type", media_type).body(body).unwrap();
        let response = self.cluster.clone().call(request).await.unwrap();
        let code = response.status().as_u16();
        let warnings = response.headers().get_all("warning").iter();
        let warnings = warnings.map(|warning| warning.to_str().unwrap().to_owned()).collect();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (code, warnings, serde_json::from_slice(&bytes).unwrap())
    }

    async fn delete(&self, plural: &str, name: &str, parameters: &str) -> Said {
        self.ask("DELETE", &format!("{}?{parameters}", self.path(plural, name)), &Value::Null).await
    }

    /// What happened to the objects of a kind since a revision: type, name and version of each event.
    async fn events(&self, path: &str, since: u64) -> Vec<(String, String, u64)> {
        let path = format!("{path}?watch=true&resourceVersion={since}&timeoutSeconds=1");
        let request = Request::get(path).body(String::new()).unwrap();
        let body = self.cluster.clone().call(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
        let events = serde_json::Deserializer::from_slice(&body).into_iter::<Value>();
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

/// Sets the members of a value, all the way down.
fn merge(value: &mut Value, fields: &Value) {
    match (value.as_object_mut(), fields.as_object()) {
        (Some(members), Some(fields)) => {
            for (name, field) in fields {
                merge(members.entry(name).or_insert(Value::Null), field);
            }
        }
        _ => *value = fields.clone(),
    }
}

/// The metadata of what an object owns.
fn owned(owner: &Value, blocks: bool) -> Value {
    let reference = json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"],
        "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"], "blockOwnerDeletion": blocks,
    });
    json!({"metadata": {"ownerReferences": [reference]}})
}

fn containers() -> Value {
    json!([{"name": "c", "image": "i"}])
}

mod deletions {
    use super::*;

    fn refusal(said: &Said) -> (u16, &Value) {
        (said.0, &said.2["message"])
    }

    #[tokio::test]
    async fn options_come_from_the_body_or_else_from_the_parameters() {
        let mut world = World::without_controllers();
        let name = world.name();
        world.create("ConfigMap", &name, &json!({}));
        let path = format!("{}?propagationPolicy=Orphan", world.path("configmaps", &name));
        let (code, _, body) = world.ask("DELETE", &path, &json!({"dryRun": ["All"]})).await;
        assert_eq!((code, &body["status"]), (200, &json!("Success")));
        let (code, _, body) = world.ask("DELETE", &path, &Value::Null).await;
        assert_eq!((code, &body["metadata"]["finalizers"]), (200, &json!(["orphan"])));
    }

    #[tokio::test]
    async fn options_that_mean_nothing_are_refused() {
        let mut world = World::new();
        let name = world.name();
        world.create("ConfigMap", &name, &json!({}));
        let path = world.path("configmaps", &name);
        for (options, code, message) in [
            (
                json!({"kind": "Pod", "apiVersion": "v1"}),
                400,
                "no kind \"Pod\" is registered for version \"v1\" in scheme \"pkg/runtime/scheme.go:111\"",
            ),
            (
                json!({"gracePeriodSeconds": "soon"}),
                400,
                "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
            ),
            (
                json!({"preconditions": {"uid": 5}}),
                400,
                "json: cannot unmarshal number into Go struct field Preconditions.preconditions.uid of type types.UID",
            ),
            (
                json!({"orphanDependents": true, "propagationPolicy": "Orphan"}),
                422,
                "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: \"Orphan\": orphanDependents and deletionPropagation cannot be both set",
            ),
            (
                json!({"propagationPolicy": "Away", "dryRun": ["Most"]}),
                422,
                "DeleteOptions.meta.k8s.io \"\" is invalid: [propagationPolicy: Unsupported value: \"Away\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\", dryRun: Unsupported value: [\"Most\"]: supported values: \"All\"]",
            ),
        ] {
            let said = world.ask("DELETE", &path, &options).await;
            assert_eq!(refusal(&said), (code, &json!(message)));
        }
        let said = world.delete("configmaps", &name, "gracePeriodSeconds=soon").await;
        assert_eq!(refusal(&said), (400, &json!("strconv.ParseInt: parsing \"soon\": invalid syntax")));
        assert!(world.get("ConfigMap", &name).is_some());
    }

    #[tokio::test]
    async fn a_deletion_waits_for_finalizers_and_counts_as_a_generation() {
        let mut world = World::new();
        let name = world.name();
        let spec = json!({"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers()}}});
        let held = json!({"metadata": {"finalizers": ["sea.example/a"]}, "spec": spec});
        world.create_in("apps/v1", "Deployment", &name, &held);
        let (code, _, marked) = world.delete("deployments", &name, "").await;
        assert_eq!((code, &marked["metadata"]["generation"]), (200, &json!(2)));
        assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 0);
        let before = world.cluster.revision();
        let (_, _, again) = world.delete("deployments", &name, "").await;
        assert_eq!((again, world.cluster.revision()), (marked, before));
        let freed = json!({"metadata": {"finalizers": null}});
        assert_eq!(world.ask("PATCH", &world.path("deployments", &name), &freed).await.0, 200);
        assert_eq!(world.get("Deployment", &name), None);
    }

    #[tokio::test]
    async fn who_asks_in_the_old_way_is_told_that_there_is_more_to_come() {
        let mut world = World::new();
        let name = world.name();
        world.create("ConfigMap", &name, &json!({"metadata": {"finalizers": ["sea.example/a"]}}));
        assert_eq!(world.delete("configmaps", &name, "orphanDependents=false").await.0, 202);
        assert_eq!(world.delete("configmaps", &name, "").await.0, 200);
    }

    #[tokio::test]
    async fn a_policy_is_a_finalizer_until_someone_acts_on_it() {
        let mut world = World::without_controllers();
        let name = world.name();
        world.create("ConfigMap", &name, &json!({}));
        for (policy, finalizer) in [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")] {
            let (_, _, marked) = world.delete("configmaps", &name, &format!("propagationPolicy={policy}")).await;
            assert_eq!(marked["metadata"]["finalizers"], json!([finalizer]));
            // Without a word the policy stays.
            let (_, _, again) = world.delete("configmaps", &name, "").await;
            assert_eq!(again, marked);
        }
        world.delete("configmaps", &name, "propagationPolicy=Background").await;
        assert_eq!(world.get("ConfigMap", &name), None);
    }

    #[tokio::test]
    async fn pods_of_a_job_are_left_behind_with_a_warning() {
        let mut world = World::without_controllers();
        let job = json!({"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": containers()}}}});
        let name = world.name();
        world.create_in("batch/v1", "Job", &name, &job);
        let (_, warnings, marked) = world.delete("jobs", &name, "").await;
        let warning = "299 - \"child pods are preserved by default when jobs are deleted; set propagationPolicy=Background \
                       to remove them or set propagationPolicy=Orphan to suppress this warning\"";
        assert_eq!((warnings, &marked["metadata"]["finalizers"]), (vec![warning.to_owned()], &json!(["orphan"])));
        let (_, warnings, gone) = world.delete("jobs", &name, "propagationPolicy=Background").await;
        assert_eq!((warnings, &gone["status"]), (Vec::new(), &json!("Success")));
    }

    #[tokio::test]
    async fn a_collection_is_deleted_as_far_as_its_options_reach() {
        let world = World::new();
        for (name, label) in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "x")] {
            world.create("ConfigMap", name, &json!({"metadata": {"labels": {"of": label}}}));
        }
        let delete = async |parameters: &str| {
            let (code, _, list) = world.delete("configmaps", "", parameters).await;
            let names: Vec<_> =
                list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].clone()).collect();
            (code, Value::Array(names))
        };
        assert_eq!(delete("labelSelector=of%3Dx&dryRun=All").await, (200, json!(["a", "c", "d"])));
        assert_eq!(delete("labelSelector=of%3Dx&limit=2").await, (200, json!(["a", "c"])));
        assert_eq!(delete("fieldSelector=metadata.name%3Db").await, (200, json!(["b"])));
        assert_eq!(delete("").await, (200, json!(["d"])));
        assert_eq!(delete("").await, (200, json!([])));
    }
}

mod grace {
    use super::*;

    const START: &str = "2026-01-01T00:00:00Z";

    fn pod(world: &mut World, fields: &Value) -> String {
        let name = world.name();
        let mut pod = json!({"spec": {"nodeName": "n", "containers": containers()}});
        merge(&mut pod, fields);
        world.create("Pod", &name, &pod);
        name
    }

    fn end(pod: &Value) -> (&Value, &Value) {
        (&pod["metadata"]["deletionTimestamp"], &pod["metadata"]["deletionGracePeriodSeconds"])
    }

    #[tokio::test(start_paused = true)]
    async fn a_pod_on_a_node_has_time_to_end() {
        let mut world = World::new();
        let name = pod(&mut world, &json!({}));
        let (_, _, marked) = world.delete("pods", &name, "").await;
        assert_eq!(end(&marked), (&json!("2026-01-01T00:00:30Z"), &json!(30)));
        assert_eq!(marked["metadata"]["generation"], 2);
        assert_eq!(world.get("Pod", &name), Some(marked));
    }

    #[tokio::test(start_paused = true)]
    async fn its_time_only_becomes_shorter() {
        let mut world = World::new();
        let name = pod(&mut world, &json!({"spec": {"terminationGracePeriodSeconds": 20}}));
        for (asked, time, left) in [
            ("gracePeriodSeconds=40", "2026-01-01T00:00:40Z", 40),
            ("", "2026-01-01T00:00:40Z", 40),
            ("gracePeriodSeconds=60", "2026-01-01T00:00:40Z", 40),
            ("gracePeriodSeconds=5", "2026-01-01T00:00:05Z", 5),
            ("gracePeriodSeconds=-7", "2026-01-01T00:00:01Z", 1),
        ] {
            let (_, _, marked) = world.delete("pods", &name, asked).await;
            assert_eq!(end(&marked), (&json!(time), &json!(left)), "{asked}");
        }
        let before = world.cluster.revision();
        let (_, _, gone) = world.delete("pods", &name, "gracePeriodSeconds=0").await;
        assert_eq!(end(&gone), (&json!(START), &json!(0)));
        let events = world.events(&world.path("pods", ""), before).await;
        let expected = [("MODIFIED", before + 1), ("DELETED", before + 2)];
        assert_eq!(events, expected.map(|(what, version)| (what.to_owned(), name.clone(), version)));
        assert_eq!(world.get("Pod", &name), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pod_without_a_node_goes_at_once_and_one_that_is_over_too() {
        let mut world = World::new();
        let name = pod(&mut world, &json!({"spec": {"nodeName": ""}}));
        world.delete("pods", &name, "").await;
        assert_eq!(world.get("Pod", &name), None);
        let name = pod(&mut world, &json!({}));
        let mut over = world.get("Pod", &name).unwrap();
        over["status"]["phase"] = "Succeeded".into();
        world.cluster.apply(over).unwrap();
        world.delete("pods", &name, "").await;
        assert_eq!(world.get("Pod", &name), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_finalizer_does_not_shorten_its_time() {
        let mut world = World::new();
        let name = pod(&mut world, &json!({"metadata": {"finalizers": ["sea.example/a"]}}));
        world.delete("pods", &name, "").await;
        let freed = json!({"metadata": {"finalizers": null}});
        world.ask("PATCH", &world.path("pods", &name), &freed).await;
        assert_eq!(end(&world.get("Pod", &name).unwrap()), (&json!("2026-01-01T00:00:30Z"), &json!(30)));
        world.delete("pods", &name, "gracePeriodSeconds=0").await;
        assert_eq!(world.get("Pod", &name), None);
    }
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
    async fn without_controllers_dependents_stay() {
        let mut world = World::without_controllers();
        let names = family(&mut world);
        world.delete("configmaps", &names[0], "").await;
        assert_eq!(left(&world, &names), [false, true, true]);
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

    #[tokio::test(start_paused = true)]
    async fn a_definition_is_established_in_steps() {
        let world = World::new();
        let before = world.cluster.revision();
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let (code, _, created) = world.ask("POST", path, &definition("boats.sea.example")).await;
        let nothing =
            json!({"conditions": null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": ["v1"]});
        assert_eq!((code, &created["status"]), (201, &nothing));
        let events = world.events(path, before).await;
        let expected = [("ADDED", 1), ("MODIFIED", 2), ("MODIFIED", 3)];
        let name = "boats.sea.example".to_owned();
        assert_eq!(events, expected.map(|(what, step)| (what.to_owned(), name.clone(), before + step)));
        let now = world.cluster.get("crd", "", &name).unwrap();
        assert_eq!(
            conditions(&now),
            [["NamesAccepted", "True", "NoConflicts"], ["Established", "True", "InitialNamesAccepted"]]
        );
        assert_eq!(
            now["status"]["acceptedNames"],
            json!({"plural": "boats", "singular": "boat", "kind": "Boat", "listKind": "BoatList"})
        );
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

mod addresses {
    use super::*;

    fn service(world: &World, name: &str, spec: &Value) -> Result<Value, String> {
        let metadata = json!({"name": name, "namespace": world.namespace});
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec});
        match world.cluster.create(service) {
            Ok(service) => Ok(service["spec"].clone()),
            Err(refusal) => Err(refusal.message.split_once(" is invalid: ").unwrap().1.to_owned()),
        }
    }

    #[tokio::test]
    async fn services_have_addresses_of_their_own_until_they_go() {
        let mut world = World::new();
        let name = world.name();
        let ports = json!({"ports": [{"port": 80}]});
        let address = service(&world, &name, &ports).unwrap()["clusterIP"].clone();
        let mut asked = ports.clone();
        asked["clusterIP"] = address.clone();
        let refused = format!(
            "spec.clusterIPs: Invalid value: [{address}]: failed to allocate IP {}: provided IP is already allocated",
            address.as_str().unwrap()
        );
        assert_eq!(service(&world, "other", &asked), Err(refused));
        world.delete("services", &name, "").await;
        let given = service(&world, "other", &asked).unwrap();
        assert_eq!(
            (&given["clusterIP"], &given["clusterIPs"], &given["ipFamilies"], &given["ipFamilyPolicy"]),
            (&address, &json!([address]), &json!(["IPv4"]), &json!("SingleStack"))
        );
    }

    #[tokio::test]
    async fn addresses_and_ports_that_are_not_to_be_had_are_refused() {
        let world = World::new();
        let on_nodes = |port: i64| json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]});
        service(&world, "first", &on_nodes(30001)).unwrap();
        for (spec, refused) in [
            (
                json!({"ports": [{"port": 80}], "clusterIP": "192.0.2.1"}),
                "spec.clusterIPs: Invalid value: [\"192.0.2.1\"]: failed to allocate IP 192.0.2.1: the provided network does not match the current range",
            ),
            (
                json!({"ports": [{"port": 80}], "clusterIP": "2001:db8::1"}),
                "spec.clusterIPs[0]: Invalid value: [\"2001:db8::1\"]: IPv6 is not configured on this cluster",
            ),
            (
                json!({"ports": [{"port": 80}], "ipFamilyPolicy": "RequireDualStack"}),
                "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services",
            ),
            (
                json!({"ports": [{"port": 80}], "ipFamilies": ["IPv6"]}),
                "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster",
            ),
            (on_nodes(30001), "spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated"),
            (
                on_nodes(80),
                "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767",
            ),
        ] {
            assert_eq!(service(&world, "other", &spec), Err(refused.to_owned()));
        }
    }

    #[tokio::test]
    async fn a_service_keeps_what_it_was_given_and_gives_back_what_it_needs_no_more() {
        let world = World::new();
        let balanced = json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [{"port": 53, "name": "a"}, {"port": 53, "name": "b", "protocol": "UDP"}]});
        let given = service(&world, "s", &balanced).unwrap();
        assert_eq!(given["ports"][0]["nodePort"], given["ports"][1]["nodePort"]);
        assert!((30000..32768).contains(&given["healthCheckNodePort"].as_i64().unwrap()));
        let replace = |spec: Value| {
            let metadata = json!({"name": "s", "namespace": world.namespace});
            let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec});
            world.cluster.replace(service).unwrap()["spec"].clone()
        };
        assert_eq!(replace(balanced), given);
        let plain = replace(json!({"ports": [{"port": 53}]}));
        assert_eq!((&plain["clusterIP"], plain.get("healthCheckNodePort")), (&given["clusterIP"], None));
        assert_eq!(plain["ports"], json!([{"port": 53, "protocol": "TCP", "targetPort": 53}]));
        let external = replace(json!({"type": "ExternalName", "externalName": "sea.example"}));
        assert_eq!(external, json!({"type": "ExternalName", "externalName": "sea.example", "sessionAffinity": "None"}));
    }

    #[tokio::test]
    async fn one_seed_gives_the_same_addresses() {
        let specs = || {
            let cluster = FakeCluster::builder().seed(7).build();
            let service = |name: &str| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}});
            ["a", "b"].map(|name| cluster.create(service(name)).unwrap()["spec"].clone())
        };
        assert_eq!(specs(), specs());
    }
}

mod beginnings {
    use super::*;

    #[tokio::test]
    async fn a_status_is_the_servers_to_say() {
        let mut world = World::new();
        let name = world.name();
        let said =
            json!({"metadata": {"name": name}, "status": {"phase": "Running"}, "spec": {"containers": containers()}});
        let (_, _, mut pod) = world.ask("POST", &world.path("pods", ""), &said).await;
        assert_eq!(pod["status"], json!({"phase": "Pending", "qosClass": "BestEffort"}));
        pod["status"]["phase"] = "Running".into();
        let (_, _, kept) = world.ask("PUT", &world.path("pods", &name), &pod).await;
        assert_eq!(kept["status"]["phase"], "Pending");
        world.cluster.apply(&pod).unwrap();
        assert_eq!(world.get("Pod", &name).unwrap()["status"]["phase"], "Running");
    }

    #[tokio::test]
    async fn a_generation_counts_what_counts() {
        let mut world = World::new();
        let name = world.name();
        let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers()}});
        let spec = json!({"selector": {"matchLabels": {"a": "b"}}, "template": template});
        world.create_in("apps/v1", "Deployment", &name, &json!({"spec": spec}));
        world.create_in("apps/v1", "DaemonSet", &name, &json!({"spec": spec}));
        let deployment = world.path("deployments", &name);
        for (change, generation) in [
            (json!({"metadata": {"labels": {"x": "y"}}}), 1),
            (json!({"status": {"replicas": 5}}), 1),
            (json!({"metadata": {"annotations": {"x": "y"}}}), 2),
            (json!({"spec": {"replicas": 5}}), 3),
            (json!({"spec": {"replicas": 5}}), 3),
        ] {
            let (_, _, patched) = world.ask("PATCH", &deployment, &change).await;
            assert_eq!(patched["metadata"]["generation"], generation, "{change}");
        }
        let annotated = json!({"metadata": {"annotations": {"x": "y"}}});
        let (_, _, patched) = world.ask("PATCH", &world.path("daemonsets", &name), &annotated).await;
        assert_eq!(patched["metadata"]["generation"], 1);
    }

    #[tokio::test]
    async fn a_pod_has_the_priority_of_its_class() {
        let world = World::new();
        let class = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 7, "preemptionPolicy": "Never"});
        world.cluster.create(class).unwrap();
        let spec = world.create(
            "Pod",
            "p",
            &json!({"spec": {"containers": containers(), "priorityClassName": "high"}}),
        )["spec"]
            .clone();
        assert_eq!((&spec["priority"], &spec["preemptionPolicy"]), (&json!(7), &json!("Never")));
        let pod = json!({"metadata": {"name": "q"}, "spec": {"containers": containers(), "priorityClassName": "low"}});
        let (code, _, refusal) = world.ask("POST", &world.path("pods", ""), &pod).await;
        let message = "pods \"q\" is forbidden: no PriorityClass with name low was found";
        assert_eq!((code, &refusal["message"]), (403, &json!(message)));
    }

    #[tokio::test]
    async fn a_job_selects_its_pods_by_its_uid() {
        let world = World::new();
        let job = json!({"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": containers()}}}});
        let job = world.create_in("batch/v1", "Job", "j", &job);
        let uid = &job["metadata"]["uid"];
        let labels = json!({
            "job-name": "j", "batch.kubernetes.io/job-name": "j",
            "controller-uid": uid, "batch.kubernetes.io/controller-uid": uid,
        });
        assert_eq!(job["spec"]["selector"], json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}));
        assert_eq!((&job["spec"]["template"]["metadata"]["labels"], &job["metadata"]["labels"]), (&labels, &labels));
    }
}
