//! The user behind a request: the service account of its token, or otherwise one administrator.

use kube::core::Status;
use serde_json::{Value, json};

use super::{
    super::{state::State, status},
    tokens::{self, AUDIENCE},
};

/// Answers whose token it is.
pub(super) fn review(state: &State, mut review: Value) -> Result<Value, Box<Status>> {
    let spec = &review["spec"];
    let token = spec["token"].as_str().unwrap_or_default();
    if token.is_empty() {
        return Err(status::bad_request("token is required for TokenReview in authentication"));
    }
    let asked: Vec<&str> = spec["audiences"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let asked = if asked.is_empty() { vec![AUDIENCE] } else { asked };
    let status = match tokens::owner(state, token, &asked) {
        Ok(owner) => json!({"authenticated": true, "user": owner.user, "audiences": owner.audiences}),
        Err(why) => json!({"user": {}, "error": why}),
    };
    review["status"] = status;
    Ok(review)
}

/// Answers who asks.
pub(super) fn of(state: &State, token: Option<&str>) -> Value {
    let owner = token.and_then(|token| tokens::owner(state, token, &[AUDIENCE]).ok());
    let user = owner.map_or_else(
        || json!({"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]}),
        |owner| owner.user,
    );
    json!({
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"creationTimestamp": state.time()},
        "status": {"userInfo": user},
    })
}
