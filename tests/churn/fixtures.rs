//! Objects in great number.

use std::collections::BTreeMap;

use kube_indexed_store::{Indexed, Object, Snapshot};
use serde_json::{Value, json};

use crate::support::random::Random;

pub fn indexed(value: &Value) -> Indexed {
    Indexed::new(Object::from_slice(value.to_string().as_bytes()).unwrap()).unwrap()
}

pub fn name(at: usize) -> String {
    format!("o-{at:05}")
}

/// A population in which every text, part and shape is shared by a few, and none with another seed.
pub fn population(random: &mut Random, size: usize) -> Vec<Value> {
    let seed = random.next();
    let word = |random: &mut Random, kind: &str, of: usize| format!("{kind}-{seed:x}-{}", random.below(of));
    let few = size / 5;
    (0..size)
        .map(|at| {
            let labels: BTreeMap<String, String> =
                (0..3).map(|_| (word(random, "label", 20), word(random, "value", few))).collect();
            json!({
                "kind": "Churn",
                "metadata": {"namespace": "shop", "name": name(at), "uid": format!("{seed:x}-{at}"), "labels": labels},
                "spec": {
                    "image": word(random, "registry.example.com/an-image", few),
                    "args": [word(random, "first", few), word(random, "second", few)],
                    "unique": format!("{seed:x}{at}"),
                    word(random, "member", 30): {"a": word(random, "third", few), "b": at % 7},
                },
            })
        })
        .collect()
}

pub fn seen(snapshot: &Snapshot) -> Vec<Value> {
    snapshot.list().objects().map(Object::to_value).collect()
}

/// An object that says in all places of which generation it is.
pub fn generated(at: usize, generation: u64) -> Value {
    let text = format!("this-is-generation-{generation}-of-all");
    json!({
        "kind": "Generated",
        "metadata": {
            "namespace": "shop", "name": name(at), "uid": format!("{generation}"),
            "labels": {"generation": text, format!("g-{generation}"): "here"},
        },
        "spec": {"list": [{"of": text, "at": at % 3}, generation], format!("member-{generation}"): text, "time": [text, at]},
    })
}
