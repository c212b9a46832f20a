//! What the server says it serves: groups, versions, resources and its own version.
//!
//! Not here: aggregated discovery, and OpenAPI.

use serde_json::{Value, json};

use super::{
    kinds::{Kind, Kinds, Part, Version},
    requests::Request,
};

/// The document at a path below `/api`, `/apis` or at `/version`; nothing where there is none.
pub(super) fn document(kinds: &Kinds, request: &Request) -> Option<Value> {
    let path = request.path.trim_end_matches('/');
    match path.split('/').skip(1).collect::<Vec<_>>()[..] {
        ["version"] => Some(version()),
        ["api"] => Some(json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443"}],
        })),
        ["apis"] => {
            let groups: Vec<_> = groups(kinds).iter().map(|group| self::group(kinds, group)).collect();
            Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
        }
        ["api", version] => resources(kinds, "", version),
        ["apis", group] if kinds.has_group(group) && !group.is_empty() => {
            let mut document = self::group(kinds, group);
            document["kind"] = "APIGroup".into();
            document["apiVersion"] = "v1".into();
            Some(document)
        }
        ["apis", group, version] => resources(kinds, group, version),
        _ => None,
    }
}

fn groups(kinds: &Kinds) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for kind in kinds.iter().filter(|kind| !kind.group.is_empty()) {
        if !groups.contains(&kind.group) {
            groups.push(kind.group.clone());
        }
    }
    groups
}

fn group(kinds: &Kinds, group: &str) -> Value {
    let mut versions: Vec<&str> = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.group == group) {
        for version in &kind.versions {
            if !versions.contains(&version.name.as_str()) {
                versions.push(&version.name);
            }
        }
    }
    let named = |version: &&str| json!({"groupVersion": format!("{group}/{version}"), "version": version});
    json!({
        "name": group,
        "versions": versions.iter().map(named).collect::<Vec<_>>(),
        "preferredVersion": versions.first().map(named),
    })
}

fn resources(kinds: &Kinds, group: &str, version: &str) -> Option<Value> {
    let served = kinds.iter().filter(|kind| kind.group == group);
    let served = served.filter_map(|kind| Some((kind, kind.version(version)?)));
    let resources: Vec<_> =
        served.flat_map(|(kind, version)| std::iter::once(whole(kind)).chain(parts(kind, version))).collect();
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    (!resources.is_empty()).then(|| {
        let mut list = json!({"kind": "APIResourceList", "groupVersion": group_version, "resources": resources});
        if !group.is_empty() {
            list["apiVersion"] = "v1".into();
        }
        list
    })
}

fn whole(kind: &Kind) -> Value {
    let mut resource = json!({
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": kind.verbs(),
    });
    for (name, words) in [("shortNames", &kind.short), ("categories", &kind.categories)] {
        if !words.is_empty() {
            resource[name] = words.clone().into();
        }
    }
    resource
}

fn parts(kind: &Kind, version: &Version) -> impl Iterator<Item = Value> {
    version.parts.iter().map(|part| {
        let mut resource = json!({
            "name": format!("{}/{}", kind.plural, part.name()),
            "singularName": "",
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": part.verbs(),
        });
        if let Part::Scale(_) = part {
            resource["group"] = "autoscaling".into();
            resource["version"] = "v1".into();
            resource["kind"] = "Scale".into();
        }
        resource
    })
}

fn version() -> Value {
    json!({
        "major": "1",
        "minor": "36",
        "gitVersion": "v1.36.3",
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}
