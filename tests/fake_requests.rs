//! What is asked rather than stored: reviews, tokens, bindings, evictions; and the parts of pods and of requests for
//! certificates that are neither statuses nor Scales.

use std::time::Duration;

use http::{Request, header};
use http_body_util::BodyExt;
use k8s_openapi::api::{
    authentication::v1::{SelfSubjectReview, TokenRequest, TokenRequestSpec, TokenReview, TokenReviewSpec},
    authorization::v1::{
        LocalSubjectAccessReview, NonResourceAttributes, ResourceAttributes, SelfSubjectAccessReview,
        SelfSubjectAccessReviewSpec, SelfSubjectRulesReview, SelfSubjectRulesReviewSpec, SubjectAccessReview,
        SubjectAccessReviewSpec,
    },
    certificates::v1::CertificateSigningRequest,
    core::v1::{ComponentStatus, Pod, ServiceAccount},
};
use kube::{
    Api, Error,
    api::{EvictParams, ListParams, Patch, PatchParams, PostParams},
    core::Status,
};
use kube_indexed_store::testing::{FakeCluster, Fault};
use serde_json::{Value, json};
use tower::Service;

mod support;

use support::random::Random;

const MERGE: &str = "application/merge-patch+json";

/// Code, `Retry-After` and body of an answer.
async fn send(cluster: &FakeCluster, request: http::request::Builder, body: String) -> (u16, Option<String>, Value) {
    let response = cluster.clone().call(request.body(body).unwrap()).await.unwrap();
    let code = response.status().as_u16();
    let wait = response.headers().get(header::RETRY_AFTER).map(|wait| wait.to_str().unwrap().to_owned());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (code, wait, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// Code and body of the answer to a request.
async fn ask(cluster: &FakeCluster, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let media_type = if method == "PATCH" { MERGE } else { "application/json" };
    let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, media_type);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (code, _, answer) = send(cluster, request, body).await;
    (code, answer)
}

/// Code and message of a refusal.
async fn refused(cluster: &FakeCluster, method: &str, path: &str, body: &Value) -> (u16, String) {
    let (code, status) = ask(cluster, method, path, body).await;
    (code, status["message"].as_str().unwrap_or_default().to_owned())
}

fn refusal<T: std::fmt::Debug>(result: kube::Result<T>) -> Box<Status> {
    match result {
        Err(Error::Api(status)) => status,
        other => panic!("no refusal: {other:?}"),
    }
}

fn resource(verb: &str, resource: &str) -> ResourceAttributes {
    ResourceAttributes { verb: Some(verb.into()), resource: Some(resource.into()), ..Default::default() }
}

mod access {
    use super::*;

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
            let spec = SubjectAccessReviewSpec {
                user: Some(user.into()),
                resource_attributes: attributes,
                ..Default::default()
            };
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
            (
                422,
                format!(
                    ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: null: {either}"
                )
            )
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
            let review =
                SelfSubjectRulesReview { spec: SelfSubjectRulesReviewSpec { namespace }, ..Default::default() };
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
}

mod tokens {
    use super::*;

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
        let long =
            "spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds";
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
}

/// A pod of any name, with a label and these fields beside.
fn with_pod(fields: Value) -> (FakeCluster, String, String) {
    let cluster = FakeCluster::new();
    let name = Random::new().name();
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "a"}},
        "spec": {"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}]},
    });
    for (field, value) in fields.as_object().unwrap() {
        match pod[field].as_object_mut() {
            Some(known) => known.extend(value.as_object().unwrap().clone()),
            None => pod[field] = value.clone(),
        }
    }
    cluster.create(pod).unwrap();
    let path = format!("/api/v1/namespaces/default/pods/{name}");
    (cluster, name, path)
}

mod bindings {
    use super::*;

