//! What the server refuses in probes and hooks of containers.

use serde_json::Value;

use super::{super::status::Flaw, items, not_negative, one_of, port_problem, service::number_or_name, text};

const PROBES: [(&str, bool); 3] = [("livenessProbe", true), ("readinessProbe", false), ("startupProbe", true)];

/// The probes and hooks of a container that runs as long as its pod, which has so many seconds to end.
pub(super) fn check(container: &Value, field: &str, grace: &Value, flaws: &mut Vec<Flaw>) {
    for hook in ["postStart", "preStop"] {
        let handler = &container["lifecycle"][hook];
        if handler.is_object() {
            self::handler(handler, &format!("{field}.lifecycle.{hook}"), grace, flaws);
        }
    }
    for (name, once) in PROBES.into_iter().filter(|(name, _)| container[*name].is_object()) {
        probe(&container[name], &format!("{field}.{name}"), once, grace, flaws);
        let seconds = &container[name]["terminationGracePeriodSeconds"];
        if name == "readinessProbe" && !seconds.is_null() {
            let field = format!("{field}.{name}.terminationGracePeriodSeconds");
            flaws.push(Flaw::invalid(field, seconds.clone(), "must not be set for readinessProbes"));
        }
    }
}

/// What comes to an end before the others begin has none.
pub(super) fn none(container: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    for name in PROBES.iter().map(|(name, _)| *name).chain(["lifecycle"]).filter(|name| container[*name].is_object()) {
        let why = "may not be set for init containers without restartPolicy=Always";
        flaws.push(Flaw::forbidden(format!("{field}.{name}"), why));
    }
}

fn probe(probe: &Value, field: &str, once: bool, grace: &Value, flaws: &mut Vec<Flaw>) {
    handler(probe, field, grace, flaws);
    for name in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        not_negative(&probe[name], &format!("{field}.{name}"), flaws);
    }
    if let Some(threshold) = probe["successThreshold"].as_i64().filter(|threshold| once && *threshold != 1) {
        flaws.push(Flaw::invalid(format!("{field}.successThreshold"), threshold, "must be 1"));
    }
    if let Some(seconds) = probe["terminationGracePeriodSeconds"].as_i64().filter(|seconds| *seconds <= 0) {
        flaws.push(Flaw::invalid(format!("{field}.terminationGracePeriodSeconds"), seconds, "must be greater than 0"));
    }
}

/// What a probe or a hook does: one thing.
fn handler(handler: &Value, field: &str, grace: &Value, flaws: &mut Vec<Flaw>) {
    let kinds = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
    let mut said = kinds.into_iter().filter(|kind| handler[*kind].is_object());
    match said.next() {
        None => flaws.push(Flaw::required(field, "must specify a handler type")),
        Some(kind) => action(kind, &handler[kind], &format!("{field}.{kind}"), grace, flaws),
    }
    for more in said {
        flaws.push(Flaw::forbidden(format!("{field}.{more}"), "may not specify more than 1 handler type"));
    }
}

fn action(kind: &str, action: &Value, field: &str, grace: &Value, flaws: &mut Vec<Flaw>) {
    let of_port = format!("{field}.port");
    match kind {
        "exec" if items(action, "command").is_empty() => {
            flaws.push(Flaw::required(format!("{field}.command"), ""));
        }
        "httpGet" => {
            number_or_name(&action["port"], &of_port, flaws);
            one_of(&action["scheme"], &format!("{field}.scheme"), &["HTTP", "HTTPS"], flaws);
            for name in items(action, "httpHeaders").iter().map(|header| text(&header["name"])) {
                if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                    let why = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', \
                               regex used for validation is '[-A-Za-z0-9]+')";
                    flaws.push(Flaw::invalid(format!("{field}.httpHeaders"), name, why));
                }
            }
        }
        "tcpSocket" => number_or_name(&action["port"], &of_port, flaws),
        "grpc" => flaws.extend(port_problem(&of_port, action["port"].as_i64().unwrap_or_default())),
        "sleep" => {
            let (seconds, grace) = (action["seconds"].as_i64().unwrap_or_default(), grace.as_i64().unwrap_or(30));
            if !(0..=grace).contains(&seconds) {
                let why = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
                flaws.push(Flaw::invalid(field, seconds, &why));
            }
        }
        _ => {}
    }
}
