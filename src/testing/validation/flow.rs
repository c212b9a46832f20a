//! What the server refuses in FlowSchemas and PriorityLevelConfigurations.

use serde_json::Value;

use super::{
    super::status::Flaw, items, metadata::label_problems, name::only_star, needed, one_of, printed, problems, text,
};
use crate::selector::subdomain_problems;

const VERBS: [&str; 9] = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
const SUBJECTS: [(&str, &str); 3] = [("Group", "group"), ("ServiceAccount", "serviceAccount"), ("User", "user")];

pub(super) fn schema(object: &Value, flaws: &mut Vec<Flaw>) {
    const PRECEDENCE: &str = "spec.matchingPrecedence";
    const LEVEL: &str = "spec.priorityLevelConfiguration.name";
    let spec = &object["spec"];
    let precedence = spec["matchingPrecedence"].as_i64().unwrap_or_default();
    let why = match precedence {
        1 if object["metadata"]["name"] != "exempt" => "only the schema named 'exempt' may have matchingPrecedence 1",
        ..=0 => "must be a positive value",
        10_001.. => "must not be greater than 10000",
        _ => "",
    };
    if !why.is_empty() {
        flaws.push(Flaw::invalid(PRECEDENCE, precedence, why));
    }
    let method = &spec["distinguisherMethod"];
    if method.is_object() && !["ByNamespace", "ByUser"].contains(&text(&method["type"])) {
        let shown = printed(method, &[("Type", "\"\"")]);
        flaws.push(Flaw::unsupported_as("spec.distinguisherMethod.type", &shown, &["ByNamespace", "ByUser"]));
    }
    match text(&spec["priorityLevelConfiguration"]["name"]) {
        "" => flaws.push(Flaw::required(LEVEL, "must reference a priority level")),
        level => problems(LEVEL, level, subdomain_problems(level), flaws),
    }
    for (place, rule) in items(spec, "rules").iter().enumerate() {
        self::rule(rule, &format!("spec.rules[{place}]"), flaws);
    }
}

fn rule(rule: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let subjects = items(rule, "subjects");
    if subjects.is_empty() {
        flaws.push(Flaw::required(format!("{field}.subjects"), "subjects must contain at least one value"));
    }
    for (place, subject) in subjects.iter().enumerate() {
        self::subject(subject, &format!("{field}.subjects[{place}]"), flaws);
    }
    let kinds = ["resourceRules", "nonResourceRules"];
    if kinds.iter().all(|kind| items(rule, kind).is_empty()) {
        flaws.push(Flaw::required(field, "at least one of resourceRules and nonResourceRules has to be non-empty"));
    }
    for kind in kinds {
        for (place, requests) in items(rule, kind).iter().enumerate() {
            let field = format!("{field}.{kind}[{place}]");
            verbs(requests, &field, flaws);
            if kind == "resourceRules" {
                of_resources(requests, &field, flaws)
            } else {
                of_paths(requests, &field, flaws)
            }
        }
    }
}

fn subject(subject: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let kind = text(&subject["kind"]);
    let Some((_, wanted)) = SUBJECTS.iter().find(|(known, _)| *known == kind) else {
        let known = SUBJECTS.map(|(known, _)| known);
        return flaws.push(Flaw::unsupported(format!("{field}.kind"), kind, &known));
    };
    for (other, part) in SUBJECTS.iter().filter(|(_, part)| part != wanted && subject[*part].is_object()) {
        let why = format!("{part} is forbidden when subject kind is not '{other}'");
        flaws.push(Flaw::forbidden(format!("{field}.{part}"), why));
    }
    let (said, field) = (&subject[*wanted], format!("{field}.{wanted}"));
    if !said.is_object() {
        let why = format!("{wanted} is required when subject kind is '{kind}'");
        return flaws.push(Flaw::required(field, &why));
    }
    let (of_name, name) = (format!("{field}.name"), text(&said["name"]));
    needed(&said["name"], &of_name, "", flaws);
    if kind == "ServiceAccount" {
        problems(&of_name, name, if name == "*" { Vec::new() } else { subdomain_problems(name) }, flaws);
        match text(&said["namespace"]) {
            "" => {
                flaws.push(Flaw::required(format!("{field}.namespace"), "must specify namespace for service account"))
            }
            space => problems(&format!("{field}.namespace"), space, label_problems(space), flaws),
        }
    }
}

fn verbs(requests: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let verbs = items(requests, "verbs");
    only_star(requests, "verbs", field, "verbs", flaws);
    let field = format!("{field}.verbs");
    if verbs.is_empty() {
        flaws.push(Flaw::required(field, "verbs must contain at least one value"));
    } else if !verbs.iter().any(|verb| verb == "*") && !verbs.iter().all(|verb| VERBS.contains(&text(verb))) {
        flaws.push(Flaw::unsupported(field, requests["verbs"].clone(), &VERBS));
    }
}

