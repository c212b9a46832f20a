use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::shape::Shapes;

const NOON: &str = "2026-05-01T12:00:00Z";
const LATER: &str = "2026-05-01T12:05:00Z";

fn writer(manager: &str) -> Writer<'_> {
    Writer { manager, api_version: "v1", subresource: "", scope: Scope::All, now: NOON }
}

fn config_map() -> Shape<'static> {
    Shapes::built_in().kind("v1", "ConfigMap")
}

fn fern(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fern"}, "data": data})
}

/// The object as stored: with what the server adds.
fn stored(mut object: Value) -> Value {
    object["metadata"]["uid"] = json!("7d0");
    object
}

fn created(manager: &str, mut object: Value) -> Value {
    update(&json!({}), &mut object, config_map(), &writer(manager));
    stored(object)
}

fn changed(manager: &str, live: &Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut new = live.clone();
    change(&mut new);
    update(live, &mut new, config_map(), &writer(manager));
    new
}

fn applied(manager: &str, live: &Value, data: Value, force: bool) -> Result<Value, Error> {
    apply(live, &fern(data), &json!({}), config_map(), &writer(manager), force)
}

fn entry(manager: &str, operation: &str, fields: Value) -> Value {
    json!({
        "manager": manager, "operation": operation, "apiVersion": "v1", "time": NOON,
        "fieldsType": "FieldsV1", "fieldsV1": fields,
    })
}

fn owners(object: &Value) -> &Value {
    &object["metadata"]["managedFields"]
}

#[test]
fn a_create_owns_maps_and_their_entries() {
    let object = created("potter", fern(json!({"soil": "peat"})));
    let fields = json!({"f:data": {".": {}, "f:soil": {}}});
    assert_eq!(owners(&object), &json!([entry("potter", "Update", fields)]));
}

#[test]
fn an_apply_owns_what_it_says_and_no_maps_around_it() {
    let object = applied("rake", &json!({}), json!({"soil": "peat", "pot": "clay"}), false).expect("no conflict");
    let mut expected = fern(json!({"soil": "peat", "pot": "clay"}));
    let fields = json!({"f:data": {"f:pot": {}, "f:soil": {}}});
    expected["metadata"]["managedFields"] = json!([entry("rake", "Apply", fields)]);
    assert_eq!(object, expected);
}

#[test]
fn applying_the_same_again_changes_nothing() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat"}), false).expect("no conflict"));
    let again = Writer { now: LATER, ..writer("rake") };
    let config = fern(json!({"soil": "peat"}));
    assert_eq!(apply(&live, &config, &json!({}), config_map(), &again, false), Ok(live));
}

#[test]
fn what_another_owns_is_a_conflict_unless_forced() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat", "pot": "clay"}), false).expect("no conflict"));
    let data = json!({"soil": "sand", "light": "dim"});
    let refusal = applied("hose", &live, data.clone(), false).expect_err("a conflict");
    assert_eq!(refusal.to_string(), "Apply failed with 1 conflict: conflict with \"rake\": .data.soil");
    let Error::Conflicts(conflicts) = refusal else { panic!("a conflict") };
    let causes: Vec<_> = conflicts.iter().map(|conflict| (conflict.message(), conflict.field())).collect();
    assert_eq!(causes, [("conflict with \"rake\"".to_owned(), ".data.soil".to_owned())]);

    let forced = applied("hose", &live, data, true).expect("forced");
    assert_eq!(forced["data"], json!({"soil": "sand", "pot": "clay", "light": "dim"}));
    let rake = entry("rake", "Apply", json!({"f:data": {"f:pot": {}}}));
    let hose = entry("hose", "Apply", json!({"f:data": {"f:light": {}, "f:soil": {}}}));
    assert_eq!(owners(&forced), &json!([hose, rake]));
}

#[test]
fn two_may_own_the_same_value() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat"}), false).expect("no conflict"));
    let shared = applied("hose", &live, json!({"soil": "peat"}), false).expect("no conflict");
    let mut hose = entry("hose", "Apply", json!({"f:data": {"f:soil": {}}}));
    // Nothing changed, so there is no time of a change.
    hose.as_object_mut().expect("an entry").remove("time");
    assert_eq!(owners(&shared), &json!([hose, entry("rake", "Apply", json!({"f:data": {"f:soil": {}}}))]));
    let left = applied("rake", &shared, json!({}), false).expect("no conflict");
    assert_eq!(left["data"], json!({"soil": "peat"}));
}

