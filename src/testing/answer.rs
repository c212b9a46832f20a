//! Answers as HTTP responses: statuses, headers, bodies.

use bytes::Bytes;
use futures::{StreamExt, future};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::BodyDataStream;
use jiff::Timestamp;
use kube::core::Status;

use super::{
    accept::Encoding,
    body::Body,
    fault::Text,
    status,
    table::{self, Printer},
};

/// What the server has to say.
pub(super) enum Answer {
    /// One JSON text, with its code.
    Json(u16, Bytes),
    /// Events for as long as there are any.
    Watch(Body),
}

impl Answer {
    pub(super) fn into_response(self, encoding: Encoding) -> Response<Body> {
        match self {
            Answer::Json(code, text) => response(code, encoding.media_type(), Body::full(encoding.encode(&text))),
            Answer::Watch(events) => response(200, Encoding::Json.media_type(), events),
        }
    }

    /// Whether it is no object, but how it went.
    pub(super) fn is_status(&self) -> bool {
        match self {
            Answer::Json(_, text) => text.starts_with(b"{\"kind\":\"Status\""),
            Answer::Watch(_) => false,
        }
    }

    /// The same, but the first event of a watch ends it instead of being told.
    pub(super) fn without_events(self) -> Self {
        match self {
            Answer::Watch(events) => {
                let none = BodyDataStream::new(events).take_while(|_| future::ready(false));
                Answer::Watch(Body::stream(none))
            }
            answer => answer,
        }
    }

    /// The same in Tables. `now` is the time from which ages are counted.
    pub(super) fn in_tables(self, printer: Printer, now: impl Fn() -> Timestamp + Send + 'static) -> Self {
        let table = |text: &Bytes| match serde_json::from_slice(text) {
            Ok(value) => table::printed(&printer.table(value, now())),
            Err(_) => text.clone(),
        };
        match self {
            Answer::Json(code, text) => Answer::Json(code, table(&text)),
            Answer::Watch(events) => {
                Answer::Watch(Body::stream(table::tables(BodyDataStream::new(events), printer, now)))
            }
        }
    }
}

/// Why a request was refused, for the log. It goes with the answer and is not sent.
#[derive(Clone)]
pub(super) struct Message(pub(super) String);

/// A refusal, with the header that says when to come back.
pub(super) fn refusal(refusal: &Status, encoding: Encoding) -> Response<Body> {
    let mut response = Answer::Json(refusal.code, status::text(refusal)).into_response(encoding);
    response.extensions_mut().insert(Message(refusal.message.clone()));
    let wait = refusal.details.as_ref().map(|details| u64::from(details.retry_after_seconds));
    retry_after(&mut response, wait.filter(|seconds| *seconds > 0));
    response
}

/// Adds a header for each warning.
pub(super) fn warn(response: &mut Response<Body>, warnings: Vec<String>) {
    let quoted = |why: String| why.replace('\\', r"\\").replace('"', r#"\""#);
    let warnings = warnings.into_iter().filter_map(|why| format!("299 - \"{}\"", quoted(why)).try_into().ok());
    response.headers_mut().extend(warnings.map(|warning: HeaderValue| (header::WARNING, warning)));
}

/// A code alone.
pub(super) fn bare(code: u16) -> Response<Body> {
    let mut response = response(code, "", Body::full(Bytes::new()));
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

/// The type of plain text.
pub(super) const PLAIN: &str = "text/plain; charset=utf-8";

/// There is no such path.
pub(super) fn no_page() -> Response<Body> {
    plain(404, "404 page not found\n")
}

pub(super) fn plain(code: u16, text: &str) -> Response<Body> {
    let mut response = response(code, PLAIN, Body::full(text.to_owned()));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A text that a fault answers.
pub(super) fn text(text: Text) -> Response<Body> {
    let mut response = response(text.code, text.content_type, Body::full(text.text));
    retry_after(&mut response, text.retry_after.map(|wait| wait.as_secs()));
    response
}

fn retry_after(response: &mut Response<Body>, seconds: Option<u64>) {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
}

pub(super) fn response(code: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}
