//! Tokens of service accounts.

use serde_json::{Value, json};

use crate::ground::{Answer, Ground, text};

const SERVER: &str = "https://kubernetes.default.svc";

/// A service account that a case is about.
struct Account {
    ground: Ground,
    name: String,
    uid: String,
}

impl Account {
    async fn new(ground: Ground) -> Self {
        let name = ground.name();
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
        let made = ground.make(&format!("/api/v1/namespaces/{}/serviceaccounts", ground.namespace), &account).await;
        Account { name, uid: text(&made["metadata"]["uid"]), ground }
    }

    /// Asks for a token.
    async fn ask(&self, request: &Value) -> Answer {
        let path = format!("/api/v1/namespaces/{}/serviceaccounts/{}/token", self.ground.namespace, self.name);
        self.ground.post(&path, request).await
    }

    async fn token(&self, spec: Value) -> String {
        let answer = self.ask(&json!({"spec": spec})).await;
        assert_eq!(answer.code, 201, "{answer:?}");
        text(&answer.body["status"]["token"])
    }

    /// What a review says of a token.
    async fn review(&self, token: &str, audiences: Value) -> Value {
        let review = json!({"spec": {"token": token, "audiences": audiences}});
        self.ground.post("/apis/authentication.k8s.io/v1/tokenreviews", &review).await.body["status"].clone()
    }

    fn user(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.ground.namespace, self.name)
    }
}

pub async fn one_says_whose_it_is(ground: Ground) {
    let account = Account::new(ground).await;
    let mut status = account.review(&account.token(json!({})).await, Value::Null).await;
    let id = status["user"]["extra"]["authentication.kubernetes.io/credential-id"][0].take();
    assert!(text(&id).starts_with("JTI="), "{id}");
    let here = format!("system:serviceaccounts:{}", account.ground.namespace);
    let user = json!({
        "username": account.user(), "uid": account.uid,
        "groups": ["system:serviceaccounts", here, "system:authenticated"],
        "extra": {"authentication.kubernetes.io/credential-id": [null]},
    });
    assert_eq!(status, json!({"authenticated": true, "user": user, "audiences": [SERVER]}));
}

pub async fn a_request_is_answered_with_what_it_left_out(ground: Ground) {
    let account = Account::new(ground).await;
    let answer = account.ask(&json!({})).await.body;
    assert_eq!(
        (&answer["metadata"]["name"], &answer["metadata"]["namespace"]),
        (&json!(account.name), &json!(account.ground.namespace))
    );
    assert_eq!((&answer["spec"]["audiences"], &answer["spec"]["expirationSeconds"]), (&json!([SERVER]), &json!(3600)));
    let time = |value: &Value| text(value).parse::<jiff::Timestamp>().expect("a time");
    let (made, end) = (&answer["metadata"]["creationTimestamp"], &answer["status"]["expirationTimestamp"]);
    assert!((3590..3610).contains(&time(end).duration_since(time(made)).as_secs()), "{answer}");
}

pub async fn one_is_for_its_audiences_only(ground: Ground) {
    let account = Account::new(ground).await;
    let token = account.token(json!({"audiences": ["a", "b"]})).await;
    let for_b = account.review(&token, json!(["c", "b"])).await;
    assert_eq!((&for_b["authenticated"], &for_b["audiences"]), (&json!(true), &json!(["b"])));
    let why = format!(
        "[invalid bearer token, token audiences [\"a\" \"b\"] is invalid for the target audiences [{SERVER:?}]]"
    );
    assert_eq!(account.review(&token, Value::Null).await, json!({"user": {}, "error": why}));
}

pub async fn what_is_none_is_nobodys(ground: Ground) {
    let account = Account::new(ground).await;
    let invalid = json!({"user": {}, "error": "invalid bearer token"});
    assert_eq!(account.review(&account.ground.name(), Value::Null).await, invalid);
}

pub async fn a_request_that_cannot_be_granted_is_refused(ground: Ground) {
    let account = Account::new(ground).await;
    let invalid =
        |name: &str, why: &str| (422, format!("TokenRequest.authentication.k8s.io {name:?} is invalid: {why}"));
    let seconds = |seconds: i64| json!({"spec": {"expirationSeconds": seconds}});
    let short = "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes";
    assert_eq!(account.ask(&seconds(599)).await.said(), invalid("", short));
    let long = "spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds";
    assert_eq!(account.ask(&seconds((1 << 32) + 1)).await.said(), invalid("", long));
    let other = "metadata.name: Invalid value: \"-\": must match the service account name if specified";
    assert_eq!(account.ask(&json!({"metadata": {"name": "-"}})).await.said(), invalid(&account.name, other));
    let conflict = format!(
        "Operation cannot be fulfilled on TokenRequest.authentication.k8s.io {:?}: the UID in the token request (x) \
         does not match the UID of the service account ({})",
        account.name, account.uid
    );
    assert_eq!(account.ask(&json!({"metadata": {"uid": "x"}})).await.said(), (409, conflict));
    let bound = |reference: Value| json!({"spec": {"boundObjectRef": reference}});
    let deployment = bound(json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}));
    let why = "cannot bind token to object of type apps/v1, Kind=Deployment".to_owned();
    assert_eq!(account.ask(&deployment).await.said(), (400, why));
    let missing = bound(json!({"apiVersion": "v1", "kind": "Pod", "name": "p"}));
    assert_eq!(account.ask(&missing).await.said(), (404, "pods \"p\" not found".to_owned()));
    let nobody = format!("/api/v1/namespaces/{}/serviceaccounts/-/token", account.ground.namespace);
    let answer = account.ground.post(&nobody, &json!({})).await;
    assert_eq!(answer.said(), (404, "serviceaccounts \"-\" not found".to_owned()));
}
