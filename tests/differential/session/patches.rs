//! Patches: merge patches, strategic ones, and the operations of JSON patches.

use serde_json::{Value, json};

use super::Session;
use crate::{
    bodies::{anything, direct, garble, labels, part, places, spoil},
    exchange::Request,
    kinds::Kind,
    support::random::Random,
};

impl Session {
    pub(super) fn patch(&mut self, kind: &Kind) -> Request {
        let (path, seen) = self.one(kind);
        let path = self.part_of(path);
        let seen = seen.unwrap_or_else(|| self.object(kind));
        let fresh = self.object(kind);
        let random = &mut self.random;
        let (mut media_type, body) = match random.below(10) {
            0..4 => ("application/merge-patch+json", merge(&seen, &fresh, random)),
            4..7 => ("application/json-patch+json", operations(&seen, random)),
            _ => {
                let mut patch = merge(&seen, &fresh, random);
                if random.percent(60) {
                    direct(&mut patch, random);
                }
                ("application/strategic-merge-patch+json", patch)
            }
        };
        if random.percent(3) {
            media_type = random.pick(&[
                "application/json",
                "text/plain",
                "",
                "application/merge-patch+json; charset=utf-8",
                "application/apply-patch+json",
            ]);
        }
        let mut text = body.to_string();
        if random.percent(4) {
            text = garble(&text, random);
        }
        let options = self.write_options(false);
        self.request("PATCH", &format!("{path}{options}"), media_type, text)
    }
}

/// A merge patch.
fn merge(seen: &Value, fresh: &Value, random: &mut Random) -> Value {
    let mut patch = match random.below(6) {
        0 => json!({"metadata": {"labels": labels(random)}}),
        1 => json!({"metadata": {"annotations": {"a": random.pick(&["1", "2"]), "b": null}}}),
        2 => json!({"metadata": {"finalizers": random.pick(&[["example.com/hold"].as_slice(), &[]])}}),
        3 => {
            let mut part = part(seen, random);
            if let Some(metadata) = part["metadata"].as_object_mut() {
                metadata.retain(|name, _| ["labels", "annotations"].contains(&name.as_str()));
            }
            part
        }
        _ => {
            let mut part = part(fresh, random);
            if let Some(members) = part.as_object_mut() {
                members.remove("metadata");
            }
            part
        }
    };
    for _ in 0..random.below(3) {
        spoil(&mut patch, random);
    }
    if random.percent(5) {
        patch["metadata"]["resourceVersion"] =
            if random.percent(50) { seen["metadata"]["resourceVersion"].clone() } else { json!("1") };
    }
    patch
}

/// The operations of a JSON patch.
fn operations(seen: &Value, random: &mut Random) -> Value {
    let places: Vec<String> =
        places(seen).into_iter().filter(|place| !place.starts_with("/metadata/managedFields")).collect();
    let mut place = |random: &mut Random| match random.below(8) {
        0 => random
            .pick(&["/metadata/labels/new", "/nothing/here", "", "/", "x", "/spec/-", "/metadata/labels", "/a~2b"])
            .to_owned(),
        _ => places[random.below(places.len())].clone(),
    };
    let operation = |random: &mut Random, place: &mut dyn FnMut(&mut Random) -> String| {
        let at = place(random);
        let there = seen.pointer(&at).cloned().unwrap_or(json!("v"));
        match random.below(12) {
            0..3 => {
                json!({"op": "add", "path": at, "value": if random.percent(50) { anything(random) } else { there }})
            }
            3 | 4 => json!({"op": "remove", "path": at}),
            5 | 6 => json!({"op": "replace", "path": at, "value": anything(random)}),
            7 => json!({"op": "test", "path": at, "value": there}),
            8 => json!({"op": "test", "path": at, "value": anything(random)}),
            9 => json!({"op": "move", "from": at, "path": place(random)}),
            10 => json!({"op": "copy", "from": at, "path": place(random)}),
            _ => [
                json!({"op": "nonsense", "path": at}),
                json!({"op": "add", "path": at}),
                json!({"path": at}),
                json!({"op": "remove"}),
                json!(null),
            ][random.below(5)]
            .clone(),
        }
    };
    let count = 1 + random.below(3);
    Value::Array((0..count).map(|_| operation(random, &mut place)).collect())
}
