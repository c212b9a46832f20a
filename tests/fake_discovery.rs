//! What the server says of itself, and the forms in which it says things.

use std::collections::BTreeSet;

use kube::discovery::{Discovery, Scope};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};

mod support;

use support::http::{Answer, CONFIG_MAPS, send};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

async fn get(cluster: &FakeCluster, path: &str, accept: &str) -> Answer {
    send(cluster, "GET", path, &[("accept", accept)], "").await
}

async fn read(cluster: &FakeCluster, path: &str) -> Value {
    get(cluster, path, "application/json").await.json()
}

/// Kinds with two versions, of which only the first has parts.
fn with_things() -> FakeCluster {
    let cluster = FakeCluster::new();
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "size": {"type": "integer", "description": "How large it is"},
    }}}}});
    let scale = json!({"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"});
    let names = json!({"plural": "things", "kind": "Thing", "shortNames": ["th"], "categories": ["all", "toys"]});
    let versions = json!([
        {"name": "v1", "served": true, "storage": true, "schema": schema, "subresources": {"status": {}, "scale": scale}},
        {"name": "v1beta1", "served": true, "storage": false, "schema": schema},
    ]);
    let spec = json!({"group": "example.com", "scope": "Cluster", "names": names, "versions": versions});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"}, "spec": spec,
    });
    cluster.create(definition).unwrap();
    cluster
}

fn found<'l>(list: &'l Value, field: &str, name: &str) -> &'l Value {
    list.as_array().unwrap().iter().find(|item| item[field] == name).unwrap_or_else(|| panic!("{name} in {list}"))
}

mod resources {
    use super::*;

