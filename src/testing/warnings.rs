//! Warnings: what a client is told beside the answer, whether that is what it asked for or a refusal.

use parking_lot::Mutex;

/// The warnings of one request, in the order in which they came up.
#[derive(Debug, Default)]
pub(super) struct Warnings(Mutex<Vec<String>>);

impl Warnings {
    pub(super) fn add(&self, more: impl IntoIterator<Item = String>) {
        self.0.lock().extend(more);
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock())
    }
}
