//! What kinds there are, as the server tells it.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use crate::{
    definition::{DEFINITIONS, Definition},
    ground::{Answer, Ground, text},
    support::{served::served, soon},
};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

async fn read(ground: &Ground, path: &str) -> Value {
    ground.get(path).await.body
}

async fn get(ground: &Ground, path: &str, accept: &str) -> Answer {
    ground.ask_text("GET", path, &[("accept", accept)], "").await
}

fn found<'l>(list: &'l Value, field: &str, name: &str) -> Option<&'l Value> {
    list.as_array()?.iter().find(|item| item[field] == name)
}

/// A kind with two versions, of which only the first has parts, once all that tells of kinds tells of it.
async fn with_gadgets(ground: &Ground) -> Definition {
    let sizes = json!({"type": "object", "properties": {"size": {"type": "integer"}}});
    let scale = json!({"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"});
    let parts = json!({"subresources": {"status": {}, "scale": scale}});
    let (definition, mut object) = Definition::of(ground, &sizes, &parts);
    let (mut beta, names) = (object["spec"]["versions"][0].clone(), &mut object["spec"]["names"]);
    names["shortNames"] = json!(["gd"]);
    names["categories"] = json!(["all", "toys"]);
    beta.as_object_mut().expect("a version").remove("subresources");
    beta["name"] = "v1beta1".into();
    beta["storage"] = false.into();
    object["spec"]["versions"].as_array_mut().expect("versions").push(beta);
    object["spec"]["scope"] = "Cluster".into();
    ground.make(DEFINITIONS, &object).await;
    served(&ground.client, &definition.name(), &format!("/apis/{}/v1beta1/gadgets", definition.group)).await;
    // A real server tells of it a moment later.
    soon(async {
        while group(ground, &definition).await["versions"].as_array().map(Vec::len) != Some(2) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    soon(async {
        while ground.get(&format!("/apis/{}/v1", definition.group)).await.code != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    definition
}

/// What the aggregated list says of its group.
async fn group(ground: &Ground, definition: &Definition) -> Value {
    let list = get(ground, "/apis", AGGREGATED).await.body;
    let group = |item: &&Value| item["metadata"]["name"] == definition.group.as_str();
    list["items"].as_array().expect("items").iter().find(group).cloned().unwrap_or_default()
}

const CUSTOM_VERBS: [&str; 8] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

pub async fn kinds_are_listed_with_their_parts_verbs_and_categories(ground: Ground) {
    let list = read(&ground, "/apis/apps/v1").await;
    assert_eq!((&list["kind"], &list["apiVersion"]), (&json!("APIResourceList"), &json!("v1")));
    let resource = |name: &str| {
        let mut resource = found(&list["resources"], "name", name).expect(name).clone();
        resource.as_object_mut().expect("a resource").remove("storageVersionHash");
        resource
    };
    let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    assert_eq!(
        resource("deployments"),
        json!({
            "name": "deployments", "singularName": "deployment", "namespaced": true, "kind": "Deployment",
            "verbs": verbs, "shortNames": ["deploy"], "categories": ["all"],
        })
    );
    assert_eq!(
        resource("deployments/scale"),
        json!({
            "name": "deployments/scale", "singularName": "", "namespaced": true, "kind": "Scale",
            "group": "autoscaling", "version": "v1", "verbs": ["get", "patch", "update"],
        })
    );
    assert_eq!(
        resource("deployments/status"),
        json!({
            "name": "deployments/status", "singularName": "", "namespaced": true, "kind": "Deployment",
            "verbs": ["get", "patch", "update"],
        })
    );
}

pub async fn the_core_group_does_not_say_its_version_twice(ground: Ground) {
    let list = read(&ground, "/api/v1").await;
    assert_eq!((&list["groupVersion"], list.get("apiVersion")), (&json!("v1"), None));
    assert_eq!(read(&ground, "/api").await.get("apiVersion"), None);
    let verbs = &found(&list["resources"], "name", "namespaces").expect("namespaces")["verbs"];
    assert_eq!(*verbs, json!(["create", "delete", "get", "list", "patch", "update", "watch"]));
}

pub async fn each_version_of_a_custom_kind_has_parts_of_its_own(ground: Ground) {
    let definition = with_gadgets(&ground).await;
    let names = async |version: &str| -> Vec<String> {
        let list = read(&ground, &format!("/apis/{}/{version}", definition.group)).await;
        list["resources"].as_array().expect("resources").iter().map(|resource| text(&resource["name"])).collect()
    };
    assert_eq!(names("v1").await, ["gadgets", "gadgets/status", "gadgets/scale"]);
    assert_eq!(names("v1beta1").await, ["gadgets"]);
    let mut gadgets = read(&ground, &format!("/apis/{}/v1", definition.group)).await["resources"][0].take();
    gadgets.as_object_mut().expect("a resource").remove("storageVersionHash");
    let expected = json!({
        "name": "gadgets", "singularName": "gadget", "namespaced": false, "kind": "Gadget", "verbs": CUSTOM_VERBS,
        "shortNames": ["gd"], "categories": ["all", "toys"],
    });
    assert_eq!(gadgets, expected);
    let kind = json!({"group": definition.group, "version": "v1", "kind": "Gadget"});
    let scale = json!({"group": "autoscaling", "version": "v1", "kind": "Scale"});
    let parts = json!([
        {"subresource": "status", "responseKind": kind, "verbs": ["get", "patch", "update"]},
        {"subresource": "scale", "responseKind": scale, "verbs": ["get", "patch", "update"]},
    ]);
    let expected = json!({"version": "v1", "freshness": "Current", "resources": [{
        "resource": "gadgets", "singularResource": "gadget", "scope": "Cluster", "responseKind": kind,
        "verbs": CUSTOM_VERBS, "shortNames": ["gd"], "categories": ["all", "toys"], "subresources": parts,
    }]});
    assert_eq!(group(&ground, &definition).await["versions"][0], expected);
    definition.forget(&ground).await;
}

/// What a list of groups says of the built-in kinds: their paths, scopes, verbs and parts.
pub async fn all_at_once_tells_the_same_as_group_by_group(ground: Ground) {
    let mut aggregated = BTreeSet::new();
    for (root, list) in
        [("/api", get(&ground, "/api", AGGREGATED).await), ("/apis", get(&ground, "/apis", AGGREGATED).await)]
    {
        assert_eq!(list.header("content-type"), AGGREGATED);
        let said = [&list.body["kind"], &list.body["apiVersion"]];
        assert_eq!(said, ["APIGroupDiscoveryList", "apidiscovery.k8s.io/v2"]);
        for item in list.body["items"].as_array().expect("items") {
            let group = item["metadata"]["name"].as_str().map_or(String::new(), |name| format!("/{name}"));
            // Those of other cases come and go.
            if group.ends_with(".example.com") {
                continue;
            }
            for version in item["versions"].as_array().expect("versions") {
                for resource in version["resources"].as_array().expect("resources") {
                    let name = text(&resource["resource"]);
                    let path = format!("{root}{group}/{}", text(&version["version"]));
                    let namespaced = resource["scope"] == "Namespaced";
                    aggregated.insert((path.clone(), name.clone(), namespaced, resource["verbs"].to_string()));
                    for part in resource["subresources"].as_array().into_iter().flatten() {
                        let name = format!("{name}/{}", text(&part["subresource"]));
                        aggregated.insert((path.clone(), name, namespaced, part["verbs"].to_string()));
                    }
                }
            }
        }
    }
    let mut plain = BTreeSet::new();
    let paths: BTreeSet<_> = aggregated.iter().map(|(path, ..)| path.clone()).collect();
    assert!(["/api/v1", "/apis/apps/v1"].iter().all(|path| paths.contains(*path)), "{paths:?}");
    for path in paths {
        for resource in read(&ground, &path).await["resources"].as_array().expect("resources") {
            let namespaced = resource["namespaced"] == true;
            plain.insert((path.clone(), text(&resource["name"]), namespaced, resource["verbs"].to_string()));
        }
    }
    assert_eq!(aggregated, plain);
}

pub async fn who_has_it_already_is_not_sent_it_again_until_it_changes(ground: Ground) {
    let again =
        async |tag: &str| ground.ask_text("GET", "/apis", &[("accept", AGGREGATED), ("if-none-match", tag)], "").await;
    // Kinds of other cases come and go meanwhile.
    let tag = soon(async {
        loop {
            let first = get(&ground, "/apis", AGGREGATED).await;
            assert_eq!((first.header("vary"), first.header("cache-control")), ("Accept", "public"));
            let tag = first.header("etag").to_owned();
            let known = again(&tag).await;
            if known.code == 304 {
                assert_eq!((known.text.as_str(), known.header("etag")), ("", tag.as_str()));
                break tag;
            }
        }
    })
    .await;
    let definition = with_gadgets(&ground).await;
    let changed = again(&tag).await;
    assert_eq!((changed.code, &changed.body["kind"]), (200, &json!("APIGroupDiscoveryList")));
    assert_ne!(changed.header("etag"), tag);
    definition.forget(&ground).await;
}

pub async fn who_would_rather_have_it_plain_gets_it_plain(ground: Ground) {
    let fallback = "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList,application/json";
    assert_eq!(get(&ground, "/apis", fallback).await.body["kind"], "APIGroupList");
    let either = format!("{AGGREGATED},{fallback}");
    assert_eq!(get(&ground, "/apis", &either).await.body["kind"], "APIGroupDiscoveryList");
}
