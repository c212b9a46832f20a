//! Services that are refused.

use serde_json::json;

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, refused, within},
};

const SERVICES: Kind = within("", "services", "Service");

pub async fn in_services(ground: Ground) {
    let cases = &[
        (
            json!({
                "spec": {
                    "ports": [
                        {"name": "a", "port": 80, "targetPort": "Http_"},
                        {"name": "b", "port": 81, "targetPort": "a--b", "appProtocol": "a b"},
                        {"name": "c", "port": 82, "targetPort": "this-name-is-too-long", "appProtocol": "A_/b"},
                        {"name": "d", "port": 82, "targetPort": "-1"}
                    ],
                    "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10}},
                    "internalTrafficPolicy": "Global", "trafficDistribution": "Anywhere",
                    "healthCheckNodePort": 30500, "externalTrafficPolicy": "Local", "loadBalancerClass": "a/b",
                    "allocateLoadBalancerNodePorts": false, "loadBalancerSourceRanges": ["10.0.0.0/8"]
                }
            }),
            r#"
            spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'
            spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'
            spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services
            spec.healthCheckNodePort: Invalid value: 30500: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'
            spec.internalTrafficPolicy: Unsupported value: "Global": supported values: "Cluster", "Local"
            spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'
            spec.ports[0].targetPort: Invalid value: "Http_": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)
            spec.ports[1].appProtocol: Invalid value: "a b": <name>
            spec.ports[1].targetPort: Invalid value: "a--b": must not contain consecutive hyphens
            spec.ports[2].appProtocol: Invalid value: "A_/b": prefix part <subdomain>
            spec.ports[2].targetPort: Invalid value: "this-name-is-too-long": must be no more than 15 characters
            spec.ports[3].targetPort: Invalid value: "-1": must contain at least one letter (a-z)
            spec.ports[3].targetPort: Invalid value: "-1": must not begin or end with a hyphen
            spec.ports[3]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":82,"TargetPort":0,"NodePort":0}
            spec.trafficDistribution: Unsupported value: "Anywhere": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"
        "#,
        ),
        (
            json!({
                "spec": {
                    "ports": [{"port": 80}], "type": "LoadBalancer", "sessionAffinity": "ClientIP",
                    "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86401}},
                    "externalTrafficPolicy": "Global", "loadBalancerClass": "a b",
                    "loadBalancerSourceRanges": [" 10.0.0.0/8", "10.0.0.1/8", "10.0.0.0", "010.0.0.0/8", "::ffff:1.2.3.0/120"],
                    "externalIPs": ["1.2.3.4", "abc", "127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "01.2.3.4", "::ffff:1.2.3.4", ""]
                }
            }),
            r#"
            spec.LoadBalancerSourceRanges[1]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length
            spec.LoadBalancerSourceRanges[2]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)
            spec.LoadBalancerSourceRanges[3]: Invalid value: "010.0.0.0/8": must not have leading 0s in IP or prefix length
            spec.LoadBalancerSourceRanges[4]: Invalid value: "::ffff:1.2.3.0/120": must not have an IPv4-mapped IPv6 address
            spec.externalIPs[1]: Invalid value: "abc": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
            spec.externalIPs[2]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)
            spec.externalIPs[3]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)
            spec.externalIPs[4]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)
            spec.externalIPs[5]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)
            spec.externalIPs[6]: Invalid value: "01.2.3.4": must not have leading 0s
            spec.externalIPs[7]: Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address
            spec.externalIPs[8]: Invalid value: "": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
            spec.externalTrafficPolicy: Unsupported value: "Global": supported values: "Cluster", "Local"
            spec.loadBalancerClass: Invalid value: "a b": <name>
            spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400
        "#,
        ),
        (
            json!({
                "metadata": {
                    "annotations": {"service.beta.kubernetes.io/load-balancer-source-ranges": "10.0.0.0/8, abc"}
                },
                "spec": {
                    "ports": [{"port": 80}], "type": "ExternalName", "externalName": "a_b",
                    "clusterIP": "10.0.0.9", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
                    "externalTrafficPolicy": "Local", "loadBalancerClass": "a/b"
                }
            }),
            r#"
            metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Forbidden: may only be used when `type` is 'LoadBalancer'
            metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "abc": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)
            spec.clusterIPs: Forbidden: may not be set for ExternalName services
            spec.externalName: Invalid value: "a_b": <subdomain>
            spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services
            spec.ipFamilies: Forbidden: may not be set for ExternalName services
            spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services
            spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'
        "#,
        ),
        (
            json!({
                "metadata": {
                    "annotations": {
                        "service.kubernetes.io/topology-mode": "auto",
                        "service.kubernetes.io/topology-aware-hints": "disabled"
                    }
                },
                "spec": {"ports": [{"port": 80}]}
            }),
            r#"metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "auto": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified"#,
        ),
        (
            json!({"spec": {"ports": [{"port": 80}], "clusterIP": "10.0.0.5", "clusterIPs": ["10.0.0.6"]}}),
            r#"spec.clusterIPs: Invalid value: ["10.0.0.6"]: first value must match `clusterIP`"#,
        ),
        (
            json!({
                "spec": {
                    "ports": [{"port": 80}], "clusterIPs": ["None", "10.0.0.6"],
                    "ipFamilies": ["IPv4", "IPv5", "IPv4"], "ipFamilyPolicy": "Both"
                }
            }),
            r#"
            spec.clusterIPs: Invalid value: ["None","10.0.0.6"]: 'None' must be the first and only value
            spec.clusterIPs: Invalid value: ["None","10.0.0.6"]: must be empty when `clusterIP` is not specified
            spec.ipFamilies[1]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"
            spec.ipFamilies[2]: Duplicate value: "IPv4"
            spec.ipFamilyPolicy: Unsupported value: "Both": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"
        "#,
        ),
        (
            json!({"spec": {"ports": [{"port": 80}], "clusterIPs": ["10.0.0.5", "10.0.0.6", "abc", "010.0.0.1"]}}),
            r#"
            spec.clusterIPs: Invalid value: ["10.0.0.5","10.0.0.6","abc","010.0.0.1"]: may only hold up to 2 values
            spec.clusterIPs: Invalid value: ["10.0.0.5","10.0.0.6","abc","010.0.0.1"]: must be empty when `clusterIP` is not specified
            spec.clusterIPs[2]: Invalid value: "abc": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
            spec.clusterIPs[3]: Invalid value: "010.0.0.1": must not have leading 0s
        "#,
        ),
        (
            json!({
                "spec": {
                    "ports": [{"port": 80}], "clusterIPs": ["10.0.0.5", "10.0.0.6", "10.0.0.7"],
                    "clusterIP": "10.0.0.5"
                }
            }),
            r#"
            spec.clusterIPs: Invalid value: ["10.0.0.5","10.0.0.6","10.0.0.7"]: may only hold up to 2 values
            spec.clusterIPs: Invalid value: ["10.0.0.5","10.0.0.6","10.0.0.7"]: may specify no more than one IP for each IP family
        "#,
        ),
        (
            json!({"spec": {"ports": [{"port": 80}], "clusterIP": "10.0.0.7", "ipFamilies": ["IPv6"]}}),
            r#"spec.clusterIPs[0]: Invalid value: "10.0.0.7": expected an IPv6 value as indicated by `ipFamilies[0]`"#,
        ),
    ];
    refused(&ground, &SERVICES, cases).await;
}

pub async fn in_changes_of_services(ground: Ground) {
    let service = json!({"spec": {
        "type": "LoadBalancer", "loadBalancerClass": "a/b", "externalTrafficPolicy": "Local", "ports": [{"port": 80}],
    }});
    let cases = &[
        (
            json!({"spec": {"loadBalancerClass": "a/c", "healthCheckNodePort": 1}}),
            r#"
            spec.healthCheckNodePort: Forbidden: field is immutable
            spec.loadBalancerClass: Invalid value: "a/c": may not change once set
        "#,
        ),
        (
            json!({"spec": {"loadBalancerClass": null}}),
            "spec.loadBalancerClass: Invalid value: null: may not change once set",
        ),
        (
            json!({"spec": {"clusterIP": "None"}}),
            r#"
            spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for LoadBalancer services
            spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set
        "#,
        ),
        (
            json!({"spec": {"clusterIPs": ["10.0.0.98"]}}),
            r#"spec.clusterIPs: Invalid value: ["10.0.0.98"]: first value must match `clusterIP`"#,
        ),
    ];
    kept(&ground, &SERVICES, &service, cases).await;
}
