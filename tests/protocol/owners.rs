//! Who owns which fields of an object.

use serde_json::{Value, json};

use crate::{
    ground::{Answer, Ground, text},
    kinds::CONFIG_MAPS,
    subject::MERGE,
    support::failure,
};

pub const APPLY: &str = "application/apply-patch+yaml";

/// A ConfigMap that several managers write to; it may not be there yet.
pub struct Map {
    pub ground: Ground,
    pub name: String,
}

impl Map {
    pub fn new(ground: Ground) -> Self {
        let name = ground.name();
        Map { ground, name }
    }

    pub fn configuration(&self, data: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": self.name}, "data": data})
    }

    pub fn path(&self) -> String {
        self.ground.one(&CONFIG_MAPS, &self.name)
    }

    /// Any request with a body about it.
    pub async fn ask(&self, method: &str, parameters: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let path = if method == "POST" { self.ground.all(&CONFIG_MAPS) } else { self.path() };
        self.ground.ask_text(method, &format!("{path}?{parameters}"), headers, &body.to_string()).await
    }

    pub async fn apply(&self, parameters: &str, data: Value) -> Answer {
        self.ask("PATCH", parameters, &[("Content-Type", APPLY)], &self.configuration(data)).await
    }

    /// A merge patch by a manager.
    async fn patch(&self, manager: &str, patch: &Value) -> Value {
        let patched = self.ask("PATCH", &format!("fieldManager={manager}"), &[("Content-Type", MERGE)], patch).await;
        assert_eq!(patched.code, 200, "{patched:?}");
        patched.body
    }

    pub async fn now(&self) -> Value {
        self.ground.get(&self.path()).await.body
    }

    /// The object with these fields and owners; all else is the server's own to say.
    pub async fn object(&self, data: Value, owners: &[Value]) -> Value {
        let mut object = self.configuration(data);
        object["metadata"] = self.now().await["metadata"].take();
        object["metadata"].as_object_mut().expect("metadata").retain(|field, _| {
            ["name", "namespace", "uid", "creationTimestamp", "resourceVersion"].contains(&field.as_str())
        });
        if !owners.is_empty() {
            object["metadata"]["managedFields"] = owners.into();
        }
        object
    }

    /// Code and message of the refusal of a configuration, which changes nothing.
    pub async fn refused(&self, parameters: &str, configuration: &Value) -> (u16, String) {
        let before = self.now().await;
        let refusal = self.ask("PATCH", parameters, &[("Content-Type", APPLY)], configuration).await;
        assert_eq!(self.now().await, before);
        refusal.said()
    }
}

/// An entry of managed fields of a core kind, without its time.
pub fn owner(manager: &str, operation: &str, fields: Value) -> Value {
    json!({
        "manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields,
    })
}

/// The owners of an object, without their times, which those of Scales do not have. A server has them in the order of operation, time and name: of writes
/// within a second and of later ones the order is the same here.
pub fn owners(object: &Value) -> Vec<Value> {
    let mut owners = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let by = |field: &'static str| move |owner: &Value| text(&owner[field]);
    let order = |owner: &Value| ["operation", "time", "manager"].map(|field| by(field)(owner));
    assert!(owners.is_sorted_by_key(order), "{owners:?}");
    for owner in &mut owners {
        let time = owner.as_object_mut().and_then(|owner| owner.remove("time"));
        let is_right =
            time.map_or(owner["subresource"] == "scale", |time| text(&time).parse::<jiff::Timestamp>().is_ok());
        assert!(is_right, "{owner}");
    }
    owners.sort_by_key(|owner| ["operation", "manager", "subresource"].map(|field| by(field)(owner)));
    owners
}

/// An object with such owners.
pub fn owned(mut object: Value) -> Value {
    let owners = owners(&object);
    if !owners.is_empty() {
        object["metadata"]["managedFields"] = owners.into();
    }
    object
}

