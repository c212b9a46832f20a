//! Bodies on a connection: one that fails breaks it where it failed, not earlier.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::task::AtomicWaker;
use http_body::{Frame, SizeHint};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::super::body::Body;

/// How often everything written to a connection had left for it.
#[derive(Debug, Default)]
pub(super) struct Flushes {
    count: AtomicUsize,
    waiting: AtomicWaker,
}

/// A connection that counts its flushes.
pub(super) struct Io {
    stream: TokioIo<TcpStream>,
    flushes: Arc<Flushes>,
}

impl Io {
    pub(super) fn new(stream: TcpStream, flushes: Arc<Flushes>) -> Self {
        Io { stream: TokioIo::new(stream), flushes }
    }
}

impl Read for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Io {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.flushes.count.fetch_add(1, Ordering::Relaxed);
        self.flushes.waiting.wake();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }
}

/// A body that fails only when all before the failure was sent: hyper drops what it still holds when a body fails, and
/// the client would see less of the answer than it ought to, or nothing.
pub(super) struct Sent {
    body: Body,
    flushes: Arc<Flushes>,
    /// What is to come, and the number of flushes when it came up.
    failure: Option<(io::Error, usize)>,
}

impl Sent {
    pub(super) fn new(body: Body, flushes: Arc<Flushes>) -> Self {
        Sent { body, flushes, failure: None }
    }
}

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.failure.is_none() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Err(error)) => self.failure = Some((error, self.flushes.count.load(Ordering::Relaxed))),
                other => return Poll::Ready(other),
            }
        }
        // Pending is what makes hyper flush.
        self.flushes.waiting.register(context.waker());
        let flushes = self.flushes.count.load(Ordering::Relaxed);
        match self.failure.take_if(|(_, then)| *then != flushes) {
            Some((error, _)) => Poll::Ready(Some(Err(error))),
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
