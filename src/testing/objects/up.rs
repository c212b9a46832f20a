//! The status of what is up, as its kubelet or controller would write it.
//!
//! Not here: times, which only a cluster knows.

use serde_json::{Value, json};

/// The status of an object that is up; nothing for kinds of which nothing is known.
pub(super) fn status(object: &Value) -> Option<Value> {
    match object["kind"].as_str()? {
        "Pod" => Some(pod(object)),
        "Node" => Some(node(object)),
        "Deployment" => Some(deployment(object)),
        _ => None,
    }
}

fn pod(pod: &Value) -> Value {
    let said =
        [&pod["status"]["podIP"], &pod["status"]["podIPs"][0]["ip"]].into_iter().find(|address| address.is_string());
    let address = said.cloned().unwrap_or_else(|| address("10.244", pod).into());
    let of = |list: &str| pod["spec"][list].as_array().into_iter().flatten();
    let running = |container: &Value| {
        json!({
            "name": container["name"], "image": container["image"], "imageID": "", "ready": true, "started": true,
            "restartCount": 0, "state": {"running": {}}, "lastState": {},
        })
    };
    let conditions = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
    let conditions = conditions.map(|kind| json!({"type": kind, "status": "True"}));
    let mut status = json!({
        "phase": "Running", "conditions": conditions, "podIP": address, "podIPs": [{"ip": address}],
        "containerStatuses": of("containers").map(running).collect::<Vec<_>>(),
    });
    let initial: Vec<_> = of("initContainers")
        .map(|container| {
            let mut status = running(container);
            if container["restartPolicy"] != "Always" {
                status["started"] = false.into();
                status["state"] = json!({"terminated": {"exitCode": 0, "reason": "Completed"}});
            }
            status
        })
        .collect();
    if !initial.is_empty() {
        status["initContainerStatuses"] = initial.into();
    }
    status
}

fn node(node: &Value) -> Value {
    let ready = json!({
        "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
    });
    let addresses = json!([
        {"type": "InternalIP", "address": address("192.168", node)},
        {"type": "Hostname", "address": node["metadata"]["name"]},
    ]);
    json!({"conditions": [ready], "addresses": addresses})
}

fn deployment(deployment: &Value) -> Value {
    let replicas = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let conditions = json!([
        {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
            "message": "Deployment has minimum availability."},
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
            "message": "ReplicaSet has successfully progressed."},
    ]);
    json!({
        "observedGeneration": deployment["metadata"]["generation"].as_i64().unwrap_or(1),
        "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas,
        "conditions": conditions,
    })
}

/// An address that goes with the name.
fn address(network: &str, object: &Value) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    // FNV-1a, which is the same on all machines.
    let bytes = text("namespace").bytes().chain(*b"/").chain(text("name").bytes());
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{network}.{}.{}", (hash >> 8) & 0xff, 1 + hash % 254)
}
