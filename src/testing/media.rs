//! Media types of the bodies the server reads.
//!
//! Not here: what clients accept ([`accept`](super::accept)); protobuf and CBOR.

use bytes::Bytes;
use http::{HeaderMap, header};
use kube::core::Status;
use serde_json::Value;

use super::{kinds::Kind, patch::Language, status, yaml};

/// The type of a body that says what should be, not what to change.
pub(super) const APPLY: &str = "application/apply-patch+yaml";

/// The language of a patch. Custom kinds know no strategic merge patch, and apply is nobody's here.
pub(super) fn patch_language(kind: &Kind, media_type: &str) -> Result<Language, Box<Status>> {
    let language = Language::of(media_type).filter(|language| !kind.custom || *language != Language::Strategic);
    language.ok_or_else(|| match media_type {
        APPLY if kind.custom => unknown_format("application/json-patch+json, application/merge-patch+json"),
        APPLY => unknown_format(
            "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json",
        ),
        _ if kind.custom => {
            unknown_format("application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
        }
        _ => status::unsupported_media_type(),
    })
}

/// What a body is said to be, without parameters.
pub(super) fn content_type(headers: &HeaderMap) -> Option<&str> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())?;
    Some(said.split(';').next().unwrap_or_default().trim())
}

fn unknown_format(accepted: &str) -> Box<Status> {
    let message =
        format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
    status::failure(415, "UnsupportedMediaType", message)
}

/// The object in a body, which must be JSON or YAML.
pub(super) fn object(kind: &Kind, headers: &HeaderMap, body: &Bytes) -> Result<Value, Box<Status>> {
    let unrecognized = |why: &str| {
        let kind = &kind.kind;
        status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {why}"
        ))
    };
    match content_type(headers).unwrap_or("application/json") {
        "application/json" => serde_json::from_slice(body).map_err(|error| {
            // What the body holds stays out of the message: it may be a Secret.
            if error.is_eof() {
                let shown = if body.is_empty() { " (<empty>)" } else { "" };
                return unrecognized(&format!("unexpected end of JSON input{shown}"));
            }
            unrecognized(&format!("invalid JSON at line {} column {}", error.line(), error.column()))
        }),
        "application/yaml" => {
            let body = std::str::from_utf8(body).map_err(|_| unrecognized("invalid UTF-8"))?;
            yaml::parse(body).map_err(|problem| unrecognized(&problem.message))
        }
        "application/vnd.kubernetes.protobuf" => Err(status::failure(
            415,
            "UnsupportedMediaType",
            "this fake cluster reads no protobuf: send application/json or application/yaml",
        )),
        _ => Err(unknown_format("application/json, application/yaml, application/vnd.kubernetes.protobuf")),
    }
}