    fn done() -> Value {
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})
    }

    #[tokio::test]
    async fn a_pod_comes_to_a_node_with_what_the_binding_says() {
        let (cluster, name, path) = with_pod(json!({}));
        let labels = json!({"topology.kubernetes.io/zone": "z", "x": "y"});
        cluster
            .create(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": labels}}))
            .unwrap();
        let metadata = json!({"name": name, "annotations": {"a": "b"}, "labels": {"l": "m"}});
        let binding = json!({"metadata": metadata, "target": {"kind": "Node", "name": "n"}});
        assert_eq!(ask(&cluster, "POST", &format!("{path}/binding"), &binding).await, (201, done()));
        let pod = cluster.get("Pod", "default", &name).unwrap();
        assert_eq!(pod["spec"]["nodeName"], "n");
        assert_eq!(pod["metadata"]["annotations"], json!({"a": "b"}));
        assert_eq!(pod["metadata"]["labels"], json!({"app": "a", "l": "m", "topology.kubernetes.io/zone": "z"}));
        assert_eq!(pod["metadata"]["generation"], 1);
        let mut condition = pod["status"]["conditions"][0].clone();
        condition.as_object_mut().unwrap().remove("lastTransitionTime");
        assert_eq!(condition, json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null}));
    }

    #[tokio::test]
    async fn a_binding_that_is_only_tried_changes_nothing() {
        let (cluster, name, path) = with_pod(json!({}));
        let before = cluster.revision();
        let binding = json!({"metadata": {"name": name}, "target": {"name": "n"}});
        assert_eq!(ask(&cluster, "POST", &format!("{path}/binding?dryRun=All"), &binding).await, (201, done()));
        assert_eq!(cluster.revision(), before);
    }

    #[tokio::test]
    async fn a_pod_stays_where_it_is() {
        let (cluster, name, path) = with_pod(json!({}));
        let binding = |node: &str| json!({"metadata": {"name": name}, "target": {"name": node}});
        let all = "/api/v1/namespaces/default/bindings";
        assert_eq!(ask(&cluster, "POST", all, &binding("n")).await, (201, done()));
        let why = format!(
            "Operation cannot be fulfilled on pods/binding {name:?}: pod {name} is already assigned to node \"n\""
        );
        assert_eq!(refused(&cluster, "POST", &format!("{path}/binding"), &binding("m")).await, (409, why.clone()));
        assert_eq!(refused(&cluster, "POST", all, &binding("m")).await, (409, why));
    }

    #[tokio::test]
    async fn a_pod_with_gates_comes_to_no_node() {
        let (cluster, name, path) = with_pod(json!({"spec": {"schedulingGates": [{"name": "g.x/y"}]}}));
        let binding = json!({"metadata": {"name": name}, "target": {"name": "n"}});
        let why = format!(
            "Operation cannot be fulfilled on pods/binding {name:?}: pod {name} has non-empty .spec.schedulingGates"
        );
        assert_eq!(refused(&cluster, "POST", &format!("{path}/binding"), &binding).await, (409, why));
    }

    #[tokio::test]
    async fn a_binding_that_means_nothing_is_refused() {
        let (cluster, name, path) = with_pod(json!({}));
        let path = format!("{path}/binding");
        let uid = cluster.get("Pod", "default", &name).unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
        let unnamed = (400, "name in URL does not match name in Binding object".to_owned());
        assert_eq!(refused(&cluster, "POST", &path, &json!({})).await, unnamed);
        let nowhere = json!({"metadata": {"name": name}, "target": {"kind": "X"}});
        let why = "[target.kind: Unsupported value: \"X\": supported values: \"Node\", \"<empty>\", target.name: Required \
                   value]";
        assert_eq!(refused(&cluster, "POST", &path, &nowhere).await, (500, why.to_owned()));
        let other = json!({"metadata": {"name": name, "uid": "u"}, "target": {"name": "n"}});
        let why = format!(
            "Operation cannot be fulfilled on pods {name:?}: StorageError: invalid object, Code: 4, Key: \
             /registry/pods/default/{name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in \
             precondition: u, UID in object meta: {uid}"
        );
        assert_eq!(refused(&cluster, "POST", &path, &other).await, (409, why));
        let nameless = (400, "Name parameter required.".to_owned());
        let all = "/api/v1/namespaces/default/bindings";
        assert_eq!(refused(&cluster, "POST", all, &json!({"target": {"name": "n"}})).await, nameless);
    }
}

