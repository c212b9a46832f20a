//! Names of other things in objects: path segments, domain names, drivers.

use serde_json::Value;

use super::{
    super::status::Flaw,
    items,
    metadata::{label_problems, segment_problems},
    problems, text,
};
use crate::selector::{self, subdomain_problems};

/// A name that can stand in a path.
pub(super) fn segment(value: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    match text(value) {
        "" => flaws.push(Flaw::required(field, "")),
        name => problems(field, name, segment_problems(name), flaws),
    }
}

/// A reference to an object by group, kind and name.
pub(super) fn reference(reference: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if let Some(group) = reference["apiGroup"].as_str() {
        every(&format!("{field}.apiGroup"), group, subdomain_problems(group), flaws);
    }
    for part in ["kind", "name"] {
        segment(&reference[part], &format!("{field}.{part}"), flaws);
    }
}

/// A path below a domain, as in `acme.io/foo`.
pub(super) fn domain_path(path: &str, field: &str, flaws: &mut Vec<Flaw>) {
    let (domain, rest) = path.split_once('/').unwrap_or((path, ""));
    if path.is_empty() {
        return flaws.push(Flaw::required(field, ""));
    }
    if domain.is_empty() || rest.is_empty() {
        let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        return flaws.push(Flaw::invalid(field, path, why));
    }
    problems(field, domain, subdomain_problems(domain), flaws);
    if !rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte)) {
        let why = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
        flaws.push(Flaw::invalid(field, rest, why));
    }
}

/// A domain of at least so many parts.
pub(super) fn domain(name: &str, parts: usize, field: &str, flaws: &mut Vec<Flaw>) {
    let problems = subdomain_problems(name);
    if name.is_empty() {
        flaws.push(Flaw::required(field, ""));
    } else if !problems.is_empty() {
        flaws.push(Flaw::invalid(field, name, &problems.join(",")));
    } else if name.split('.').count() < parts {
        let count = if parts == 2 { "two" } else { "three" };
        let why = format!("should be a domain with at least {count} segments separated by dots");
        flaws.push(Flaw::invalid(field, name, &why));
    }
}

/// A driver of volumes.
pub(super) fn driver(name: &str, field: &str, flaws: &mut Vec<Flaw>) {
    if name.is_empty() {
        return flaws.push(Flaw::required(field, ""));
    }
    if name.len() > 63 {
        flaws.push(Flaw::too_long(field, 63));
    }
    problems(field, name, subdomain_problems(&name.to_lowercase()), flaws);
}

/// A name that says whose it is; it has to be there.
pub(super) fn qualified(name: &str, field: &str, flaws: &mut Vec<Flaw>) {
    every(field, name, selector::key_problems(name), flaws);
}

/// A DNS subdomain; it has to be there.
pub(super) fn subdomain(name: &str, field: &str, flaws: &mut Vec<Flaw>) {
    every(field, name, subdomain_problems(name), flaws);
}

/// A DNS label; it has to be there.
pub(super) fn label(name: &str, field: &str, flaws: &mut Vec<Flaw>) {
    every(field, name, label_problems(name), flaws);
}

/// A DNS label of RFC 1035, which begins with a letter.
pub(super) fn old_label(name: &str, field: &str, flaws: &mut Vec<Flaw>) {
    const RULE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                        alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', \
                        regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    if name.len() > 63 {
        flaws.push(Flaw::invalid(field, name, "must be no more than 63 bytes"));
    }
    if !selector::is_dns_label(name) || name.starts_with(|first: char| first.is_ascii_digit()) {
        flaws.push(Flaw::invalid(field, name, RULE));
    }
}

/// A star stands for all: beside it there is nothing else in the list.
pub(super) fn only_star(object: &Value, list: &str, field: &str, others: &str, flaws: &mut Vec<Flaw>) {
    let said = items(object, list);
    if said.len() > 1 && said.iter().any(|item| item == "*") {
        let why = format!("if '*' is present, must not specify other {others}");
        flaws.push(Flaw::invalid(format!("{field}.{list}"), object[list].clone(), &why));
    }
}

/// All that is wrong with a text, even where it is empty.
fn every(field: &str, value: &str, found: Vec<String>, flaws: &mut Vec<Flaw>) {
    flaws.extend(found.iter().map(|why| Flaw::invalid(field, value, why)));
}
