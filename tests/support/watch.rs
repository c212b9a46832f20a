//! Watches, read event by event.

use std::{fmt::Debug, time::Duration};

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use kube_indexed_store::testing::{self, FakeCluster};
use serde_json::Value;
use tokio::time::timeout;

use super::http;

/// A watch that is open, and what of its next event was read.
pub struct Watch<B = testing::Body> {
    pub body: B,
    read: Vec<u8>,
}

impl Watch {
    /// Opens a watch, which must succeed.
    pub async fn open(cluster: &FakeCluster, path: &str) -> Self {
        let response = http::open(cluster, path).await;
        assert_eq!(response.status(), 200, "{path}");
        Watch::new(response.into_body())
    }
}

impl<B: Body<Data = Bytes, Error: Debug> + Unpin> Watch<B> {
    pub fn new(body: B) -> Self {
        Watch { body, read: Vec::new() }
    }

    /// The next event, or nothing where the server ended the watch.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("an event"));
            }
            let frame = self.body.frame().await?.expect("no cut");
            self.read.extend(frame.into_data().unwrap_or_default());
        }
    }

    /// The next event as type, name and resourceVersion; `END` where there is none.
    pub async fn short(&mut self) -> (String, String, u64) {
        let Some(event) = super::soon(self.next()).await else { return ("END".to_owned(), String::new(), 0) };
        let metadata = &event["object"]["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&event["type"]), text(&metadata["name"]), text(&metadata["resourceVersion"]).parse().unwrap_or_default())
    }

    /// Whether nothing comes for a while. Time must be paused.
    pub async fn is_silent(&mut self) -> bool {
        timeout(Duration::from_secs(20), self.next()).await.is_err()
    }
}
