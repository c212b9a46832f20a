//! Bodies of answers: whole or streaming.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};

/// The body of an answer of a [`FakeCluster`](super::FakeCluster): in one piece, or as a stream.
#[derive(Debug)]
pub struct Body(UnsyncBoxBody<Bytes, io::Error>);

impl Body {
    pub(super) fn full(bytes: impl Into<Bytes>) -> Self {
        Body(Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync())
    }

    pub(super) fn stream(frames: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Body(StreamBody::new(frames.map(|frame| frame.map(Frame::data))).boxed_unsync())
    }
}

pub(super) fn connection_lost() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was cut by a fault")
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
