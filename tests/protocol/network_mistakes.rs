//! Network policies and Ingresses that are refused.

use serde_json::json;

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, outside, refused, within},
};

const NETWORK_POLICIES: Kind = within("networking.k8s.io", "networkpolicies", "NetworkPolicy");
const INGRESSES: Kind = within("networking.k8s.io", "ingresses", "Ingress");
const INGRESS_CLASSES: Kind = outside("networking.k8s.io", "ingressclasses", "IngressClass");

pub async fn in_network_policies(ground: Ground) {
    let cases = &[
        (
            json!({
                "spec": {
                    "podSelector": {
                        "matchLabels": {"a b": "c d"},
                        "matchExpressions": [
                            {"key": "", "operator": "In"}, {"key": "k", "operator": "Exists", "values": ["v"]},
                            {"key": "k", "operator": "Like"}
                        ]
                    },
                    "policyTypes": ["Ingress", "Both"]
                }
            }),
            r#"
            spec.podSelector.matchExpressions[0].key: Invalid value: "": <name>
            spec.podSelector.matchExpressions[0].key: Invalid value: "": name part must be non-empty
            spec.podSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'
            spec.podSelector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'
            spec.podSelector.matchExpressions[2].operator: Invalid value: "Like": not a valid selector operator
            spec.podSelector.matchLabels: Invalid value: "a b": <name>
            spec.podSelector.matchLabels: Invalid value: "c d": <value>
            spec.policyTypes[1]: Unsupported value: "Both": supported values: "Ingress", "Egress"
        "#,
        ),
        (
            json!({"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress", "Ingress"]}}),
            r#"spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes"#,
        ),
        (
            json!({
                "spec": {
                    "podSelector": {},
                    "ingress": [
                        {
                            "from": [
                                {}, {"ipBlock": {}}, {"ipBlock": {"cidr": "x"}},
                                {"ipBlock": {"cidr": "10.0.0.1/24"}}, {"ipBlock": {"cidr": "010.0.0.0/24"}},
                                {"ipBlock": {"cidr": "::ffff:1.2.3.0/120"}},
                                {"ipBlock": {"cidr": "10.0.0.0/33"}, "podSelector": {}},
                                {
                                    "ipBlock": {
                                        "cidr": "10.0.0.0/24",
                                        "except": ["x", "10.0.1.0/25", "10.0.0.0/24", "10.0.0.128/25", "2001:db8::/64"]
                                    }
                                }
                            ]
                        }
                    ]
                }
            }),
            r#"
            spec.ingress[0].from[0]: Required value: must specify a peer
            spec.ingress[0].from[1].ipBlock.cidr: Required value
            spec.ingress[0].from[2].ipBlock.cidr: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)
            spec.ingress[0].from[3].ipBlock.cidr: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length
            spec.ingress[0].from[4].ipBlock.cidr: Invalid value: "010.0.0.0/24": must not have leading 0s in IP or prefix length
            spec.ingress[0].from[5].ipBlock.cidr: Invalid value: "::ffff:1.2.3.0/120": must not have an IPv4-mapped IPv6 address
            spec.ingress[0].from[6].ipBlock.cidr: Invalid value: "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)
            spec.ingress[0].from[6]: Forbidden: may not specify both ipBlock and another peer
            spec.ingress[0].from[7].ipBlock.except[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)
            spec.ingress[0].from[7].ipBlock.except[1]: Invalid value: "10.0.1.0/25": must be a strict subset of `cidr`
            spec.ingress[0].from[7].ipBlock.except[2]: Invalid value: "10.0.0.0/24": must be a strict subset of `cidr`
            spec.ingress[0].from[7].ipBlock.except[4]: Invalid value: "2001:db8::/64": must be a strict subset of `cidr`
        "#,
        ),
        (
            json!({
                "spec": {
                    "podSelector": {},
                    "egress": [
                        {
                            "to": [{"namespaceSelector": {"matchLabels": {"a": "b c"}}}],
                            "ports": [
                                {"port": 0}, {"port": 70000}, {"port": "HTTP"}, {"port": "http", "endPort": 5},
                                {"endPort": 5}, {"port": 100, "endPort": 50}, {"port": 100, "endPort": 70000},
                                {"port": 1, "protocol": "ICMP"}, {"port": "a-very-long-port-name"}, {"port": "a--b"}
                            ]
                        }
                    ]
                }
            }),
            r#"
            spec.egress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive
            spec.egress[0].ports[1].port: Invalid value: 70000: must be between 1 and 65535, inclusive
            spec.egress[0].ports[2].port: Invalid value: "HTTP": must contain at least one letter (a-z)
            spec.egress[0].ports[2].port: Invalid value: "HTTP": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)
            spec.egress[0].ports[3].endPort: Invalid value: 5: may not be specified when `port` is non-numeric
            spec.egress[0].ports[4].endPort: Invalid value: 5: may not be specified when `port` is not specified
            spec.egress[0].ports[5].endPort: Invalid value: 100: must be greater than or equal to `port`
            spec.egress[0].ports[6].endPort: Invalid value: 70000: must be between 1 and 65535, inclusive
            spec.egress[0].ports[7].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"
            spec.egress[0].ports[8].port: Invalid value: "a-very-long-port-name": must be no more than 15 characters
            spec.egress[0].ports[9].port: Invalid value: "a--b": must not contain consecutive hyphens
            spec.egress[0].to[0].namespaceSelector.matchLabels: Invalid value: "b c": <value>
        "#,
        ),
    ];
    refused(&ground, &NETWORK_POLICIES, cases).await;
    let cases = &[
        (
            json!({"spec": {"policyTypes": ["Both"]}}),
            r#"spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress""#,
        ),
        (
            json!({"spec": {"ingress": [{"ports": [{"port": 0}]}]}}),
            "spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
    ];
    kept(&ground, &NETWORK_POLICIES, &json!({"spec": {"podSelector": {}}}), cases).await;
}

