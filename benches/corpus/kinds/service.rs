//! Services with a cluster address and one to three ports.

use serde_json::json;

use crate::corpus::cluster::App;
use crate::corpus::draft::Draft;
use crate::corpus::random::{Random, distinct_suffix};
use crate::corpus::words::ROLES;

pub fn service(random: &mut Random, app: &App, first: bool, serial: usize) -> Draft {
    let tail = distinct_suffix(serial);
    let name = if first { app.name.clone() } else { format!("{}-{}-{tail}", app.name, random.pick(ROLES)) };
    let mut ports = vec![json!({"name": "web", "protocol": "TCP", "port": 80, "targetPort": "web"})];
    if random.chance(50) {
        ports.push(json!({"name": "telemetry", "protocol": "TCP", "port": 9102, "targetPort": 9102}));
    }
    if random.chance(20) {
        ports.push(json!({
            "name": "rpc", "protocol": "TCP", "appProtocol": "kubernetes.io/h2c", "port": 7000, "targetPort": "rpc",
        }));
    }
    let declared = json!({
        "ports": ports, "selector": app.selector(), "type": "ClusterIP", "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
    });
    let mut service = Draft::new(random, app, "v1", "Service", &name, json!({ "spec": declared }));
    if random.chance(40) {
        service.annotate("prometheus.io/scrape", "true");
        service.annotate("prometheus.io/port", "9102");
    }
    let fields = ["internalTrafficPolicy", "ports", "selector", "sessionAffinity", "type"];
    let fields = fields.map(|field| format!("/spec/{field}"));
    let mut paths = vec!["/metadata/annotations", "/metadata/labels"];
    paths.extend(fields.iter().map(String::as_str));
    service.owned(random, app.installer(), None, &paths);
    if random.chance(if app.helm { 20 } else { 70 }) {
        service.applied();
    }

    let address = format!("10.96.{}.{}", random.below(256), random.below(256));
    let spec = &mut service.object["spec"];
    spec["clusterIP"] = json!(address);
    spec["clusterIPs"] = json!([address]);
    spec["ipFamilies"] = json!(["IPv4"]);
    spec["ipFamilyPolicy"] = json!("SingleStack");
    service.object["status"] = json!({"loadBalancer": {}});
    service
}
