//! Addresses and node ports of Services.

use serde_json::{Value, json};

use crate::ground::Ground;

fn all(ground: &Ground) -> String {
    format!("/api/v1/namespaces/{}/services", ground.namespace)
}

fn object(name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
}

/// The spec of a new Service, or why there is none.
async fn service(ground: &Ground, name: &str, spec: &Value) -> Result<Value, String> {
    let mut answer = ground.post(&all(ground), &object(name, spec)).await;
    match answer.said() {
        (201, _) => Ok(answer.body["spec"].take()),
        (_, message) => Err(message.split_once(" is invalid: ").expect("it says which").1.to_owned()),
    }
}

pub async fn services_have_addresses_of_their_own_until_they_go(ground: Ground) {
    let ports = json!({"ports": [{"port": 80}]});
    let address = service(&ground, "one", &ports).await.unwrap()["clusterIP"].clone();
    let mut asked = ports.clone();
    asked["clusterIP"] = address.clone();
    let refused = format!(
        "spec.clusterIPs: Invalid value: [{address}]: failed to allocate IP {}: provided IP is already allocated",
        address.as_str().expect("an address")
    );
    assert_eq!(service(&ground, "other", &asked).await, Err(refused));
    ground.delete(&format!("{}/one", all(&ground))).await;
    let given = service(&ground, "other", &asked).await.unwrap();
    let expected = json!({
        "clusterIP": address, "clusterIPs": [address], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster", "sessionAffinity": "None", "type": "ClusterIP",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
    });
    assert_eq!(given, expected);
}

pub async fn addresses_and_ports_that_are_not_to_be_had_are_refused(ground: Ground) {
    let on_nodes = |port: &Value| json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]});
    let taken = service(&ground, "first", &on_nodes(&json!(0))).await.unwrap()["ports"][0]["nodePort"].clone();
    assert!((30000..32768).contains(&taken.as_i64().expect("a port")), "{taken}");
    for (spec, refused) in [
        (
            json!({"ports": [{"port": 80}], "clusterIP": "192.0.2.1"}),
            "spec.clusterIPs: Invalid value: [\"192.0.2.1\"]: failed to allocate IP 192.0.2.1: the provided network does \
             not match the current range"
                .to_owned(),
        ),
        (
            json!({"ports": [{"port": 80}], "clusterIP": "2001:db8::1"}),
            "spec.clusterIPs[0]: Invalid value: [\"2001:db8::1\"]: IPv6 is not configured on this cluster".to_owned(),
        ),
        (
            json!({"ports": [{"port": 80}], "ipFamilyPolicy": "RequireDualStack"}),
            "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack \
             services"
                .to_owned(),
        ),
        (
            json!({"ports": [{"port": 80}], "ipFamilies": ["IPv6"]}),
            "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster".to_owned(),
        ),
        (
            on_nodes(&taken),
            format!("spec.ports[0].nodePort: Invalid value: {taken}: provided port is already allocated"),
        ),
        (
            on_nodes(&json!(80)),
            "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports \
             is 30000-32767"
                .to_owned(),
        ),
    ] {
        assert_eq!(service(&ground, "other", &spec).await, Err(refused), "{spec}");
    }
}

pub async fn a_service_keeps_what_it_was_given_and_gives_back_what_it_needs_no_more(ground: Ground) {
    let ports = json!([{"port": 53, "name": "a"}, {"port": 53, "name": "b", "protocol": "UDP"}]);
    let balanced = json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": ports});
    let given = service(&ground, "s", &balanced).await.unwrap();
    assert_eq!(given["ports"][0]["nodePort"], given["ports"][1]["nodePort"]);
    assert!((30000..32768).contains(&given["healthCheckNodePort"].as_i64().expect("a port")), "{given}");
    let path = format!("{}/s", all(&ground));
    let replace = async |spec: &Value| {
        let replaced = ground.put(&path, &object("s", spec)).await;
        assert_eq!(replaced.code, 200, "{replaced:?}");
        replaced.body["spec"].clone()
    };
    assert_eq!(replace(&balanced).await, given);
    let plain = replace(&json!({"ports": [{"port": 53}]})).await;
    let expected = json!({
        "clusterIP": given["clusterIP"], "clusterIPs": given["clusterIPs"], "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster", "sessionAffinity": "None",
        "type": "ClusterIP", "ports": [{"port": 53, "protocol": "TCP", "targetPort": 53}],
    });
    assert_eq!(plain, expected);
    let external = json!({"type": "ExternalName", "externalName": "sea.example"});
    let expected = json!({"type": "ExternalName", "externalName": "sea.example", "sessionAffinity": "None"});
    assert_eq!(replace(&external).await, expected);
    // What it had is there for others.
    let mut asked = json!({"ports": [{"port": 80}]});
    asked["clusterIP"] = given["clusterIP"].clone();
    assert_eq!(service(&ground, "other", &asked).await.unwrap()["clusterIP"], given["clusterIP"]);
}
