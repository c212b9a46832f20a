//! Roles, bindings, requests for certificates, APIs and revisions that are refused.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, outside, refused, with, within},
};

const ROLES: Kind = within("rbac.authorization.k8s.io", "roles", "Role");
const CLUSTER_ROLES: Kind = outside("rbac.authorization.k8s.io", "clusterroles", "ClusterRole");
const BINDINGS: Kind = within("rbac.authorization.k8s.io", "rolebindings", "RoleBinding");
const REQUESTS: Kind = outside("certificates.k8s.io", "certificatesigningrequests", "CertificateSigningRequest");
const API_SERVICES: Kind = outside("apiregistration.k8s.io", "apiservices", "APIService");
const REVISIONS: Kind = within("apps", "controllerrevisions", "ControllerRevision");

pub async fn in_roles_and_bindings(ground: Ground) {
    let cases = &[(
        json!({"rules": [{}, {"verbs": ["get"], "nonResourceURLs": ["/x"], "apiGroups": [""]}]}),
        r#"
            rules[0].apiGroups: Required value: resource rules must supply at least one api group
            rules[0].resources: Required value: resource rules must supply at least one resource
            rules[0].verbs: Required value: verbs must contain at least one value
            rules[1].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs
            rules[1].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs
        "#,
    )];
    refused(&ground, &ROLES, cases).await;
    let cases = &[
        (
            json!({"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"], "apiGroups": [""]}], "aggregationRule": {}}),
            r#"
            aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil
            rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs
        "#,
        ),
        (
            json!({"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a b": "c"}}]}}),
            r#"
            aggregationRule.clusterRoleSelectors[0].matchLabels: Invalid value: "a b": <name>
            aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.
        "#,
        ),
    ];
    refused(&ground, &CLUSTER_ROLES, cases).await;
    let cases = &[(
        json!({
            "roleRef": {"apiGroup": "x", "kind": "Robot", "name": "a/b"},
            "subjects": [
                {"kind": "ServiceAccount", "name": "A_"}, {"kind": "User", "name": "a", "apiGroup": "x"},
                {"kind": "Group", "name": ""}, {"kind": "Robot", "name": "x"}
            ]
        }),
        r#"
            roleRef.apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"
            roleRef.kind: Unsupported value: "Robot": supported values: "Role", "ClusterRole"
            roleRef.name: Invalid value: "a/b": may not contain '/'
            subjects[0].name: Invalid value: "A_": <subdomain>
            subjects[1].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"
            subjects[2].name: Required value
            subjects[3].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"
        "#,
    )];
    refused(&ground, &BINDINGS, cases).await;
    let cases = &[(
        json!({"roleRef": {"name": "edit"}}),
        r#"roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"edit"}: cannot change roleRef"#,
    )];
    kept(
        &ground,
        &BINDINGS,
        &json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}}),
        cases,
    )
    .await;
}

pub async fn in_requests_for_certificates(ground: Ground) {
    let cases = &[
        (
            json!({}),
            "
            spec.request: Invalid value: null: PEM block type must be CERTIFICATE REQUEST
            spec.signerName: Required value
            spec.usages: Required value
        ",
        ),
        (
            json!({
                "spec": {"request": "eA==", "signerName": "A_/c", "usages": ["fun", "any", "any"], "expirationSeconds": 5}
            }),
            r#"
            spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 600 seconds (10 minutes)
            spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST
            spec.signerName: Invalid value: "A_": should be a domain with at least two segments separated by dots
            spec.signerName: Invalid value: "A_": validating label "A_": <label>
            spec.usages[0]: Unsupported value: "fun": supported values: "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"
            spec.usages[2]: Duplicate value: "any"
        "#,
        ),
        (
            json!({"spec": {"request": "eA==", "signerName": "a.b/c/d", "usages": ["any"]}}),
            r#"
            spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST
            spec.signerName: Invalid value: "a.b/c/d": must be a fully qualified domain and path of the form 'example.com/signer-name'
        "#,
        ),
    ];
    refused(&ground, &REQUESTS, cases).await;
}

pub async fn in_api_services(ground: Ground) {
    let cases = &[
        (
            api_service(&json!({
                "groupPriorityMinimum": 0, "versionPriority": 1001, "service": {"name": "", "port": 0},
                "caBundle": "eA=="
            })),
            "
            spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000
            spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present
            spec.service.name: Required value
            spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive
            spec.versionPriority: Invalid value: 1001: must be positive and less than 1000
        ",
        ),
        (
            api_service(&json!({"service": null, "group": "", "version": "v2"})),
            r#"
            metadata.name: Invalid value: "v1.x.example.com": must be `spec.version+"."+spec.group`: "v2."
            spec.group: Required value: only v1 may have an empty group and it better be legacy kube
            spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify
        "#,
        ),
    ];
    refused(&ground, &API_SERVICES, cases).await;
}

pub async fn in_revisions(ground: Ground) {
    let cases = &[
        (
            json!({"revision": -1}),
            "
            data: Required value: data is mandatory
            revision: Invalid value: -1: must be greater than or equal to 0
        ",
        ),
        (json!({"revision": 1, "data": [1]}), "data: Required value: data must be a valid JSON object"),
    ];
    refused(&ground, &REVISIONS, cases).await;
    let cases = &[
        (json!({"data": {"a": 2}}), r#"data: Invalid value: {"a":2}: field is immutable"#),
        (json!({"revision": -1}), "revision: Invalid value: -1: must be greater than or equal to 0"),
    ];
    kept(&ground, &REVISIONS, &json!({"revision": 1, "data": {"a": 1}}), cases).await;
}

/// An APIService, but for these parts of its specification.
fn api_service(fields: &Value) -> Value {
    with(
        json!({
            "metadata": {"name": "v1.x.example.com"},
            "spec": {
                "group": "x.example.com", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 10,
                "service": {"name": "a", "namespace": "b"}, "insecureSkipTLSVerify": true
            }
        }),
        "/spec",
        fields,
    )
}
