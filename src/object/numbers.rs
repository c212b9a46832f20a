//! The numbers of what is in a dictionary, found by hash.

use hashbrown::HashTable;

/// The hashes and numbers of one sort of things.
#[derive(Default)]
pub(super) struct Numbers {
    found: HashTable<(u32, u32)>,
    /// The bytes asked of the allocator for the things themselves.
    content: usize,
}

impl Numbers {
    /// How many there are, which is the next number.
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    pub(super) fn find(&self, hash: u64, same: impl Fn(usize) -> bool) -> Option<u32> {
        let eq = |(found, number): &(u32, u32)| *found == hash as u32 && same(*number as usize);
        self.found.find(spread(hash as u32), eq).map(|(_, number)| *number)
    }

    /// Gives the next number to something of so many bytes.
    pub(super) fn add(&mut self, hash: u64, bytes: usize) -> u32 {
        let entry = (hash as u32, self.found.len() as u32);
        self.content += bytes;
        self.found.insert_unique(spread(entry.0), entry, |(hash, _)| spread(*hash));
        entry.1
    }

    /// The bytes asked of the allocator, those for the things themselves included.
    pub(super) fn bytes(&self) -> usize {
        self.content + self.found.allocation_size()
    }

    /// The bytes of the things themselves, and what each costs beside them.
    pub(super) fn size(&self) -> usize {
        self.content + OVERHEAD * self.found.len()
    }
}

/// What a thing in the dictionary costs beside its content, in bytes, roughly.
pub(super) const OVERHEAD: usize = 40;

/// The table looks at the upper bits too.
pub(super) fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
