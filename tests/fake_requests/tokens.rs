//! Tokens of service accounts.

use std::time::Duration;

use k8s_openapi::api::{
    authentication::v1::{SelfSubjectReview, TokenRequest, TokenRequestSpec, TokenReview, TokenReviewSpec},
    core::v1::ServiceAccount,
};
use kube::{Api, api::PostParams};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};

use crate::support::{http::send, random::Random};

async fn request(cluster: &FakeCluster, account: &str, spec: TokenRequestSpec) -> kube::Result<TokenRequest> {
    let api: Api<ServiceAccount> = Api::default_namespaced(cluster.client());
    let request = TokenRequest { spec: Some(spec), ..Default::default() };
    api.create_token_request(account, &PostParams::default(), &request).await
}

async fn token(cluster: &FakeCluster, account: &str) -> String {
    request(cluster, account, TokenRequestSpec::default()).await.unwrap().status.unwrap().token.unwrap()
}

async fn review(cluster: &FakeCluster, token: &str, audiences: Option<Vec<String>>) -> Value {
    let spec = TokenReviewSpec { token: token.to_owned(), audiences };
    let review = TokenReview { spec, ..Default::default() };
    let answer = Api::all(cluster.client()).create(&PostParams::default(), &review).await.unwrap();
    serde_json::to_value(answer.status.unwrap()).unwrap()
}

fn with_account(name: &str) -> (FakeCluster, String) {
    let cluster = FakeCluster::new();
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    let uid = cluster.create(account).unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    (cluster, uid)
}

#[tokio::test]
async fn nobody_else_makes_tokens() {
    let name = Random::new().name();
    let (cluster, _) = with_account(&name);
    let invalid = json!({"user": {}, "error": "invalid bearer token"});
    assert_eq!(review(&cluster, &Random::new().name(), None).await, invalid);
    let token = token(&cluster, &name).await;
    let (text, _) = token.rsplit_once('.').unwrap();
    assert_eq!(review(&cluster, text, None).await, invalid);
    assert_eq!(review(&cluster, &format!("{text}.AAAA"), None).await, invalid);
    let other = FakeCluster::builder().seed(77).build();
    assert_eq!(review(&other, &token, None).await, invalid);
}

#[tokio::test]
async fn two_clusters_of_one_seed_make_the_same_tokens() {
    let name = Random::new().name();
    let [a, b] = [with_account(&name).0, with_account(&name).0];
    assert_eq!(token(&a, &name).await, token(&b, &name).await);
    assert_ne!(token(&a, &name).await, token(&a, &name).await);
}

#[tokio::test(start_paused = true)]
async fn a_token_ends() {
    let name = Random::new().name();
    let (cluster, _) = with_account(&name);
    let spec = TokenRequestSpec { expiration_seconds: Some(600), ..Default::default() };
    let token = request(&cluster, &name, spec).await.unwrap().status.unwrap().token.unwrap();
    tokio::time::advance(Duration::from_secs(600)).await;
    assert_eq!(review(&cluster, &token, None).await["authenticated"], true);
    tokio::time::advance(Duration::from_secs(61)).await;
    let why = "[invalid bearer token, service account token has expired]";
    assert_eq!(review(&cluster, &token, None).await, json!({"user": {}, "error": why}));
}

#[tokio::test]
async fn a_token_goes_with_its_account_and_with_what_it_is_bound_to() {
    let name = Random::new().name();
    let (cluster, uid) = with_account(&name);
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}});
    cluster.create(secret).unwrap();
    let reference = json!({"apiVersion": "v1", "kind": "Secret", "name": "s"});
    let spec = serde_json::from_value(json!({"audiences": [], "boundObjectRef": reference})).unwrap();
    let bound = request(&cluster, &name, spec).await.unwrap().status.unwrap().token.unwrap();
    let free = token(&cluster, &name).await;
    assert_eq!(review(&cluster, &bound, None).await["authenticated"], true);
    cluster.delete("Secret", "default", "s").unwrap();
    let why = |why: &str| json!({"user": {}, "error": format!("[invalid bearer token, {why}]")});
    assert_eq!(review(&cluster, &bound, None).await, why("service account token has been invalidated"));
    assert_eq!(review(&cluster, &free, None).await["authenticated"], true);
    cluster.delete("ServiceAccount", "default", &name).unwrap();
    assert_eq!(review(&cluster, &free, None).await, why(&format!("serviceaccounts {name:?} not found")));
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    let again = cluster.create(account).unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    let other = format!("service account UID ({again}) does not match claim ({uid})");
    assert_eq!(review(&cluster, &free, None).await, why(&other));
}

#[tokio::test]
async fn whoever_asks_with_a_token_is_its_account() {
    let name = Random::new().name();
    let (cluster, _) = with_account(&name);
    let answer = Api::<SelfSubjectReview>::all(cluster.client())
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await
        .unwrap();
    assert_eq!(answer.status.unwrap().user_info.unwrap().username.as_deref(), Some("kubernetes-admin"));
    let token = token(&cluster, &name).await;
    let authorization = format!("Bearer {token}");
    let headers = [("content-type", "application/json"), ("authorization", authorization.as_str())];
    let answer = send(&cluster, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", &headers, "{}").await;
    assert_eq!(answer.code, 201);
    assert_eq!(answer.json()["status"]["userInfo"]["username"], format!("system:serviceaccount:default:{name}"));
}
