//! What objects share: found in the dictionary, added to it, and how much that is.

use super::Packer;
use crate::object::blob::place;
use crate::object::dictionary::{Dictionary, Shape};
use crate::object::digest::Digest;
use crate::object::slot::{LIMIT, Slot};
use crate::object::stable::Stable;
use crate::object::target::Target;

impl Packer {
    pub(super) fn find_text(&self, text: &[u8], hash: u64) -> Option<u32> {
        self.texts.find(hash, |number| self.dictionary.text(number).as_bytes() == text)
    }

    pub(super) fn add_text(&mut self, hash: u64, text: &[u8]) -> Option<u32> {
        let (number, text) = (self.texts.len(), std::str::from_utf8(text).ok()?);
        (number < Stable::<Box<str>>::LIMIT.min(LIMIT)).then(|| {
            self.dictionary.texts.set(number, text.into());
            self.texts.add(hash, text.len())
        })
    }

    pub(super) fn add_part(&mut self, hash: u64, part: Box<[u8]>) -> Option<u32> {
        let (number, bytes) = (self.parts.len(), part.len());
        (number < Stable::<Box<[u8]>>::LIMIT.min(LIMIT)).then(|| {
            self.dictionary.parts.set(number, part);
            self.parts.add(hash, bytes)
        })
    }

    pub(super) fn add_shape(&mut self, hash: u64, shape: Shape) -> Option<u32> {
        let (number, bytes) = (self.shapes.len(), shape.bytes());
        (number < Stable::<Shape>::LIMIT.min(LIMIT)).then(|| {
            self.dictionary.shapes.set(number, shape);
            self.shapes.add(hash, bytes)
        })
    }

    /// How large the dictionary is, roughly.
    pub(in crate::object) fn size(&self) -> usize {
        self.texts.size() + self.parts.size() + self.shapes.size()
    }

    /// The bytes asked of the allocator for the dictionary and what is needed to add to it.
    pub(crate) fn bytes(&self) -> usize {
        let texts = Stable::<Box<str>>::bytes(self.texts.len()) + self.texts.bytes();
        let parts = Stable::<Box<[u8]>>::bytes(self.parts.len()) + self.parts.bytes();
        let shapes = Stable::<Shape>::bytes(self.shapes.len()) + self.shapes.bytes();
        let scratch =
            self.digests.capacity() * size_of::<Digest>() + self.slots.capacity() * Slot::SIZE + self.packed.capacity();
        let target = self.target.as_ref().map_or(0, Target::bytes);
        size_of::<Dictionary>() + place::END + texts + parts + shapes + self.sightings.bytes() + scratch + target
    }
}
