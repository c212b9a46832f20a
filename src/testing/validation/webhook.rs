//! What the server refuses in the configurations of webhooks.
//!
//! Not here: whether the expressions of match conditions mean something, and URLs that cannot be parsed.

use std::collections::HashSet;

use serde_json::Value;

use super::{super::status::Flaw, items, label_selector, name, needed, port_problem, problems, text};
use crate::selector::{key_problems, subdomain_problems};

const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES: [&str; 3] = ["*", "Cluster", "Namespaced"];
/// Fields with a choice. Nothing is none.
const CHOICES: [(&str, &[&str]); 4] = [
    ("failurePolicy", &["Fail", "Ignore"]),
    ("matchPolicy", &["Equivalent", "Exact"]),
    ("sideEffects", &["None", "NoneOnDryRun"]),
    ("reinvocationPolicy", &["IfNeeded", "Never"]),
];

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let mut names = HashSet::new();
    for (place, hook) in items(object, "webhooks").iter().enumerate() {
        let field = format!("webhooks[{place}]");
        self::hook(hook, &field, flaws);
        versions(hook, &format!("{field}.admissionReviewVersions"), flaws);
        let name = text(&hook["name"]);
        if !name.is_empty() && !names.insert(name) {
            flaws.push(Flaw::duplicate(format!("{field}.name"), name));
        }
    }
}

fn hook(hook: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    name::domain(text(&hook["name"]), 3, &path("name"), flaws);
    for (place, rule) in items(hook, "rules").iter().enumerate() {
        self::rule(rule, &format!("{field}.rules[{place}]"), flaws);
    }
    for (choice, supported) in CHOICES {
        if let Some(said) = hook[choice].as_str().filter(|said| !supported.contains(said)) {
            flaws.push(Flaw::unsupported(path(choice), said, supported));
        }
    }
    if hook["sideEffects"].is_null() {
        flaws.push(Flaw::required(path("sideEffects"), "must specify one of None, NoneOnDryRun"));
    }
    if let Some(seconds) = hook["timeoutSeconds"].as_i64().filter(|seconds| !(1..=30).contains(seconds)) {
        let why = "the timeout value must be between 1 and 30 seconds";
        flaws.push(Flaw::invalid(path("timeoutSeconds"), seconds, why));
    }
    for selector in ["namespaceSelector", "objectSelector"] {
        label_selector::check(&hook[selector], &path(selector), flaws);
    }
    client(&hook["clientConfig"], &path("clientConfig"), flaws);
    conditions(items(hook, "matchConditions"), &path("matchConditions"), flaws);
}

fn rule(rule: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let path = |name: &str| format!("{field}.{name}");
    let operations = items(rule, "operations");
    for (list, others) in
        [("operations", "operations"), ("apiGroups", "API groups"), ("apiVersions", "API versions"), ("resources", "")]
    {
        if items(rule, list).is_empty() {
            flaws.push(Flaw::required(path(list), ""));
        }
        if list != "resources" {
            name::only_star(rule, list, field, others, flaws);
        }
    }
    for (place, operation) in operations.iter().map(text).enumerate() {
        if !OPERATIONS.contains(&operation) {
            flaws.push(Flaw::unsupported(format!("{field}.operations[{place}]"), operation, &OPERATIONS));
        }
    }
    for list in ["apiVersions", "resources"] {
        for (place, said) in items(rule, list).iter().enumerate() {
            needed(said, &format!("{field}.{list}[{place}]"), "", flaws);
        }
    }
    resources(rule, &path("resources"), flaws);
    if let Some(scope) = rule["scope"].as_str().filter(|scope| !SCOPES.contains(scope)) {
        flaws.push(Flaw::unsupported(path("scope"), scope, &SCOPES));
    }
}

/// Stars beside what they stand for.
fn resources(rule: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let said: Vec<_> = items(rule, "resources").iter().map(text).collect();
    let (mut all_of, mut of_all) = (HashSet::new(), HashSet::new());
    let mut whole = false;
    for (place, resource) in said.iter().filter(|resource| !resource.is_empty()).enumerate() {
        let Some((of, part)) = resource.split_once('/') else {
            whole = *resource != "*";
            continue;
        };
        for (star, covered) in [(format!("{of}/*"), all_of.contains(of)), (format!("*/{part}"), of_all.contains(part))]
        {
            if covered {
                let why = format!("if '{star}' is present, must not specify {resource}");
                flaws.push(Flaw::invalid(format!("{field}[{place}]"), *resource, &why));
            }
        }
        if part == "*" {
            all_of.insert(of);
        }
        if of == "*" {
            of_all.insert(part);
        }
    }
    let mut invalid = |star: &str, others: &str| {
        let why = format!("if '{star}' is present, must not specify other {others}");
        flaws.push(Flaw::invalid(field, rule["resources"].clone(), &why));
    };
    if said.len() > 1 && said.contains(&"*/*") {
        invalid("*/*", "resources");
    }
    if whole && said.contains(&"*") {
        invalid("*", "resources without subresources");
    }
}

