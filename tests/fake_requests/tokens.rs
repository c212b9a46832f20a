//! Tokens of service accounts.

use std::time::Duration;

use http::{Request, header};
use k8s_openapi::api::{
    authentication::v1::{SelfSubjectReview, TokenRequest, TokenRequestSpec, TokenReview, TokenReviewSpec},
    core::v1::ServiceAccount,
};
use kube::{Api, api::PostParams};
use kube_indexed_store::testing::FakeCluster;
use serde_json::{Value, json};

use crate::{
    fixtures::{refusal, refused, send},
    support::random::Random,
};

const SERVER: &str = "https://kubernetes.default.svc";

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
async fn a_token_says_whose_it_is() {
    let name = Random::new().name();
    let (cluster, uid) = with_account(&name);
    let mut status = review(&cluster, &token(&cluster, &name).await, None).await;
    let id = status["user"]["extra"]["authentication.kubernetes.io/credential-id"][0].take();
    assert!(id.as_str().unwrap().starts_with("JTI="));
    let groups = ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"];
    let user = json!({
        "username": format!("system:serviceaccount:default:{name}"), "uid": uid, "groups": groups,
        "extra": {"authentication.kubernetes.io/credential-id": [null]},
    });
    assert_eq!(status, json!({"authenticated": true, "user": user, "audiences": [SERVER]}));
}

#[tokio::test]
async fn a_request_is_answered_with_what_it_left_out() {
    let name = Random::new().name();
    let (cluster, uid) = with_account(&name);
    let answer = request(&cluster, &name, TokenRequestSpec::default()).await.unwrap();
    let made = answer.metadata.creation_timestamp.clone().unwrap().0;
    let (metadata, spec, status) = (answer.metadata, answer.spec.unwrap(), answer.status.unwrap());
    assert_eq!((metadata.name, metadata.uid), (Some(name), Some(uid)));
    assert_eq!((spec.audiences, spec.expiration_seconds), (Some(vec![SERVER.to_owned()]), Some(3600)));
    assert_eq!(status.expiration_timestamp.unwrap().0.duration_since(made).as_secs(), 3600);
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

#[tokio::test]
async fn a_token_is_for_its_audiences_only() {
    let name = Random::new().name();
    let (cluster, _) = with_account(&name);
    let spec = TokenRequestSpec { audiences: Some(vec!["a".into(), "b".into()]), ..Default::default() };
    let token = request(&cluster, &name, spec).await.unwrap().status.unwrap().token.unwrap();
    let for_b = review(&cluster, &token, Some(vec!["c".into(), "b".into()])).await;
    assert_eq!((&for_b["authenticated"], &for_b["audiences"]), (&json!(true), &json!(["b"])));
    let why = format!(
        "[invalid bearer token, token audiences [\"a\" \"b\"] is invalid for the target audiences [{SERVER:?}]]"
    );
    assert_eq!(review(&cluster, &token, None).await, json!({"user": {}, "error": why}));
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
async fn a_request_that_cannot_be_granted_is_refused() {
    let name = Random::new().name();
    let (cluster, uid) = with_account(&name);
    let path = format!("/api/v1/namespaces/default/serviceaccounts/{name}/token");
    let invalid =
        |name: &str, why: &str| (422, format!("TokenRequest.authentication.k8s.io {name:?} is invalid: {why}"));
    let seconds = |seconds: i64| json!({"spec": {"expirationSeconds": seconds}});
    let short = "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes";
    assert_eq!(refused(&cluster, "POST", &path, &seconds(599)).await, invalid("", short));
    let long = "spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds";
    assert_eq!(refused(&cluster, "POST", &path, &seconds((1 << 32) + 1)).await, invalid("", long));
    let other = "metadata.name: Invalid value: \"-\": must match the service account name if specified";
    let named = json!({"metadata": {"name": "-"}});
    assert_eq!(refused(&cluster, "POST", &path, &named).await, invalid(&name, other));
    let conflict = format!(
        "Operation cannot be fulfilled on TokenRequest.authentication.k8s.io {name:?}: the UID in the token request \
         (x) does not match the UID of the service account ({uid})"
    );
    assert_eq!(refused(&cluster, "POST", &path, &json!({"metadata": {"uid": "x"}})).await, (409, conflict));
    let bound = |reference: Value| json!({"spec": {"boundObjectRef": reference}});
    let deployment = bound(json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}));
    let why = "cannot bind token to object of type apps/v1, Kind=Deployment".to_owned();
    assert_eq!(refused(&cluster, "POST", &path, &deployment).await, (400, why));
    let missing = bound(json!({"apiVersion": "v1", "kind": "Pod", "name": "p"}));
    assert_eq!(refused(&cluster, "POST", &path, &missing).await, (404, "pods \"p\" not found".to_owned()));
    let nobody = refusal(request(&cluster, "-", TokenRequestSpec::default()).await);
    assert_eq!((nobody.code, nobody.message.as_str()), (404, "serviceaccounts \"-\" not found"));
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
    let request = Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    let (code, _, answer) = send(&cluster, request, "{}".to_owned()).await;
    assert_eq!(code, 201);
    assert_eq!(answer["status"]["userInfo"]["username"], format!("system:serviceaccount:default:{name}"));
}