#[test]
fn an_owner_takes_back_only_its_own_fields() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat", "pot": "clay"}), false).expect("no conflict"));
    let live = applied("hose", &live, json!({"light": "dim"}), false).expect("no conflict");
    let left = applied("rake", &live, json!({}), false).expect("no conflict");
    assert_eq!(left["data"], json!({"light": "dim"}));
    let rake = entry("rake", "Apply", json!({"f:data": {}}));
    let hose = entry("hose", "Apply", json!({"f:data": {"f:light": {}}}));
    assert_eq!(owners(&left), &json!([hose, rake]));
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fern"}});
    let left = apply(&left, &config, &json!({}), config_map(), &writer("hose"), false).expect("no conflict");
    assert_eq!(left["data"], Value::Null);
}

#[test]
fn an_update_takes_what_it_changes_and_conflicts_name_its_version() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat", "pot": "clay"}), false).expect("no conflict"));
    let live = changed("spade", &live, |object| object["data"]["pot"] = json!("wood"));
    let rake = entry("rake", "Apply", json!({"f:data": {"f:soil": {}}}));
    let spade = entry("spade", "Update", json!({"f:data": {"f:pot": {}}}));
    assert_eq!(owners(&live), &json!([rake, spade]));
    let refusal = applied("rake", &live, json!({"soil": "peat", "pot": "clay"}), false).expect_err("a conflict");
    assert_eq!(refusal.to_string(), "Apply failed with 1 conflict: conflict with \"spade\" using v1: .data.pot");
}

#[test]
fn several_conflicts_are_listed_by_owner() {
    let live = stored(applied("rake", &json!({}), json!({"a": "1", "b": "1"}), false).expect("no conflict"));
    let live = changed("spade", &live, |object| object["data"]["c"] = json!("1"));
    let refusal = applied("hose", &live, json!({"a": "2", "b": "2", "c": "2"}), false).expect_err("a conflict");
    assert_eq!(
        refusal.to_string(),
        "Apply failed with 3 conflicts: conflicts with \"rake\":\n- .data.a\n- .data.b\n\
         conflicts with \"spade\" using v1:\n- .data.c"
    );
}

#[test]
fn a_replacement_takes_what_it_brings_and_removes_what_it_leaves_out() {
    let live = stored(applied("rake", &json!({}), json!({"soil": "peat"}), false).expect("no conflict"));
    let live = changed("spade", &live, |object| object["data"] = json!({"pot": "clay"}));
    assert_eq!(owners(&live), &json!([entry("spade", "Update", json!({"f:data": {"f:pot": {}}}))]));
}

#[test]
fn an_update_that_takes_nothing_keeps_its_time() {
    let live = created("potter", fern(json!({"soil": "peat", "pot": "clay"})));
    let mut new = live.clone();
    new["data"] = json!({"soil": "peat"});
    update(&live, &mut new, config_map(), &Writer { now: LATER, ..writer("potter") });
    assert_eq!(owners(&new), &json!([entry("potter", "Update", json!({"f:data": {".": {}, "f:soil": {}}}))]));
}

#[test]
fn fields_of_the_server_belong_to_nobody() {
    let object = changed("spade", &created("potter", fern(json!({}))), |object| {
        object["metadata"]["generation"] = json!(2);
        object["metadata"]["labels"] = json!({"shade": "full"});
        object["metadata"]["generateName"] = json!("fe");
    });
    let fields = json!({"f:metadata": {"f:generateName": {}, "f:labels": {".": {}, "f:shade": {}}}});
    let potter = entry("potter", "Update", json!({"f:data": {}}));
    assert_eq!(owners(&object), &json!([potter, entry("spade", "Update", fields)]));
}

#[test]
fn cleared_entries_come_back_with_the_first_apply() {
    for cleared in [json!([]), json!([{}])] {
        let live = created("potter", fern(json!({"soil": "peat"})));
        let live = changed("spade", &live, |object| object["metadata"]["managedFields"] = cleared);
        assert_eq!(owners(&live), &Value::Null);
        let live = changed("spade", &live, |object| object["data"]["soil"] = json!("sand"));
        assert_eq!(owners(&live), &Value::Null);
        let live = applied("rake", &live, json!({"pot": "clay"}), false).expect("no conflict");
        let rake = entry("rake", "Apply", json!({"f:data": {"f:pot": {}}}));
        let before = entry("before-first-apply", "Update", json!({"f:data": {".": {}, "f:soil": {}}}));
        assert_eq!(owners(&live), &json!([rake, before]));
    }
}