/// Where the webhook is: at a URL or behind a Service.
fn client(client: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let service = &client["service"];
    match (client["url"].as_str(), service.is_object()) {
        (Some(url), false) => self::url(url, &format!("{field}.url"), flaws),
        (None, true) => self::service(service, &format!("{field}.service"), flaws),
        _ => flaws.push(Flaw::required(field, "exactly one of url or service is required")),
    }
}

fn url(url: &str, field: &str, flaws: &mut Vec<Flaw>) {
    const FORM: &str = "; desired format: https://host[/path]";
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let authority = authority.split('/').next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let mut invalid = |value: &str, why: &str| flaws.push(Flaw::invalid(field, value, why));
    if !scheme.eq_ignore_ascii_case("https") {
        invalid(&scheme.to_lowercase(), &format!("'https' is the only allowed URL scheme{FORM}"));
    }
    if host.is_empty() {
        invalid("", &format!("host must be specified{FORM}"));
    }
    if let Some(user) = user {
        invalid(user, "user information is not permitted in the URL");
    }
    if !fragment.is_empty() {
        invalid(fragment, "fragments are not permitted in the URL");
    }
    if !query.is_empty() {
        invalid(query, "query parameters are not permitted in the URL");
    }
}

/// A Service that answers, and what of it.
pub(super) fn service(service: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    for part in ["name", "namespace"] {
        needed(&service[part], &format!("{field}.{part}"), "", flaws);
    }
    if let Some(port) = service["port"].as_i64().filter(|port| port_problem("", *port).is_some()) {
        let why = "port is not valid: must be between 1 and 65535, inclusive";
        flaws.push(Flaw::invalid(format!("{field}.port"), port, why));
    }
    let path = text(&service["path"]);
    let field = format!("{field}.path");
    if path.is_empty() || path == "/" {
        return;
    }
    if path == "//" {
        return flaws.push(Flaw::invalid(field, path, "segment[0] may not be empty"));
    }
    if !path.starts_with('/') {
        flaws.push(Flaw::invalid(&field, path, "must start with a '/'"));
    }
    // The server takes the first letter for a slash, whatever it is.
    let mut inner = path.chars();
    inner.next();
    let inner = inner.as_str();
    for (place, segment) in inner.strip_suffix('/').unwrap_or(inner).split('/').enumerate() {
        if segment.is_empty() {
            flaws.push(Flaw::invalid(&field, path, &format!("segment[{place}] may not be empty")));
        } else {
            let found = subdomain_problems(segment).into_iter();
            flaws.extend(found.map(|why| Flaw::invalid(&field, path, &format!("segment[{place}]: {why}"))));
        }
    }
}

/// The versions in which the webhook can be asked; one must be known.
fn versions(hook: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let versions: Vec<_> = items(hook, "admissionReviewVersions").iter().map(text).collect();
    if versions.is_empty() {
        return flaws.push(Flaw::required(field, "must specify one of v1, v1beta1"));
    }
    let mut seen = HashSet::new();
    for (place, version) in versions.iter().enumerate() {
        let field = format!("{field}[{place}]");
        if seen.insert(version) {
            name::old_label(version, &field, flaws);
        } else {
            flaws.push(Flaw::invalid(field, *version, "duplicate version"));
        }
    }
    if !versions.iter().any(|version| ["v1", "v1beta1"].contains(version)) {
        let why = "must include at least one of v1, v1beta1";
        flaws.push(Flaw::invalid(field, hook["admissionReviewVersions"].clone(), why));
    }
}

fn conditions(conditions: &[Value], field: &str, flaws: &mut Vec<Flaw>) {
    const MOST: usize = 64;
    if conditions.len() > MOST {
        flaws.push(Flaw::too_many(field, conditions.len() as u64, MOST as u64));
    }
    let mut names = HashSet::new();
    for (place, condition) in conditions.iter().enumerate() {
        let path = |name: &str| format!("{field}[{place}].{name}");
        if text(&condition["expression"]).trim().is_empty() {
            flaws.push(Flaw::required(path("expression"), ""));
        }
        let name = text(&condition["name"]);
        needed(&condition["name"], &path("name"), "", flaws);
        problems(&path("name"), name, key_problems(name), flaws);
        if !name.is_empty() && !names.insert(name) {
            flaws.push(Flaw::duplicate(path("name"), name));
        }
    }
}