mod evictions {
    use super::*;

    const REFUSED: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

    /// A pod that runs, and a budget for it with this status.
    fn guarded(budget: Value) -> (FakeCluster, String, String) {
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let (cluster, name, path) = with_pod(json!({"status": {"phase": "Running", "conditions": ready}}));
        with_budget(&cluster, "b", budget);
        (cluster, name, path)
    }

    fn with_budget(cluster: &FakeCluster, name: &str, status: Value) {
        let selector = json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]});
        cluster
            .create(json!({
                "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
                "spec": {"minAvailable": 1, "selector": selector}, "status": status,
            }))
            .unwrap();
    }

    /// Code, `Retry-After`, message and cause of the answer to an eviction.
    async fn evict(cluster: &FakeCluster, name: &str, path: &str) -> (u16, Option<String>, String, String) {
        let body = json!({"metadata": {"name": name}}).to_string();
        let request = Request::post(format!("{path}/eviction")).header(header::CONTENT_TYPE, "application/json");
        let (code, wait, answer) = send(cluster, request, body).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (code, wait, text(&answer["message"]), text(&answer["details"]["causes"][0]["message"]))
    }

    fn gone(cluster: &FakeCluster, name: &str) -> bool {
        cluster.get("Pod", "default", name).is_err()
    }

    #[tokio::test]
    async fn a_pod_without_a_budget_is_deleted() {
        let (cluster, name, _) = with_pod(json!({}));
        let pods: Api<Pod> = Api::default_namespaced(cluster.client());
        let tried =
            EvictParams { post_options: PostParams { dry_run: true, ..Default::default() }, ..Default::default() };
        assert!(pods.evict(&name, &tried).await.unwrap().is_success());
        assert!(!gone(&cluster, &name));
        assert!(pods.evict(&name, &EvictParams::default()).await.unwrap().is_success());
        assert!(gone(&cluster, &name));
    }

    #[tokio::test]
    async fn a_pod_on_a_node_is_told_why_it_has_to_go() {
        let (cluster, name, path) = with_pod(json!({"spec": {"nodeName": "n", "terminationGracePeriodSeconds": 9}}));
        assert_eq!(evict(&cluster, &name, &path).await.0, 201);
        let pod = cluster.get("Pod", "default", &name).unwrap();
        assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 9);
        let mut condition = pod["status"]["conditions"][0].clone();
        condition.as_object_mut().unwrap().remove("lastTransitionTime");
        let told = json!({
            "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting", "lastProbeTime": null,
        });
        assert_eq!(condition, told);
        let before = cluster.revision();
        assert_eq!(evict(&cluster, &name, &path).await.0, 201);
        assert_eq!(cluster.revision(), before);
    }

    #[tokio::test]
    async fn a_budget_is_spent() {
        let status =
            json!({"observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1});
        let (cluster, name, path) = guarded(status);
        assert_eq!(evict(&cluster, &name, &path).await.0, 201);
        assert!(gone(&cluster, &name));
        let budget = cluster.get("PodDisruptionBudget", "default", "b").unwrap();
        assert_eq!(budget["status"]["disruptionsAllowed"], 0);
        assert!(budget["status"]["disruptedPods"][&name].is_string());
        let condition = &budget["status"]["conditions"][0];
        assert_eq!((&condition["status"], &condition["reason"]), (&json!("False"), &json!("InsufficientPods")));
    }

    #[tokio::test]
    async fn an_eviction_that_is_only_tried_spends_nothing() {
        let status = json!({"observedGeneration": 1, "disruptionsAllowed": 1});
        let (cluster, name, path) = guarded(status);
        let before = cluster.revision();
        let body = json!({"metadata": {"name": name}, "deleteOptions": {"dryRun": ["All"]}});
        assert_eq!(ask(&cluster, "POST", &format!("{path}/eviction"), &body).await.0, 201);
        assert_eq!(cluster.revision(), before);
    }

    #[tokio::test]
    async fn a_budget_that_is_used_up_says_what_it_needs() {
        let spent = |more: Value| {
            let mut status = json!({"observedGeneration": 1, "disruptionsAllowed": 0});
            status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            status
        };
        let condition = |reason: &str| {
            let condition = json!({
                "type": "DisruptionAllowed", "status": "False", "reason": reason, "message": "m",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            });
            json!({"conditions": [condition], "currentHealthy": 3, "desiredHealthy": 2})
        };
        for (status, wait, cause) in [
            (json!({}), Some("10"), "is still being processed by the server."),
            (
                spent(json!({"currentHealthy": 1, "desiredHealthy": 2})),
                None,
                "needs 2 healthy pods and has 1 currently",
            ),
            (spent(condition("R")), None, "does not allow evicting pods currently (R): m"),
            (spent(condition("SyncFailed")), None, "does not allow evicting pods currently because it failed sync: m"),
            (spent(json!({"currentHealthy": 3, "desiredHealthy": 2})), None, "does not allow evicting pods currently"),
        ] {
            let (cluster, name, path) = guarded(status);
            let cause = format!("The disruption budget b {cause}");
            let wait = wait.map(str::to_owned);
            assert_eq!(evict(&cluster, &name, &path).await, (429, wait, REFUSED.to_owned(), cause));
            assert!(!gone(&cluster, &name));
        }
    }

    #[tokio::test]
    async fn a_pod_that_does_no_work_may_go_while_there_are_enough_others() {
        let enough = json!({"observedGeneration": 1, "currentHealthy": 2, "desiredHealthy": 2});
        let (cluster, name, path) = with_pod(json!({"status": {"phase": "Running"}}));
        with_budget(&cluster, "b", json!({"observedGeneration": 1, "currentHealthy": 1, "desiredHealthy": 2}));
        assert_eq!(evict(&cluster, &name, &path).await.0, 429);
        let mut budget = cluster.get("PodDisruptionBudget", "default", "b").unwrap();
        budget["status"] = enough;
        cluster.replace(budget).unwrap();
        assert_eq!(evict(&cluster, &name, &path).await.0, 201);
    }

    #[tokio::test]
    async fn a_pod_that_never_ran_needs_no_budget() {
        let (cluster, name, path) = with_pod(json!({}));
        with_budget(&cluster, "b", json!({}));
        assert_eq!(evict(&cluster, &name, &path).await.0, 201);
    }

    #[tokio::test]
    async fn a_pod_with_two_budgets_is_too_much() {
        let (cluster, name, path) = guarded(json!({"observedGeneration": 1, "disruptionsAllowed": 1}));
        with_budget(&cluster, "c", json!({"observedGeneration": 1, "disruptionsAllowed": 1}));
        let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        assert_eq!(evict(&cluster, &name, &path).await, (500, None, why.to_owned(), String::new()));
    }

    #[tokio::test]
    async fn an_eviction_of_something_else_is_refused() {
        let (cluster, name, path) = with_pod(json!({}));
        let path = format!("{path}/eviction");
        let uid = cluster.get("Pod", "default", &name).unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
        let unnamed = (400, "name in URL does not match name in Eviction object".to_owned());
        assert_eq!(refused(&cluster, "POST", &path, &json!({})).await, unnamed);
        let options = json!({"preconditions": {"uid": "u"}});
        let why = format!(
            "Operation cannot be fulfilled on Pod {name:?}: the UID in the precondition (u) does not match the UID in \
             record ({uid}). The object might have been deleted and then recreated"
        );
        let body = json!({"metadata": {"name": name}, "deleteOptions": options});
        assert_eq!(refused(&cluster, "POST", &path, &body).await, (409, why));
        let missing = json!({"metadata": {"name": "-"}});
        let path = "/api/v1/namespaces/default/pods/-/eviction";
        assert_eq!(refused(&cluster, "POST", path, &missing).await, (404, "pods \"-\" not found".to_owned()));
    }
}

mod parts_of_pods {
    use super::*;

    fn strategic(patch: Value) -> (PatchParams, Patch<Value>) {
        (PatchParams::default(), Patch::Strategic(patch))
    }

    #[tokio::test]
    async fn ephemeral_containers_come_and_stay() {
        let (cluster, name, _) = with_pod(json!({}));
        let pods: Api<Pod> = Api::default_namespaced(cluster.client());
        let spec = json!({"ephemeralContainers": [{"name": "e", "image": "x"}], "activeDeadlineSeconds": 5});
        let (params, patch) = strategic(json!({"spec": spec, "metadata": {"labels": {"other": "label"}}}));
        let pod = pods.patch_ephemeral_containers(&name, &params, &patch).await.unwrap();
        let spec = pod.spec.unwrap();
        assert_eq!(spec.ephemeral_containers.unwrap()[0].image_pull_policy.as_deref(), Some("Always"));
        assert_eq!((spec.active_deadline_seconds, pod.metadata.generation), (None, Some(2)));
        assert_eq!(pod.metadata.labels.unwrap().len(), 1);
        assert_eq!(pods.get_ephemeral_containers(&name).await.unwrap().metadata.generation, Some(2));
        for (containers, why) in [(Value::Null, "removed"), (json!([{"name": "e", "image": "y"}]), "changed")] {
            let patch = Patch::Merge(json!({"spec": {"ephemeralContainers": containers}}));
            let refused = refusal(pods.patch_ephemeral_containers(&name, &params, &patch).await);
            let start =
                format!("Pod {name:?} is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers");
            assert_eq!(refused.message, format!("{start} \"e\" may not be {why}\n"));
        }
    }

    #[tokio::test]
    async fn a_resize_changes_resources_and_nothing_else() {
        let (cluster, name, _) = with_pod(json!({}));
        let pods: Api<Pod> = Api::default_namespaced(cluster.client());
        let container = json!({"name": "c", "image": "other", "resources": {"requests": {"cpu": "2"}}});
        let (params, patch) = strategic(json!({"spec": {"containers": [container], "activeDeadlineSeconds": 5}}));
        pods.patch_resize(&name, &params, &patch).await.unwrap();
        let pod = cluster.get("Pod", "default", &name).unwrap();
        let container = &pod["spec"]["containers"][0];
        assert_eq!((&container["image"], &container["resources"]), (&json!("i"), &json!({"requests": {"cpu": "2"}})));
        assert_eq!((&pod["spec"]["activeDeadlineSeconds"], &pod["metadata"]["generation"]), (&Value::Null, &json!(2)));
        let again = pods.patch_resize(&name, &params, &patch).await.unwrap();
        assert_eq!(again.metadata.generation, Some(2));
        assert_eq!(again.metadata.resource_version.as_deref(), pod["metadata"]["resourceVersion"].as_str());
    }

    #[tokio::test]
    async fn what_is_no_resize_is_refused() {
        let (cluster, name, _) = with_pod(json!({}));
        let pods: Api<Pod> = Api::default_namespaced(cluster.client());
        let requests = |requests: Value| json!([{"name": "c", "image": "i", "resources": {"requests": requests}}]);
        let [other, added] = [
            json!({"name": "d", "image": "i"}),
            json!({"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}),
        ];
        for (containers, why) in [
            (
                requests(json!({"cpu": "1", "ephemeral-storage": "2"})),
                "spec: Forbidden: only cpu and memory resources are mutable",
            ),
            (
                requests(json!({"memory": "1Gi"})),
                "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
            ),
            (json!([added, other]), "spec.containers: Forbidden: containers may not be added or removed on resize"),
            (
                json!([{"name": "d", "image": "i", "resources": {"requests": {"cpu": "1"}}}]),
                "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize",
            ),
            (
                requests(json!({"cpu": "0"})),
                "spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing",
            ),
        ] {
            let patch = Patch::Merge(json!({"spec": {"containers": containers}}));
            let refused = refusal(pods.patch_resize(&name, &PatchParams::default(), &patch).await);
            assert_eq!(refused.message, format!("Pod {name:?} is invalid: {why}"));
        }
    }

    #[tokio::test]
    async fn a_pod_on_no_node_has_no_log_and_runs_nothing() {
        let (cluster, name, path) = with_pod(json!({}));
        assert_eq!(ask(&cluster, "GET", &format!("{path}/log"), &Value::Null).await.0, 204);
        let homeless = (400, format!("pod {name} does not have a host assigned"));
        for part in ["exec", "attach", "portforward"] {
            for method in ["GET", "POST"] {
                assert_eq!(refused(&cluster, method, &format!("{path}/{part}"), &Value::Null).await, homeless);
            }
        }
        let proxy = (400, "address not allowed".to_owned());
        assert_eq!(refused(&cluster, "GET", &format!("{path}/proxy/a/b"), &Value::Null).await, proxy);
        let unknown = (400, format!("container x is not valid for pod {name}"));
        assert_eq!(refused(&cluster, "GET", &format!("{path}/log?container=x"), &Value::Null).await, unknown);
        assert_eq!(refused(&cluster, "POST", &format!("{path}/log"), &Value::Null).await.0, 405);
        let missing = (404, "pods \"-\" not found".to_owned());
        assert_eq!(refused(&cluster, "GET", "/api/v1/namespaces/default/pods/-/log", &Value::Null).await, missing);
    }

    #[tokio::test]
    async fn nobody_answers_on_a_node() {
        let (cluster, _, path) = with_pod(json!({"spec": {"nodeName": "n"}}));
        let log = format!("{path}/log");
        assert_eq!(refused(&cluster, "GET", &log, &Value::Null).await, (404, "nodes \"n\" not found".to_owned()));
        let mut node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}});
        cluster.create(&node).unwrap();
        let nowhere = "no preferred addresses found; known addresses: []".to_owned();
        assert_eq!(refused(&cluster, "GET", &log, &Value::Null).await, (500, nowhere));
        node["status"] = json!({"addresses": [{"type": "InternalIP", "address": "10.1.2.3"}]});
        cluster.apply(node).unwrap();
        assert_eq!(refused(&cluster, "GET", &log, &Value::Null).await.0, 503);
        cluster.fault(Fault::on("get").resource("pods").subresource("log").text(200, "it works"));
        let pods: Api<Pod> = Api::default_namespaced(cluster.client());
        let name = log.split('/').nth(6).unwrap();
        assert_eq!(pods.logs(name, &Default::default()).await.unwrap(), "it works\n");
    }
}

