//! Values that borrow nothing.

use std::fmt;

use super::{Place, ValueRef};
use crate::object::blob::Blob;

/// A value that shares the object it came from and borrows nothing. It keeps the whole object alive and copies nothing.
#[derive(Clone)]
pub struct SharedValue {
    pub(super) blob: Blob,
    /// The number of the part of its dictionary.
    pub(super) part: u32,
    pub(super) at: u32,
    pub(super) place: Place,
}

impl SharedValue {
    /// The value, to be read.
    pub fn value(&self) -> ValueRef<'_> {
        ValueRef { part: self.blob.part(self.part), at: self.at, place: self.place }
    }
}

// No content in it: it may be a Secret's.
impl fmt::Debug for SharedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedValue({})", self.value().kind())
    }
}
