//! Answers: what the server says, as HTTP.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use kube::core::Status;

use super::{body::Body, fault::Text, status};

/// What the server has to say.
pub(super) enum Answer {
    /// One JSON text, with its code.
    Json(u16, Bytes),
    /// One JSON text, with its code and what the server warns of.
    Warned(u16, Bytes, Vec<String>),
    /// Events for as long as there are any.
    Watch(Body),
    /// There is no such path.
    NoPage,
}

impl Answer {
    pub(super) fn into_response(self) -> Response<Body> {
        match self {
            Answer::Json(code, text) => json(code, Body::full([&*text, b"\n"].concat())),
            Answer::Warned(code, text, warnings) => {
                let mut response = Answer::Json(code, text).into_response();
                let warnings = warnings.into_iter().filter_map(|why| format!("299 - {why:?}").try_into().ok());
                response.headers_mut().extend(warnings.map(|warning: HeaderValue| (header::WARNING, warning)));
                response
            }
            Answer::Watch(events) => json(200, events),
            Answer::NoPage => plain(404, "404 page not found\n"),
        }
    }
}

/// A refusal, with the header that says when to come back.
pub(super) fn refusal(refusal: &Status) -> Response<Body> {
    let mut response = Answer::Json(refusal.code, status::text(refusal)).into_response();
    let wait = refusal.details.as_ref().map(|details| u64::from(details.retry_after_seconds));
    retry_after(&mut response, wait.filter(|seconds| *seconds > 0));
    response
}

/// The type of plain text.
pub(super) const PLAIN: &str = "text/plain; charset=utf-8";

pub(super) fn plain(code: u16, text: &str) -> Response<Body> {
    response(code, PLAIN, Body::full(text.to_owned()))
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

fn json(code: u16, body: Body) -> Response<Body> {
    response(code, "application/json", body)
}

fn response(code: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}
