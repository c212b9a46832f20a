//! The options of a deletion: `DeleteOptions`, from a body or from the parameters of a request.
//!
//! Not here: what a deletion does ([`write`](super::write)).

use bytes::Bytes;
use http::HeaderMap;
use kube::core::Status;
use serde_json::{Map, Value, json};

use super::{
    kinds::Kind,
    media,
    quoted::quoted,
    requests::Request,
    status::{Flaw, bad_request, invalid_as, json_type},
    storage::Object,
};

/// What a deletion is to do. By default it is as if nothing were said.
#[derive(Debug, Clone, Default)]
pub(super) struct Deletion {
    pub(super) preconditions: Preconditions,
    pub(super) dry_run: bool,
    /// How long the object may take to end, in seconds.
    pub(super) grace: Option<i64>,
    /// What becomes of its dependents.
    pub(super) policy: Option<Policy>,
    /// Whether the client said so in the old way, and wants to know if it is done.
    pub(super) cascades: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// They go before the object does.
    Foreground,
    /// They go after it.
    Background,
    /// They stay.
    Orphan,
}

impl Policy {
    const NAMES: [(&str, Policy); 3] =
        [("Foreground", Policy::Foreground), ("Background", Policy::Background), ("Orphan", Policy::Orphan)];

    fn named(name: &str) -> Option<Self> {
        Policy::NAMES.into_iter().find_map(|(known, policy)| (known == name).then_some(policy))
    }

    /// The finalizer that stands for it while its work is to be done.
    pub(super) fn finalizer(self) -> Option<&'static str> {
        match self {
            Policy::Foreground => Some("foregroundDeletion"),
            Policy::Background => None,
            Policy::Orphan => Some("orphan"),
        }
    }
}

/// What must hold for a deletion to happen.
#[derive(Debug, Clone, Default)]
pub(super) struct Preconditions {
    pub(super) uid: Option<String>,
    pub(super) version: Option<String>,
}

impl Deletion {
    /// A deletion with dependents to follow, as the server itself asks for.
    pub(super) fn with(policy: Policy) -> Self {
        Deletion { policy: Some(policy), ..Deletion::default() }
    }

    /// What the body says; where there is none, what the parameters say.
    pub(super) fn read(request: &Request, headers: &HeaderMap, body: &Bytes) -> Result<Self, Box<Status>> {
        let said = if body.is_empty() { parameters(request)? } else { options(media::options(headers, body)?)? };
        Deletion::of(&said)
    }

    /// What options say whose types are what they should be.
    pub(super) fn of(said: &Map<String, Value>) -> Result<Self, Box<Status>> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let policy = said.get("propagationPolicy").and_then(Value::as_str);
        let orphans = said.get("orphanDependents").and_then(Value::as_bool);
        let dry_run: Vec<_> = said.get("dryRun").and_then(Value::as_array).into_iter().flatten().collect();
        let mut flaws = Vec::new();
        if let (Some(_), Some(policy)) = (orphans, policy) {
            let why = "orphanDependents and deletionPropagation cannot be both set";
            flaws.push(Flaw::invalid("propagationPolicy", policy, why));
        }
        if let Some(policy) = policy.filter(|policy| Policy::named(policy).is_none()) {
            let supported = ["Foreground", "Background", "Orphan", "nil"];
            flaws.push(Flaw::unsupported("propagationPolicy", policy, &supported));
        }
        if dry_run.iter().any(|stage| **stage != "All") {
            flaws.push(Flaw::unsupported("dryRun", json!(dry_run), &["All"]));
        }
        if !flaws.is_empty() {
            return Err(invalid_as("meta.k8s.io", "DeleteOptions", "", flaws));
        }
        let preconditions = said.get("preconditions").unwrap_or(&Value::Null);
        Ok(Deletion {
            preconditions: Preconditions {
                uid: text(&preconditions["uid"]),
                version: text(&preconditions["resourceVersion"]),
            },
            dry_run: !dry_run.is_empty(),
            // A period that is over before it began is the shortest there is.
            grace: said
                .get("gracePeriodSeconds")
                .and_then(Value::as_i64)
                .map(|grace| if grace < 0 { 1 } else { grace }),
            policy: match orphans {
                Some(true) => Some(Policy::Orphan),
                Some(false) => Some(Policy::Background),
                None => policy.and_then(Policy::named),
            },
            cascades: orphans == Some(false),
        })
    }
}