pub async fn managers_are_named_by_a_parameter_or_by_how_the_client_calls_itself(ground: Ground) {
    for (parameters, agent, manager) in [
        ("fieldManager=spade", Some("garden/1.2 (linux)"), "spade"),
        ("", Some("garden/1.2 (linux)"), "garden"),
        ("", Some("garden"), "garden"),
        ("", Some("/1.2"), "unknown"),
        ("", None, "unknown"),
    ] {
        let headers: Vec<_> = agent.into_iter().map(|agent| ("User-Agent", agent)).collect();
        let object = CONFIG_MAPS.object(&ground.name(), json!({"labels": {"a": "1"}}));
        let path = format!("{}?dryRun=All&{parameters}", ground.all(&CONFIG_MAPS));
        let created = ground.ask_text("POST", &path, &headers, &object.to_string()).await;
        let creator = owner(manager, "Update", json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}}}}));
        assert_eq!((created.code, owners(&created.body)), (201, vec![creator]), "{parameters} {agent:?}");
    }
}

pub async fn managers_have_names_of_at_most_128_bytes_that_can_be_printed(ground: Ground) {
    let map = Map::new(ground);
    let object = map.configuration(json!({"a": "1"}));
    let long = "x".repeat(129);
    for (manager, why) in [
        (long.as_str(), "fieldManager: Too long: may not be more than 128 bytes"),
        ("a%07%C3%A9", "fieldManager: Invalid value: \"a\\aé\": invalid character U+0007 (at position 1)"),
    ] {
        let (code, message) = map.ask("POST", &format!("fieldManager={manager}"), &[], &object).await.said();
        assert_eq!((code, message), (422, format!("CreateOptions.meta.k8s.io \"\" is invalid: {why}")));
    }
    let longest = map.ask("POST", &format!("fieldManager={}", "%C3%A9".repeat(64)), &[], &object).await;
    assert_eq!(owners(&longest.body)[0]["manager"], "é".repeat(64));
}

pub async fn managers_take_what_they_change_and_nothing_else(ground: Ground) {
    let map = Map::new(ground);
    map.apply("fieldManager=rake", json!({"soil": "peat", "pot": "clay"})).await;
    let changed = map.patch("spade", &json!({"data": {"pot": "wood", "soil": "peat"}})).await;
    let rake = owner("rake", "Apply", json!({"f:data": {"f:soil": {}}}));
    let spade = owner("spade", "Update", json!({"f:data": {"f:pot": {}}}));
    let expected = map.object(json!({"soil": "peat", "pot": "wood"}), &[rake, spade]).await;
    assert_eq!(owned(changed), expected);
    let refused = map.refused("fieldManager=rake", &map.configuration(json!({"soil": "peat", "pot": "clay"}))).await;
    let message = "Apply failed with 1 conflict: conflict with \"spade\" using v1: .data.pot";
    assert_eq!(refused, (409, message.to_owned()));
}

pub async fn managers_that_change_nothing_own_nothing(ground: Ground) {
    let map = Map::new(ground);
    let created = map.apply("fieldManager=rake", json!({"soil": "peat"})).await.body;
    assert_eq!(map.patch("spade", &json!({"data": {"soil": "peat"}})).await, created);
    let replaced = map.ask("PUT", "fieldManager=spade", &[], &created).await;
    assert_eq!((replaced.code, replaced.body), (200, created));
}

pub async fn owners_go_when_a_write_clears_them_and_come_back_with_an_apply(ground: Ground) {
    let map = Map::new(ground);
    map.apply("fieldManager=rake", json!({"soil": "peat"})).await;
    let cleared = map.patch("spade", &json!({"metadata": {"managedFields": [{}]}})).await;
    assert_eq!(cleared, map.object(json!({"soil": "peat"}), &[]).await);
    let changed = map.patch("spade", &json!({"data": {"soil": "sand"}})).await;
    assert_eq!(changed, map.object(json!({"soil": "sand"}), &[]).await);
    let applied = map.apply("fieldManager=rake", json!({"pot": "clay"})).await;
    let rake = owner("rake", "Apply", json!({"f:data": {"f:pot": {}}}));
    let before = owner("before-first-apply", "Update", json!({"f:data": {".": {}, "f:soil": {}}}));
    let expected = map.object(json!({"soil": "sand", "pot": "clay"}), &[rake, before]).await;
    assert_eq!((applied.code, owned(applied.body)), (200, expected));
}

