//! Packing: from the form that decoding writes into the form that a store keeps. What many objects have in common goes
//! into the store's dictionary, when it is seen in a second object; texts that stand for fewer bytes become those.

use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use super::blob::{Blob, TooLarge, new_identity, place};
use super::dictionary::{Dictionary, Shape};
use super::digest::{Digest, LAST_APPLIED, digest, hidden, text_hash};
use super::numbers::Numbers;
use super::packed::pack;
use super::record::{Draft, Keys, Record};
use super::repack::Then;
use super::sightings::Sightings;
use super::slot::{LIMIT, Slot, Tag};
use super::stable::Stable;
use super::target::Target;
use super::value::{Kind, ValueRef};
use super::{IndexKey, Object};

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

/// Where a value stands in an object, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The object, and its metadata: never shared, because the identity is in them.
    Root,
    Metadata,
    /// Namespace and name, which are compared more often than anything else.
    Identity,
    /// What a Secret hides, wherever it is, which is never shared.
    Payload,
    Other,
}

/// How long the start of a text is that may be shared: shorter ones are not worth it.
const MIN_START: usize = 8;
/// How long a text is, at most, of which that is tried: as long as a name.
const MAX_JOINED: usize = 256;

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

    /// A text that is compared, and so is kept as it is.
    fn plain_text(&mut self, target: &mut Target, text: &str) -> Result<Slot, TooLarge> {
        self.text(target, text.as_bytes(), self.text_hash(text.as_bytes()), Role::Identity)
    }

    fn text_hash(&self, text: &[u8]) -> u64 {
        text_hash(&self.hasher, text)
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

    fn text(&mut self, target: &mut Target, text: &[u8], hash: u64, role: Role) -> Result<Slot, TooLarge> {
        if let Some(slot) = Slot::short(text) {
            return Ok(slot);
        }
        if role != Role::Identity
            && let Some(tag) = pack(text, &mut self.packed)
        {
            return target.builder.packed(tag, &self.packed);
        }
        if role == Role::Payload {
            return target.text(text, hash);
        }
        if let Some(number) = self.find_text(text, hash) {
            return Ok(Slot::new(Tag::SharedText, number));
        }
        if self.sightings.admit(hash, self.object, text.len(), target.part)
            && let Some(number) = self.add_text(hash, text)
        {
            return Ok(Slot::new(Tag::SharedText, number));
        }
        if role == Role::Other
            && let Some(slot) = self.joined(target, text)?
        {
            return Ok(slot);
        }
        target.text(text, hash)
    }

    /// A text that begins as others do: up to the last `-`, as the names of what is generated.
    fn joined(&mut self, target: &mut Target, text: &[u8]) -> Result<Option<Slot>, TooLarge> {
        let dash = || text.iter().rposition(|byte| *byte == b'-');
        let end = (text.len() <= MAX_JOINED).then(dash).flatten().filter(|end| *end >= MIN_START);
        let Some((start, rest)) = end.map(|end| text.split_at(end + 1)) else { return Ok(None) };
        let hash = self.text_hash(start);
        let slot = match self.find_text(start, hash) {
            Some(number) => Slot::new(Tag::SharedText, number),
            None if target.begins(start, hash) => target.text(start, hash)?,
            None => return Ok(None),
        };
        target.builder.joined(slot, rest).map(Some)
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

    /// The name of a member, which is shared like a text, but never in the slot itself.
    fn name(&mut self, target: &mut Target, name: &[u8]) -> Result<Slot, TooLarge> {
        let hash = self.text_hash(name);
        match name.len() {
            ..=Slot::MAX_SHORT => target.name(name, hash),
            _ => self.text(target, name, hash, Role::Identity),
        }
    }

    fn find_text(&self, text: &[u8], hash: u64) -> Option<u32> {
        self.texts.find(hash, |number| self.dictionary.text(number).as_bytes() == text)
    }

    fn add_text(&mut self, hash: u64, text: &[u8]) -> Option<u32> {
        let (number, text) = (self.texts.len(), std::str::from_utf8(text).ok()?);
        (number < Stable::<Box<str>>::LIMIT.min(LIMIT)).then(|| {
            self.dictionary.texts.set(number, text.into());
            self.texts.add(hash, text.len())
        })
    }

    fn add_part(&mut self, hash: u64, part: Box<[u8]>) -> Option<u32> {
        let (number, bytes) = (self.parts.len(), part.len());
        (number < Stable::<Box<[u8]>>::LIMIT.min(LIMIT)).then(|| {
            self.dictionary.parts.set(number, part);
            self.parts.add(hash, bytes)
        })
    }

    fn add_shape(&mut self, hash: u64, shape: Shape) -> Option<u32> {
        let (number, bytes) = (self.shapes.len(), shape.bytes());
        (number < Stable::<Shape>::LIMIT.min(LIMIT)).then(|| {
            self.dictionary.shapes.set(number, shape);
            self.shapes.add(hash, bytes)
        })
    }

    /// How large the dictionary is, roughly.
    pub(super) fn size(&self) -> usize {
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

/// With more bytes than that, what an object was written to is not kept for the next.
const MAX_SCRATCH: usize = 64 << 10;

impl Role {
    /// The role of a member, or of an element, of a map of which the members with these names are hidden.
    pub(super) fn below(self, name: &[u8], hidden: &[&str]) -> Role {
        match (self, name) {
            (Role::Payload, _) => Role::Payload,
            _ if name == LAST_APPLIED.as_bytes() || hidden.iter().any(|other| other.as_bytes() == name) => {
                Role::Payload
            }
            (Role::Root, b"metadata") => Role::Metadata,
            (Role::Metadata, b"name" | b"namespace") => Role::Identity,
            _ => Role::Other,
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
