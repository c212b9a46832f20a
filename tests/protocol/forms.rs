//! The forms in which objects come and go.

use serde_json::{Value, json};

use crate::{
    ground::{Ground, text},
    kinds::{CONFIG_MAPS, Kind, SECRETS},
};

const LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const ONE: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// An object without all but its metadata.
fn bare(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}

pub async fn metadata_alone_is_answered_where_the_client_asks_for_it(ground: Ground) {
    let (kind, name) = (&SECRETS, ground.name());
    let created = ground.create(kind, &name, json!({"labels": {"a": "b"}})).await;
    let (all, one) = (ground.all(kind), ground.one(kind, &name));
    let other = "application/json;as=Nope;g=meta.k8s.io;v=v1,application/json";
    for (path, accept, code, expected) in [
        (&all, LIST, 200, Some(bare(&created))),
        (&all, &format!("{LIST},application/json"), 200, Some(bare(&created))),
        (&one, ONE, 200, Some(bare(&created))),
        (&one, other, 200, Some(created.clone())),
        (&all, ONE, 406, None),
        (&one, LIST, 406, None),
        (&all, "text/html", 406, None),
    ] {
        let answer = ground.ask_text("GET", path, &[("Accept", accept)], "").await;
        assert_eq!(answer.code, code, "{path} {accept}");
        if let Some(expected) = expected {
            let mut list = answer.body.clone();
            let object = list["items"].get_mut(0).map_or(answer.body, Value::take);
            assert_eq!(object, expected, "{path} {accept}");
        }
    }
}

pub async fn bodies_are_yaml_too(ground: Ground) {
    let name = ground.name();
    let (all, body) = (ground.all(&CONFIG_MAPS), format!("metadata: {{name: {name}}}\ndata: {{a: b}}\n"));
    let created = ground.ask_text("POST", &all, &[("Content-Type", "application/yaml")], &body).await;
    assert_eq!((created.code, &created.body["data"]), (201, &json!({"a": "b"})));
    assert_eq!(ground.ask_text("POST", &all, &[("Content-Type", "text/plain")], &body).await.code, 415);
}

pub async fn secrets_and_services_are_filled_in(ground: Ground) {
    let object = |kind: &str, fields: Value| {
        let mut object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "filled"}});
        crate::support::merge(&mut object, &fields);
        object
    };
    let path = |plural: &str| format!("/api/v1/namespaces/{}/{plural}", ground.namespace);
    let secret = object("Secret", json!({"stringData": {"p": "w"}, "data": {"q": "eA==\n"}}));
    let secret = ground.post(&path("secrets"), &secret).await.body;
    assert_eq!(
        (&secret["data"], &secret["type"], secret.get("stringData")),
        (&json!({"p": "dw==", "q": "eA=="}), &json!("Opaque"), None)
    );
    let service = object("Service", json!({"spec": {"ports": [{"port": 80}]}}));
    let service = ground.post(&path("services"), &service).await.body;
    let address = &service["spec"]["clusterIP"];
    assert!(text(address).parse::<std::net::Ipv4Addr>().is_ok(), "{address}");
    let spec = json!({
        "ports": [{"protocol": "TCP", "port": 80, "targetPort": 80}], "type": "ClusterIP",
        "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
        "clusterIP": address, "clusterIPs": [address], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
    });
    assert_eq!((&service["spec"], &service["status"]), (&spec, &json!({"loadBalancer": {}})));
    let empty = object("ConfigMap", json!({"metadata": {"labels": {}}, "data": {}}));
    let empty = ground.post(&path("configmaps"), &empty).await.body;
    assert_eq!((empty.get("data"), empty["metadata"].get("labels")), (None, None));
}

pub async fn tables_without_rows_depend_on_who_draws_them(ground: Ground) {
    let table = "application/json;as=Table;g=meta.k8s.io;v=v1";
    for (kind, rows) in [
        (Kind::new("", "secrets", "Secret"), json!([])),
        (Kind::new("apps", "deployments", "Deployment"), json!([])),
        (Kind::new("rbac.authorization.k8s.io", "roles", "Role"), Value::Null),
        (Kind::new("", "limitranges", "LimitRange"), Value::Null),
    ] {
        let answer = ground.ask_text("GET", &ground.all(&kind), &[("Accept", table)], "").await;
        assert_eq!((&answer.body["kind"], &answer.body["rows"]), (&json!("Table"), &rows), "{}", kind.plural);
    }
}

pub async fn events_of_both_groups_show_what_they_do_not_say(ground: Ground) {
    let about = json!({"kind": "Pod", "namespace": ground.namespace, "name": "p"});
    let (old, new) = (Kind::new("", "events", "Event"), Kind::new("events.k8s.io", "events", "Event"));
    let [first, second] = [ground.name(), ground.name()];
    let mut event = old.object(&first, json!({}));
    event["involvedObject"] = about.clone();
    let created = ground.post(&ground.all(&old), &event).await.body;
    for (field, value) in [("firstTimestamp", Value::Null), ("source", json!({})), ("reportingComponent", json!(""))] {
        assert_eq!(created.get(field), Some(&value), "{created}");
    }
    let mut event = new.object(&second, json!({}));
    let said = json!({
        "regarding": about, "eventTime": "2026-01-02T03:04:05.000000Z", "reportingController": "example.com/c",
        "reportingInstance": "i", "action": "a", "reason": "r", "type": "Normal",
    });
    event.as_object_mut().expect("an object").extend(said.as_object().cloned().expect("fields"));
    let created = ground.post(&ground.all(&new), &event).await.body;
    for (field, value) in [("deprecatedFirstTimestamp", Value::Null), ("deprecatedSource", json!({}))] {
        assert_eq!(created.get(field), Some(&value), "{created}");
    }
    // Inside they are one kind, and messages say so.
    event["metadata"]["name"] = "Bad_Name".into();
    let refused = ground.post(&ground.all(&new), &event).await.body;
    assert!(text(&refused["message"]).starts_with("Event \"Bad_Name\" is invalid: "), "{refused}");
    assert_eq!((&refused["details"]["kind"], refused["details"].get("group")), (&json!("Event"), None));
}