    #[tokio::test]
    async fn kinds_are_listed_with_their_parts_verbs_and_categories() {
        let cluster = FakeCluster::new();
        let list = read(&cluster, "/apis/apps/v1").await;
        assert_eq!((&list["kind"], &list["apiVersion"]), (&json!("APIResourceList"), &json!("v1")));
        let resource = |name: &str| found(&list["resources"], "name", name).clone();
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

    #[tokio::test]
    async fn the_core_group_does_not_say_its_version_twice() {
        let cluster = FakeCluster::new();
        let list = read(&cluster, "/api/v1").await;
        assert_eq!((&list["groupVersion"], list.get("apiVersion")), (&json!("v1"), None));
        assert_eq!(read(&cluster, "/api").await.get("apiVersion"), None);
    }

    #[tokio::test]
    async fn namespaces_are_deleted_one_by_one() {
        let cluster = FakeCluster::new();
        let list = read(&cluster, "/api/v1").await;
        let verbs = &found(&list["resources"], "name", "namespaces")["verbs"];
        assert_eq!(*verbs, json!(["create", "delete", "get", "list", "patch", "update", "watch"]));
        assert_eq!(send(&cluster, "DELETE", "/api/v1/namespaces", &[], "").await.code, 405);
    }

    #[tokio::test]
    async fn each_version_of_a_custom_kind_has_parts_of_its_own() {
        let cluster = with_things();
        let names = async |version: &str| -> Vec<String> {
            let list = read(&cluster, &format!("/apis/example.com/{version}")).await;
            let resources = list["resources"].as_array().unwrap().iter();
            resources.map(|resource| resource["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names("v1").await, ["things", "things/status", "things/scale"]);
        assert_eq!(names("v1beta1").await, ["things"]);
        let list = read(&cluster, "/apis/example.com/v1").await;
        assert_eq!(
            list["resources"][0],
            json!({
                "name": "things", "singularName": "thing", "namespaced": false, "kind": "Thing",
                "verbs": ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
                "shortNames": ["th"], "categories": ["all", "toys"],
            })
        );
    }
}

mod aggregated {
    use super::*;

    #[tokio::test]
    async fn a_client_finds_the_same_as_group_by_group() {
        let cluster = with_things();
        let all = |discovery: &Discovery| -> BTreeSet<String> {
            let groups = discovery.groups();
            let kinds = groups.flat_map(|group| {
                group.versions().flat_map(|version| group.versioned_resources(version)).collect::<Vec<_>>()
            });
            kinds
                .map(|(resource, capabilities)| {
                    let parts: BTreeSet<_> = capabilities.subresources.iter().map(|(part, _)| &part.plural).collect();
                    let verbs: BTreeSet<_> = capabilities.operations.iter().collect();
                    let namespaced = capabilities.scope == Scope::Namespaced;
                    format!("{} {} {namespaced} {verbs:?} {parts:?}", resource.api_version, resource.plural)
                })
                .collect()
        };
        let plain = all(&Discovery::new(cluster.client()).run().await.unwrap());
        let before = cluster.requests().count();
        let aggregated = all(&Discovery::new(cluster.client()).run_aggregated().await.unwrap());
        assert_eq!(cluster.requests().count() - before, 2);
        assert!(plain.iter().any(|line| line.starts_with("example.com/v1beta1 things false")));
        assert_eq!(aggregated, plain);
    }

    #[tokio::test]
    async fn custom_kinds_say_what_they_answer_with() {
        let cluster = with_things();
        let answer = get(&cluster, "/apis", AGGREGATED).await;
        assert_eq!(answer.header("content-type"), AGGREGATED);
        let list = answer.json();
        assert_eq!(
            (&list["kind"], &list["apiVersion"]),
            (&json!("APIGroupDiscoveryList"), &json!("apidiscovery.k8s.io/v2"))
        );
        let group = list["items"].as_array().unwrap().iter().find(|item| item["metadata"]["name"] == "example.com");
        let thing = json!({"group": "example.com", "version": "v1", "kind": "Thing"});
        let scale = json!({"group": "autoscaling", "version": "v1", "kind": "Scale"});
        assert_eq!(
            group.unwrap()["versions"][0],
            json!({"version": "v1", "freshness": "Current", "resources": [{
                "resource": "things", "singularResource": "thing", "scope": "Cluster", "responseKind": thing,
                "verbs": ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
                "shortNames": ["th"], "categories": ["all", "toys"],
                "subresources": [
                    {"subresource": "status", "responseKind": thing, "verbs": ["get", "patch", "update"]},
                    {"subresource": "scale", "responseKind": scale, "verbs": ["get", "patch", "update"]},
                ],
            }]})
        );
    }

    #[tokio::test]
    async fn who_has_it_already_is_not_sent_it_again_until_it_changes() {
        let cluster = FakeCluster::new();
        let first = get(&cluster, "/apis", AGGREGATED).await;
        assert_eq!((first.header("vary"), first.header("cache-control")), ("Accept", "public"));
        let tag = first.header("etag").to_owned();
        let again =
            async || send(&cluster, "GET", "/apis", &[("accept", AGGREGATED), ("if-none-match", &tag)], "").await;
        let known = again().await;
        assert_eq!((known.code, known.text.as_str(), known.header("etag")), (304, "", tag.as_str()));
        let names = json!({"plural": "others", "kind": "Other"});
        let versions =
            json!([{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}]);
        let spec = json!({"group": "example.org", "scope": "Namespaced", "names": names, "versions": versions});
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "others.example.org"}, "spec": spec,
        });
        cluster.create(definition).unwrap();
        let changed = again().await;
        assert_eq!(changed.code, 200);
        assert_ne!(changed.header("etag"), tag);
    }

    #[tokio::test]
    async fn who_would_rather_have_it_plain_gets_it_plain() {
        let cluster = FakeCluster::new();
        let fallback = "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList,application/json";
        assert_eq!(get(&cluster, "/apis", fallback).await.json()["kind"], "APIGroupList");
        assert_eq!(
            get(&cluster, "/apis", &format!("{AGGREGATED},{fallback}")).await.json()["kind"],
            "APIGroupDiscoveryList"
        );
    }
}

mod pages {
    use super::*;

    #[tokio::test]
    async fn all_is_well() {
        let cluster = FakeCluster::new();
        for path in ["/healthz", "/livez", "/readyz", "/readyz/ping", "/livez/etcd"] {
            let answer = get(&cluster, path, "*/*").await;
            let said = (answer.code, answer.text.as_str(), answer.header("content-type"));
            assert_eq!(said, (200, "ok", "text/plain; charset=utf-8"), "{path}");
            let alone = path.matches('/').count() == 2;
            assert_eq!(answer.header("x-content-type-options"), if alone { "" } else { "nosniff" });
        }
        assert_eq!(get(&cluster, "/livez/nothing", "*/*").await.code, 404);
        assert_eq!(
            get(&cluster, "/livez?verbose&exclude=etcd", "*/*").await.text,
            "[+]ping ok\n[+]log ok\n[+]etcd excluded: ok\nlivez check passed\n"
        );
    }

    #[tokio::test]
    async fn every_path_of_the_list_leads_somewhere() {
        let cluster = with_things();
        let list = read(&cluster, "/").await;
        let paths = list["paths"].as_array().unwrap();
        for path in ["/api/v1", "/apis/example.com/v1beta1", "/openapi/v3", "/version", "/healthz/ping"] {
            assert!(paths.contains(&json!(path)), "{path}");
        }
        for path in paths {
            let path = path.as_str().unwrap();
            assert_eq!(get(&cluster, path, "*/*").await.code, 200, "{path}");
        }
    }

