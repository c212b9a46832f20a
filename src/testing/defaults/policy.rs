//! Defaults of roles and bindings, admission configurations, flow control and priority classes.

use super::{Fields, child, default, default_number, items, made, text};

const ACCESS: &str = "rbac.authorization.k8s.io";

/// Roles and bindings of them.
pub(super) fn access(object: &mut Fields) {
    if text(object, "kind").ends_with("Binding") {
        made(object, "roleRef").into_iter().for_each(|role| default(role, "apiGroup", ACCESS));
        for subject in items(object, "subjects") {
            if ["User", "Group"].contains(&text(subject, "kind")) {
                default(subject, "apiGroup", ACCESS);
            }
        }
    }
}

/// Webhooks and policies of admission.
pub(super) fn admission(object: &mut Fields) {
    let mutating = text(object, "kind").starts_with("Mutating");
    for webhook in items(object, "webhooks") {
        default(webhook, "failurePolicy", "Fail");
        default(webhook, "timeoutSeconds", 10);
        matched(webhook);
        if mutating {
            default(webhook, "reinvocationPolicy", "Never");
        }
        items(webhook, "rules").for_each(|rule| default(rule, "scope", "*"));
        if let Some(config) = made(webhook, "clientConfig") {
            child(config, "service").into_iter().for_each(|service| default(service, "port", 443));
        }
    }
    if text(object, "kind").ends_with("Policy") {
        let Some(spec) = made(object, "spec") else { return };
        default(spec, "failurePolicy", "Fail");
        child(spec, "matchConstraints").into_iter().for_each(matched);
    } else if text(object, "kind").ends_with("Binding")
        && let Some(spec) = made(object, "spec")
    {
        child(spec, "matchResources").into_iter().for_each(matched);
    }
}

fn matched(resources: &mut Fields) {
    default(resources, "matchPolicy", "Equivalent");
    made(resources, "namespaceSelector");
    made(resources, "objectSelector");
    for list in ["resourceRules", "excludeResourceRules"] {
        items(resources, list).for_each(|rule| default(rule, "scope", "*"));
    }
}

/// Levels of priority, and what flows to which.
pub(super) fn flow(object: &mut Fields) {
    let schema = text(object, "kind") == "FlowSchema";
    let Some(spec) = made(object, "spec") else { return };
    if schema {
        default_number(spec, "matchingPrecedence", 1000);
        return;
    }
    if let Some(exempt) = child(spec, "exempt") {
        default(exempt, "nominalConcurrencyShares", 0);
        default(exempt, "lendablePercent", 0);
    }
    if let Some(limited) = child(spec, "limited") {
        default(limited, "nominalConcurrencyShares", 30);
        default(limited, "lendablePercent", 0);
        if let Some(queuing) = child(limited, "limitResponse").and_then(|response| child(response, "queuing")) {
            default_number(queuing, "queues", 64);
            default_number(queuing, "handSize", 8);
            default_number(queuing, "queueLengthLimit", 50);
        }
    }
}

pub(super) fn priority_class(object: &mut Fields) {
    default(object, "preemptionPolicy", "PreemptLowerPriority");
}
