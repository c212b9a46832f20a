//! Approvals of requests for certificates.

use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};

use crate::{
    fixtures::refused,
    support::{http::ask, random::Random},
};

fn with_request() -> (FakeCluster, String, String) {
    let cluster = FakeCluster::new();
    let name = Random::new().name();
    // `hallo`, wrapped as a request.
    let request =
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KYUdGc2JHOD0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==";
    let spec = json!({"request": request, "signerName": "a.example/b", "usages": ["client auth"]});
    let api_version = "certificates.k8s.io/v1";
    let kind = "CertificateSigningRequest";
    cluster.create(json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec})).unwrap();
    let path = format!("/apis/{api_version}/certificatesigningrequests/{name}");
    (cluster, name, path)
}

fn conditions(conditions: Value) -> Value {
    json!({"status": {"conditions": conditions}})
}

#[tokio::test]
async fn an_approval_is_dated_and_changes_nothing_else() {
    let (cluster, name, _) = with_request();
    let api: Api<CertificateSigningRequest> = Api::all(cluster.client());
    let approved = json!([{"type": "Approved", "status": "True", "reason": "R", "message": "m"}]);
    let status = json!({"conditions": approved, "certificate": "aGFsbG8="});
    let patch = Patch::Merge(json!({"status": status, "spec": {"username": "x"}}));
    api.patch_approval(&name, &PatchParams::default(), &patch).await.unwrap();
    let request = cluster.get("csr", "", &name).unwrap();
    assert_eq!(request["spec"]["username"], Value::Null);
    let now = "2026-01-01T00:00:00Z";
    let dated = json!({
        "type": "Approved", "status": "True", "reason": "R", "message": "m", "lastUpdateTime": now,
        "lastTransitionTime": now,
    });
    assert_eq!(request["status"], json!({"conditions": [dated]}));
    assert_eq!(api.get_approval(&name).await.unwrap().metadata.name, Some(name));
}

#[tokio::test]
async fn only_an_approval_decides() {
    let (cluster, name, path) = with_request();
    let status = format!("{path}/status");
    let start = format!(
        "CertificateSigningRequest.certificates.k8s.io {name:?} is invalid: status.conditions: Forbidden: updates may not"
    );
    let denied = conditions(json!([{"type": "Denied", "status": "True"}]));
    let why = format!("{start} add a condition of type \"Denied\"");
    assert_eq!(refused(&cluster, "PATCH", &status, &denied).await, (422, why));
    let approved = |reason: &str| conditions(json!([{"type": "Approved", "status": "True", "reason": reason}]));
    assert_eq!(ask(&cluster, "PATCH", &format!("{path}/approval"), &approved("a")).await.0, 200);
    let (_, answer) = ask(&cluster, "PATCH", &status, &approved("b")).await;
    assert_eq!(answer["status"]["conditions"][0]["reason"], "a");
    for part in ["approval", "status"] {
        let why = format!("{start} remove a condition of type \"Approved\"");
        assert_eq!(refused(&cluster, "PATCH", &format!("{path}/{part}"), &conditions(json!([]))).await, (422, why));
    }
}

#[tokio::test]
async fn a_decision_is_one_and_holds() {
    let (cluster, name, path) = with_request();
    let path = format!("{path}/approval");
    let start = format!("CertificateSigningRequest.certificates.k8s.io {name:?} is invalid:");
    let both = conditions(json!([{"type": "Approved", "status": "False"}, {"type": "Denied", "status": "True"}]));
    let why = format!(
        "{start} [status.conditions[0].status: Unsupported value: \"False\": supported values: \"True\", \
         status.conditions: Invalid value: \"Denied\": Approved and Denied conditions are mutually exclusive]"
    );
    assert_eq!(refused(&cluster, "PATCH", &path, &both).await, (422, why));
    let odd = conditions(json!([{"status": "True"}, {"type": "A", "status": "Bad"}, {"type": "A", "status": "True"}]));
    let why = format!(
        "{start} [status.conditions[0].type: Required value, status.conditions[1].status: Unsupported value: \
         \"Bad\": supported values: \"False\", \"True\", \"Unknown\", status.conditions[2].type: Duplicate value: \"A\"]"
    );
    assert_eq!(refused(&cluster, "PATCH", &path, &odd).await, (422, why));
}
