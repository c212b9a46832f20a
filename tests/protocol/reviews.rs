//! Reviews: who may do what.

use serde_json::{Value, json};

use crate::ground::{Answer, Ground};

const GROUP: &str = "/apis/authorization.k8s.io/v1";

async fn review(ground: &Ground, plural: &str, spec: &Value) -> Answer {
    ground.post(&format!("{GROUP}/{plural}"), &json!({"spec": spec})).await
}

pub async fn who_may_do_everything_is_told_so(ground: Ground) {
    for spec in [
        json!({"resourceAttributes": {"verb": "delete", "resource": ground.name()}}),
        json!({"nonResourceAttributes": {"path": "/metrics", "verb": "get"}}),
    ] {
        let answer = review(&ground, "selfsubjectaccessreviews", &spec).await;
        assert_eq!((answer.code, &answer.body["status"]["allowed"]), (201, &json!(true)), "{spec}");
    }
    let answer = review(&ground, "selfsubjectrulesreviews", &json!({"namespace": ground.name()})).await;
    let status = &answer.body["status"];
    let has = |rules: &str, field: &str| {
        let mut rules = status[rules].as_array().expect("rules").iter();
        rules.any(|rule| (&rule["verbs"], &rule[field]) == (&json!(["*"]), &json!(["*"])))
    };
    assert!(has("resourceRules", "resources") && has("nonResourceRules", "nonResourceURLs"), "{status}");
}

pub async fn a_local_one_is_about_its_namespace(ground: Ground) {
    let path = format!("{GROUP}/namespaces/{}/localsubjectaccessreviews", ground.namespace);
    let ask = async |namespace: &str| {
        let attributes = json!({"verb": "get", "resource": "pods", "namespace": namespace});
        let spec = json!({"user": "u", "resourceAttributes": attributes});
        ground.post(&path, &json!({"metadata": {"namespace": ground.namespace}, "spec": spec})).await
    };
    assert_eq!(ask(&ground.namespace).await.code, 201);
    let why = ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes.namespace: Invalid value: \"elsewhere\": \
               must match metadata.namespace";
    assert_eq!(ask("elsewhere").await.said(), (422, why.to_owned()));
}

pub async fn one_that_means_nothing_is_refused(ground: Ground) {
    let either = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    let why = format!(".authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: null: {either}");
    assert_eq!(review(&ground, "selfsubjectaccessreviews", &json!({})).await.said(), (422, why));
    let selector = json!({"requirements": [{"operator": "In"}], "rawSelector": "a=b"});
    let attributes = json!({"labelSelector": {}, "fieldSelector": selector});
    let both = json!({"resourceAttributes": attributes, "nonResourceAttributes": {"path": "/x", "verb": "get"}});
    let start = "spec.resourceAttributes";
    let why = format!(
        ".authorization.k8s.io \"\" is invalid: [spec.nonResourceAttributes: Invalid value: \
         {{\"Path\":\"/x\",\"Verb\":\"get\"}}: cannot be specified in combination with resourceAttributes, \
         spec.user: Invalid value: \"\": at least one of user or group must be specified, \
         {start}.fieldSelector.rawSelector: Invalid value: \"a=b\": may not specified at the same time as \
         requirements, {start}.fieldSelector.requirements[0].key: Required value: must be specified, \
         {start}.fieldSelector.requirements[0].values: Required value: must be specified when `operator` is \
         'In' or 'NotIn', {start}.labelSelector.requirements: Required value: when {start}.labelSelector is \
         specified, requirements or rawSelector is required]"
    );
    assert_eq!(review(&ground, "subjectaccessreviews", &both).await.said(), (422, why));
    let nowhere = review(&ground, "selfsubjectrulesreviews", &json!({})).await;
    assert_eq!(nowhere.said(), (400, "no namespace on request".to_owned()));
}

pub async fn they_are_asked_and_not_kept(ground: Ground) {
    let path = format!("{GROUP}/selfsubjectaccessreviews");
    for method in ["GET", "DELETE", "PUT"] {
        assert_eq!(ground.ask(method, &path, Some(("application/json", &json!({})))).await.code, 405, "{method}");
    }
    assert_eq!(ground.get(&format!("{path}/a")).await.code, 404);
}
