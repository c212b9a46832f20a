//! The media types of request bodies.
//!
//! Not here: what clients accept ([`accept`](super::accept)); CBOR.

use bytes::Bytes;
use http::{HeaderMap, header};
use kube::core::Status;
use serde_json::Value;

use super::{
    kinds::Kind,
    patch::Language,
    protobuf::Envelope,
    shape::Shapes,
    status,
    write::{Document, complaint, summary},
    yaml,
};

pub(super) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
/// What a server reads.
const TYPES: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
const APPLY: &str = "application/apply-patch+yaml";

/// What a request to patch brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PatchType {
    /// What to change, said in a language.
    Change(Language),
    /// What should be.
    Apply,
}

impl PatchType {
    /// Custom kinds know no strategic merge patch.
    pub(super) fn of(kind: &Kind, media_type: &str) -> Result<Self, Box<Status>> {
        match Language::of(media_type) {
            Some(Language::Strategic) if kind.custom => {}
            Some(language) => return Ok(PatchType::Change(language)),
            None if media_type == APPLY => return Ok(PatchType::Apply),
            None => {}
        }
        Err(match kind.custom {
            true => unknown_format(
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            ),
            false => status::unsupported_media_type(),
        })
    }
}

/// What a body is said to be, without parameters.
pub(super) fn content_type(headers: &HeaderMap) -> Option<&str> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())?;
    Some(said).filter(|said| !said.is_empty()).and_then(|said| said.split(';').next()).map(str::trim)
}

/// The same where nothing but objects may come: JSON if nothing is said, and capitals are as good.
fn said_type(headers: &HeaderMap) -> String {
    content_type(headers).unwrap_or("application/json").to_ascii_lowercase()
}

fn unknown_format(accepted: &str) -> Box<Status> {
    let message =
        format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
    status::failure(415, "UnsupportedMediaType", message)
}

/// What a body says that goes with a deletion, in JSON, YAML or protobuf.
pub(super) fn options(headers: &HeaderMap, body: &Bytes) -> Result<Value, Box<Status>> {
    let unreadable = |why: &str| status::bad_request(format!("couldn't get version/kind; json parse error: {why}"));
    match said_type(headers).as_str() {
        "application/json" => serde_json::from_slice(body).map_err(|error| unreadable(&complaint(body, &error))),
        "application/yaml" => {
            let body = std::str::from_utf8(body).map_err(|_| unreadable("invalid UTF-8"))?;
            yaml::parse(body).map_err(|problem| unreadable(&problem.message))
        }
        PROTOBUF => {
            let envelope = Envelope::read(body).map_err(status::bad_request)?;
            let mut said = envelope.value(Shapes::built_in().named("DeleteOptions")).map_err(status::bad_request)?;
            (said["apiVersion"], said["kind"]) = (envelope.api_version.into(), envelope.kind.into());
            Ok(said)
        }
        _ => Err(unknown_format(TYPES)),
    }
}

/// The encodings of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Json,
    Yaml,
    Protobuf,
}

impl Encoding {
    fn of(kind: &Kind, headers: &HeaderMap) -> Result<Self, Box<Status>> {
        match said_type(headers).as_str() {
            "application/json" => Ok(Encoding::Json),
            "application/yaml" => Ok(Encoding::Yaml),
            PROTOBUF if kind.custom || kind.is_definition() => Err(status::failure(
                415,
                "UnsupportedMediaType",
                "this fake cluster reads neither custom objects nor their definitions in protobuf: send \
                 application/json or application/yaml",
            )),
            PROTOBUF => Ok(Encoding::Protobuf),
            _ => Err(unknown_format(TYPES)),
        }
    }
}

/// Whether a body with an object of a kind is of a type that can be read.
pub(super) fn readable(kind: &Kind, headers: &HeaderMap) -> Result<(), Box<Status>> {
    Encoding::of(kind, headers).map(drop)
}

/// The object in a body, which must be JSON or YAML, or protobuf where a kind is built in.
pub(super) fn document(kind: &Kind, headers: &HeaderMap, body: &Bytes) -> Result<Document, Box<Status>> {
    let unrecognized = |why: &str| {
        let kind = &kind.kind;
        status::bad_request(format!("the object provided is unrecognized (must be of type {kind}): {why}"))
    };
    Ok(match Encoding::of(kind, headers)? {
        Encoding::Json => Document::Json(body.clone()),
        Encoding::Yaml => {
            let text = std::str::from_utf8(body).map_err(|_| unrecognized("yaml: invalid UTF-8"))?;
            // What the body holds stays out of the message: it may be a Secret.
            let parsed = yaml::read(text).map_err(|problem| unrecognized(&format!("yaml: {}", problem.message)))?;
            Document::Yaml(parsed, body.clone())
        }
        Encoding::Protobuf => Document::Protobuf(Envelope::read(body).map_err(|why| {
            let hidden = kind.is_core("secrets") && !body.is_empty();
            unrecognized(&if hidden { why } else { format!("{why} ({})", summary(body)) })
        })?),
    })
}
