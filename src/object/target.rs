//! What packing writes to: an object, or a part of the dictionary, in which each text stands once.

use hashbrown::HashTable;

use super::blob::{Builder, TooLarge};
use super::numbers::spread;
use super::slot::Slot;
use super::value::ValueRef;

pub(super) struct Target {
    pub(super) builder: Builder,
    /// Whether this is a part, in which nothing is seen for the first time.
    pub(super) part: bool,
    /// The texts that were written.
    texts: HashTable<(u32, Slot)>,
    /// How texts began that were written whole, by hash.
    starts: HashTable<u32>,
}

impl Target {
    pub(super) fn object() -> Target {
        Target { builder: Builder::stored(), part: false, texts: HashTable::new(), starts: HashTable::new() }
    }

    pub(super) fn part() -> Target {
        Target { builder: Builder::part(), part: true, texts: HashTable::new(), starts: HashTable::new() }
    }

    /// Makes room for another object.
    pub(super) fn clear(&mut self) {
        self.builder.clear();
        self.texts.clear();
        self.starts.clear();
    }

    /// The bytes asked of the allocator.
    pub(super) fn bytes(&self) -> usize {
        self.builder.capacity() + self.texts.allocation_size() + self.starts.allocation_size()
    }

    /// Anything but a text, a list or a map.
    pub(super) fn scalar(&mut self, value: ValueRef<'_>) -> Result<Slot, TooLarge> {
        match (value.as_u64(), value.as_i64(), value.as_f64(), value.as_bool()) {
            (Some(number), ..) => self.builder.unsigned(number),
            (_, Some(number), ..) => self.builder.signed(number),
            (_, _, Some(number), _) => self.builder.float(number),
            (.., Some(value)) => Ok(Slot::of_bool(value)),
            _ => Ok(Slot::NULL),
        }
    }

    /// A text, written once however often it occurs.
    pub(super) fn text(&mut self, text: &[u8], hash: u64) -> Result<Slot, TooLarge> {
        self.once(text, hash, Builder::text)
    }

    /// The name of a member.
    pub(super) fn name(&mut self, name: &[u8], hash: u64) -> Result<Slot, TooLarge> {
        self.once(name, hash, Builder::name)
    }

    /// Whether a text was written, or another that begins with it was asked for before.
    pub(super) fn begins(&mut self, start: &[u8], hash: u64) -> bool {
        let hash = hash as u32;
        let known = self.texts.find(spread(hash), |entry| self.is(entry, start, hash)).is_some();
        let begins = known || self.starts.find(spread(hash), |other| *other == hash).is_some();
        if !begins {
            self.starts.insert_unique(spread(hash), hash, |hash| spread(*hash));
        }
        begins
    }

    fn once(
        &mut self,
        text: &[u8],
        hash: u64,
        write: impl FnOnce(&mut Builder, &[u8]) -> Result<Slot, TooLarge>,
    ) -> Result<Slot, TooLarge> {
        let hash = hash as u32;
        if let Some((_, slot)) = self.texts.find(spread(hash), |entry| self.is(entry, text, hash)) {
            return Ok(*slot);
        }
        let slot = write(&mut self.builder, text)?;
        // A text in the slot itself costs nothing when it is written again.
        if !slot.is_short() {
            self.texts.insert_unique(spread(hash), (hash, slot), |(hash, _)| spread(*hash));
        }
        Ok(slot)
    }

    fn is(&self, entry: &(u32, Slot), text: &[u8], hash: u32) -> bool {
        entry.0 == hash && self.builder.text_of(entry.1) == text
    }
}
