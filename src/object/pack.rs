//! Packing: from the form that decoding writes into the form that a store keeps. What many objects have in common goes
//! into the store's dictionary, when it is seen in a second object; texts that stand for fewer bytes become those.

mod role;
mod shared;
mod text;

use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use super::blob::{Blob, TooLarge, new_identity, place};
use super::dictionary::{Dictionary, Shape};
use super::digest::{Digest, digest, hidden};
use super::numbers::Numbers;
use super::record::{Draft, Keys, Record};
use super::repack::Then;
use super::sightings::Sightings;
use super::slot::{Slot, Tag};
use super::target::Target;
use super::value::{Kind, ValueRef};
use super::{IndexKey, Object};
pub(super) use role::Role;

/// The writing side of a dictionary. There is one for each.
pub(crate) struct Packer {
    pub(super) dictionary: Arc<Dictionary>,
    /// Reads the dictionary.
    reader: Blob,
    texts: Numbers,
    parts: Numbers,
    shapes: Numbers,
    pub(super) sightings: Sightings,
    pub(super) hasher: DefaultHashBuilder,
    /// How many values were packed, in all.
    pub(super) values: usize,
    pub(super) then: Then,
    /// The values of the object at hand, in the order in which they are visited.
    pub(super) digests: Vec<Digest>,
    /// Which one that is, by a few bits.
    object: u8,
    /// What it is written to.
    target: Option<Target>,
    /// The slots of what is being written, the innermost last.
    pub(super) slots: Vec<Slot>,
    /// Whether the object at hand is not what was in its place before.
    pub(super) differs: bool,
    /// The bytes of the text that is being written, if it stands for fewer.
    packed: Vec<u8>,
}

impl Packer {
    /// For a store with these indexes.
    pub(crate) fn new(indexes: impl IntoIterator<Item = (Arc<str>, usize)>) -> Packer {
        let dictionary = Arc::new(Dictionary { indexes: indexes.into_iter().collect(), ..Dictionary::default() });
        Packer {
            reader: Blob::reader(Arc::clone(&dictionary)),
            dictionary,
            texts: Numbers::default(),
            parts: Numbers::default(),
            shapes: Numbers::default(),
            sightings: Sightings::default(),
            hasher: DefaultHashBuilder::default(),
            values: 0,
            then: Then::default(),
            digests: Vec::new(),
            object: 0,
            target: None,
            slots: Vec::new(),
            differs: false,
            packed: Vec::new(),
        }
    }

    /// A record that keeps what the draft tells.
    pub(crate) fn pack(&mut self, draft: &Draft<'_>) -> Record {
        self.pack_with(draft, None)
    }

    /// The same, where there is an old body in its place, of this dictionary.
    pub(super) fn pack_with(&mut self, draft: &Draft<'_>, old: Option<ValueRef<'_>>) -> Record {
        let byte = |text: &str| self.text_hash(text.as_bytes()) as u8;
        self.object = byte(draft.name.name()) ^ byte(draft.name.namespace());
        let mut target = self.target.take().unwrap_or_else(Target::object);
        target.clear();
        let mut blob = self.write(&mut target, draft, draft.keys, old);
        if blob.is_err() {
            // What was decoded is at most half as large as what fits: it is the keys that are too many.
            target.clear();
            blob = self.write(&mut target, draft, &vec![Keys::TOO_MANY; draft.keys.len()], old);
        }
        self.target = Some(target).filter(|target| target.bytes() <= MAX_SCRATCH);
        self.trim();
        Record { object: Object { blob: blob.unwrap_or_else(|TooLarge| self.reader.clone()) } }
    }

    /// Gives back what only an unusually large object needs.
    fn trim(&mut self) {
        self.packed.clear();
        self.packed.shrink_to(MAX_SCRATCH);
        self.digests.clear();
        self.digests.shrink_to(MAX_SCRATCH / size_of::<Digest>());
        self.slots.clear();
        self.slots.shrink_to(MAX_SCRATCH / Slot::SIZE);
    }