    #[tokio::test]
    async fn documents_are_read_and_nothing_else() {
        let cluster = FakeCluster::new();
        for path in ["/api", "/apis", "/apis/apps", "/apis/apps/v1", "/version"] {
            assert_eq!(send(&cluster, "POST", path, &[], "").await.code, 405, "{path}");
        }
    }

    #[tokio::test]
    async fn the_version_is_indented_whoever_asks() {
        let cluster = FakeCluster::new();
        let answer = get(&cluster, "/version", "application/json").await;
        assert!(answer.text.starts_with("{\n  \""), "{}", answer.text);
        assert_eq!(answer.json()["gitVersion"], "v1.36.3");
        assert_eq!(get(&cluster, "/version", "application/yaml").await.code, 406);
    }

    #[tokio::test]
    async fn what_is_not_there_is_plain_text() {
        let answer = get(&FakeCluster::new(), "/nothing/here", "application/json").await;
        assert_eq!((answer.code, answer.text.as_str()), (404, "404 page not found\n"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

mod open_api {
    use super::*;

    #[tokio::test]
    async fn every_group_version_has_a_document() {
        let cluster = with_things();
        let index = get(&cluster, "/openapi/v3", "application/json, */*").await;
        assert_eq!(index.header("content-type"), "text/plain; charset=utf-8");
        let paths = index.json()["paths"].as_object().unwrap().clone();
        let list = read(&cluster, "/").await;
        let listed =
            list["paths"].as_array().unwrap().iter().filter_map(|path| path.as_str().unwrap().strip_prefix('/'));
        let expected: BTreeSet<_> = listed
            .filter(|path| *path == "api/v1" || (path.starts_with("apis/") && path.matches('/').count() == 2))
            .collect();
        assert_eq!(paths.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
        for (path, entry) in &paths {
            let address = entry["serverRelativeURL"].as_str().unwrap();
            let answer = get(&cluster, address, "application/json").await;
            assert_eq!((answer.code, answer.header("cache-control")), (200, "public, immutable"), "{path}");
            let document = answer.json();
            assert_eq!(document["openapi"], "3.0.0");
            let schemas = document["components"]["schemas"].as_object().unwrap();
            let mut named = Vec::new();
            references(&document, &mut named);
            for name in named {
                assert!(schemas.contains_key(&name), "{name} in {path}");
            }
        }
    }

    /// All schemas that are named somewhere.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                let name = fields.get("$ref").and_then(Value::as_str);
                found.extend(name.map(|name| name.strip_prefix("#/components/schemas/").unwrap().to_owned()));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[tokio::test]
    async fn an_address_of_yesterday_leads_to_that_of_today() {
        let cluster = FakeCluster::new();
        let index = get(&cluster, "/openapi/v3", "*/*").await.json();
        let today = index["paths"]["apis/apps/v1"]["serverRelativeURL"].as_str().unwrap();
        let answer = get(&cluster, "/openapi/v3/apis/apps/v1?hash=0", "application/json").await;
        assert_eq!((answer.code, answer.header("location"), answer.text.as_str()), (301, today, ""));
        let tag = answer.header("etag").to_owned();
        let known = send(&cluster, "GET", "/openapi/v3/apis/apps/v1", &[("if-none-match", &tag)], "").await;
        assert_eq!((known.code, known.text.as_str()), (304, ""));
        let answer = get(&cluster, "/openapi/v3/apis/nobody.example.com/v1", "application/json").await;
        assert_eq!((answer.code, answer.text.as_str()), (404, ""));
    }

    #[tokio::test]
    async fn fields_say_how_they_merge() {
        let document = read(&FakeCluster::new(), "/openapi/v3/api/v1").await;
        let schemas = &document["components"]["schemas"];
        assert_eq!(
            schemas["PodSpec"]["properties"]["volumes"],
            json!({
                "type": "array",
                "items": {"allOf": [{"$ref": "#/components/schemas/Volume"}]},
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "x-kubernetes-patch-strategy": "merge,retainKeys",
                "x-kubernetes-patch-merge-key": "name",
            })
        );
        let pod = json!([{"group": "", "version": "v1", "kind": "Pod"}]);
        assert_eq!(schemas["Pod"]["x-kubernetes-group-version-kind"], pod);
    }

    #[tokio::test]
    async fn custom_kinds_bring_their_schemas() {
        let document = read(&with_things(), "/openapi/v3/apis/example.com/v1").await;
        let schema = &document["components"]["schemas"]["com.example.v1.Thing"];
        let size = json!({"type": "integer", "description": "How large it is"});
        assert_eq!(schema["properties"]["spec"]["properties"]["size"], size);
        let kind = json!({"group": "example.com", "version": "v1", "kind": "Thing"});
        assert_eq!(schema["x-kubernetes-group-version-kind"], json!([kind]));
        let patch = &document["paths"]["/apis/example.com/v1/things/{name}"]["patch"];
        assert_eq!(patch["x-kubernetes-group-version-kind"], kind);
        let parameters: Vec<_> = patch["parameters"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
        assert_eq!(parameters, ["dryRun", "fieldManager", "fieldValidation", "force"]);
    }
}

mod media_types {
    use super::*;

    const TYPES: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

    fn config_map(cluster: &FakeCluster) -> Value {
        let object =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"a": "yes"}});
        cluster.create(object).unwrap()
    }

    fn refusal(answer: &Answer) -> (u16, String) {
        (answer.code, answer.json()["message"].as_str().unwrap_or_default().to_owned())
    }

    #[tokio::test]
    async fn the_dearest_type_the_server_has_is_answered() {
        let cluster = FakeCluster::new();
        config_map(&cluster);
        let path = format!("{CONFIG_MAPS}/one");
        for (accept, media_type) in [
            ("", "application/json"),
            ("*/*", "application/json"),
            ("application/yaml", "application/yaml"),
            ("application/json;q=0.1, application/yaml;q=0.5", "application/yaml"),
            ("*/*, application/yaml", "application/yaml"),
            ("application/vnd.kubernetes.protobuf, application/json", "application/json"),
            ("application/cbor,application/yaml", "application/yaml"),
        ] {
            let answer = get(&cluster, &path, accept).await;
            assert_eq!((answer.code, answer.header("content-type")), (200, media_type), "{accept}");
        }
    }

    #[tokio::test]
    async fn yaml_is_what_kubectl_would_print() {
        let cluster = FakeCluster::new();
        let metadata = &config_map(&cluster)["metadata"];
        let text = |field: &str| metadata[field].as_str().unwrap();
        let expected = format!(
            "apiVersion: v1\ndata:\n  a: \"yes\"\nkind: ConfigMap\nmetadata:\n  creationTimestamp: \"{}\"\n  name: one\n  \
             namespace: default\n  resourceVersion: \"{}\"\n  uid: {}\n",
            text("creationTimestamp"),
            text("resourceVersion"),
            text("uid")
        );
        assert_eq!(get(&cluster, &format!("{CONFIG_MAPS}/one"), "application/yaml").await.text, expected);
    }

    #[tokio::test]
    async fn people_get_indented_json() {
        let cluster = FakeCluster::new();
        let object = config_map(&cluster);
        let path = format!("{CONFIG_MAPS}/one");
        for (query, agent, accept, indented) in [
            ("", "a-program/1", "application/json", false),
            ("?pretty=true", "a-program/1", "application/json", true),
            ("?pretty=1", "a-program/1", "application/json", true),
            ("?pretty=false", "curl/8", "application/json", false),
            ("", "curl/8", "application/json", true),
            ("", "Wget/1", "*/*", true),
            ("", "Mozilla/5.0 (X11)", "*/*", true),
            ("", "a-program/1", "application/json;pretty=1", true),
        ] {
            let headers = [("user-agent", agent), ("accept", accept)];
            let answer = send(&cluster, "GET", &format!("{path}{query}"), &headers, "").await;
            assert_eq!(answer.text.contains("\n  \"data\": {\n    \"a\": \"yes\"\n  }"), indented, "{query} {agent}");
            assert_eq!(answer.json(), object);
        }
    }

    #[tokio::test]
    async fn what_nobody_can_answer_is_refused_with_what_there_is() {
        let cluster = with_things();
        let streams = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
        let of_routes = |types: &str| format!("406: Not Acceptable\n\nAvailable representations: {types}");
        let of_objects = |types: &str| format!("only the following media types are accepted: {types}");
        let watch = format!("{CONFIG_MAPS}?watch=true");
        let both = format!("{TYPES}, {streams}");
        for (path, accept, message) in [
            (CONFIG_MAPS, "text/html", of_routes(&both)),
            (&watch, "text/html", of_routes(&both)),
            (&format!("{CONFIG_MAPS}/one"), "text/html", of_routes(TYPES)),
            ("/api", "text/html", of_routes(TYPES)),
            ("/version", "text/html", of_routes("application/json")),
            ("/apis/example.com/v1/things", "text/html", of_objects(TYPES)),
            (CONFIG_MAPS, "application/json;as=Nope;g=meta.k8s.io;v=v1", of_objects(TYPES)),
            (CONFIG_MAPS, "application/json;as=Table", of_objects(TYPES)),
            (
                CONFIG_MAPS,
                "application/vnd.kubernetes.protobuf",
                "this fake cluster writes no protobuf: accept application/json or application/yaml".to_owned(),
            ),
        ] {
            let answer = get(&cluster, path, accept).await;
            assert_eq!(refusal(&answer), (406, message), "{path} {accept}");
            assert!(answer.text.starts_with("{\n  \"kind\": \"Status\""), "{}", answer.text);
        }
        let answer = get(&cluster, &watch, "application/yaml").await;
        let start = "apiVersion: v1\ncode: 406\nkind: Status\nmessage: 'only the following media types are accepted: ";
        assert!(answer.text.starts_with(start), "{}", answer.text);
    }

    #[tokio::test]
    async fn forms_an_object_or_a_list_does_not_have_are_refused_in_the_words_of_go() {
        let cluster = with_things();
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one"}});
        cluster.create(node).unwrap();
        for (path, form, message) in [
            ("/api/v1/configmaps", "PartialObjectMetadata", "a list (*core.ConfigMapList)"),
            ("/apis/rbac.authorization.k8s.io/v1/roles", "PartialObjectMetadata", "a list (*rbac.RoleList)"),
            ("/apis/events.k8s.io/v1/events", "PartialObjectMetadata", "a list (*core.EventList)"),
            ("/apis/example.com/v1/things", "PartialObjectMetadata", "a list (*unstructured.UnstructuredList)"),
            ("/api/v1/nodes/one", "PartialObjectMetadataList", "not a list (*core.Node)"),
        ] {
            let answer = get(&cluster, path, &format!("application/json;as={form};g=meta.k8s.io;v=v1")).await;
            let message = format!("you requested {form}, but the requested object is {message}");
            assert_eq!(refusal(&answer), (406, message), "{path}");
        }
        // What is not there has no form at all.
        let lists = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        assert_eq!(get(&cluster, "/api/v1/nodes/two", lists).await.code, 404);
    }

    #[tokio::test]
    async fn deletions_answer_metadata_alone_where_they_answer_objects() {
        let cluster = FakeCluster::new();
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "one"}});
        let mut metadata = cluster.create(account).unwrap()["metadata"].take();
        config_map(&cluster);
        let delete = async |path: &str, form: &str| {
            let accept = format!("application/json;as={form};g=meta.k8s.io;v=v1");
            send(&cluster, "DELETE", path, &[("accept", &accept)], "").await.json()
        };
        let deleted = delete("/api/v1/namespaces/default/serviceaccounts/one", "PartialObjectMetadata").await;
        metadata["resourceVersion"] = cluster.revision().to_string().into();
        let partial = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
        assert_eq!(deleted, partial);
        assert_eq!(delete(&format!("{CONFIG_MAPS}/one"), "PartialObjectMetadata").await["kind"], "Status");
        let list = delete(CONFIG_MAPS, "PartialObjectMetadataList").await;
        assert_eq!((&list["kind"], &list["items"]), (&json!("PartialObjectMetadataList"), &json!(null)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_of_lists_of_metadata_is_silent() {
        let cluster = FakeCluster::new();
        config_map(&cluster);
        let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        let answer = get(&cluster, &format!("{CONFIG_MAPS}?watch=true&timeoutSeconds=5"), accept).await;
        assert_eq!((answer.code, answer.text.as_str()), (200, ""));
    }

    #[tokio::test]
    async fn errors_look_as_answers_would() {
        let cluster = FakeCluster::new();
        let path = format!("{CONFIG_MAPS}/none");
        let compact = get(&cluster, &path, "application/json;as=Table;g=meta.k8s.io;v=v1,application/json").await;
        assert!(compact.text.starts_with("{\"kind\":\"Status\""), "{}", compact.text);
        let form_alone = get(&cluster, &path, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1").await;
        assert!(form_alone.text.starts_with("{\n  \"kind\": \"Status\""), "{}", form_alone.text);
        let yaml = get(&cluster, &path, "application/yaml").await;
        assert!(
            yaml.text
                .ends_with("message: configmaps \"none\" not found\nmetadata: {}\nreason: NotFound\nstatus: Failure\n")
        );
    }
}
