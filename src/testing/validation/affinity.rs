//! What the server refuses in the affinities of pods.
//!
//! Not here: labels of pods that stand in for values of selectors.

use serde_json::Value;

use super::{
    super::status::Flaw, items, label_selector, metadata::label_problems, name, node_selector, problems, text,
};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

pub(super) fn check(affinity: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let nodes = &affinity["nodeAffinity"];
    if nodes[REQUIRED].is_object() {
        node_selector::check(&nodes[REQUIRED], &format!("{field}.nodeAffinity.{REQUIRED}"), flaws);
    }
    for (place, wish) in items(nodes, PREFERRED).iter().enumerate() {
        let field = format!("{field}.nodeAffinity.{PREFERRED}[{place}]");
        weight(wish, &field, flaws);
        node_selector::term(&wish["preference"], &format!("{field}.preference"), true, flaws);
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let (pods, field) = (&affinity[kind], format!("{field}.{kind}"));
        for (place, term) in items(pods, REQUIRED).iter().enumerate() {
            self::term(term, &format!("{field}.{REQUIRED}[{place}]"), flaws);
        }
        for (place, wish) in items(pods, PREFERRED).iter().enumerate() {
            let field = format!("{field}.{PREFERRED}[{place}]");
            weight(wish, &field, flaws);
            self::term(&wish["podAffinityTerm"], &format!("{field}.podAffinityTerm"), flaws);
        }
    }
}

/// How much a wish counts.
fn weight(wish: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let weight = wish["weight"].as_i64().unwrap_or_default();
    if !(1..=100).contains(&weight) {
        flaws.push(Flaw::invalid(format!("{field}.weight"), weight, "must be in the range 1-100"));
    }
}

/// Which pods, and how near.
fn term(term: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    for selector in ["labelSelector", "namespaceSelector"] {
        label_selector::check(&term[selector], &format!("{field}.{selector}"), flaws);
    }
    for space in items(term, "namespaces").iter().map(text) {
        problems(&format!("{field}.namespace"), space, label_problems(space), flaws);
    }
    let (key, field) = (text(&term["topologyKey"]), format!("{field}.topologyKey"));
    if key.is_empty() {
        flaws.push(Flaw::required(&field, "can not be empty"));
    }
    name::qualified(key, &field, flaws);
}
