//! Reviews: who may do what.

use k8s_openapi::api::{
    authorization::v1::{
        LocalSubjectAccessReview, NonResourceAttributes, ResourceAttributes, SelfSubjectAccessReview,
        SelfSubjectAccessReviewSpec, SelfSubjectRulesReview, SelfSubjectRulesReviewSpec, SubjectAccessReview,
        SubjectAccessReviewSpec,
    },
    core::v1::Pod,
};
use kube::{Api, api::PostParams};
use kube_indexed_store::testing::{FakeCluster, Fault};
use serde_json::{Value, json};

use crate::{
    fixtures::{refusal, refused, resource},
    support::{http::ask, random::Random},
};

async fn may(cluster: &FakeCluster, attributes: ResourceAttributes) -> bool {
    let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
    let review = SelfSubjectAccessReview { spec, ..Default::default() };
    let answer = Api::all(cluster.client()).create(&PostParams::default(), &review).await.unwrap();
    answer.status.unwrap().allowed
}

#[tokio::test]
async fn everybody_may_do_everything() {
    let cluster = FakeCluster::new();
    assert!(may(&cluster, resource("delete", &Random::new().name())).await);
    let path = NonResourceAttributes { path: Some("/metrics".into()), verb: Some("get".into()) };
    let spec = SelfSubjectAccessReviewSpec { non_resource_attributes: Some(path), ..Default::default() };
    let review = SelfSubjectAccessReview { spec, ..Default::default() };
    let answer = Api::all(cluster.client()).create(&PostParams::default(), &review).await.unwrap();
    assert!(answer.status.unwrap().allowed);
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
async fn a_local_review_is_about_its_namespace_whether_there_is_one_or_not() {
    let cluster = FakeCluster::new();
    let namespace = Random::new().name();
    let api: Api<LocalSubjectAccessReview> = Api::namespaced(cluster.client(), &namespace);
    let review = |about: &str| {
        let attributes = ResourceAttributes { namespace: Some(about.into()), ..resource("get", "pods") };
        let user = Some("u".to_owned());
        let spec = SubjectAccessReviewSpec { user, resource_attributes: Some(attributes), ..Default::default() };
        LocalSubjectAccessReview { spec, ..Default::default() }
    };
    let answer = api.create(&PostParams::default(), &review(&namespace)).await.unwrap();
    assert!(answer.status.unwrap().allowed);
    let elsewhere = refusal(api.create(&PostParams::default(), &review("elsewhere")).await);
    assert_eq!(
        elsewhere.message,
        ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes.namespace: Invalid value: \"elsewhere\": must \
         match metadata.namespace"
    );
}

#[tokio::test]
async fn a_review_that_means_nothing_is_refused() {
    let cluster = FakeCluster::new();
    let group = "/apis/authorization.k8s.io/v1";
    let either = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    assert_eq!(
        refused(&cluster, "POST", &format!("{group}/selfsubjectaccessreviews"), &json!({"spec": {}})).await,
        (422, format!(".authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: null: {either}"))
    );
    let selector = json!({"requirements": [{"operator": "In"}], "rawSelector": "a=b"});
    let attributes = json!({"labelSelector": {}, "fieldSelector": selector});
    let both = json!({"resourceAttributes": attributes, "nonResourceAttributes": {"path": "/x", "verb": "get"}});
    let start = "spec.resourceAttributes";
    assert_eq!(
        refused(&cluster, "POST", &format!("{group}/subjectaccessreviews"), &json!({"spec": both})).await,
        (
            422,
            format!(
                ".authorization.k8s.io \"\" is invalid: [spec.nonResourceAttributes: Invalid value: \
                 {{\"Path\":\"/x\",\"Verb\":\"get\"}}: cannot be specified in combination with resourceAttributes, \
                 spec.user: Invalid value: \"\": at least one of user or group must be specified, \
                 {start}.fieldSelector.rawSelector: Invalid value: \"a=b\": may not specified at the same time as \
                 requirements, {start}.fieldSelector.requirements[0].key: Required value: must be specified, \
                 {start}.fieldSelector.requirements[0].values: Required value: must be specified when `operator` is \
                 'In' or 'NotIn', {start}.labelSelector.requirements: Required value: when {start}.labelSelector is \
                 specified, requirements or rawSelector is required]"
            )
        )
    );
}

#[tokio::test]
async fn the_rules_of_everybody_are_that_there_are_none() {
    let cluster = FakeCluster::new();
    let rules = async |namespace: Option<String>| {
        let review = SelfSubjectRulesReview { spec: SelfSubjectRulesReviewSpec { namespace }, ..Default::default() };
        Api::all(cluster.client()).create(&PostParams::default(), &review).await
    };
    let status = rules(Some(Random::new().name())).await.unwrap().status.unwrap();
    assert_eq!(status.resource_rules[0].verbs, ["*"]);
    assert_eq!(status.non_resource_rules[0].non_resource_urls, Some(vec!["*".to_owned()]));
    assert_eq!(refusal(rules(None).await).message, "no namespace on request");
}

#[tokio::test]
async fn a_review_is_asked_and_not_kept() {
    let cluster = FakeCluster::new();
    let before = cluster.revision();
    assert!(may(&cluster, resource("get", "pods")).await);
    assert_eq!(cluster.revision(), before);
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    for method in ["GET", "DELETE", "PUT"] {
        assert_eq!(ask(&cluster, method, path, &json!({})).await.0, 405, "{method}");
    }
    assert_eq!(ask(&cluster, "GET", &format!("{path}/a"), &Value::Null).await.0, 404);
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {}});
    assert_eq!(cluster.create(review).unwrap_err().code, 405);
}
