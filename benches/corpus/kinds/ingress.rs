//! Ingresses with one to four hosts, certificates, and the annotations of a HAProxy controller.

use serde_json::{Value, json};

use crate::corpus::cluster::App;
use crate::corpus::draft::Draft;
use crate::corpus::random::{Random, distinct_suffix};
use crate::corpus::words::{DOMAINS, ROLES, SUBJECTS};

pub fn ingress(random: &mut Random, app: &App, first: bool, serial: usize) -> Draft {
    let tail = distinct_suffix(serial);
    let name = if first { app.name.clone() } else { format!("{}-{}-{tail}", app.name, random.pick(SUBJECTS)) };
    let domain = random.pick(DOMAINS);
    let hosts: Vec<String> = (0..[1, 1, 1, 2, 2, 3, 4][random.below(7)])
        .map(|number| match number {
            0 => format!("{}-{tail}.{}.{domain}", app.name, app.stage),
            _ => format!("{}-{tail}.{}.{domain}", random.pick(SUBJECTS), app.stage),
        })
        .collect();
    let rules: Vec<Value> = hosts
        .iter()
        .map(|host| {
            let paths: Vec<Value> = (0..random.within(1..=3)).map(|number| path(random, app, number)).collect();
            json!({"host": host, "http": {"paths": paths}})
        })
        .collect();
    let spec = json!({
        "ingressClassName": "haproxy", "tls": [{"hosts": hosts, "secretName": format!("{}-tls", app.name)}], "rules": rules,
    });

    let mut ingress = Draft::new(random, app, "networking.k8s.io/v1", "Ingress", &name, json!({ "spec": spec }));
    ingress.annotate("cert-manager.io/cluster-issuer", "public-ca");
    if random.chance(50) {
        ingress.annotate("haproxy.org/timeout-server", &format!("{}s", random.within(1..=16) * 15));
    }
    if random.chance(40) {
        ingress.annotate("haproxy.org/rate-limit-requests", &(random.within(1..=24) * 25).to_string());
    }
    if random.chance(40) {
        ingress.annotate("haproxy.org/ssl-redirect", "true");
    }
    if random.chance(20) {
        let networks = format!("10.{}.0.0/16,172.16.{}.0/24", random.below(256), random.below(256));
        ingress.annotate("haproxy.org/allow-list", &networks);
    }
    let declared = ["/metadata/annotations", "/metadata/labels", "/spec/ingressClassName", "/spec/rules", "/spec/tls"];
    ingress.owned(random, app.installer(), None, &declared);
    if random.chance(if app.helm { 30 } else { 80 }) {
        ingress.applied();
    }

    ingress.metadata().insert("generation".to_owned(), json!(random.within(1..=9)));
    if random.chance(20) {
        let owner = json!([{
            "apiVersion": "apps.example.com/v1", "kind": "Deployable", "name": app.name, "uid": random.uid(),
            "controller": true, "blockOwnerDeletion": true,
        }]);
        ingress.metadata().insert("ownerReferences".to_owned(), owner);
    }
    let balancer = format!("10.8.{}.{}", random.below(4), 20 + random.below(4));
    ingress.object["status"] = json!({"loadBalancer": {"ingress": [{"ip": balancer}]}});
    ingress.owned(random, "haproxy-ingress-controller", Some("status"), &["/status/loadBalancer/ingress"]);
    ingress
}

fn path(random: &mut Random, app: &App, number: usize) -> Value {
    let (path, service) = match number {
        0 => ("/".to_owned(), app.name.clone()),
        _ => {
            let path = format!("/{}/{}", random.pick(SUBJECTS), random.pick(&["v1", "v2", "v3"]));
            (path, format!("{}-{}", app.name, random.pick(ROLES)))
        }
    };
    let backend = json!({"service": {"name": service, "port": {"number": app.port}}});
    json!({"path": path, "pathType": "Prefix", "backend": backend})
}
