//! What the server refuses in the volumes of pods.

use std::collections::HashSet;

use serde_json::Value;

use super::{super::status::Flaw, item_name, items, text};

/// What a source must name, where it must name something.
const NAMED: [(&str, &str); 7] = [
    ("secret", "secretName"),
    ("configMap", "name"),
    ("persistentVolumeClaim", "claimName"),
    ("hostPath", "path"),
    ("nfs", "server"),
    ("nfs", "path"),
    ("csi", "driver"),
];

/// The volumes of a pod. Answers their names.
pub(super) fn volumes<'v>(spec: &'v Value, field: &str, flaws: &mut Vec<Flaw>) -> Vec<&'v str> {
    let mut names = Vec::new();
    let mut seen = HashSet::new();
    for (place, volume) in items(spec, "volumes").iter().enumerate() {
        let field = format!("{field}[{place}]");
        source(volume, &field, flaws);
        let name = text(&volume["name"]);
        let new = seen.insert(name);
        item_name(&field, name, new, flaws);
        names.push(name);
    }
    names
}

/// Where a volume comes from: one place.
fn source(volume: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let sources = volume.as_object().into_iter().flatten().filter(|(name, _)| *name != "name");
    let mut sources: Vec<_> = sources.filter(|(_, source)| source.is_object()).map(|(name, _)| name.as_str()).collect();
    // The server looks at them in this order.
    let order =
        ["emptyDir", "hostPath", "secret", "nfs", "persistentVolumeClaim", "downwardAPI", "configMap", "projected"];
    sources.sort_by_key(|name| order.iter().position(|known| known == name).unwrap_or(order.len()));
    for more in sources.iter().skip(1) {
        flaws.push(Flaw::forbidden(format!("{field}.{more}"), "may not specify more than 1 volume type"));
    }
    for (_, name) in NAMED.iter().filter(|(source, _)| sources.first() == Some(source)) {
        let source = sources[0];
        if text(&volume[source][name]).is_empty() {
            flaws.push(Flaw::required(format!("{field}.{source}.{name}"), ""));
        }
    }
}
