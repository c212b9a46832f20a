//! What the server refuses in PersistentVolumeClaims and StorageClasses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    super::{quantity, status::Flaw},
    chosen, items, label_selector, name, needed, one_of, problems, text,
};
use crate::selector::{self, subdomain_problems};

const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// The specification of a claim, in the field of this path.
pub(super) fn claim(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    if items(spec, "accessModes").is_empty() {
        flaws.push(Flaw::required(path("accessModes"), "at least 1 access mode is required"));
    }
    label_selector::check(&spec["selector"], &path("selector"), flaws);
    access_modes(spec, &path("accessModes"), flaws);
    let size = &spec["resources"]["requests"]["storage"];
    if size.is_null() {
        flaws.push(Flaw::required(path("resources[storage]"), ""));
    } else if quantity::nanos(text(size)).is_some_and(|size| size <= 0) {
        flaws.push(Flaw::invalid(path("resources[storage]"), text(size), "must be greater than zero"));
    }
    let class = text(&spec["storageClassName"]);
    if !class.is_empty() {
        problems(&path("storageClassName"), class, subdomain_problems(class), flaws);
    }
    chosen(&spec["volumeMode"], &path("volumeMode"), &["Block", "Filesystem"], flaws);
    for source in ["dataSource", "dataSourceRef"] {
        data_source(&spec[source], &path(source), flaws);
    }
    let [copied, referred] = ["dataSource", "dataSourceRef"].map(|source| &spec[source]);
    let alike = ["apiGroup", "kind", "name"].iter().all(|part| text(&copied[*part]) == text(&referred[*part]));
    if copied.is_object() && referred.is_object() && !alike && text(&referred["namespace"]).is_empty() {
        flaws.push(Flaw::showing(field, "{}", "must match dataSourceRef"));
    }
    let class = text(&spec["volumeAttributesClassName"]);
    problems(&path("volumeAttributesClassName"), class, subdomain_problems(class), flaws);
}

/// What a volume is filled with: a claim, or what another group knows.
fn data_source(source: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if !source.is_object() {
        return;
    }
    for part in ["name", "kind"] {
        needed(&source[part], &format!("{field}.{part}"), "", flaws);
    }
    let (group, kind) = (text(&source["apiGroup"]), text(&source["kind"]));
    if group.is_empty() && kind != "PersistentVolumeClaim" {
        let why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        flaws.push(Flaw::invalid(field, kind, why));
    }
    problems(&format!("{field}.apiGroup"), group, subdomain_problems(group), flaws);
}

pub(super) fn access_modes(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let modes = items(spec, "accessModes");
    for mode in modes.iter().map(text).filter(|mode| !MODES.contains(mode)) {
        flaws.push(Flaw::unsupported(field, mode, &MODES));
    }
    if modes.len() > 1 && modes.iter().any(|mode| *mode == "ReadWriteOncePod") {
        flaws.push(Flaw::forbidden(field, "may not use ReadWriteOncePod with other access modes"));
    }
}

pub(super) fn class(object: &Value, flaws: &mut Vec<Flaw>) {
    provisioner(&object["provisioner"], "provisioner", flaws);
    parameters(object, true, flaws);
    one_of(&object["reclaimPolicy"], "reclaimPolicy", &["Delete", "Retain"], flaws);
    chosen(&object["volumeBindingMode"], "volumeBindingMode", &["Immediate", "WaitForFirstConsumer"], flaws);
    topologies(items(object, "allowedTopologies"), flaws);
}

/// Who makes the volumes of a class.
pub(super) fn provisioner(provisioner: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let provisioner = text(provisioner).to_lowercase();
    match provisioner.as_str() {
        "" => flaws.push(Flaw::required(field, "")),
        said => problems(field, said, selector::key_problems(said), flaws),
    }
}

/// What a class tells who makes its volumes.
pub(super) fn parameters(object: &Value, may_be_empty: bool, flaws: &mut Vec<Flaw>) {
    const MOST: usize = 512;
    const BYTES: usize = 256 * 1024;
    let parameters = object["parameters"].as_object();
    let count = parameters.map_or(0, serde_json::Map::len);
    if count > MOST {
        return flaws.push(Flaw::too_long("parameters", MOST));
    }
    let parameters = || parameters.into_iter().flatten();
    if parameters().any(|(name, _)| name.is_empty()) {
        flaws.push(Flaw::invalid("parameters", "", "field can not be empty."));
    }
    if parameters().map(|(name, value)| name.len() + text(value).len()).sum::<usize>() > BYTES {
        flaws.push(Flaw::too_long("parameters", BYTES));
    }
    if count == 0 && !may_be_empty {
        flaws.push(Flaw::required("parameters", "must contain at least one key/value pair"));
    }
}

/// Where volumes of a class may lie: no key and no value twice, and no term twice.
fn topologies(terms: &[Value], flaws: &mut Vec<Flaw>) {
    // The server begins with one empty term for each that there is.
    let mut seen = vec![BTreeMap::new(); terms.len()];
    for (place, term) in terms.iter().enumerate() {
        let field = format!("allowedTopologies[{place}].matchLabelExpressions");
        let mut expressions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (place, expression) in items(term, "matchLabelExpressions").iter().enumerate() {
            let field = format!("{field}[{place}]");
            let mut values = BTreeSet::new();
            if items(expression, "values").is_empty() {
                flaws.push(Flaw::required(format!("{field}.values"), ""));
            }
            for (place, value) in items(expression, "values").iter().map(text).enumerate() {
                if !values.insert(value) {
                    flaws.push(Flaw::duplicate(format!("{field}.values[{place}]"), value));
                }
            }
            let key = text(&expression["key"]);
            name::qualified(key, &format!("{field}.key"), flaws);
            if expressions.insert(key, values).is_some() {
                flaws.push(Flaw::duplicate(format!("{field}.key"), key));
            }
        }
        let alike = seen.iter().filter(|other| **other == expressions).count();
        flaws.extend((0..alike).map(|_| Flaw::duplicate(&field, "")));
        seen.push(expressions);
    }
}
