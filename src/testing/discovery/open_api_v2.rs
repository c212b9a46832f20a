//! OpenAPI v2: one document for all groups, which is empty here.
//!
//! kubectl and Helm fetch it to validate some manifests before they send them, such as those of `kind: List`. Kinds
//! that it does not describe are left to the server to validate. The kinds are described in OpenAPI v3.

use bytes::Bytes;
use http::{HeaderValue, Response, header};

use super::super::{accept::Accept, answer, body::Body};

pub(super) const PATH: &str = "/openapi/v2";

/// What kubectl asks for, and what it gets: there is a word for each.
const PROTOBUF: [&str; 2] = [
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
];
const JSON: &str = "application/json";

pub(super) fn response(accept: &Accept) -> Response<Body> {
    let [asked, given] = PROTOBUF;
    let mut response = match accept.one_of(&[JSON, asked, given]) {
        None => answer::bare(406),
        Some(JSON) => {
            let text =
                r#"{"swagger":"2.0","info":{"title":"Kubernetes","version":"1.36"},"paths":{},"definitions":{}}"#;
            answer::response(200, JSON, Body::full(text))
        }
        Some(_) => {
            // swagger = 1, info = 2 with title = 1 and version = 2, paths = 8
            let message = b"\x0a\x032.0\x12\x12\x0a\x0aKubernetes\x12\x041.36\x42\x00";
            answer::response(200, given, Body::full(Bytes::from_static(message)))
        }
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}
