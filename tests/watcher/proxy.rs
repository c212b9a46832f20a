//! A cluster behind a proxy that answers some requests itself.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use kube_indexed_store::testing::FakeCluster;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tower::{Service, service_fn};

/// One answer that is not the cluster's own.
#[derive(Clone)]
pub enum Reply {
    /// A status code and these pieces of a body; then how it ends.
    Body(u16, Vec<Bytes>, Close),
    /// What the cluster says.
    Pass,
}

#[derive(Clone, Copy)]
pub enum Close {
    Clean,
    /// Cleanly, after so long.
    After(Duration),
    /// Neither bytes nor an end.
    Silent,
}

pub fn lines(lines: &[Value], close: Close) -> Reply {
    let text = |line: &Value| Bytes::from(format!("{line}\n"));
    Reply::Body(200, lines.iter().map(text).collect(), close)
}

pub fn text(code: u16, text: &str) -> Reply {
    Reply::Body(code, vec![Bytes::copy_from_slice(text.as_bytes())], Close::Clean)
}

pub fn silence() -> Reply {
    lines(&[], Close::Silent)
}

/// A cluster behind a proxy that answers some requests itself.
#[derive(Clone, Default)]
pub struct Proxy {
    pub cluster: FakeCluster,
    pub replies: Arc<Mutex<Vec<Script>>>,
    pub asked: Arc<Mutex<Vec<(Duration, String)>>>,
}

/// The answers to requests with one verb.
pub type Script = (&'static str, VecDeque<Reply>);

pub type Body = UnsyncBoxBody<Bytes, io::Error>;

impl Proxy {
    /// The next answers to requests with this verb, `list` or `watch`.
    pub fn script(&self, verb: &'static str, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().push((verb, replies.into_iter().collect()));
    }

    /// The versions that watches have asked for.
    pub fn watched_from(&self) -> Vec<String> {
        let asked = self.asked.lock();
        let version = |(_, uri): &(Duration, String)| {
            let (_, rest) = uri.split_once("resourceVersion=")?;
            uri.contains("watch=true").then(|| rest.split('&').next().unwrap_or_default().to_owned())
        };
        asked.iter().filter_map(version).collect()
    }

    pub fn lists(&self) -> usize {
        self.asked.lock().iter().filter(|(_, uri)| !uri.contains("watch=true")).count()
    }

    pub fn client(&self) -> kube::Client {
        let (proxy, start) = (self.clone(), Instant::now());
        let service = service_fn(move |request: Request<kube::client::Body>| {
            let proxy = proxy.clone();
            async move { Ok::<_, Infallible>(proxy.answer(request, start).await) }
        });
        kube::Client::new(service, "default")
    }

    pub async fn answer(mut self, request: Request<kube::client::Body>, start: Instant) -> Response<Body> {
        let uri = request.uri().to_string();
        let verb = if uri.contains("watch=true") { "watch" } else { "list" };
        self.asked.lock().push((start.elapsed(), uri));
        let reply = {
            let mut replies = self.replies.lock();
            let script = replies.iter_mut().find(|(of, replies)| *of == verb && !replies.is_empty());
            script.and_then(|(_, replies)| replies.pop_front())
        };
        match reply {
            None | Some(Reply::Pass) => self.cluster.call(request).await.unwrap().map(BodyExt::boxed_unsync),
            Some(Reply::Body(code, pieces, close)) => {
                let pieces = stream::iter(pieces.into_iter().map(|piece| Ok::<_, io::Error>(Frame::data(piece))));
                let body = match close {
                    Close::After(time) => {
                        let end = stream::once(sleep(time)).filter_map(|()| std::future::ready(None));
                        StreamBody::new(pieces.chain(end)).boxed_unsync()
                    }
                    Close::Clean => StreamBody::new(pieces).boxed_unsync(),
                    Close::Silent => StreamBody::new(pieces.chain(stream::pending())).boxed_unsync(),
                };
                Response::builder().status(code).body(body).unwrap()
            }
        }
    }
}
