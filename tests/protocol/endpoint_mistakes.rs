//! Endpoints, slices of them, and addresses of Services that are refused.

use serde_json::{Value, json};

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, outside, refused, with, within},
};

const ENDPOINTS: Kind = within("", "endpoints", "Endpoints");
const ENDPOINT_SLICES: Kind = within("discovery.k8s.io", "endpointslices", "EndpointSlice");
const RANGES: Kind = outside("networking.k8s.io", "servicecidrs", "ServiceCIDR");
const ADDRESSES: Kind = outside("networking.k8s.io", "ipaddresses", "IPAddress");

pub async fn in_endpoints(ground: Ground) {
    let cases = &[(
        json!({
            "subsets": [
                {},
                {
                    "addresses": [
                        {"ip": ""}, {"ip": "x"}, {"ip": "0.0.0.0"}, {"ip": "127.0.0.1"}, {"ip": "169.254.1.1"},
                        {"ip": "ff02::1"}, {"ip": "010.1.1.1"},
                        {"ip": "10.1.1.1", "hostname": "A.b", "nodeName": "A_"}
                    ],
                    "ports": [
                        {"port": 0}, {"port": 70000, "name": "A_"},
                        {"port": 1, "name": "a", "protocol": "ICMP", "appProtocol": "a b"}
                    ]
                }
            ]
        }),
        r#"
            subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`
            subsets[1].addresses[0].ip: Invalid value: "": must be a valid IP address
            subsets[1].addresses[0].ip: Invalid value: "": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
            subsets[1].addresses[1].ip: Invalid value: "x": must be a valid IP address
            subsets[1].addresses[1].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
            subsets[1].addresses[2].ip: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)
            subsets[1].addresses[3].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)
            subsets[1].addresses[4].ip: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)
            subsets[1].addresses[5].ip: Invalid value: "ff02::1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)
            subsets[1].addresses[6].ip: Invalid value: "010.1.1.1": must not have leading 0s
            subsets[1].addresses[7].hostname: Invalid value: "A.b": <label>
            subsets[1].addresses[7].nodeName: Invalid value: "A_": <subdomain>
            subsets[1].ports[0].name: Required value
            subsets[1].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive
            subsets[1].ports[1].name: Invalid value: "A_": <label>
            subsets[1].ports[1].port: Invalid value: 70000: must be between 1 and 65535, inclusive
            subsets[1].ports[2].appProtocol: Invalid value: "a b": <name>
            subsets[1].ports[2].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"
        "#,
    )];
    refused(&ground, &ENDPOINTS, cases).await;
}

pub async fn in_endpoint_slices(ground: Ground) {
    let cases = &[
        (json!({"endpoints": []}), "addressType: Required value"),
        (
            json!({"addressType": "IPv5", "endpoints": []}),
            r#"addressType: Unsupported value: "IPv5": supported values: "FQDN", "IPv4", "IPv6""#,
        ),
        (
            json!({
                "addressType": "IPv4",
                "endpoints": [
                    {"addresses": ["x", "2001:db8::1", "127.0.0.1", "010.0.0.1"]}, {"addresses": []},
                    {
                        "addresses": ["10.0.0.1"], "nodeName": "A_", "hostname": "a.b",
                        "hints": {"forZones": [{"name": "a"}, {"name": "a"}], "forNodes": [{"name": "A_"}]}
                    }
                ],
                "ports": [
                    {"name": "a", "port": 1}, {"name": "a", "port": 2},
                    {"name": "b", "appProtocol": "a b", "protocol": "ICMP"}
                ]
            }),
            r#"
            endpoints[0].addresses: Invalid value: "2001:db8::1": must be an IPv4 address
            endpoints[0].addresses[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
            endpoints[0].addresses[2]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)
            endpoints[0].addresses[3]: Invalid value: "010.0.0.1": must not have leading 0s
            endpoints[1].addresses: Required value: must contain at least 1 address
            endpoints[2].hints.forNodes[0].name: Invalid value: "A_": <subdomain>
            endpoints[2].hints.forZones[1].name: Duplicate value: "a"
            endpoints[2].hostname: Invalid value: "a.b": must not contain dots
            endpoints[2].nodeName: Invalid value: "A_": <subdomain>
            ports[1].name: Duplicate value: "a"
            ports[2].appProtocol: Invalid value: "a b": <name>
            ports[2].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"
        "#,
        ),
        (
            json!({
                "addressType": "IPv6",
                "endpoints": [{"addresses": ["10.0.0.1", "::", "2001:DB8::1", "::ffff:1.2.3.4"]}]
            }),
            r#"
            endpoints[0].addresses: Invalid value: "10.0.0.1": must be an IPv6 address
            endpoints[0].addresses[1]: Invalid value: "::": may not be unspecified (::)
            endpoints[0].addresses[2]: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")
            endpoints[0].addresses[3]: Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address
        "#,
        ),
        (
            json!({"addressType": "FQDN", "endpoints": [{"addresses": ["a", "A.b"]}]}),
            r#"
            endpoints[0].addresses[0]: Invalid value: "a": should be a domain with at least two segments separated by dots
            endpoints[0].addresses[1]: Invalid value: "A.b": <subdomain>
        "#,
        ),
    ];
    refused(&ground, &ENDPOINT_SLICES, cases).await;
    let cases = &[
        (json!({"addressType": "IPv6"}), r#"addressType: Invalid value: "IPv6": field is immutable"#),
        (
            json!({"endpoints": [{"addresses": ["x"]}]}),
            r#"endpoints[0].addresses[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"#,
        ),
    ];
    kept(&ground, &ENDPOINT_SLICES, &json!({"addressType": "IPv4", "endpoints": []}), cases).await;
}

pub async fn in_ranges_and_addresses_of_services(ground: Ground) {
    let cases = &[
        (json!({}), "spec.cidrs: Required value: at least one CIDR required"),
        (
            json!({"spec": {"cidrs": ["x", "10.1.0.1/16"]}}),
            r#"
            spec.cidrs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)
            spec.cidrs[1]: Invalid value: "10.1.0.1/16": must not have bits set beyond the prefix length
        "#,
        ),
        (
            json!({"spec": {"cidrs": ["10.1.0.0/16", "10.2.0.0/16"]}}),
            r#"spec.cidrs: Invalid value: ["10.1.0.0/16","10.2.0.0/16"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"#,
        ),
        (
            json!({"spec": {"cidrs": ["10.1.0.0/16", "fd00::/112", "10.2.0.0/16"]}}),
            r#"spec.cidrs: Invalid value: {"CIDRs":["10.1.0.0/16","fd00::/112","10.2.0.0/16"]}: may only hold up to 2 values"#,
        ),
        (
            json!({"spec": {"cidrs": ["FD00::/112"]}}),
            r#"spec.cidrs[0]: Invalid value: "FD00::/112": must be in canonical form ("fd00::/112")"#,
        ),
    ];
    refused(&ground, &RANGES, cases).await;
    let cases = &[
        (address(&json!({"spec": {"parentRef": null}})), "spec.parentRef: Required value"),
        (
            address(&json!({"spec": {"parentRef": {"group": "A_", "resource": "", "name": "..", "namespace": "a%"}}})),
            r#"
            spec.parentRef.group: Invalid value: "A_": <subdomain>
            spec.parentRef.name: Invalid value: "..": may not be '..'
            spec.parentRef.namespace: Invalid value: "a%": may not contain '%'
            spec.parentRef.resource: Required value
        "#,
        ),
        (
            address(&json!({"metadata": {"name": "a"}})),
            r#"metadata.name: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"#,
        ),
        (
            address(&json!({"metadata": {"name": "2001:DB8::1"}})),
            r#"metadata.name: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")"#,
        ),
    ];
    refused(&ground, &ADDRESSES, cases).await;
}

/// An address that is taken, but for these fields.
fn address(fields: &Value) -> Value {
    with(
        json!({"metadata": {"name": "192.168.77.1"}, "spec": {"parentRef": {"resource": "services", "name": "a"}}}),
        "",
        fields,
    )
}
