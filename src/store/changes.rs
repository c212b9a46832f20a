//! Being told of changes: differences of snapshots, as fast as the reader takes them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{Stream, StreamExt, stream};
use tokio::sync::watch;

use crate::snapshot::{Diff, Revision, Snapshot};

/// The differences of a store, each from the last one seen: complete, coalesced, in order.
///
/// A reader that falls behind misses nothing and queues nothing: its next difference is larger. Meanwhile it keeps one
/// old snapshot alive. The stream ends when the store is gone, after the last difference.
///
/// # Cancel safety
///
/// Dropping the future of [`next`](Changes::next) loses nothing.
pub struct Changes {
    stream: Pin<Box<dyn Stream<Item = Diff> + Send>>,
}

impl Changes {
    /// The differences of the snapshots that `snapshot` gives when `revision` has moved, beginning with the one it
    /// gives now; for implementors of [`Store`](super::Store), who publish a snapshot first and move `revision` to its
    /// revision then.
    pub fn new(revision: watch::Receiver<Revision>, snapshot: impl Fn() -> Snapshot + Send + 'static) -> Changes {
        let last = snapshot();
        let stream = stream::unfold((revision, snapshot, last), async |(mut revision, snapshot, mut last)| {
            loop {
                // An error says that the store is gone and that nothing is left to tell.
                revision.wait_for(|now| *now > last.revision()).await.ok()?;
                let now = snapshot();
                let diff = now.diff(&last);
                last = now;
                // Changed and changed back is nothing to tell.
                if !diff.is_empty() {
                    return Some((diff, (revision, snapshot, last)));
                }
            }
        });
        Changes { stream: Box::pin(stream) }
    }

    /// Waits for the next difference; `None` when the store is gone.
    pub async fn next(&mut self) -> Option<Diff> {
        self.stream.next().await
    }
}

impl Stream for Changes {
    type Item = Diff;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Diff>> {
        self.stream.as_mut().poll_next(context)
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Changes")
    }
}
