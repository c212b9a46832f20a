//! Tables: what `kubectl get` shows of each kind, and the ways they are asked for.

mod support;

use std::collections::BTreeMap;

use http_body_util::BodyExt;
use kube::Client;
use kube_indexed_store::testing::{Clock, FakeCluster, manifests, objects};
use serde_json::{Value, json};
use support::{real::RealCluster, served::served};

const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";
const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// What a server answers to a request without a body.
async fn ask(client: &Client, accept: &str, path: &str) -> Value {
    let request = http::Request::get(path).header("accept", accept).body(Vec::new()).unwrap();
    serde_json::from_str(&client.request_text(request).await.unwrap()).unwrap()
}

fn config_map(name: &str, data: Value) -> Value {
    objects::config_map(name).set("data", data).into()
}

mod kinds {
    use super::*;

    #[tokio::test]
    async fn aggregated_apis_tell_whether_their_service_answers() {
        let cluster = FakeCluster::new();
        let api = |group: &str, service: Value, conditions: Value| {
            let metadata = json!({"name": format!("v1.{group}")});
            let spec = json!({
                "group": group, "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 10, "service": service,
            });
            let status = json!({"conditions": conditions});
            json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": metadata, "spec": spec, "status": status})
        };
        let service = json!({"namespace": "default", "name": "there"});
        let available = |status: &str| json!([{"type": "Available", "status": status, "reason": "Why"}]);
        for object in [
            api("a.example.com", service.clone(), available("True")),
            api("b.example.com", service, available("False")),
            api("c.example.com", json!(null), json!([])),
        ] {
            assert!(cluster.load_yaml(&object.to_string()).refused.is_empty());
        }
        let table = ask(&cluster.client(), TABLE, "/apis/apiregistration.k8s.io/v1/apiservices").await;
        let cells: Vec<_> = table["rows"].as_array().unwrap().iter().map(|row| &row["cells"]).collect();
        assert_eq!(
            cells,
            [
                &json!(["v1.a.example.com", "default/there", "True", "0s"]),
                &json!(["v1.b.example.com", "default/there", "False (Why)", "0s"]),
                &json!(["v1.c.example.com", "Local", "True", "0s"]),
            ]
        );
    }
}

mod watches {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_goes_wrong_is_told_as_a_status() {
        let cluster = FakeCluster::new();
        cluster.create(config_map("one", json!({}))).unwrap();
        cluster.compact();
        let path = format!("{CONFIG_MAPS}?watch=true&resourceVersion=1");
        let request = http::Request::get(path).header("accept", TABLE).body(String::new()).unwrap();
        let response = tower::Service::call(&mut cluster.clone(), request).await.unwrap();
        let event: Value = serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert_eq!((&event["type"], &event["object"]["kind"]), (&json!("ERROR"), &json!("Status")));
    }
}

mod cells {
    use super::*;

    fn documents(text: &str) -> Vec<Value> {
        manifests::read(text.as_bytes()).into_iter().flat_map(|document| document.content.unwrap()).collect()
    }

    fn text(value: &Value) -> &str {
        value.as_str().unwrap_or_default()
    }

    /// What discovery says of the kind of an object: where it is served, and whether its status is.
    async fn place(client: &Client, object: &Value) -> (String, bool) {
        let group = match text(&object["apiVersion"]) {
            core if !core.contains('/') => format!("/api/{core}"),
            group => format!("/apis/{group}"),
        };
        let list = ask(client, "application/json", &group).await;
        let resources = list["resources"].as_array().unwrap();
        let resource = resources.iter().find(|resource| resource["kind"] == object["kind"]).unwrap();
        let status = format!("{}/status", text(&resource["name"]));
        let namespace = if resource["namespaced"] == true { "/namespaces/default" } else { "" };
        let path = format!("{group}{namespace}/{}", text(&resource["name"]));
        (path, resources.iter().any(|resource| resource["name"] == status.as_str()))
    }

