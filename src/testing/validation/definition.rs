//! What the server refuses in CustomResourceDefinitions.
//!
//! Not here: the schemas in them ([`structure`](super::structure)), and addresses of webhooks.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{super::status::Flaw, structure};
use crate::selector;

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let name = text(&object["metadata"]["name"]);
    if !name.is_empty() && name != format!("{}.{}", text(&spec["names"]["plural"]), text(&spec["group"])) {
        flaws.push(Flaw::invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
    }
    let group = text(&spec["group"]);
    match selector::subdomain_problems(group) {
        _ if group.is_empty() => flaws.push(Flaw::required("spec.group", "")),
        problems if !problems.is_empty() => flaws.push(Flaw::invalid("spec.group", group, &problems.join(","))),
        _ if !group.contains('.') => {
            flaws.push(Flaw::invalid("spec.group", group, "should be a domain with at least one dot"));
        }
        _ => {}
    }
    one_of("spec.scope", &spec["scope"], &["Cluster", "Namespaced"], flaws);
    versions(object, flaws);
    names(&spec["names"], flaws);
    hoisted(spec, flaws);
    if spec["preserveUnknownFields"] == true {
        let why =
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        flaws.push(Flaw::invalid("spec.preserveUnknownFields", true, why));
    }
    conversion(&spec["conversion"], flaws);
}

