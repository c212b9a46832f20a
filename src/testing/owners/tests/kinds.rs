//! What is owned in one piece and what part by part, kind by kind.

use serde_json::json;

use super::*;

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