    fn write(
        &mut self,
        target: &mut Target,
        draft: &Draft<'_>,
        keys: &[Keys<'_>],
        old: Option<ValueRef<'_>>,
    ) -> Result<Blob, TooLarge> {
        self.slots.clear();
        let root = match (draft.body.map(|body| ValueRef::content(&body.blob)), old) {
            (Some(body), Some(old)) => self.merge(target, body, old, Role::Root)?,
            (Some(body), None) => self.fresh(target, body, Role::Root)?,
            (None, _) => Slot::NULL,
        };
        for (fixed, text) in [(place::NAMESPACE, draft.name.namespace()), (place::NAME, draft.name.name())] {
            let slot = self.plain_text(target, text)?;
            target.builder.set(fixed, slot);
        }
        let given = draft.uid.filter(|uid| draft.body.and_then(Object::uid).is_none_or(|own| own != *uid));
        let mut more = vec![given.map_or(Ok(Slot::NULL), |uid| target.builder.text(uid.as_bytes()))?];
        for keys in keys {
            more.push(match keys {
                Keys::Absent(reason) => self.plain_text(target, reason)?,
                Keys::Found(keys) => self.components(target, keys.iter().flat_map(IndexKey::components))?,
                Keys::Of(record, index) => self.components(target, record.components_of(*index))?,
            });
        }
        let identity = draft.identity.or(draft.body.map(|body| body.blob.identity()));
        let identity = identity.unwrap_or_else(new_identity);
        target.builder.finish_stored(root, identity, &self.dictionary, draft.version, &more)
    }

    fn components<'c>(
        &mut self,
        target: &mut Target,
        components: impl Iterator<Item = &'c str>,
    ) -> Result<Slot, TooLarge> {
        let slots = components.map(|component| self.plain_text(target, component)).collect::<Result<Vec<_>, _>>()?;
        if slots.is_empty() { Ok(Slot::NULL) } else { target.builder.list(&slots) }
    }

    /// Writes a value of which nothing is known.
    pub(super) fn fresh(&mut self, target: &mut Target, value: ValueRef<'_>, role: Role) -> Result<Slot, TooLarge> {
        self.digests.clear();
        digest(&self.hasher, &mut self.digests, value);
        self.values += self.digests.len();
        self.value(target, value, &mut 0, role)
    }

    /// Writes the value at a position of the digests, and moves the position behind it.
    fn value(
        &mut self,
        target: &mut Target,
        value: ValueRef<'_>,
        at: &mut usize,
        role: Role,
    ) -> Result<Slot, TooLarge> {
        let start = *at;
        let digest = self.digests[start];
        if role == Role::Other && value.has_parts() && !digest.hides {
            let same = |number| ValueRef::part(self.reader.part(number as u32)) == value;
            if let Some(number) = self.parts.find(digest.hash, same) {
                *at += digest.values as usize;
                return Ok(Slot::new(Tag::Shared, number));
            }
            // Roughly, before it is written.
            let bytes = 6 * digest.values as usize;
            if self.sightings.admit(digest.hash, self.object, bytes, target.part) {
                let mut part = Target::part();
                let root = self.content(&mut part, value, at, role)?;
                if let Some(number) = self.add_part(digest.hash, part.builder.finish_part(root)) {
                    return Ok(Slot::new(Tag::Shared, number));
                }
                *at = start;
            }
        }
        self.content(target, value, at, role)
    }

    fn content(
        &mut self,
        target: &mut Target,
        value: ValueRef<'_>,
        at: &mut usize,
        role: Role,
    ) -> Result<Slot, TooLarge> {
        let digest = self.digests[*at];
        *at += 1;
        let first = self.slots.len();
        let hidden = hidden(value, digest, role == Role::Root);
        let slot = match value.kind() {
            Kind::Null | Kind::Bool | Kind::Integer | Kind::Float => target.scalar(value)?,
            Kind::String => self.text(target, &value.string_bytes().unwrap_or_default(), digest.hash, role)?,
            Kind::List => {
                for item in value.items() {
                    let slot = self.value(target, item, at, role.below(b"", hidden))?;
                    self.slots.push(slot);
                }
                target.builder.list(&self.slots[first..])?
            }
            Kind::Map => {
                for (name, member) in value.fields() {
                    let slot = self.value(target, member, at, role.below(name, hidden))?;
                    self.slots.push(slot);
                }
                self.map(target, value, digest.shape, first)?
            }
        };
        self.slots.truncate(first);
        Ok(slot)
    }

    /// A map whose values are the slots from `first` on.
    pub(super) fn map(
        &mut self,
        target: &mut Target,
        map: ValueRef<'_>,
        hash: u64,
        first: usize,
    ) -> Result<Slot, TooLarge> {
        let count = self.slots.len() - first;
        if count == 0 {
            return Ok(Slot::EMPTY_MAP);
        }
        let same = |number| self.dictionary.shape(number).is_some_and(|shape| shape.is_of(map.fields()));
        let mut shape = self.shapes.find(hash, same);
        if shape.is_none() && self.sightings.admit(hash, self.object, Slot::SIZE * count, false) {
            shape = self.add_shape(hash, Shape::new(map.members().map(|(name, _)| name)));
        }
        if let Some(shape) = shape {
            return target.builder.shaped(shape as usize, &self.slots[first..]);
        }
        let names = map.fields().map(|(name, _)| self.name(target, name)).collect::<Result<Vec<_>, _>>()?;
        let members: Vec<_> = names.into_iter().zip(self.slots[first..].iter().copied()).collect();
        target.builder.map(&members)
    }
}

/// With more bytes than that, what an object was written to is not kept for the next.
const MAX_SCRATCH: usize = 64 << 10;

#[cfg(test)]
pub(super) mod tests;