mod approvals {
    use super::*;

    fn with_request() -> (FakeCluster, String, String) {
        let cluster = FakeCluster::new();
        let name = Random::new().name();
        // `hallo`, wrapped as a request.
        let request = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KYUdGc2JHOD0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==";
        let spec = json!({"request": request, "signerName": "a.example/b", "usages": ["client auth"]});
        let api_version = "certificates.k8s.io/v1";
        let kind = "CertificateSigningRequest";
        cluster
            .create(json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}))
            .unwrap();
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
        let odd =
            conditions(json!([{"status": "True"}, {"type": "A", "status": "Bad"}, {"type": "A", "status": "True"}]));
        let why = format!(
            "{start} [status.conditions[0].type: Required value, status.conditions[1].status: Unsupported value: \
             \"Bad\": supported values: \"False\", \"True\", \"Unknown\", status.conditions[2].type: Duplicate value: \"A\"]"
        );
        assert_eq!(refused(&cluster, "PATCH", &path, &odd).await, (422, why));
    }
}

mod reports {
    use super::*;

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
        let table = Request::get("/api/v1/componentstatuses/etcd-0")
            .header(header::ACCEPT, "application/json;as=Table;v=v1;g=meta.k8s.io");
        let (_, _, table) = send(&cluster, table, String::new()).await;
        assert_eq!(table["rows"][0]["cells"], json!(["etcd-0", "Healthy", "ok", ""]));
        let path = "/api/v1/componentstatuses";
        let why = "watch is not supported on resources of kind \"componentstatuses\"".to_owned();
        assert_eq!(refused(&cluster, "GET", &format!("{path}?watch=1"), &Value::Null).await, (405, why));
        assert_eq!(ask(&cluster, "POST", path, &json!({})).await.0, 405);
    }
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
