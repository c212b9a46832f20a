//! What the server refuses in volumes of files: keys of ConfigMaps and Secrets, what pods say of themselves, and all of it
//! in one.

use std::collections::HashSet;

use serde_json::Value;

use super::{super::status::Flaw, downward, items, needed, path, text};

/// Several sources in one volume. No two of them have a file of one name.
pub(super) fn check(volume: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    path::mode(&volume["defaultMode"], &format!("{field}.defaultMode"), flaws);
    let mut paths = HashSet::new();
    for (place, source) in items(volume, "sources").iter().enumerate() {
        let of_source = format!("{field}.sources[{place}]");
        let mut conflict = |path: &Value, shown: &str, flaws: &mut Vec<Flaw>| {
            let path = text(path);
            if !path.is_empty() && !paths.insert(path.to_owned()) {
                flaws.push(Flaw::invalid(field, shown, "conflicting duplicate paths"));
            }
        };
        for kind in ["secret", "configMap"].into_iter().filter(|kind| source[*kind].is_object()) {
            let (source, of_source) = (&source[kind], format!("{of_source}.{kind}"));
            needed(&source["name"], &format!("{of_source}.name"), "", flaws);
            keys(source, &of_source, flaws);
            for item in items(source, "items") {
                conflict(&item["path"], text(&source["name"]), flaws);
            }
        }
        for file in items(&source["downwardAPI"], "items") {
            of_pod(file, &format!("{of_source}.downwardAPI"), flaws);
            conflict(&file["path"], text(&file["path"]), flaws);
        }
        if source["serviceAccountToken"].is_object() {
            token(&source["serviceAccountToken"], field, &of_source, flaws);
        }
        let kinds =
            ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"];
        if kinds.iter().filter(|kind| source[**kind].is_object()).count() > 1 {
            flaws.push(Flaw::forbidden(of_source, "may not specify more than 1 volume type per source"));
        }
    }
}

fn token(token: &Value, volume: &str, field: &str, flaws: &mut Vec<Flaw>) {
    if let Some(seconds) = token["expirationSeconds"].as_i64() {
        let field = format!("{field}.serviceAccountToken.expirationSeconds");
        if seconds < 600 {
            flaws.push(Flaw::invalid(field, seconds, "may not specify a duration less than 10 minutes"));
        } else if seconds > 1 << 32 {
            flaws.push(Flaw::invalid(field, seconds, "may not specify a duration larger than 2^32 seconds"));
        }
    }
    // The server does not say in which source.
    let field = format!("{volume}.path");
    needed(&token["path"], &field, "", flaws);
    path::of_file(text(&token["path"]), &field, flaws);
}

/// The keys of a ConfigMap or a Secret that become files.
pub(super) fn keys(source: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    for (place, item) in items(source, "items").iter().enumerate() {
        let path = |name: &str| format!("{field}.items[{place}].{name}");
        for name in ["key", "path"] {
            needed(&item[name], &path(name), "", flaws);
        }
        path::of_file(text(&item["path"]), &path("path"), flaws);
        path::mode(&item["mode"], &path("mode"), flaws);
    }
}

/// A file with something of the pod. The server does not say which one.
pub(super) fn of_pod(file: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let of_path = format!("{field}.path");
    needed(&file["path"], &of_path, "", flaws);
    path::of_file(text(&file["path"]), &of_path, flaws);
    let [of_pod, of_container] = ["fieldRef", "resourceFieldRef"].map(|name| file[name].is_object());
    match (of_pod, of_container) {
        (true, _) => downward::field(&file["fieldRef"], &format!("{field}.fieldRef"), &downward::OF_FILES, flaws),
        (false, true) => {
            downward::resource(&file["resourceFieldRef"], &format!("{field}.resourceFieldRef"), true, flaws);
        }
        (false, false) => flaws.push(Flaw::required(field, "one of fieldRef and resourceFieldRef is required")),
    }
    if of_pod && of_container {
        let why = "fieldRef and resourceFieldRef can not be specified simultaneously";
        flaws.push(Flaw::invalid(field, "resource", why));
    }
    path::mode(&file["mode"], &format!("{field}.mode"), flaws);
}
