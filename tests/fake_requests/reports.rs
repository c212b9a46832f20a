//! What the server finds out when it is asked.

use k8s_openapi::api::core::v1::ComponentStatus;
use kube::{Api, api::ListParams};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};

use crate::{
    fixtures::{refusal, refused},
    support::http::{ask, send},
};

#[tokio::test]
async fn components_are_well_as_far_as_they_are_there() {
    let healthy = async |cluster: &FakeCluster| -> Vec<(String, String)> {
        let all = Api::<ComponentStatus>::all(cluster.client()).list(&ListParams::default()).await.unwrap();
        assert_eq!(all.metadata.resource_version, None);
        let told = all.items.into_iter().map(|one| {
            let condition = one.conditions.unwrap().remove(0);
            (one.metadata.name.unwrap(), condition.status)
        });
        told.collect()
    };
    let told = |controllers: &str| {
        let all = [("scheduler", "False"), ("etcd-0", "True"), ("controller-manager", controllers)];
        all.map(|(name, healthy)| (name.to_owned(), healthy.to_owned())).to_vec()
    };
    assert_eq!(healthy(&FakeCluster::new()).await, told("True"));
    assert_eq!(healthy(&FakeCluster::builder().controllers(false).build()).await, told("False"));
}

#[tokio::test]
async fn one_component_is_found_by_its_name_and_nobody_watches() {
    let cluster = FakeCluster::new();
    let api: Api<ComponentStatus> = Api::all(cluster.client());
    assert_eq!(api.get("etcd-0").await.unwrap().conditions.unwrap()[0].message.as_deref(), Some("ok"));
    let missing = refusal(api.get("-").await);
    assert_eq!((missing.code, missing.message.as_str()), (404, "componentstatus \"-\" not found"));
    let one = api.list(&ListParams::default().fields("metadata.name=etcd-0")).await.unwrap();
    assert_eq!(one.items.len(), 1);
    let accept = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
    let table = send(&cluster, "GET", "/api/v1/componentstatuses/etcd-0", &accept, "").await.json();
    assert_eq!(table["rows"][0]["cells"], json!(["etcd-0", "Healthy", "ok", ""]));
    let path = "/api/v1/componentstatuses";
    let why = "watch is not supported on resources of kind \"componentstatuses\"".to_owned();
    assert_eq!(refused(&cluster, "GET", &format!("{path}?watch=1"), &Value::Null).await, (405, why));
    assert_eq!(ask(&cluster, "POST", path, &json!({})).await.0, 405);
}

#[tokio::test]
async fn what_is_only_asked_has_no_other_paths_in_open_api() {
    let cluster = FakeCluster::new();
    let (_, document) = ask(&cluster, "GET", "/openapi/v3/apis/authorization.k8s.io/v1", &Value::Null).await;
    let base = "/apis/authorization.k8s.io/v1";
    let methods = |path: String| document["paths"][path].as_object().map(|methods| methods.keys().cloned().collect());
    assert_eq!(methods(format!("{base}/subjectaccessreviews")), Some(vec!["post".to_owned()]));
    assert_eq!(methods(format!("{base}/subjectaccessreviews/{{name}}")), None);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(schemas["SubjectAccessReview"]["properties"]["spec"].is_object());
    assert!(!schemas.contains_key("SubjectAccessReviewList"));
}
