//! Defaults of containers.

use serde_json::Value;

use super::{Fields, amount, amounts, child, default, default_number, items, made, text};

pub(super) fn container(container: &mut Fields) {
    let policy = pull_policy(text(container, "image"));
    default(container, "imagePullPolicy", policy);
    default(container, "terminationMessagePath", "/dev/termination-log");
    default(container, "terminationMessagePolicy", "File");
    made(container, "resources").into_iter().for_each(resources);
    for port in items(container, "ports") {
        default(port, "protocol", "TCP");
    }
    for variable in items(container, "env") {
        if let Some(source) = child(variable, "valueFrom") {
            references(source);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        child(container, name).into_iter().for_each(probe);
    }
    for hook in ["postStart", "preStop"] {
        let hook = child(container, "lifecycle").and_then(|lifecycle| child(lifecycle, hook));
        hook.into_iter().for_each(http_get);
    }
}

/// `Always` for what may change under its name.
pub(super) fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = image.split_once('@').map_or((image, false), |(name, _)| (name, true));
    // What follows a colon behind the last slash is a tag; before it, it is the port of a registry.
    let tag = name.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    let unreadable = name.is_empty() || name.rsplit('/').next().is_some_and(has_capitals);
    match tag {
        Some("latest") if !unreadable => "Always",
        None if !digest && !unreadable => "Always",
        _ => "IfNotPresent",
    }
}

/// No name of an image has capitals; a tag may.
fn has_capitals(last: &str) -> bool {
    last.split(':').next().is_some_and(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()))
}

pub(super) fn resources(resources: &mut Fields) {
    amounts(resources, "limits");
    amounts(resources, "requests");
}

/// What a container of a pod may use, it asks for, unless it says otherwise.
pub(super) fn requests_follow_limits(container: &mut Fields) {
    let Some(resources) = child(container, "resources") else { return };
    let limits = resources.get("limits").and_then(Value::as_object).cloned().unwrap_or_default();
    if limits.is_empty() {
        return;
    }
    if let Some(requests) = made(resources, "requests") {
        for (name, amount) in limits {
            requests.entry(name).or_insert(amount);
        }
    }
}

/// On the network of the host every port is one of the host.
pub(super) fn ports_of_the_host(container: &mut Fields) {
    for port in items(container, "ports") {
        let number = port.get("containerPort").cloned();
        port.extend((!port.contains_key("hostPort")).then_some(number).flatten().map(|n| ("hostPort".to_owned(), n)));
    }
}

/// References to fields and to resources, in variables and in volumes.
pub(super) fn references(source: &mut Fields) {
    child(source, "fieldRef").into_iter().for_each(|field| default(field, "apiVersion", "v1"));
    if let Some(resource) = child(source, "resourceFieldRef") {
        amount(resource, "divisor");
    }
    child(source, "fileKeyRef").into_iter().for_each(|file| default(file, "optional", false));
}

fn probe(probe: &mut Fields) {
    default_number(probe, "timeoutSeconds", 1);
    default_number(probe, "periodSeconds", 10);
    default_number(probe, "successThreshold", 1);
    default_number(probe, "failureThreshold", 3);
    http_get(probe);
    if let Some(grpc) = child(probe, "grpc") {
        default(grpc, "service", "");
    }
}

fn http_get(handler: &mut Fields) {
    if let Some(action) = child(handler, "httpGet") {
        default(action, "path", "/");
        default(action, "scheme", "HTTP");
    }
}

#[cfg(test)]
mod tests {
    use super::pull_policy;

    #[test]
    fn images_that_may_change_are_always_pulled() {
        for (image, policy) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("registry:5000/nginx", "Always"),
            ("registry:5000/nginx:1.27", "IfNotPresent"),
            ("nginx:1.27", "IfNotPresent"),
            ("nginx@sha256:00", "IfNotPresent"),
            ("", "IfNotPresent"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }
}