#[test]
fn entries_in_a_write_replace_those_of_the_object_if_they_can_be_read() {
    let live = created("potter", fern(json!({"soil": "peat"})));
    let ours = json!([entry("rake", "Apply", json!({"f:data": {"f:soil": {}}}))]);
    let replaced = changed("spade", &live, |object| object["metadata"]["managedFields"] = ours.clone());
    assert_eq!(owners(&replaced), &ours);
    let kept = changed("spade", &live, |object| object["metadata"]["managedFields"] = json!([{"operation": "Dig"}]));
    assert_eq!(owners(&kept), owners(&live));
    let mut scaled = live.clone();
    scaled["metadata"]["managedFields"] = json!([]);
    update(&live, &mut scaled, config_map(), &Writer { subresource: "status", ..writer("spade") });
    assert_eq!(owners(&scaled), owners(&live));
}

#[test]
fn what_the_zero_value_holds_is_not_added() {
    let shape = Shapes::built_in().kind("v1", "Pod");
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "moss"},
        "spec": {"containers": [{"name": "web", "image": "web:1", "resources": {}}], "dnsPolicy": "Default"},
        "status": {},
    });
    let zero = json!({"metadata": {}, "spec": {"containers": null}, "status": {}});
    update(&zero, &mut pod, shape, &writer("potter"));
    let web = json!({".": {}, "f:image": {}, "f:name": {}, "f:resources": {}});
    let fields = json!({"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": web}, "f:dnsPolicy": {}}});
    assert_eq!(owners(&pod), &json!([entry("potter", "Update", fields)]));
}

#[test]
fn a_deployment_is_owned_with_its_defaults_and_without_its_status() {
    let shape = Shapes::built_in().kind("apps/v1", "Deployment");
    let zero = json!({
        "metadata": {},
        "spec": {"selector": null, "strategy": {}, "template": {"metadata": {}, "spec": {"containers": null}}},
        "status": {},
    });
    let container = json!({
        "name": "web", "image": "web:1", "resources": {}, "imagePullPolicy": "Always",
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
    });
    let mut deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "moss", "namespace": "garden"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"plant": "moss"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {
                "metadata": {"labels": {"plant": "moss"}},
                "spec": {"containers": [container], "restartPolicy": "Always", "securityContext": {}},
            },
        },
        "status": {"replicas": 2},
    });
    let status = FieldSet::of_fields([&["status"][..]]);
    let potter = Writer { api_version: "apps/v1", scope: Scope::Without(&status), ..writer("potter") };
    update(&zero, &mut deployment, shape, &potter);
    let web = json!({
        ".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:resources": {},
        "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {},
    });
    let fields = json!({"f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}}, "f:type": {}},
        "f:template": {
            "f:metadata": {"f:labels": {".": {}, "f:plant": {}}},
            "f:spec": {
                "f:containers": {"k:{\"name\":\"web\"}": web},
                "f:restartPolicy": {},
                "f:securityContext": {},
            },
        },
    }});
    assert_eq!(owners(&deployment)[0]["fieldsV1"], fields);
}

#[test]
fn ports_of_services_are_told_apart_by_port_and_protocol() {
    let shape = Shapes::built_in().kind("v1", "Service");
    let mut service =
        json!({"metadata": {"name": "moss"}, "spec": {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}});
    update(&json!({"metadata": {}, "spec": {}, "status": {}}), &mut service, shape, &writer("potter"));
    let fields = json!({"f:spec": {"f:ports": {
        ".": {},
        "k:{\"port\":53,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}},
        "k:{\"port\":53,\"protocol\":\"UDP\"}": {".": {}, "f:port": {}, "f:protocol": {}},
    }}});
    assert_eq!(owners(&service), &json!([entry("potter", "Update", fields)]));
}

#[test]
fn custom_objects_are_owned_as_their_schema_says() {
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "height": {"type": "integer"},
        "sorts": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
    }}}});
    let shapes = Shapes::custom("Tree", &schema);
    let config = json!({
        "apiVersion": "v1", "kind": "Tree", "metadata": {"name": "oak"}, "spec": {"height": 3, "sorts": ["red"]},
    });
    let sets = |shape: Shape<'_>| {
        let object = apply(&json!({}), &config, &json!({}), shape, &writer("rake"), false).expect("no conflict");
        owners(&object)[0]["fieldsV1"].clone()
    };
    assert_eq!(sets(shapes.named("Tree")), json!({"f:spec": {"f:height": {}, "f:sorts": {"v:\"red\"": {}}}}));
    assert_eq!(sets(Shape::deduced()), json!({"f:spec": {".": {}, "f:height": {}, "f:sorts": {}}}));
}

