//! Media types: the form of objects a client accepts, and the types of bodies the server reads.
//!
//! Not here: Tables, protobuf, CBOR, and answers in YAML.

use bytes::Bytes;
use http::{HeaderMap, header};
use kube::core::Status;
use serde_json::Value;

use super::{kinds::Kind, patch::Language, requests::Request, status, text::Form, write::Document, yaml};

const APPLY: &str = "application/apply-patch+yaml";

/// The form of objects the client accepts: the first it names that the server has.
pub(super) fn form(request: &Request) -> Result<Form, Box<Status>> {
    let accept = request.accept.as_deref().unwrap_or("*/*");
    let mut media_type_known = false;
    for offer in accept.split(',') {
        let mut parts = offer.split(';').map(str::trim);
        if !["application/json", "application/*", "*/*"].contains(&parts.next().unwrap_or_default()) {
            continue;
        }
        media_type_known = true;
        let listed = request.verb == "list";
        match parts.find_map(|part| part.strip_prefix("as=")) {
            None => return Ok(Form::Whole),
            Some("PartialObjectMetadata") if !listed => return Ok(Form::Metadata),
            Some("PartialObjectMetadataList") if listed => return Ok(Form::Metadata),
            Some(wrong @ ("PartialObjectMetadata" | "PartialObjectMetadataList")) => {
                let (is, kind) = if listed { ("a list", "List") } else { ("not a list", "") };
                let kind = format!("{}{kind}", request.resource);
                let message = format!("you requested {wrong}, but the requested object is {is} ({kind})");
                return Err(status::failure(406, "NotAcceptable", message));
            }
            Some(_) => {}
        }
    }
    let message = if media_type_known {
        "only the following media types are accepted: application/json"
    } else {
        "406: Not Acceptable\n\nAvailable representations: application/json, application/json;stream=watch"
    };
    Err(status::failure(406, "NotAcceptable", message))
}

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
    Some(said.split(';').next().unwrap_or_default().trim())
}

fn unknown_format(accepted: &str) -> Box<Status> {
    let message =
        format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
    status::failure(415, "UnsupportedMediaType", message)
}

/// What a body says that goes with a request, in JSON or YAML.
pub(super) fn options(headers: &HeaderMap, body: &Bytes) -> Result<Value, Box<Status>> {
    let unreadable = |why: &str| status::bad_request(format!("couldn't get version/kind; json parse error: {why}"));
    match content_type(headers).unwrap_or("application/json") {
        "application/json" => serde_json::from_slice(body)
            .map_err(|error| unreadable(&format!("invalid JSON at line {} column {}", error.line(), error.column()))),
        "application/yaml" => {
            let body = std::str::from_utf8(body).map_err(|_| unreadable("invalid UTF-8"))?;
            yaml::parse(body).map_err(|problem| unreadable(&problem.message))
        }
        _ => Err(unknown_format("application/json, application/yaml")),
    }
}

/// The object in a body, which must be JSON or YAML.
pub(super) fn document(kind: &Kind, headers: &HeaderMap, body: &Bytes) -> Result<Document, Box<Status>> {
    let unrecognized = |why: &str| {
        let kind = &kind.kind;
        status::bad_request(format!("the object provided is unrecognized (must be of type {kind}): {why}"))
    };
    match content_type(headers).unwrap_or("application/json") {
        "application/json" => Ok(Document::Json(body.clone())),
        "application/yaml" => {
            let text = std::str::from_utf8(body).map_err(|_| unrecognized("yaml: invalid UTF-8"))?;
            // What the body holds stays out of the message: it may be a Secret.
            let value = yaml::parse(text).map_err(|problem| unrecognized(&format!("yaml: {}", problem.message)))?;
            Ok(Document::Yaml(value, body.clone()))
        }
        _ => Err(unknown_format("application/json, application/yaml")),
    }
}
