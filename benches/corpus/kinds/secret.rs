//! Secrets: certificates with their keys, as a certificate manager issues them, and credentials.

use serde_json::{Map, Value, json};

use crate::corpus::cluster::App;
use crate::corpus::draft::Draft;
use crate::corpus::random::{Random, distinct_suffix};
use crate::corpus::words::{DOMAINS, SUBJECTS};

pub fn secret(random: &mut Random, app: &App, first: bool, serial: usize) -> Draft {
    let tail = distinct_suffix(serial);
    // An application's first Secret is its certificate: four of ten are, one of them for being the first.
    if first {
        certificate(random, app, &format!("{}-tls", app.name), &tail)
    } else if random.chance(33) {
        certificate(random, app, &format!("{}-tls-{tail}", app.name), &tail)
    } else {
        credentials(random, app, &format!("{}-secret-{tail}", app.name))
    }
}

fn certificate(random: &mut Random, app: &App, name: &str, tail: &str) -> Draft {
    let chain = random.within(1000..=3600);
    // The sizes of keys on elliptic curves, and of RSA.
    let key = if random.chance(50) { 227 } else { 1679 };
    let data = json!({"tls.crt": random.base64(chain), "tls.key": random.base64(key)});
    let mut secret = Draft::new(random, app, "v1", "Secret", name, json!({"data": data, "type": "kubernetes.io/tls"}));
    let host = format!("{}-{tail}.{}", app.name, DOMAINS[0]);
    let facts = [
        ("alt-names", host.as_str()),
        ("certificate-name", name),
        ("common-name", host.as_str()),
        ("ip-sans", ""),
        ("issuer-group", "cert-manager.io"),
        ("issuer-kind", "ClusterIssuer"),
        ("issuer-name", "public-ca"),
        ("uri-sans", ""),
    ];
    secret.owned(random, "cert-manager-certificates-issuing", None, &["/data", "/metadata/labels", "/type"]);
    for (fact, value) in facts {
        secret.annotate(&format!("cert-manager.io/{fact}"), value);
    }
    secret
}

fn credentials(random: &mut Random, app: &App, name: &str) -> Draft {
    let mut data = Map::new();
    for _ in 0..random.within(2..=6) {
        let entry = format!("{}-{}", random.pick(SUBJECTS), random.pick(&["password", "token", "seed", "address"]));
        let length = random.within(12..=64);
        data.insert(entry, Value::String(random.base64(length)));
    }
    let mut secret = Draft::new(random, app, "v1", "Secret", name, json!({"data": data, "type": "Opaque"}));
    secret.owned(random, app.installer(), None, &["/data", "/metadata/labels", "/type"]);
    if random.chance(40) {
        secret.applied();
    }
    secret
}