pub async fn defaults_belong_to_who_creates_and_to_nobody_who_applies(ground: Ground) {
    let service = |name: &str| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}});
    let all = format!("/api/v1/namespaces/{}/services", ground.namespace);
    let created = ground.make(&format!("{all}?fieldManager=rake"), &service("one")).await;
    let port = json!({".": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {}});
    let fields = json!({"f:spec": {
        "f:internalTrafficPolicy": {}, "f:sessionAffinity": {}, "f:type": {},
        "f:ports": {".": {}, "k:{\"port\":80,\"protocol\":\"TCP\"}": port},
    }});
    assert_eq!(owners(&created), [owner("rake", "Update", fields)]);
    let path = format!("{all}/two?fieldManager=rake");
    let applied = ground.ask("PATCH", &path, Some((APPLY, &service("two")))).await;
    let fields = json!({"f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}});
    assert_eq!((applied.code, owners(&applied.body)), (201, vec![owner("rake", "Apply", fields)]));
}

pub async fn of_many_managers_the_oldest_become_one(ground: Ground) {
    let map = Map::new(ground);
    map.ask("POST", "fieldManager=m00", &[], &map.configuration(json!({"k00": "1"}))).await;
    for number in 1..13 {
        let data = json!({"data": {format!("k{number:02}"): "1"}});
        map.patch(&format!("m{number:02}"), &data).await;
    }
    let owners = owners(&map.now().await);
    let managers: Vec<_> = owners.iter().map(|owner| text(&owner["manager"])).collect();
    let mut expected = vec!["ancient-changes".to_owned()];
    expected.extend((4..13).map(|number| format!("m{number:02}")));
    assert_eq!(managers, expected);
    let fields = json!({"f:data": {".": {}, "f:k00": {}, "f:k01": {}, "f:k02": {}, "f:k03": {}}});
    assert_eq!(owners[0], owner("ancient-changes", "Update", fields));
}

pub async fn who_replaces_may_say_who_owned_what(ground: Ground) {
    let map = Map::new(ground);
    let mut object = map.apply("fieldManager=rake", json!({"soil": "peat", "pot": "clay"})).await.body;
    object["metadata"]["managedFields"][0]["fieldsV1"] = json!({"f:data": {"f:soil": {}}});
    object["metadata"]["managedFields"][0]["manager"] = "hoe".into();
    object["data"]["pot"] = "wood".into();
    let replaced = map.ask("PUT", "fieldManager=spade", &[], &object).await;
    let hoe = owner("hoe", "Apply", json!({"f:data": {"f:soil": {}}}));
    let spade = owner("spade", "Update", json!({"f:data": {"f:pot": {}}}));
    let expected = map.object(json!({"soil": "peat", "pot": "wood"}), &[hoe, spade]).await;
    assert_eq!((replaced.code, owned(replaced.body)), (200, expected));
}

pub async fn conflicts_are_told_by_owner(ground: Ground) {
    let map = Map::new(ground);
    map.apply("fieldManager=rake", json!({"soil": "peat", "pot": "clay"})).await;
    map.patch("spade", &json!({"data": {"light": "dim"}})).await;
    let refused = map.apply("fieldManager=hose", json!({"soil": "sand", "pot": "wood", "light": "on"})).await;
    let message = "Apply failed with 3 conflicts: conflicts with \"rake\":\n- .data.pot\n- .data.soil\nconflicts with \
                   \"spade\" using v1:\n- .data.light";
    let cause = |owner: &str, field: &str| json!({"reason": "FieldManagerConflict", "message": format!("conflict with {owner}"), "field": field});
    // The causes come in any order of owners.
    let mut refused = refused.body;
    refused["details"]["causes"].as_array_mut().expect("causes").sort_by_key(|cause| text(&cause["field"]));
    let causes = json!([
        cause("\"spade\" using v1", ".data.light"),
        cause("\"rake\"", ".data.pot"),
        cause("\"rake\"", ".data.soil"),
    ]);
    assert_eq!(refused, failure(409, "Conflict", message, json!({"causes": causes})));
}
