//! Asking both servers the same.

use std::time::Duration;

use http_body_util::BodyExt;
use kube::Client;
use kube_indexed_store::testing::FakeCluster;

use crate::{
    ask::ask,
    bindings::Bindings,
    compare,
    trace::{Answer, End, Request},
};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A fake of its own for a session, beside the real server of all.
pub struct Servers {
    fake: FakeCluster,
    real: Client,
    bindings: Bindings,
}

impl Servers {
    pub fn new(fake: FakeCluster, real: Client) -> Self {
        Servers { fake, real, bindings: Bindings::default() }
    }

    /// Asks the real one.
    pub async fn real(&self, request: &Request) -> Result<Answer, String> {
        let mut builder = http::Request::builder().method(&*request.method).uri(&*request.target);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let asked = builder.body(request.body.clone().into_bytes().into()).map_err(|error| error.to_string())?;
        let response = self.real.send(asked).await.map_err(|error| error.to_string())?;
        let (head, body) = response.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await;
        let body = body.map_err(|_| "no end of the answer".to_owned())?.map_err(|error| error.to_string())?;
        let body = String::from_utf8_lossy(&body.to_bytes()).trim_end_matches('\n').to_owned();
        let headers = head.headers.iter().filter(|(name, _)| !is_of_the_process(name.as_str()));
        let headers = headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let watches = request.target.contains("watch=") || request.target.contains("/watch/");
        let end = (watches && head.status == 200).then_some(End::Clean);
        Ok(Answer { code: head.status.as_u16(), headers: headers.collect(), body, end })
    }

    /// Asks both; returns what the real one answered, and in what the fake differs.
    pub async fn both(&mut self, request: &Request) -> Result<(Answer, Vec<String>), String> {
        let own = self.bindings.request(request);
        let fake = tokio::time::timeout(PATIENCE, ask(&self.fake, &own, Some(End::Clean)));
        let (recorded, answered) = futures::join!(self.real(request), fake);
        let (recorded, answered) = (recorded?, answered.map_err(|_| "no end of the fake's answer".to_owned())??);
        let differences = compare::differences(&recorded, &answered, &mut self.bindings);
        Ok((recorded, differences))
    }
}

/// Headers of the moment, and of how the server shares its time among its clients.
fn is_of_the_process(header: &str) -> bool {
    ["date", "audit-id"].contains(&header) || header.starts_with("x-kubernetes-pf-")
}