/// The parameters of a request, as a body would say them.
fn parameters(request: &Request) -> Result<Map<String, Value>, Box<Status>> {
    let mut said = Map::new();
    if let Some(text) = request.param("gracePeriodSeconds") {
        let seconds: i64 = text
            .parse()
            .map_err(|_| bad_request(format!("strconv.ParseInt: parsing {}: invalid syntax", quoted(text))))?;
        said.insert("gracePeriodSeconds".to_owned(), seconds.into());
    }
    if let Some(text) = request.param("orphanDependents") {
        said.insert("orphanDependents".to_owned(), (!["0", "false"].contains(&text)).into());
    }
    if let Some(policy) = request.param("propagationPolicy") {
        said.insert("propagationPolicy".to_owned(), policy.into());
    }
    if let Some(stage) = request.param("dryRun").filter(|stage| !stage.is_empty()) {
        said.insert("dryRun".to_owned(), json!([stage]));
    }
    let preconditions = ["uid", "resourceVersion"].into_iter().filter_map(|field| {
        let value = request.param(field).filter(|value| !value.is_empty())?;
        Some((field.to_owned(), Value::from(value)))
    });
    let preconditions: Map<_, _> = preconditions.collect();
    if !preconditions.is_empty() {
        said.insert("preconditions".to_owned(), preconditions.into());
    }
    Ok(said)
}

/// The options in a body, if they are some: the server knows them under every version there is.
fn options(body: Value) -> Result<Map<String, Value>, Box<Status>> {
    let said = match body {
        Value::Object(said) => said,
        Value::Null => return Ok(Map::new()),
        other => {
            let found = json_type(&other);
            return Err(bad_request(format!(
                "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go value of type struct {{ \
                 APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
            )));
        }
    };
    let text = |field: &str| said.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(kind) = text("kind").filter(|kind| *kind != "DeleteOptions") {
        let version = text("apiVersion").unwrap_or("meta.k8s.io/v1");
        return Err(bad_request(format!(
            "no kind {} is registered for version {} in scheme \"pkg/runtime/scheme.go:111\"",
            quoted(kind),
            quoted(version)
        )));
    }
    let preconditions = said.get("preconditions").unwrap_or(&Value::Null);
    for (value, field, go_type, fits) in [
        (
            said.get("gracePeriodSeconds"),
            "DeleteOptions.gracePeriodSeconds",
            "int64",
            Value::is_i64 as fn(&Value) -> bool,
        ),
        (said.get("orphanDependents"), "DeleteOptions.orphanDependents", "bool", Value::is_boolean),
        (said.get("propagationPolicy"), "DeleteOptions.propagationPolicy", "v1.DeletionPropagation", Value::is_string),
        (said.get("dryRun"), "DeleteOptions.dryRun", "[]string", Value::is_array),
        (said.get("preconditions"), "DeleteOptions.preconditions", "v1.Preconditions", Value::is_object),
        (preconditions.get("uid"), "Preconditions.preconditions.uid", "types.UID", Value::is_string),
        (
            preconditions.get("resourceVersion"),
            "Preconditions.preconditions.resourceVersion",
            "string",
            Value::is_string,
        ),
    ] {
        if let Some(value) = value.filter(|value| !value.is_null() && !fits(value)) {
            let number = value.as_number().filter(|_| go_type == "int64").map(|number| format!(" {number}"));
            return Err(bad_request(format!(
                "json: cannot unmarshal {}{} into Go struct field {field} of type {go_type}",
                json_type(value),
                number.unwrap_or_default(),
            )));
        }
    }
    Ok(said)
}

impl Preconditions {
    /// Why an object is not the one that is to be deleted, if so.
    pub(super) fn check(&self, kind: &Kind, object: &Object) -> Result<(), String> {
        let content = super::lifecycle::holds_content(kind);
        for (wanted, what, field, hint) in [
            (&self.uid, "UID", "uid", "The object might have been deleted and then recreated"),
            (&self.version, "ResourceVersion", "resourceVersion", "The object might have been modified"),
        ] {
            let found = object.metadata(field);
            if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != found) {
                return Err(if content {
                    format!("Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}")
                } else {
                    format!(
                        "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). {hint}"
                    )
                });
            }
        }
        Ok(())
    }
}