fn of_resources(requests: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let whole = requests["clusterScope"] == true;
    for (list, others, may_be_empty, why) in [
        ("apiGroups", "api groups", false, "resource rules must supply at least one api group"),
        ("resources", "resources", false, "resource rules must supply at least one resource"),
        (
            "namespaces",
            "namespaces",
            whole,
            "resource rules that are not cluster scoped must supply at least one namespace",
        ),
    ] {
        if items(requests, list).is_empty() && !may_be_empty {
            flaws.push(Flaw::required(format!("{field}.{list}"), why));
        }
        only_star(requests, list, field, others, flaws);
    }
    let spaces = items(requests, "namespaces");
    if !spaces.iter().any(|space| space == "*") {
        for (place, space) in spaces.iter().map(text).enumerate() {
            let found = label_problems(space).into_iter();
            let found = found.map(|why| format!("each member of this list must be '*' or a DNS-1123 label; {why}"));
            problems(&format!("{field}.namespaces[{place}]"), space, found.collect(), flaws);
        }
    }
}

fn of_paths(requests: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    const LIST: &str = "nonResourceURLs";
    let paths = items(requests, LIST);
    if paths.is_empty() {
        let why = "nonResourceURLs must contain at least one value";
        flaws.push(Flaw::required(format!("{field}.{LIST}"), why));
    }
    only_star(requests, LIST, field, "non-resource URLs", flaws);
    if paths.iter().any(|path| path == "*") {
        return;
    }
    for (place, path) in paths.iter().map(text).enumerate() {
        let why = match path {
            "" => "must not be empty",
            "/" => continue,
            path if !path.starts_with('/') => "must start with slash",
            path if path.contains(' ') => "must not contain white-space",
            path if path.contains("//") => "must not contain double slash",
            path if path.find('*').is_some_and(|star| star + 1 < path.len()) => "wildcard can only do suffix matching",
            path if path.ends_with('*') && !path.ends_with("/*") => "wildcard can only do suffix matching",
            _ => continue,
        };
        flaws.push(Flaw::invalid(format!("{field}.{LIST}[{place}]"), path, why));
    }
}

pub(super) fn level(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let said = text(&spec["type"]);
    let (limited, exempt) = (&spec["limited"], &spec["exempt"]);
    if (object["metadata"]["name"] == "exempt") != (said == "Exempt") {
        flaws.push(Flaw::invalid("spec.type", said, "must be 'Exempt' if and only if `name` is 'exempt'"));
    }
    needed(&spec["type"], "spec.type", "", flaws);
    one_of(&spec["type"], "spec.type", &["Exempt", "Limited"], flaws);
    match said {
        "Exempt" => {
            if !limited.is_null() {
                flaws.push(Flaw::forbidden("spec.limited", "must be nil if the type is not Limited"));
            }
            shares(exempt, "spec.exempt", flaws);
        }
        "Limited" => {
            if !exempt.is_null() {
                flaws.push(Flaw::forbidden("spec.exempt", "must be nil if the type is Limited"));
            }
            needed(limited, "spec.limited", "must not be empty when type is Limited", flaws);
            if limited.is_object() {
                shares(limited, "spec.limited", flaws);
                response(&limited["limitResponse"], flaws);
            }
        }
        _ => {}
    }
}

fn shares(part: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    for (name, most, why) in [
        ("nominalConcurrencyShares", i64::MAX, "must be a non-negative integer"),
        ("lendablePercent", 100, "must be between 0 and 100, inclusive"),
        ("borrowingLimitPercent", i64::MAX, "if specified, must be a non-negative integer"),
    ] {
        if let Some(number) = part[name].as_i64().filter(|number| !(0..=most).contains(number)) {
            flaws.push(Flaw::invalid(format!("{field}.{name}"), number, why));
        }
    }
}

/// What happens to requests that have to wait.
fn response(response: &Value, flaws: &mut Vec<Flaw>) {
    const FIELD: &str = "spec.limited.limitResponse";
    let (of_type, of_queuing) = (format!("{FIELD}.type"), format!("{FIELD}.queuing"));
    let queuing = &response["queuing"];
    needed(&response["type"], &of_type, "", flaws);
    one_of(&response["type"], &of_type, &["Queue", "Reject"], flaws);
    match text(&response["type"]) {
        "Reject" if !queuing.is_null() => {
            let why = "must be nil if limited.limitResponse.type is not Limited";
            flaws.push(Flaw::forbidden(of_queuing, why));
        }
        "Queue" if queuing.is_null() => {
            flaws.push(Flaw::required(of_queuing, "must not be empty if limited.limitResponse.type is Limited"));
        }
        "Queue" => queues(queuing, &of_queuing, flaws),
        _ => {}
    }
}

fn queues(queuing: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    const MOST: i64 = 10_000_000;
    const BITS: f64 = 60.0;
    let number = |name: &str| queuing[name].as_i64().unwrap_or_default();
    let (queues, hand) = (number("queues"), number("handSize"));
    for name in ["queueLengthLimit", "queues", "handSize"] {
        if number(name) <= 0 {
            flaws.push(Flaw::invalid(format!("{field}.{name}"), number(name), "must be positive"));
        }
    }
    if queues > MOST {
        let why = format!("must not be greater than {MOST}");
        flaws.push(Flaw::invalid(format!("{field}.queues"), queues, &why));
    }
    let why = if hand > queues {
        format!("should not be greater than queues ({queues})")
    } else if ((queues as f64).log2() * hand as f64).ceil() > BITS {
        format!("required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {BITS}")
    } else {
        return;
    };
    if hand > 0 {
        flaws.push(Flaw::invalid(format!("{field}.handSize"), hand, &why));
    }
}