    async fn send(client: &Client, method: &str, media_type: &str, path: &str, object: &Value) {
        let request = http::Request::builder().method(method).uri(path).header("content-type", media_type);
        let answer = client.request_text(request.body(object.to_string().into_bytes()).unwrap()).await;
        if let Err(error) = answer {
            panic!("{method} {path} {}: {error}", object["metadata"]["name"]);
        }
    }

    /// Creates an object and writes its status. Answers where such objects are.
    async fn create(client: &Client, object: &Value) -> String {
        let (path, has_status) = place(client, object).await;
        send(client, "POST", "application/json", &path, object).await;
        if let Some(status) = object.get("status").filter(|_| has_status) {
            // A patch does not mind who else writes there.
            let part = format!("{path}/{}/status", text(&object["metadata"]["name"]));
            send(client, "PATCH", "application/merge-patch+json", &part, &json!({"status": status})).await;
        }
        path
    }

    /// Everything is made, and each kind is asked for its Table.
    async fn tables(client: &Client) -> Vec<(String, Value)> {
        for definition in documents(include_str!("table/definition.yaml")) {
            create(client, &definition).await;
            let (spec, names) = (&definition["spec"], &definition["spec"]["names"]);
            let version = text(&spec["versions"][0]["name"]);
            let path = format!("/apis/{}/{version}/{}", text(&spec["group"]), text(&names["plural"]));
            served(client, text(&definition["metadata"]["name"]), &path).await;
        }
        let objects = documents(include_str!("table/objects.yaml"));
        let mut names = BTreeMap::<_, Vec<_>>::new();
        for object in &objects {
            names.entry(create(client, object).await).or_default().push(&object["metadata"]["name"]);
        }
        let mut tables = Vec::new();
        for (path, names) in names {
            let mut table = ask(client, TABLE, &path).await;
            let rows = table["rows"].as_array_mut().unwrap();
            // What the servers made on their own is not compared.
            rows.retain(|row| names.contains(&&row["object"]["metadata"]["name"]));
            for row in rows {
                row["object"].take();
                row["cells"].as_array_mut().unwrap().iter_mut().for_each(without_age);
            }
            table["metadata"].take();
            tables.push((path, table));
        }
        tables
    }

    /// Ages and times differ from one moment to the next.
    fn without_age(cell: &mut Value) {
        let is_age = |text: &str| {
            let digits = text.trim_end_matches(|c: char| "smhdy".contains(c) || c.is_ascii_digit());
            digits.is_empty()
                && text.starts_with(|c: char| c.is_ascii_digit())
                && text.ends_with(['s', 'm', 'h', 'd', 'y'])
        };
        let words: Vec<_> = text(cell).split(['(', ' ']).collect();
        if words.iter().any(|word| is_age(word) || word.parse::<jiff::Timestamp>().is_ok()) {
            let shown = text(cell).split(' ').map(|word| {
                let bare = word.trim_start_matches('(');
                if is_age(bare) || bare.parse::<jiff::Timestamp>().is_ok() { "AGE" } else { word }
            });
            *cell = shown.collect::<Vec<_>>().join(" ").into();
        }
    }

    #[tokio::test]
    async fn every_kind_shows_what_a_real_server_shows() {
        let Some(real) = RealCluster::start().await else { return };
        // Nothing cleans up beside the real one.
        let fake = FakeCluster::builder().clock(Clock::system()).controllers(false).build();
        let (expected, shown) = (tables(real.client()).await, tables(&fake.client()).await);
        let paths =
            |tables: &[(String, Value)]| -> Vec<String> { tables.iter().map(|(path, _)| path.clone()).collect() };
        assert_eq!(paths(&shown), paths(&expected));
        let mut wrong = Vec::new();
        for ((path, expected), (_, shown)) in expected.iter().zip(&shown) {
            for field in ["columnDefinitions", "rows"] {
                if expected[field] != shown[field] {
                    wrong.push(format!("{path}\n  real {}\n  fake {}", expected[field], shown[field]));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
