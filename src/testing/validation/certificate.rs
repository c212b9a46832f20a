//! What the server refuses in certificate signing requests, and in their conditions.
//!
//! Not here: whether the PEM block really contains a request, and whether a certificate is one.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    super::{kinds::Part, status::Flaw},
    items,
    metadata::label_problems,
    text,
};
use crate::selector::subdomain_problems;

/// What a certificate may be for.
const USAGES: [&str; 23] = [
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

/// Conditions that hold or are not there.
const TRUE_ONLY: [&str; 3] = ["Approved", "Denied", "Failed"];
const FIELD: &str = "status.conditions";

pub(super) fn check(old: &Value, part: Option<&Part>, new: &Value, flaws: &mut Vec<Flaw>) {
    let conditions = items(&new["status"], "conditions");
    let mut types: Vec<&str> = Vec::new();
    for (place, condition) in conditions.iter().enumerate() {
        let (kind, status) = (text(&condition["type"]), text(&condition["status"]));
        let field = |name: &str| format!("{FIELD}[{place}].{name}");
        if kind.is_empty() {
            flaws.push(Flaw::required(field("type"), ""));
        }
        let allowed = if TRUE_ONLY.contains(&kind) { &["True"][..] } else { &["False", "True", "Unknown"] };
        if status.is_empty() {
            flaws.push(Flaw::required(field("status"), ""));
        } else if !allowed.contains(&status) {
            flaws.push(Flaw::unsupported(field("status"), status, allowed));
        }
        if [("Approved", "Denied"), ("Denied", "Approved")]
            .iter()
            .any(|(one, other)| kind == *one && types.contains(other))
        {
            flaws.push(Flaw::invalid(FIELD, kind, "Approved and Denied conditions are mutually exclusive"));
        }
        if types.contains(&kind) {
            flaws.push(Flaw::duplicate(field("type"), kind));
        }
        types.push(kind);
    }
    let of = |object: &Value, kind: &str| -> Vec<Value> {
        items(&object["status"], "conditions").iter().filter(|condition| condition["type"] == kind).cloned().collect()
    };
    for kind in TRUE_ONLY {
        if of(new, kind).len() < of(old, kind).len() {
            flaws.push(Flaw::forbidden(FIELD, format!("updates may not remove a condition of type {kind:?}")));
        }
    }
    if part == Some(&Part::Approval) {
        return;
    }
    for kind in &TRUE_ONLY[..2] {
        if of(new, kind).len() > of(old, kind).len() {
            flaws.push(Flaw::forbidden(FIELD, format!("updates may not add a condition of type {kind:?}")));
        }
    }
}

pub(super) fn request(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    if !is_wrapped(text(&spec["request"])) {
        let why = "PEM block type must be CERTIFICATE REQUEST";
        flaws.push(Flaw::invalid("spec.request", spec["request"].clone(), why));
    }
    let usages = items(spec, "usages");
    if usages.is_empty() {
        flaws.push(Flaw::required("spec.usages", ""));
    }
    let mut seen = HashSet::new();
    for (place, usage) in usages.iter().map(text).enumerate() {
        let field = format!("spec.usages[{place}]");
        if !USAGES.contains(&usage) {
            flaws.push(Flaw::unsupported(&field, usage, &USAGES));
        }
        if !seen.insert(usage) {
            flaws.push(Flaw::duplicate(field, usage));
        }
    }
    signer(text(&spec["signerName"]), flaws);
    if let Some(seconds) = spec["expirationSeconds"].as_i64().filter(|seconds| *seconds < 600) {
        let why = "may not specify a duration less than 600 seconds (10 minutes)";
        flaws.push(Flaw::invalid("spec.expirationSeconds", seconds, why));
    }
}

/// Whether a text is a block of PEM of the right type.
fn is_wrapped(request: &str) -> bool {
    let decoded = STANDARD.decode(request).unwrap_or_default();
    let decoded = String::from_utf8_lossy(&decoded);
    let block = decoded.split_once("-----BEGIN CERTIFICATE REQUEST-----");
    let block = block.and_then(|(_, rest)| rest.split_once("-----END CERTIFICATE REQUEST-----"));
    block.is_some_and(|(block, _)| STANDARD.decode(block.split_whitespace().collect::<String>()).is_ok())
}

/// Who is to sign: a path below a domain.
fn signer(name: &str, flaws: &mut Vec<Flaw>) {
    const FIELD: &str = "spec.signerName";
    const LONGEST: usize = 571;
    let (domain, path) = match name.split_once('/') {
        _ if name.is_empty() => return flaws.push(Flaw::required(FIELD, "")),
        Some((domain, path)) if !path.contains('/') => (domain, path),
        _ => {
            let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
            return flaws.push(Flaw::invalid(FIELD, name, why));
        }
    };
    for (part, rule) in [(domain, label_problems as fn(&str) -> Vec<String>), (path, subdomain_problems)] {
        let wrong = part.split('.').map(|label| (label, rule(label))).find(|(_, found)| !found.is_empty());
        for (label, why) in wrong.iter().flat_map(|(label, found)| found.iter().map(move |why| (label, why))) {
            flaws.push(Flaw::invalid(FIELD, part, &format!("validating label {label:?}: {why}")));
        }
    }
    if !domain.contains('.') {
        flaws.push(Flaw::invalid(FIELD, domain, "should be a domain with at least two segments separated by dots"));
    }
    if name.len() > LONGEST {
        flaws.push(Flaw::too_long(FIELD, LONGEST));
    }
}