pub async fn in_ingresses(ground: Ground) {
    let cases = &[
        (json!({"spec": {}}), "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"),
        (
            json!({"spec": {"defaultBackend": {}}}),
            r#"spec.defaultBackend: Invalid value: "": resource or service backend is required"#,
        ),
        (
            json!({"spec": {"defaultBackend": {"resource": {"apiGroup": "A", "kind": "a/b", "name": ""}}}}),
            r#"
            spec.defaultBackend.resource.apiGroup: Invalid value: "A": <subdomain>
            spec.defaultBackend.resource.kind: Invalid value: "a/b": may not contain '/'
            spec.defaultBackend.resource.name: Required value
        "#,
        ),
        (
            json!({"spec": {"defaultBackend": {"service": {"name": "S_", "port": {"name": "HTTP port"}}}}}),
            r#"
            spec.defaultBackend.service.name: Invalid value: "S_": <label>
            spec.defaultBackend.service.port.name: Invalid value: "HTTP port": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)
        "#,
        ),
        (
            json!({
                "spec": {
                    "rules": [
                        {"host": "1.2.3.4"}, {"host": "*"}, {"host": "A.b"}, {"http": {"paths": []}},
                        {
                            "http": {
                                "paths": [
                                    {"backend": {"service": {"name": "s", "port": {"number": 80}}}, "path": "/"},
                                    {
                                        "backend": {"service": {"name": "s", "port": {"number": 80}}},
                                        "pathType": "Exact", "path": "a//b/.."
                                    },
                                    {
                                        "backend": {"service": {"name": "s", "port": {"number": 80}}},
                                        "pathType": "Near", "path": "/"
                                    },
                                    {"backend": {"service": {}}, "pathType": "Prefix", "path": "/"}
                                ]
                            }
                        }
                    ],
                    "ingressClassName": "A_", "tls": [{"hosts": ["A"], "secretName": "S_"}]
                }
            }),
            r#"
            spec.ingressClassName: Invalid value: "A_": <subdomain>
            spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address
            spec.rules[1].host: Invalid value: "*": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
            spec.rules[2].host: Invalid value: "A.b": <subdomain>
            spec.rules[3].http.paths: Required value
            spec.rules[4].http.paths[0].pathType: Required value: pathType must be specified
            spec.rules[4].http.paths[1].path: Invalid value: "a//b/..": cannot end with '/..'
            spec.rules[4].http.paths[1].path: Invalid value: "a//b/..": must be an absolute path
            spec.rules[4].http.paths[1].path: Invalid value: "a//b/..": must not contain '//'
            spec.rules[4].http.paths[2].pathType: Unsupported value: "Near": supported values: "Exact", "ImplementationSpecific", "Prefix"
            spec.rules[4].http.paths[3].backend.service.name: Required value
            spec.rules[4].http.paths[3].backend: Required value: port name or number is required
            spec.tls[0].hosts[0]: Invalid value: "A": <subdomain>
            spec.tls[0].secretName: Invalid value: "S_": <subdomain>
        "#,
        ),
    ];
    refused(&ground, &INGRESSES, cases).await;
}

pub async fn in_classes_of_ingresses(ground: Ground) {
    let cases = &[
        (json!({}), "spec.controller: Required value"),
        (
            json!({"spec": {"controller": "a"}}),
            r#"spec.controller: Invalid value: "a": must be a domain-prefixed path (such as "acme.io/foo")"#,
        ),
        (
            json!({"spec": {"controller": "A_/c d"}}),
            r#"
            spec.controller: Invalid value: "A_": <subdomain>
            spec.controller: Invalid value: "c d": Invalid path (regex used for validation is '[A-Za-z0-9/\-._~%!$&'()*+,;=:]+')
        "#,
        ),
        (
            json!({
                "spec": {
                    "controller": "a.b/c",
                    "parameters": {"apiGroup": "A", "kind": "a/b", "name": "..", "scope": "Any"}
                }
            }),
            r#"
            spec.parameters.apiGroup: Invalid value: "A": <subdomain>
            spec.parameters.kind: Invalid value: "a/b": may not contain '/'
            spec.parameters.name: Invalid value: "..": may not be '..'
            spec.parameters.scope: Unsupported value: "Any": supported values: "Cluster", "Namespace"
        "#,
        ),
        (
            json!({"spec": {"controller": "a.b/c", "parameters": {"kind": "", "name": "a", "scope": "Namespace"}}}),
            "
            spec.parameters.kind: Required value
            spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'
        ",
        ),
        (
            json!({
                "spec": {
                    "controller": "a.b/c",
                    "parameters": {"kind": "a", "name": "", "scope": "Cluster", "namespace": "b"}
                }
            }),
            "
            spec.parameters.name: Required value
            spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'
        ",
        ),
    ];
    refused(&ground, &INGRESS_CLASSES, cases).await;
    let cases =
        &[(json!({"spec": {"controller": "a.b/d"}}), r#"spec.controller: Invalid value: "a.b/d": field is immutable"#)];
    kept(&ground, &INGRESS_CLASSES, &json!({"spec": {"controller": "a.b/c"}}), cases).await;
}