#[test]
fn finalizers_are_owned_one_by_one() {
    let object = changed("spade", &created("potter", fern(json!({}))), |object| {
        object["metadata"]["finalizers"] = json!(["garden.example/frost"]);
    });
    let fields = json!({"f:metadata": {"f:finalizers": {".": {}, "v:\"garden.example/frost\"": {}}}});
    assert_eq!(owners(&object)[1], entry("spade", "Update", fields));
}

#[test]
fn a_write_owns_nothing_outside_its_scope() {
    let shape = Shape::deduced();
    let (status, rest) = (FieldSet::of_fields([&["status"][..]]), FieldSet::of_fields([&["metadata"][..], &["spec"]]));
    let main = Writer { scope: Scope::Without(&status), ..writer("potter") };
    let mut moss = json!({"metadata": {"name": "moss"}, "spec": {"wet": true}, "status": {"grown": 1}});
    update(&json!({}), &mut moss, shape, &main);
    let potter = entry("potter", "Update", json!({"f:spec": {".": {}, "f:wet": {}}}));
    assert_eq!(owners(&moss), &json!([potter]));

    let live = stored(moss);
    for scope in [Scope::Without(&rest), Scope::Within(&status)] {
        let mut new = live.clone();
        new["status"] = json!({"grown": 2});
        new["spec"]["wet"] = json!(false);
        update(&live, &mut new, shape, &Writer { subresource: "status", scope, ..writer("spade") });
        let mut spade = entry("spade", "Update", json!({"f:status": {"f:grown": {}}}));
        spade["subresource"] = json!("status");
        assert_eq!(owners(&new), &json!([potter, spade]));
    }
}

#[test]
fn a_nameless_writer_is_unknown() {
    assert_eq!(owners(&created("", fern(json!({}))))[0]["manager"], json!("unknown"));
}

#[test]
fn scaling_takes_the_replicas() {
    let replicas = [Step::field("spec"), Step::field("replicas")];
    let mut tree = json!({"metadata": {"name": "oak"}, "spec": {"replicas": 1, "paused": true}});
    let apps = Writer { api_version: "apps/v1", ..writer("potter") };
    update(&json!({"metadata": {}, "spec": {}}), &mut tree, Shape::deduced(), &apps);
    let managers = Managers::read(&tree).expect("readable");

    let scale = |replicas: u8| json!({"metadata": {"name": "oak", "uid": "7d0"}, "spec": {"replicas": replicas}});
    let scaling = Writer { api_version: "autoscaling/v1", subresource: "scale", ..writer("spade") };
    let shown = managers.to_scale(&replicas);
    let mut potter = entry("potter", "Update", json!({"f:spec": {"f:paused": {}}}));
    potter["apiVersion"] = json!("apps/v1");
    let mut kept = potter.clone();
    kept["fieldsV1"] = json!({"f:spec": {"f:replicas": {}}});
    kept.as_object_mut().expect("an entry").remove("time");
    let same = shown.clone().update(&scale(1), &scale(1), Shape::deduced(), &scaling);
    managers.after_scale(same, &replicas, "apps/v1").write(&mut tree);
    assert_eq!(owners(&tree), &json!([kept, potter]));

    let taken = shown.update(&scale(1), &scale(2), Shape::deduced(), &scaling);
    managers.after_scale(taken, &replicas, "apps/v1").write(&mut tree);
    let spade = json!({
        "manager": "spade", "operation": "Update", "apiVersion": "apps/v1", "subresource": "scale",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}},
    });
    assert_eq!(owners(&tree), &json!([spade, potter]));
}

#[test]
fn more_than_ten_updates_merge_the_oldest() {
    let mut live = created("hand-0", fern(json!({"key-0": "0"})));
    for hand in 1..12 {
        let mut new = live.clone();
        new["data"][format!("key-{hand}")] = json!("0");
        let (manager, now) = (format!("hand-{hand}"), format!("2026-05-01T12:{hand:02}:00Z"));
        update(&live, &mut new, config_map(), &Writer { now: &now, ..writer(&manager) });
        live = new;
    }
    let entries = owners(&live).as_array().expect("entries");
    assert_eq!(entries.len(), 10);
    let mut ancient =
        entry("ancient-changes", "Update", json!({"f:data": {".": {}, "f:key-0": {}, "f:key-1": {}, "f:key-2": {}}}));
    ancient["time"] = json!("2026-05-01T12:02:00Z");
    assert_eq!(entries[0], ancient);
    assert_eq!(entries[1]["manager"], json!("hand-3"));
}

