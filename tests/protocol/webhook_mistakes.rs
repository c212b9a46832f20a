//! Configurations of webhooks that are refused.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, outside, refused, with},
};

const VALIDATING: Kind =
    outside("admissionregistration.k8s.io", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration");
const MUTATING: Kind =
    outside("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration");

pub async fn in_webhooks(ground: Ground) {
    let cases = &[
        (
            json!({"webhooks": [{}]}),
            "
            webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1
            webhooks[0].clientConfig: Required value: exactly one of url or service is required
            webhooks[0].name: Required value
            webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun
        ",
        ),
        (
            hook(&json!({
                "name": "A.b.c", "sideEffects": "Some", "failurePolicy": "Try", "matchPolicy": "Any",
                "timeoutSeconds": 31, "namespaceSelector": {"matchLabels": {"a b": "c"}}
            })),
            r#"
            webhooks[0].failurePolicy: Unsupported value: "Try": supported values: "Fail", "Ignore"
            webhooks[0].matchPolicy: Unsupported value: "Any": supported values: "Equivalent", "Exact"
            webhooks[0].name: Invalid value: "A.b.c": <subdomain>
            webhooks[0].namespaceSelector.matchLabels: Invalid value: "a b": <name>
            webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"
            webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds
        "#,
        ),
        (
            hook(&json!({"clientConfig": {"url": "http://u:p@a/b?c=d#e"}})),
            r#"
            webhooks[0].clientConfig.url: Invalid value: "c=d": query parameters are not permitted in the URL
            webhooks[0].clientConfig.url: Invalid value: "e": fragments are not permitted in the URL
            webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]
            webhooks[0].clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL
        "#,
        ),
        (
            hook(&json!({"clientConfig": {"url": "x"}})),
            r#"
            webhooks[0].clientConfig.url: Invalid value: "": 'https' is the only allowed URL scheme; desired format: https://host[/path]
            webhooks[0].clientConfig.url: Invalid value: "": host must be specified; desired format: https://host[/path]
        "#,
        ),
        (
            hook(&json!({"clientConfig": {"url": null, "service": {"path": "/A_//b", "port": 0}}})),
            r#"
            webhooks[0].clientConfig.service.name: Required value
            webhooks[0].clientConfig.service.namespace: Required value
            webhooks[0].clientConfig.service.path: Invalid value: "/A_//b": segment[0]: <subdomain>
            webhooks[0].clientConfig.service.path: Invalid value: "/A_//b": segment[1] may not be empty
            webhooks[0].clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive
        "#,
        ),
        (
            hook(&json!({
                "clientConfig": {"service": {"name": "a", "namespace": "b"}},
                "admissionReviewVersions": ["v2", "v2"],
                "matchConditions": [{}, {"name": "a", "expression": "true"}, {"name": "a", "expression": "true"}]
            })),
            r#"
            webhooks[0].admissionReviewVersions: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1
            webhooks[0].admissionReviewVersions[1]: Invalid value: "v2": duplicate version
            webhooks[0].clientConfig: Required value: exactly one of url or service is required
            webhooks[0].matchConditions[0].expression: Required value
            webhooks[0].matchConditions[0].name: Required value
            webhooks[0].matchConditions[2].name: Duplicate value: "a"
        "#,
        ),
        (
            json!({
                "webhooks": [
                    {
                        "name": "a.b.c", "clientConfig": {"url": "https://a.b/c"}, "sideEffects": "None",
                        "admissionReviewVersions": ["v1"]
                    },
                    {
                        "name": "a.b.c", "clientConfig": {"url": "https://a.b/c"}, "sideEffects": "None",
                        "admissionReviewVersions": ["v1"]
                    }
                ]
            }),
            r#"webhooks[1].name: Duplicate value: "a.b.c""#,
        ),
        (
            hook_rule(&json!({
                "operations": ["*", "EAT"], "apiGroups": [], "apiVersions": ["*", ""],
                "resources": ["*", "pods", "pods/*", "pods/status", "*/x", "a/x"], "scope": "Far"
            })),
            r#"
            webhooks[0].rules[0].apiGroups: Required value
            webhooks[0].rules[0].apiVersions: Invalid value: ["*",""]: if '*' is present, must not specify other API versions
            webhooks[0].rules[0].apiVersions[1]: Required value
            webhooks[0].rules[0].operations: Invalid value: ["*","EAT"]: if '*' is present, must not specify other operations
            webhooks[0].rules[0].operations[1]: Unsupported value: "EAT": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"
            webhooks[0].rules[0].resources: Invalid value: ["*","pods","pods/*","pods/status","*/x","a/x"]: if '*' is present, must not specify other resources without subresources
            webhooks[0].rules[0].resources[3]: Invalid value: "pods/status": if 'pods/*' is present, must not specify pods/status
            webhooks[0].rules[0].resources[5]: Invalid value: "a/x": if '*/x' is present, must not specify a/x
            webhooks[0].rules[0].scope: Unsupported value: "Far": supported values: "*", "Cluster", "Namespaced"
        "#,
        ),
    ];
    refused(&ground, &VALIDATING, cases).await;
    let cases = &[(
        hook(&json!({"reinvocationPolicy": "Always", "sideEffects": "Unknown", "name": "a"})),
        r#"
            webhooks[0].name: Invalid value: "a": should be a domain with at least three segments separated by dots
            webhooks[0].reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"
            webhooks[0].sideEffects: Unsupported value: "Unknown": supported values: "None", "NoneOnDryRun"
        "#,
    )];
    refused(&ground, &MUTATING, cases).await;
    let cases = &[(
        hook(&json!({"timeoutSeconds": 0})),
        "webhooks[0].timeoutSeconds: Invalid value: 0: the timeout value must be between 1 and 30 seconds",
    )];
    kept(&ground, &VALIDATING, &json!({"webhooks": []}), cases).await;
}

/// A configuration of one webhook, but for these parts of it.
fn hook(fields: &Value) -> Value {
    with(
        json!({
            "webhooks": [
                {
                    "name": "a.b.c", "clientConfig": {"url": "https://a.b/c"}, "sideEffects": "None",
                    "admissionReviewVersions": ["v1"]
                }
            ]
        }),
        "/webhooks/0",
        fields,
    )
}

/// A configuration of one webhook with one rule, but for these parts of the rule.
fn hook_rule(fields: &Value) -> Value {
    with(
        json!({
            "webhooks": [
                {
                    "name": "a.b.c", "clientConfig": {"url": "https://a.b/c"}, "sideEffects": "None",
                    "admissionReviewVersions": ["v1"],
                    "rules": [{"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}]
                }
            ]
        }),
        "/webhooks/0/rules/0",
        fields,
    )
}
