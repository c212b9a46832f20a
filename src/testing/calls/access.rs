//! Access reviews: everybody may do everything, except what faults forbid.

use kube::core::Status;
use serde_json::{Value, json};

use super::super::{
    kinds::Kind,
    requests::Request,
    status::{self, Flaw},
    text::metadata_text,
};
use super::text;

const GROUP: &str = "authorization.k8s.io";

/// Answers whether something is allowed. `forbidden` tells which user a request is forbidden, if it is.
pub(super) fn review(
    kind: &Kind,
    mut review: Value,
    forbidden: impl Fn(Request) -> Option<String>,
) -> Result<Value, Box<Status>> {
    let flaws = flaws(kind, &review);
    if !flaws.is_empty() {
        return Err(status::invalid_as(GROUP, "", "", flaws));
    }
    let spec = &review["spec"];
    let [resource, path] = ["resourceAttributes", "nonResourceAttributes"].map(|field| &spec[field]);
    let request = Request::imagined(if resource.is_null() { path } else { resource });
    let user = spec["user"].as_str().unwrap_or_default();
    // Whoever asks for himself is whoever the faults are about.
    let denied = forbidden(request).is_some_and(|whom| is_own(kind) || whom == user);
    review["status"] = json!({"allowed": !denied});
    Ok(review)
}

/// What is allowed at all; what faults forbid is not taken from it.
pub(super) fn rules(review: &Value) -> Result<Value, Box<Status>> {
    if review["spec"]["namespace"].as_str().unwrap_or_default().is_empty() {
        return Err(status::bad_request("no namespace on request"));
    }
    Ok(json!({
        "kind": review["kind"],
        "apiVersion": review["apiVersion"],
        "metadata": {},
        "spec": {},
        "status": {
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": false,
        },
    }))
}

fn is_own(kind: &Kind) -> bool {
    kind.plural == "selfsubjectaccessreviews"
}

/// Everything wrong with a review, in the server's order.
fn flaws(kind: &Kind, review: &Value) -> Vec<Flaw> {
    const RESOURCE: &str = "spec.resourceAttributes";
    const PATH: &str = "spec.nonResourceAttributes";
    let local = kind.namespaced;
    let spec = &review["spec"];
    let [resource, path] = ["resourceAttributes", "nonResourceAttributes"].map(|field| &spec[field]);
    // The server shows the path with the names that its own code has for these fields.
    let shown = || json!({"Path": text(&path["path"]), "Verb": text(&path["verb"])}).to_string();
    let mut flaws = Vec::new();
    match (resource.is_null(), path.is_null()) {
        (false, false) => {
            flaws.push(Flaw::showing(PATH, &shown(), "cannot be specified in combination with resourceAttributes"));
        }
        (true, true) => {
            let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            flaws.push(Flaw::showing(RESOURCE, "null", why));
        }
        _ => {}
    }
    let grouped = spec["groups"].as_array().is_some_and(|groups| !groups.is_empty());
    if !is_own(kind) && text(&spec["user"]).is_empty() && !grouped {
        flaws.push(Flaw::invalid("spec.user", "", "at least one of user or group must be specified"));
    }
    for selector in ["fieldSelector", "labelSelector"] {
        of_selector(&resource[selector], &format!("{RESOURCE}.{selector}"), &mut flaws);
    }
    let said = |field: &str| field != "managedFields" && !(local && field == "namespace");
    let metadata = &review["metadata"];
    if metadata.as_object().into_iter().flatten().any(|(field, value)| said(field) && !value.is_null()) {
        let why = if local { "must be empty except for namespace" } else { "must be empty" };
        flaws.push(Flaw::showing("metadata", &metadata_text(metadata), why));
    }
    if local && !resource.is_null() && resource["namespace"] != metadata["namespace"] {
        let why = "must match metadata.namespace";
        flaws.push(Flaw::invalid("spec.resourceAttributes.namespace", text(&resource["namespace"]), why));
    }
    if local && !path.is_null() {
        flaws.push(Flaw::showing(PATH, &shown(), "disallowed on this kind of request"));
    }
    flaws
}

/// What is wrong with a selector that narrows what a review is about.
fn of_selector(selector: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if selector.is_null() {
        return;
    }
    let raw = text(&selector["rawSelector"]);
    let requirements = selector["requirements"].as_array().map_or(&[][..], Vec::as_slice);
    if !raw.is_empty() && !requirements.is_empty() {
        let why = "may not specified at the same time as requirements";
        flaws.push(Flaw::invalid(format!("{field}.rawSelector"), raw, why));
    }
    if raw.is_empty() && requirements.is_empty() {
        let why = format!("when {field} is specified, requirements or rawSelector is required");
        flaws.push(Flaw::required(format!("{field}.requirements"), &why));
    }
    for (place, requirement) in requirements.iter().enumerate() {
        let values = requirement["values"].as_array().is_some_and(|values| !values.is_empty());
        let field = format!("{field}.requirements[{place}]");
        if text(&requirement["key"]).is_empty() {
            flaws.push(Flaw::required(format!("{field}.key"), "must be specified"));
        }
        match text(&requirement["operator"]) {
            "In" | "NotIn" if !values => {
                let why = "must be specified when `operator` is 'In' or 'NotIn'";
                flaws.push(Flaw::required(format!("{field}.values"), why));
            }
            "Exists" | "DoesNotExist" if values => {
                let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                flaws.push(Flaw::forbidden(format!("{field}.values"), why));
            }
            _ => {}
        }
    }
}
