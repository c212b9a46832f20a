//! What a store takes in memory.

use std::fmt;

/// What a store takes in memory, in bytes asked of the allocator; what the allocator adds is not in it, and neither is
/// what only old snapshots still hold, nor what is remembered of deletions.
///
/// ```
/// use kube_indexed_store::{Indexed, MemoryStore, Store, StoreExt};
///
/// let store = MemoryStore::new();
/// let object = serde_json::from_str(r#"{"kind": "Service", "metadata": {"namespace": "shop", "name": "web"}}"#)?;
/// let before = store.memory();
/// store.apply(Indexed::new(object).unwrap())?;
/// let memory = store.memory();
/// assert_eq!(memory.objects, 1);
/// assert!(memory.object_bytes > 0 && memory.total() > before.total());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// How many objects or references there are.
    pub objects: usize,
    /// What each of them takes by itself: content, name, version and index keys.
    pub object_bytes: usize,
    /// What they have in common, kept once, and what is needed to recognise it.
    pub shared_bytes: usize,
    /// The indexes.
    pub index_bytes: usize,
    /// The bodies that a store of references remembers.
    pub body_bytes: usize,
}

impl Memory {
    /// All bytes together.
    pub fn total(&self) -> usize {
        self.object_bytes + self.shared_bytes + self.index_bytes + self.body_bytes
    }
}

/// In one line, with bytes for each object.
impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.total() / self.objects.max(1);
        write!(f, "{} objects in {} bytes, {each} each: ", self.objects, self.total())?;
        write!(f, "{} of their own, {} shared, {} of indexes", self.object_bytes, self.shared_bytes, self.index_bytes)?;
        if self.body_bytes > 0 {
            write!(f, ", {} of bodies", self.body_bytes)?;
        }
        Ok(())
    }
}
