//! Rows of bindings, budgets, quotas, priorities, flow control, certificate requests, webhooks and admission policies.

use serde_json::{Value, json};

use super::{
    age,
    cells::{Item, joined, list, or, plain, text},
};

pub(super) fn binding(item: &Item<'_>) -> Vec<Value> {
    let role = format!("{}/{}", item.text("/roleRef/kind"), item.text("/roleRef/name"));
    let subjects = |kind: &str| {
        let subjects = item.list("/subjects").iter().filter(|subject| subject["kind"] == kind);
        let names = subjects.map(|subject| match text(subject, "/namespace") {
            namespace if kind == "ServiceAccount" && !namespace.is_empty() => {
                format!("{namespace}/{}", text(subject, "/name"))
            }
            _ => text(subject, "/name").to_owned(),
        });
        json!(names.collect::<Vec<_>>().join(", "))
    };
    vec![item.name(), role.into(), item.age(), subjects("User"), subjects("Group"), subjects("ServiceAccount")]
}

pub(super) fn disruption_budget(item: &Item<'_>) -> Vec<Value> {
    let limit = |path: &str| match item.at(path) {
        Value::Null => json!("N/A"),
        value => json!(plain(value)),
    };
    let allowed = item.number("/status/disruptionsAllowed").into();
    vec![item.name(), limit("/spec/minAvailable"), limit("/spec/maxUnavailable"), allowed, item.age()]
}

pub(super) fn quota(item: &Item<'_>) -> Vec<Value> {
    let hard = item.at("/status/hard").as_object().into_iter().flatten();
    let used = item.at("/status/used");
    let said = hard.map(|(name, hard)| (name, format!("{name}: {}/{}", plain(&used[name.as_str()]), plain(hard))));
    let (limits, requests): (Vec<_>, Vec<_>) = said.partition(|(name, _)| name.starts_with("limits."));
    let column =
        |column: Vec<(&String, String)>| json!(column.into_iter().map(|(_, said)| said).collect::<Vec<_>>().join(", "));
    vec![item.name(), column(requests), column(limits), item.age()]
}

pub(super) fn priority_class(item: &Item<'_>) -> Vec<Value> {
    let (value, default) = (item.number("/value"), item.flag("/globalDefault", false));
    vec![item.name(), value.into(), default.into(), item.age(), item.text("/preemptionPolicy").into()]
}

pub(super) fn flow_schema(item: &Item<'_>) -> Vec<Value> {
    let method = item.at("/spec/distinguisherMethod");
    let method = if method.is_null() { "<none>" } else { text(method, "/type") };
    let dangling = item.list("/status/conditions").iter().find(|condition| condition["type"] == "Dangling");
    vec![
        item.name(),
        item.text("/spec/priorityLevelConfiguration/name").into(),
        item.number("/spec/matchingPrecedence").into(),
        method.into(),
        item.age(),
        dangling.map_or("?", |condition| text(condition, "/status")).into(),
    ]
}

pub(super) fn priority_level(item: &Item<'_>) -> Vec<Value> {
    let limited = |path: &str| match item.at("/spec/limited").pointer(path) {
        None | Some(Value::Null) => json!("<none>"),
        Some(number) => number.clone(),
    };
    vec![
        item.name(),
        item.text("/spec/type").into(),
        limited("/nominalConcurrencyShares"),
        limited("/limitResponse/queuing/queues"),
        limited("/limitResponse/queuing/handSize"),
        limited("/limitResponse/queuing/queueLengthLimit"),
        item.age(),
    ]
}

pub(super) fn signing_request(item: &Item<'_>) -> Vec<Value> {
    let is = |name: &str| item.list("/status/conditions").iter().any(|condition| condition["type"] == name);
    let decided = if is("Denied") {
        "Denied"
    } else if is("Approved") {
        "Approved"
    } else {
        "Pending"
    };
    let issued = !item.text("/status/certificate").is_empty();
    let status = [Some(decided), is("Failed").then_some("Failed"), issued.then_some("Issued")];
    let duration = item.at("/spec/expirationSeconds").as_i64().map(age::human);
    vec![
        item.name(),
        item.age(),
        or(item.text("/spec/signerName"), "<none>").into(),
        item.text("/spec/username").into(),
        duration.as_deref().unwrap_or("<none>").into(),
        joined(status.into_iter().flatten(), ",").into(),
    ]
}

pub(super) fn webhooks(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), json!(item.list("/webhooks").len()), item.age()]
}

pub(super) fn mutating_policy(item: &Item<'_>) -> Vec<Value> {
    admission_policy(item, "/spec/mutations")
}

pub(super) fn validating_policy(item: &Item<'_>) -> Vec<Value> {
    admission_policy(item, "/spec/validations")
}

fn admission_policy(item: &Item<'_>, rules: &str) -> Vec<Value> {
    let params = item.at("/spec/paramKind");
    let params = if params.is_null() {
        "<unset>".to_owned()
    } else {
        format!("{}/{}", text(params, "/apiVersion"), text(params, "/kind"))
    };
    vec![item.name(), json!(item.list(rules).len()), params.into(), item.age()]
}

pub(super) fn policy_binding(item: &Item<'_>) -> Vec<Value> {
    let params = item.at("/spec/paramRef");
    let (namespace, name) = (text(params, "/namespace"), text(params, "/name"));
    let params = match (name.is_empty(), params.get("selector")) {
        (false, _) => format!("{}/{name}", or(namespace, "*")),
        (true, Some(selector)) if !selector.is_null() => go_selector(selector),
        (true, _) => "<unset>".to_owned(),
    };
    vec![item.name(), item.text("/spec/policyName").into(), params.into(), item.age()]
}

/// A label selector as Go prints the struct, which is how the server shows it here.
fn go_selector(selector: &Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let labels: String = labels.map(|(key, value)| format!("{key}: {},", plain(value))).collect();
    let expressions = list(selector, "/matchExpressions").iter().map(|expression| {
        let values = joined(list(expression, "/values").iter().filter_map(Value::as_str), " ");
        let (key, operator) = (text(expression, "/key"), text(expression, "/operator"));
        format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{values}],}},")
    });
    let expressions: String = expressions.collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},\
         MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
}
