//! EndpointSlices of ten to a hundred endpoints; those of an application's first Service bear its name.

use serde_json::{Value, json};

use crate::corpus::cluster::{App, Cluster};
use crate::corpus::draft::Draft;
use crate::corpus::random::{Random, distinct_suffix};

pub fn endpoint_slice(cluster: &Cluster, random: &mut Random, app: &App, serial: usize) -> Draft {
    let name = format!("{}-{}", app.name, distinct_suffix(serial));
    let endpoints: Vec<Value> = (0..random.size(10..=101)).map(|_| endpoint(cluster, random, app)).collect();
    let fields = json!({
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": [
            {"name": "web", "port": app.port, "protocol": "TCP"},
            {"name": "telemetry", "port": 9102, "protocol": "TCP"},
        ],
    });
    let mut slice = Draft::new(random, app, "discovery.k8s.io/v1", "EndpointSlice", &name, fields);
    slice.annotate("endpoints.kubernetes.io/last-change-trigger-time", &random.time());
    let metadata = slice.metadata();
    metadata["labels"]["endpointslice.kubernetes.io/managed-by"] = json!("endpointslice-controller.k8s.io");
    metadata["labels"]["kubernetes.io/service-name"] = json!(app.name);
    metadata.insert("generateName".to_owned(), json!(format!("{}-", app.name)));
    metadata.insert("generation".to_owned(), json!(random.within(1..=9)));
    let service = json!([{
        "apiVersion": "v1", "kind": "Service", "name": app.name, "uid": random.uid(),
        "controller": true, "blockOwnerDeletion": true,
    }]);
    metadata.insert("ownerReferences".to_owned(), service);

    // Endpoints and ports are owned as a whole.
    let declared =
        ["annotations", "generateName", "labels", "ownerReferences"].map(|field| format!("/metadata/{field}"));
    let mut paths: Vec<&str> = declared.iter().map(String::as_str).collect();
    paths.extend(["/addressType", "/endpoints"]);
    slice.owned(random, "kube-controller-manager", None, &paths);
    slice
}

fn endpoint(cluster: &Cluster, random: &mut Random, app: &App) -> Value {
    let (ready, node) = (random.chance(95), cluster.node(random));
    let address = format!("10.{}.{}.{}", random.within(128..=143), random.below(256), random.below(256));
    json!({
        "addresses": [address],
        "conditions": {"ready": ready, "serving": ready, "terminating": false},
        "targetRef": {
            "kind": "Pod", "namespace": app.namespace, "name": format!("{}-{}-{}", app.name, app.revision, random.suffix(5)),
            "uid": random.uid(),
        },
        "nodeName": node.name,
        "zone": node.zone,
    })
}