#[test]
fn only_good_configurations_are_applied() {
    let refusal = |config: Value| {
        let outcome = apply(&json!({}), &config, &json!({}), config_map(), &writer("rake"), false);
        outcome.expect_err("refused").to_string()
    };
    let mut config = fern(json!({"soil": "peat"}));
    config["wings"] = json!(2);
    assert_eq!(
        refusal(config),
        "failed to create typed patch object (/fern; /v1, Kind=ConfigMap): .wings: field not declared in schema"
    );
    let mut config = fern(json!({}));
    config["metadata"]["managedFields"] = json!([]);
    assert_eq!(refusal(config), "metadata.managedFields must be nil");
    let mut live = fern(json!({}));
    live["metadata"]["managedFields"] = json!([{"operation": "Dig"}]);
    let outcome = apply(&live, &fern(json!({})), &json!({}), config_map(), &writer("rake"), false);
    assert_eq!(
        outcome.expect_err("refused").to_string(),
        "failed to decode managed fields: operation must be `Apply` or `Update`"
    );
}

#[test]
fn kubectl_takes_over_what_its_annotation_says() {
    const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let mut object = fern(json!({"soil": "peat", "pot": "<clay>"}));
    object["metadata"]["annotations"] = json!({ANNOTATION: object.to_string()});
    let live = created("kubectl-client-side-apply", object);

    let data = json!({"soil": "sand", "pot": "<clay>"});
    assert!(applied("rake", &live, data.clone(), false).is_err());
    let taken = applied("kubectl", &live, data.clone(), false).expect("no conflict");
    assert_eq!(taken["data"], data);
    let text = "{\"apiVersion\":\"v1\",\"data\":{\"pot\":\"\\u003cclay\\u003e\",\"soil\":\"sand\"},\
                \"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"fern\"}}\n";
    assert_eq!(taken["metadata"]["annotations"][ANNOTATION], json!(text));

    let edited = changed("spade", &live, |object| object["data"]["soil"] = json!("clay"));
    let refusal = applied("kubectl", &edited, data, false).expect_err("a conflict");
    assert_eq!(refusal.to_string(), "Apply failed with 1 conflict: conflict with \"spade\" using v1: .data.soil");
}

proptest! {
    #[test]
    fn what_was_applied_is_there_and_goes_when_it_is_no_longer_said(
        live in typed::tests::values(),
        config in typed::tests::values(),
    ) {
        let (shapes, ty) = typed::tests::garden();
        let ty = ty.field("metadata", crate::testing::shape::Type::Open);
        let shape = Shape::new(&shapes, &ty);
        let mut live = live;
        live["metadata"] = json!({"name": "plot"});
        let said = set_of(&config, shape);
        let mut config = config;
        config["metadata"] = json!({"name": "plot"});
        update(&json!({}), &mut live, shape, &writer("potter"));
        let live = stored(live);

        let with = apply(&live, &config, &json!({}), shape, &writer("rake"), true).expect("forced");
        prop_assert!(said.difference(&set_of(&with, shape)).is_empty());
        let again = apply(&with, &config, &json!({}), shape, &writer("rake"), false);
        prop_assert_eq!(again, Ok(with.clone()));

        let mine = Managers::read(&with).expect("readable");
        let others = mine.entries.iter().filter(|entry| entry.manager == "potter");
        let others = others.fold(FieldSet::default(), |set, entry| set.union(&entry.set));
        let empty = json!({"metadata": {"name": "plot"}});
        let without = apply(&with, &empty, &json!({}), shape, &writer("rake"), false).expect("no conflict");
        let left = set_of(&without, shape);
        // What only it said is gone, but for items in which others own something; what others own is there.
        prop_assert!(others.intersection(&set_of(&with, shape)).difference(&left).is_empty());
        let still = said.intersection(&left).difference(&typed::with_parents(&others, shape));
        let holders = still.paths().into_iter().filter(|path| !others.contains(path));
        for path in holders {
            prop_assert!(others.paths().iter().any(|other| other.starts_with(&path)), "{}", shown_path(&path));
        }
    }
}
