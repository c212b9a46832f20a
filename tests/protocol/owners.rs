//! Who owns what nobody wrote, and what is owned as a whole.

use serde_json::{Value, json};

use crate::{
    ground::{Ground, text},
    kinds::{CONFIG_MAPS, Kind},
};

const VOLUMES: Kind = Kind { cluster: true, ..Kind::new("", "persistentvolumes", "PersistentVolume") };
const REVISIONS: Kind = Kind::new("apps", "controllerrevisions", "ControllerRevision");
const SETS: Kind = Kind::new("apps", "daemonsets", "DaemonSet");

/// The fields of the only one who owns any.
fn owned(object: &Value) -> &Value {
    let owners = &object["metadata"]["managedFields"];
    assert_eq!(owners.as_array().map(Vec::len), Some(1), "{object}");
    &owners[0]["fieldsV1"]
}

pub async fn the_label_of_a_namespace_is_its_creators_unless_the_name_is_made_up(ground: Ground) {
    let name = ground.name().replace('.', "-");
    let create = async |metadata: Value| {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        let made = ground.post("/api/v1/namespaces", &namespace).await;
        assert_eq!(made.code, 201, "{made:?}");
        let made = made.body;
        assert_eq!(
            made["metadata"]["labels"],
            json!({"a": "b", "kubernetes.io/metadata.name": made["metadata"]["name"]})
        );
        made
    };
    let named = create(json!({"name": name, "labels": {"a": "b"}})).await;
    let labels = json!({".": {}, "f:a": {}, "f:kubernetes.io/metadata.name": {}});
    assert_eq!(owned(&named)["f:metadata"], json!({"f:labels": labels}));
    let generated = create(json!({"generateName": format!("{name}-"), "labels": {"a": "b"}})).await;
    let labels = json!({".": {}, "f:a": {}});
    assert_eq!(owned(&generated)["f:metadata"], json!({"f:generateName": {}, "f:labels": labels}));
    for namespace in [named, generated] {
        ground.delete(&format!("/api/v1/namespaces/{}", text(&namespace["metadata"]["name"]))).await;
    }
}

pub async fn the_generation_of_a_template_belongs_to_who_made_the_daemon_set(ground: Ground) {
    let mut set = SETS.object(&ground.name(), json!({}));
    let pod = json!({"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    set["spec"] = json!({"selector": {"matchLabels": {"app": "a"}}, "template": pod});
    let made = ground.post(&ground.all(&SETS), &set).await.body;
    let annotation = "deprecated.daemonset.template.generation";
    assert_eq!(made["metadata"]["annotations"], json!({annotation: "1"}));
    let annotations = json!({".": {}, format!("f:{annotation}"): {}});
    assert_eq!(owned(&made)["f:metadata"], json!({"f:annotations": annotations}));
}

pub async fn a_volume_is_claimed_field_by_field_and_a_revision_is_one_value(ground: Ground) {
    let name = ground.name();
    let mut volume = VOLUMES.object(&name, json!({}));
    volume["spec"] = json!({
        "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "storageClassName": "none",
        "csi": {"driver": "example.com", "volumeHandle": name}, "claimRef": {"namespace": "default", "name": name},
    });
    let made = ground.post(&ground.all(&VOLUMES), &volume).await.body;
    assert_eq!(owned(&made)["f:spec"]["f:claimRef"], json!({".": {}, "f:name": {}, "f:namespace": {}}));
    ground.delete(&ground.one(&VOLUMES, &name)).await;
    let mut revision = REVISIONS.object(&name, json!({}));
    revision["data"] = json!({"a": {"b": 1}});
    revision["revision"] = json!(1);
    let made = ground.post(&ground.all(&REVISIONS), &revision).await.body;
    assert_eq!(*owned(&made), json!({"f:data": {}, "f:revision": {}}));
}

pub async fn an_empty_list_of_owners_takes_away_all_and_none_takes_nothing(ground: Ground) {
    let name = ground.name();
    let path = ground.one(&CONFIG_MAPS, &name);
    let mut object = CONFIG_MAPS.object(&name, json!({}));
    object["data"] = json!({"a": "b"});
    let made = ground.post(&ground.all(&CONFIG_MAPS), &object).await.body;
    assert_eq!(*owned(&made), json!({"f:data": {".": {}, "f:a": {}}}));
    let broken = json!([{
        "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": "x"}, "manager": "m", "operation": "Update",
    }]);
    for kept in [Value::Null, broken] {
        object["metadata"]["managedFields"] = kept;
        assert_eq!(
            ground.put(&path, &object).await.body["metadata"]["managedFields"],
            made["metadata"]["managedFields"]
        );
    }
    object["metadata"]["managedFields"] = json!([]);
    assert_eq!(ground.put(&path, &object).await.body["metadata"]["managedFields"], Value::Null);
}

pub async fn an_owner_who_is_named_twice_is_one(ground: Ground) {
    let names = ground.names(2);
    let owner = |uid: &str| json!({"apiVersion": "v1", "kind": "Pod", "name": names[0], "uid": uid});
    let owners = json!([owner("a"), owner("b"), owner("a")]);
    let object = CONFIG_MAPS.object(&names[0], json!({"ownerReferences": owners}));
    let told = |when: &str| {
        format!(
            "299 - \".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in \
             1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: a\""
        )
    };
    let made = ground.post(&ground.all(&CONFIG_MAPS), &object).await;
    assert_eq!((made.code, made.warnings()), (201, vec![told("")]));
    assert_eq!(made.body["metadata"]["ownerReferences"], json!([owner("a"), owner("b")]));
    ground.create(&CONFIG_MAPS, &names[1], json!({})).await;
    let patch = json!({"metadata": {"ownerReferences": owners}});
    let patched = ground.merge(&ground.one(&CONFIG_MAPS, &names[1]), &patch).await;
    assert_eq!((patched.code, patched.warnings()), (200, vec![told(" after mutating admission happens")]));
    assert_eq!(patched.body["metadata"]["ownerReferences"], json!([owner("a"), owner("b")]));
}
