//! Requests to the API server and the bounds of their time. What the answers mean is not here.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use serde::Deserialize;
use tokio::time::timeout;

use super::{Error, Resource, Timeouts};

/// How much of an answer that is no JSON is kept for the message.
const MAX_TEXT: usize = 200;
/// How long an error's body may be before it is cut.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// The body of an answer, frame by frame.
pub(crate) struct Frames {
    body: Body,
    request: &'static str,
    idle: Duration,
}

/// Sends a GET and waits for the headers; a refusal becomes an error.
pub(crate) async fn open(
    client: &kube::Client,
    resource: &Resource,
    uri: &str,
    request: &'static str,
    timeouts: &Timeouts,
) -> Result<Frames, Error> {
    let message = Request::get(uri)
        .header(http::header::ACCEPT, "application/json")
        // A compressed watch would have to be unpacked member by member; lists are read in one go anyway.
        .header(http::header::ACCEPT_ENCODING, "identity")
        .body(Body::empty())
        .map_err(|error| Error::Settings(format!("{uri:?} cannot be asked for: {error}")))?;
    let after = timeouts.open;
    let answer = timeout(after, client.send(message)).await.map_err(|_| Error::Timeout { request, after })?;
    let answer = answer.map_err(|error| Error::Connection(Arc::new(error)))?;
    let idle = if request == "watch" { timeouts.idle } else { timeouts.open };
    if answer.status().is_success() {
        return Ok(Frames { body: answer.into_body(), request, idle });
    }
    match refused(answer, request, after).await {
        // Lists are never 404 but for an unknown resource: without objects, or without the namespace, they are empty.
        Error::Refused { code: 404, .. } => Err(Error::UnknownResource { resource: resource.to_string() }),
        error => Err(error),
    }
}

impl Frames {
    /// The next bytes; `None` at the clean end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let request = self.request;
        loop {
            let frame = timeout(self.idle, self.body.frame()).await;
            match frame.map_err(|_| Error::Timeout { request, after: self.idle })? {
                None => return Ok(None),
                Some(Err(source)) => return Err(Error::Cut { request, source: Arc::new(source) }),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data()
                        && !bytes.is_empty()
                    {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    /// All that is left.
    pub(crate) async fn collect(mut self) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(bytes) = self.next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }
}

/// A Kubernetes Status, as far as it matters here.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Status {
    kind: String,
    code: u16,
    reason: String,
    message: String,
    details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    retry_after_seconds: Option<u64>,
}

impl Status {
    pub(crate) fn is_status(&self) -> bool {
        self.kind == "Status"
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Error {
        let retry_after = status.details.and_then(|details| details.retry_after_seconds).map(Duration::from_secs);
        Error::Refused { code: status.code, reason: status.reason, message: status.message, retry_after }
    }
}

async fn refused(answer: Response<Body>, request: &'static str, idle: Duration) -> Error {
    let code = answer.status().as_u16();
    let header = answer.headers().get(http::header::RETRY_AFTER);
    let asked = header.and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    let mut frames = Frames { body: answer.into_body(), request, idle };
    let mut body = Vec::new();
    // The status code is what matters; a body that breaks off is taken as far as it came.
    let read = async {
        while let Ok(Some(bytes)) = frames.next().await {
            body.extend_from_slice(&bytes);
            if body.len() > MAX_ERROR_BODY {
                break;
            }
        }
    };
    let _ = timeout(idle, read).await;
    let status: Status = serde_json::from_slice(&body).unwrap_or_default();
    let status = if status.message.is_empty() && status.reason.is_empty() {
        let text: String = String::from_utf8_lossy(&body).trim().chars().take(MAX_TEXT).collect();
        Status { message: text.replace(|c: char| c.is_control(), " "), ..status }
    } else {
        status
    };
    match Error::from(Status { code, ..status }) {
        Error::Refused { code, reason, message, retry_after } => {
            Error::Refused { code, reason, message, retry_after: asked.or(retry_after) }
        }
        other => other,
    }
}
