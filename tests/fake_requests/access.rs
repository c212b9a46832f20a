//! Reviews: who may do what, as faults have it.

use k8s_openapi::api::{
    authorization::v1::{
        ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec, SubjectAccessReview,
        SubjectAccessReviewSpec,
    },
    core::v1::Pod,
};
use kube::{Api, api::PostParams};
use kube_indexed_store::testing::{FakeCluster, Fault};
use serde_json::json;

use crate::{
    fixtures::{refusal, resource},
    support::random::Random,
};

async fn may(cluster: &FakeCluster, attributes: ResourceAttributes) -> bool {
    let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
    let review = SelfSubjectAccessReview { spec, ..Default::default() };
    let answer = Api::all(cluster.client()).create(&PostParams::default(), &review).await.unwrap();
    answer.status.unwrap().allowed
}

#[tokio::test]
async fn what_a_fault_forbids_is_not_allowed() {
    let cluster = FakeCluster::new();
    let namespace = Random::new().name();
    let fault = Fault::on("list").group("").resource("secrets").namespace(&namespace).forbidden("me");
    let handle = cluster.fault(fault);
    let asked = |verb: &str| ResourceAttributes { namespace: Some(namespace.clone()), ..resource(verb, "secrets") };
    assert!(!may(&cluster, asked("list")).await);
    assert!(may(&cluster, asked("get")).await);
    assert!(may(&cluster, resource("list", "secrets")).await);
    let grouped = ResourceAttributes { group: Some("apps".into()), ..asked("list") };
    assert!(may(&cluster, grouped).await);
    handle.disable();
    assert!(may(&cluster, asked("list")).await);
}

#[tokio::test]
async fn asking_does_not_use_up_a_fault() {
    let cluster = FakeCluster::new();
    let once = cluster.fault(Fault::on("get").resource("pods").times(1).forbidden("me"));
    assert!(!may(&cluster, resource("get", "pods")).await);
    assert!(!may(&cluster, resource("get", "pods")).await);
    assert_eq!(once.hits(), 0);
    let pods: Api<Pod> = Api::default_namespaced(cluster.client());
    assert_eq!(refusal(pods.get("a").await).code, 403);
    assert!(may(&cluster, resource("get", "pods")).await);
}

#[tokio::test]
async fn another_user_may_do_what_one_must_not() {
    let cluster = FakeCluster::new();
    let name = Random::new().name();
    cluster.fault(Fault::on("list").resource("secrets").forbidden(&name));
    let may = async |user: &str| {
        let attributes = Some(resource("list", "secrets"));
        let spec =
            SubjectAccessReviewSpec { user: Some(user.into()), resource_attributes: attributes, ..Default::default() };
        let review = SubjectAccessReview { spec, ..Default::default() };
        let answer = Api::all(cluster.client()).create(&PostParams::default(), &review).await.unwrap();
        answer.status.unwrap().allowed
    };
    assert!(!may(&name).await);
    assert!(may("somebody").await);
}

#[tokio::test]
async fn a_review_is_asked_and_not_kept() {
    let cluster = FakeCluster::new();
    let before = cluster.revision();
    assert!(may(&cluster, resource("get", "pods")).await);
    assert_eq!(cluster.revision(), before);
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {}});
    assert_eq!(cluster.create(review).unwrap_err().code, 405);
}
