//! Asking the fake, as the recorded client asked the real server.

use std::time::Duration;

use http::HeaderMap;
use http_body_util::BodyExt;
use kube_indexed_store::testing::FakeCluster;
use tokio::time::{Instant, timeout_at};
use tower::Service;

use crate::exchange::{End, Request};

/// What the fake answered.
pub struct Answered {
    pub code: u16,
    pub headers: HeaderMap,
    pub body: String,
    pub end: End,
}

/// Asks, and reads the answer until it ends or as long as the recorded client did.
pub async fn ask(cluster: &FakeCluster, request: &Request, recorded: Option<End>) -> Result<Answered, String> {
    let mut builder = http::Request::builder().method(&*request.method).uri(&*request.target);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let request = builder.body(request.body.clone()).map_err(|error| error.to_string())?;
    let response = cluster.clone().call(request).await.map_err(|error| error.to_string())?;
    let (head, mut body) = response.into_parts();
    // On the paused clock: nobody waits.
    let patience = Duration::from_secs(if recorded == Some(End::Open) { 1 } else { 600 });
    let deadline = Instant::now() + patience;
    let (mut bytes, mut end) = (Vec::new(), End::Open);
    while let Ok(frame) = timeout_at(deadline, body.frame()).await {
        match frame {
            Some(Ok(frame)) => bytes.extend(frame.into_data().unwrap_or_default()),
            Some(Err(_)) => end = End::Broken,
            None => end = End::Clean,
        }
        if end != End::Open {
            break;
        }
    }
    let body = String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned();
    Ok(Answered { code: head.status.as_u16(), headers: head.headers, body, end })
}