/// What an established definition cannot change any more, and what none can.
pub(super) fn frozen(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    let conditions = old["status"]["conditions"].as_array().into_iter().flatten();
    let established =
        conditions.into_iter().any(|condition| condition["type"] == "Established" && condition["status"] == "True");
    let always = ["/spec/group", "/spec/names/plural"];
    let fields = ["/spec/scope", "/spec/names/kind"].into_iter().filter(|_| established).chain(always);
    for field in fields {
        if old.pointer(field) != new.pointer(field) {
            let value = new.pointer(field).cloned().unwrap_or_default();
            flaws.push(Flaw::invalid(field[1..].replace('/', "."), value, "field is immutable"));
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(value: &Value) -> impl Iterator<Item = (usize, &Value)> {
    value.as_array().into_iter().flatten().enumerate()
}

fn one_of(field: &str, value: &Value, allowed: &[&str], flaws: &mut Vec<Flaw>) {
    match text(value) {
        "" => flaws.push(Flaw::required(field, "")),
        said if !allowed.contains(&said) => flaws.push(Flaw::unsupported(field, said, allowed)),
        _ => {}
    }
}

fn versions(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    for (index, version) in items(&spec["versions"]) {
        if !version["schema"]["openAPIV3Schema"].is_object() {
            flaws.push(Flaw::required(format!("spec.versions[{index}].schema.openAPIV3Schema"), ""));
        }
    }
    let mut seen = HashSet::new();
    let mut unique = true;
    for (index, version) in items(&spec["versions"]) {
        let name = text(&version["name"]);
        unique &= seen.insert(name);
        label(&format!("spec.versions[{index}].name"), name, "", flaws);
        for (part, look) in PARTS.into_iter().filter(|(part, _)| shared(spec, part).is_none()) {
            let path = format!("spec.versions[{index}].{part}");
            // A schema that all versions share is not beside the fields of one.
            if part == "selectableFields" && shared(spec, "schema").is_some() && items(&version[part]).next().is_some()
            {
                let why = "may only be set when `version.schema.openAPIV3Schema` is not included";
                flaws.push(Flaw::invalid(path, "", why));
            } else {
                look(&path, &version[part], &version["schema"], flaws);
            }
        }
    }
    let shown = items(&spec["versions"]).map(|(_, version)| internal(version)).collect::<Vec<_>>();
    let shown = if spec["versions"].is_null() { "null".to_owned() } else { format!("[{}]", shown.join(",")) };
    if !unique {
        flaws.push(Flaw::showing("spec.versions", &shown, "must contain unique version names"));
    }
    let stored: Vec<&str> = items(&spec["versions"])
        .filter(|(_, version)| version["storage"] == true)
        .map(|(_, v)| text(&v["name"]))
        .collect();
    if stored.len() != 1 {
        let why = "must have exactly one version marked as storage version";
        flaws.push(Flaw::showing("spec.versions", &shown, why));
    }
    if let Some((_, first)) = items(&spec["versions"]).next() {
        label_if_said("spec.version", text(&first["name"]), "", flaws);
    }
    match stored[..] {
        [] => {
            flaws.push(Flaw::invalid("status.storedVersions", Value::Null, "must have at least one stored version"));
        }
        [first, .., last] => {
            let why = format!("must have the storage version {last}");
            flaws.push(Flaw::invalid("status.storedVersions", json!([first]), &why));
        }
        [_] => {}
    }
    for (index, version) in items(&object["status"]["storedVersions"]) {
        let version = text(version);
        if !seen.contains(version) {
            let why = format!(
                "missing from spec.versions; {version} was previously a storage version, and must remain in \
                 spec.versions until a storage migration ensures no data remains persisted in {version} and removes \
                 {version} from status.storedVersions"
            );
            flaws.push(Flaw::invalid(format!("status.storedVersions[{index}]"), version, &why));
        }
    }
}

/// A version as the server shows it, which keeps what all versions share elsewhere.
fn internal(version: &Value) -> String {
    let flag = |name: &str| version[name] == true;
    format!(
        "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":null,\"Schema\":null,\
         \"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}}",
        version["name"],
        flag("served"),
        flag("storage"),
        flag("deprecated"),
    )
}

/// How a part of a version is looked at: its path, what it holds, and the schema beside it.
type Look = fn(&str, &Value, &Value, &mut Vec<Flaw>);

const PARTS: [(&str, Look); 4] = [
    ("schema", |path, schema, _, flaws| {
        if schema["openAPIV3Schema"].is_object() {
            structure::check(&format!("{path}.openAPIV3Schema"), &schema["openAPIV3Schema"], flaws);
        }
    }),
    ("subresources", |path, parts, _, flaws| scale(path, &parts["scale"], flaws)),
    ("additionalPrinterColumns", |path, columns, _, flaws| {
        items(columns).for_each(|(index, column)| self::column(&format!("{path}[{index}]"), column, flaws));
    }),
    ("selectableFields", selectable),
];

/// What all versions have in common. The server keeps it once, and tells of it in another place.
fn shared<'s>(spec: &'s Value, part: &str) -> Option<&'s Value> {
    let mut versions = items(&spec["versions"]).map(|(_, version)| &version[part]);
    let first = versions.next().filter(|first| !first.is_null())?;
    versions.all(|other| other == first).then_some(first)
}

fn hoisted(spec: &Value, flaws: &mut Vec<Flaw>) {
    for (part, look) in PARTS {
        if let Some(common) = shared(spec, part) {
            let name = if part == "schema" { "validation" } else { part };
            look(&format!("spec.{name}"), common, &spec["versions"][0]["schema"], flaws);
        }
    }
}

fn names(names: &Value, flaws: &mut Vec<Flaw>) {
    const MIXED: &str = "may have mixed case, but should otherwise match: ";
    for field in ["plural", "singular", "kind", "listKind"] {
        if text(&names[field]).is_empty() {
            flaws.push(Flaw::required(format!("spec.names.{field}"), ""));
        }
    }
    label_if_said("spec.names.plural", text(&names["plural"]), "", flaws);
    label_if_said("spec.names.singular", text(&names["singular"]), "", flaws);
    label_if_said("spec.names.kind", text(&names["kind"]), MIXED, flaws);
    label_if_said("spec.names.listKind", text(&names["listKind"]), MIXED, flaws);
    let each = |field: &str, flaws: &mut Vec<Flaw>| {
        items(&names[field])
            .for_each(|(index, name)| label(&format!("spec.names.{field}[{index}]"), text(name), "", flaws));
    };
    each("shortNames", flaws);
    if !text(&names["kind"]).is_empty() && names["kind"] == names["listKind"] {
        let why = "kind and listKind may not be the same";
        flaws.push(Flaw::invalid("spec.names.listKind", names["listKind"].clone(), why));
    }
    each("categories", flaws);
}

/// A DNS label that starts with a letter (RFC 1035); capitals are fine where it says so.
fn label(field: &str, name: &str, mixed: &str, flaws: &mut Vec<Flaw>) {
    const RULE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                        alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', \
                        regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    let lower = if mixed.is_empty() { name.to_owned() } else { name.to_lowercase() };
    let starts = lower.starts_with(|c: char| c.is_ascii_lowercase());
    let fits = starts && selector::is_dns_label(&lower);
    if !fits {
        flaws.push(Flaw::invalid(field, name, &format!("{mixed}{RULE}")));
    }
}

/// The same where there may be none, or where that is told elsewhere.
fn label_if_said(field: &str, name: &str, mixed: &str, flaws: &mut Vec<Flaw>) {
    if !name.is_empty() {
        label(field, name, mixed, flaws);
    }
}

fn scale(path: &str, scale: &Value, flaws: &mut Vec<Flaw>) {
    for (name, below) in [("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")] {
        let (field, said) = (format!("{path}.scale.{name}"), text(&scale[name]));
        match said {
            _ if scale.is_null() => {}
            "" => flaws.push(Flaw::required(field, "")),
            _ if !said.starts_with('.') => flaws.push(Flaw::invalid(field, said, NO_PATH)),
            _ if !said.starts_with(&format!("{below}.")) => {
                flaws.push(Flaw::invalid(field, said, &format!("should be a json path under {below}")));
            }
            _ => {}
        }
    }
}

const NO_PATH: &str = "must be a simple json path starting with .";

fn column(path: &str, column: &Value, flaws: &mut Vec<Flaw>) {
    const TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
    let wanted = format!("must be one of {}", TYPES.join(","));
    if text(&column["name"]).is_empty() {
        flaws.push(Flaw::required(format!("{path}.name"), ""));
    }
    match text(&column["type"]) {
        "" => flaws.push(Flaw::required(format!("{path}.type"), &wanted)),
        said if !TYPES.contains(&said) => flaws.push(Flaw::invalid(format!("{path}.type"), said, &wanted)),
        _ => {}
    }
    match text(&column["jsonPath"]) {
        "" => flaws.push(Flaw::required(format!("{path}.JSONPath"), "")),
        said if !said.starts_with('.') => flaws.push(Flaw::invalid(format!("{path}.JSONPath"), said, NO_PATH)),
        _ => {}
    }
}

fn selectable(path: &str, fields: &Value, schema: &Value, flaws: &mut Vec<Flaw>) {
    for (index, field) in items(fields) {
        let said = text(&field["jsonPath"]);
        let names = said.strip_prefix('.').into_iter().flat_map(|path| path.split('.'));
        let found = names.fold(&schema["openAPIV3Schema"], |schema, name| &schema["properties"][name]);
        let field = format!("{path}[{index}].jsonPath");
        match said {
            "" => flaws.push(Flaw::required(field, "")),
            _ if !said.starts_with('.') || found.is_null() => {
                let why = "is an invalid path: does not refer to a valid field";
                flaws.push(Flaw::invalid(field, said, why));
            }
            _ => {}
        }
    }
}

fn conversion(conversion: &Value, flaws: &mut Vec<Flaw>) {
    let webhook = &conversion["webhook"];
    if conversion.is_null() {
        return;
    }
    one_of("spec.conversion.strategy", &conversion["strategy"], &["None", "Webhook"], flaws);
    let field = "spec.conversion.webhookClientConfig";
    let (client, versions) = (&webhook["clientConfig"], "spec.conversion.conversionReviewVersions");
    let reviewed = webhook["conversionReviewVersions"].as_array().is_some_and(|versions| !versions.is_empty());
    if conversion["strategy"] == "Webhook" {
        if client.is_null() {
            flaws.push(Flaw::required(field, "required when strategy is set to Webhook"));
        } else if client["url"].is_null() == client["service"].is_null() {
            flaws.push(Flaw::required(field, "exactly one of url or service is required"));
        }
        if !reviewed {
            flaws.push(Flaw::required(versions, ""));
        }
    } else {
        let why = "should not be set when strategy is not set to Webhook";
        if !client.is_null() {
            flaws.push(Flaw::forbidden(field, why));
        }
        if reviewed {
            flaws.push(Flaw::forbidden(versions, why));
        }
    }
}
