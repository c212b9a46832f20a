//! Packing: from the form that decoding writes into the form that a store keeps. What many objects have in common goes
//! into the store's dictionary, when it is seen in a second object; texts that stand for fewer bytes become those.

use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use super::blob::{Blob, TooLarge, new_identity, place};
use super::dictionary::{Dictionary, Shape};
use super::digest::{Digest, digest, text_hash};
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
    slots: Vec<Slot>,
}

/// Where a value stands in an object, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The object, and its metadata: never shared, because the identity is in them.
    Root {
        secret: bool,
    },
    Metadata,
    /// Namespace and name, which are compared more often than anything else.
    Identity,
    /// What a Secret hides, which is never shared.
    Payload,
    Other,
}

/// How long the start of a text is that may be shared: shorter ones are not worth it.
const MIN_START: usize = 8;
const MAX_START: usize = 256;

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
        }
    }

    /// A record that keeps what the draft tells.
    pub(crate) fn pack(&mut self, draft: &Draft<'_>) -> Record {
        self.digests.clear();
        if let Some(body) = draft.body {
            digest(&self.hasher, &mut self.digests, ValueRef::content(&body.blob));
        }
        self.values += self.digests.len();
        self.object = self.text_hash(draft.name.name()) as u8 ^ self.text_hash(draft.name.namespace()) as u8;
        let mut target = self.target.take().unwrap_or_else(Target::object);
        target.clear();
        let mut blob = self.write(&mut target, draft, draft.keys);
        if blob.is_err() {
            // What was decoded is at most half as large as what fits: it is the keys that are too many.
            target.clear();
            blob = self.write(&mut target, draft, &vec![Keys::TOO_MANY; draft.keys.len()]);
        }
        self.target = Some(target).filter(|target| target.bytes() <= MAX_SCRATCH);
        Record { object: Object { blob: blob.unwrap_or_else(|TooLarge| self.reader.clone()) } }
    }

    fn write(&mut self, target: &mut Target, draft: &Draft<'_>, keys: &[Keys<'_>]) -> Result<Blob, TooLarge> {
        self.slots.clear();
        let root = match draft.body {
            Some(body) => self.value(target, ValueRef::content(&body.blob), &mut 0, Role::of(body))?,
            None => Slot::NULL,
        };
        for (fixed, text) in [(place::NAMESPACE, draft.name.namespace()), (place::NAME, draft.name.name())] {
            let slot = self.plain_text(target, text)?;
            target.builder.set(fixed, slot);
        }
        let given = draft.uid.filter(|uid| draft.body.and_then(Object::uid).is_none_or(|own| own != *uid));
        let mut more = vec![given.map_or(Ok(Slot::NULL), |uid| target.builder.text(uid))?];
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
        self.text(target, text, self.text_hash(text), Role::Identity)
    }

    fn text_hash(&self, text: &str) -> u64 {
        text_hash(&self.hasher, text.as_bytes())
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
        if role == Role::Other && value.has_parts() {
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
        let slot = match value.kind() {
            Kind::Null => Slot::NULL,
            Kind::Bool => Slot::of_bool(value.as_bool() == Some(true)),
            Kind::Integer => match value.as_u64() {
                Some(number) => target.builder.unsigned(number)?,
                None => target.builder.signed(value.as_i64().unwrap_or_default())?,
            },
            Kind::Float => target.builder.float(value.as_f64().unwrap_or_default())?,
            Kind::String => self.text(target, &value.as_str().unwrap_or_default(), digest.hash, role)?,
            Kind::List => {
                for item in value.items() {
                    let slot = self.value(target, item, at, role.below(b""))?;
                    self.slots.push(slot);
                }
                target.builder.list(&self.slots[first..])?
            }
            Kind::Map => {
                for (name, member) in value.fields() {
                    let slot = self.value(target, member, at, role.below(name))?;
                    self.slots.push(slot);
                }
                self.map(target, value, digest.shape, first)?
            }
        };
        self.slots.truncate(first);
        Ok(slot)
    }

    fn text(&mut self, target: &mut Target, text: &str, hash: u64, role: Role) -> Result<Slot, TooLarge> {
        if let Some(slot) = Slot::short(text) {
            return Ok(slot);
        }
        if role != Role::Identity
            && let Some((tag, packed)) = pack(text)
        {
            return target.builder.packed(tag, &packed);
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
    fn joined(&mut self, target: &mut Target, text: &str) -> Result<Option<Slot>, TooLarge> {
        let end = text.rfind('-').filter(|end| (MIN_START..=MAX_START).contains(end));
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
    fn map(&mut self, target: &mut Target, map: ValueRef<'_>, hash: u64, first: usize) -> Result<Slot, TooLarge> {
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
        let names = map.members().map(|(name, _)| self.name(target, name)).collect::<Result<Vec<_>, _>>()?;
        let members: Vec<_> = names.into_iter().zip(self.slots[first..].iter().copied()).collect();
        target.builder.map(&members)
    }

    /// The name of a member, which is shared like a text, but never in the slot itself.
    fn name(&mut self, target: &mut Target, name: &str) -> Result<Slot, TooLarge> {
        let hash = self.text_hash(name);
        match name.len() {
            ..=Slot::MAX_SHORT => target.name(name, hash),
            _ => self.text(target, name, hash, Role::Identity),
        }
    }

    fn find_text(&self, text: &str, hash: u64) -> Option<u32> {
        self.texts.find(hash, |number| self.dictionary.text(number) == text)
    }

    fn add_text(&mut self, hash: u64, text: &str) -> Option<u32> {
        let number = self.texts.len();
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
        let scratch = self.digests.capacity() * size_of::<Digest>() + self.slots.capacity() * Slot::SIZE;
        let target = self.target.as_ref().map_or(0, Target::bytes);
        size_of::<Dictionary>() + place::END + texts + parts + shapes + self.sightings.bytes() + scratch + target
    }
}

/// With more bytes than that, what an object was written to is not kept for the next.
const MAX_SCRATCH: usize = 64 << 10;

impl Role {
    /// The role of an object as a whole.
    pub(super) fn of(object: &Object) -> Role {
        Role::Root { secret: object.kind() == "Secret" }
    }

    pub(super) fn below(self, name: &[u8]) -> Role {
        match (self, name) {
            (Role::Root { .. }, b"metadata") => Role::Metadata,
            (Role::Root { secret: true }, b"data" | b"stringData") | (Role::Payload, _) => Role::Payload,
            (Role::Metadata, b"name" | b"namespace") => Role::Identity,
            _ => Role::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResourceVersion;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-c]{0,6}",
            Just("10.0.0.1".to_owned()),
            Just("010.0.0.1".to_owned()),
            Just("2025-02-28T23:59:59Z".to_owned()),
            Just("2025-02-28T23:59:60Z".to_owned()),
            Just("2025-02-30T00:00:00Z".to_owned()),
            Just("1969-12-31T23:59:59Z".to_owned()),
            Just("2106-02-07T06:28:16Z".to_owned()),
            Just("2025-02-28 23:59:59Z".to_owned()),
            Just("550e8400-e29b-41d4-a716-446655440000".to_owned()),
            Just("550E8400-e29b-41d4-a716-446655440000".to_owned()),
            Just("550e8400-e29b-41d4-a716-44665544000-".to_owned()),
            Just("aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz8/".to_owned()),
            Just("aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz8=".to_owned()),
            Just("aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz9=".to_owned()),
            any::<String>(),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            prop_oneof![Just(0u64), Just((1 << 28) - 1), Just(1 << 28), Just(u64::MAX)].prop_map(Value::from),
            text().prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map(text(), inner, 0..5)
                    .prop_map(|members| Value::Object(Map::from_iter(members))),
            ]
        })
    }

    fn object(at: usize, kind: &str, content: &Value) -> Object {
        let named = json!({
            "kind": kind, "metadata": {"name": format!("o-{at}"), "namespace": "n", "resourceVersion": "7"},
            "data": content, "spec": content,
        });
        Object::try_from(named).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_packed_reads_as_what_it_was(contents in prop::collection::vec(value(), 1..6), secret: bool) {
            let mut packer = Packer::new([("by-spec".into(), 2)]);
            let kind = if secret { "Secret" } else { "ConfigMap" };
            // Three times in other objects, so that everything enters the dictionary that may.
            for at in 0..3 * contents.len() {
                let object = object(at, kind, &contents[at % contents.len()]);
                let keys = [IndexKey::new(["10.0.0.1", "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz8="]), IndexKey::new(["", "a"])];
                let name = object.name().unwrap();
                let text = ResourceVersion::new("text");
                let draft = Draft {
                    name: name.as_name_ref(),
                    uid: Some("1").filter(|_| at % 2 == 1),
                    version: Some(&text).filter(|_| at % 3 == 0),
                    keys: &[if at % 5 == 0 { Keys::Absent("m".into()) } else { Keys::Found(&keys) }],
                    body: Some(&object).filter(|_| at % 7 != 6),
                    identity: None,
                };
                let record = packer.pack(&draft);
                prop_assert!(record.fits(&draft) && record.looks_like(&packer.pack(&draft)));
                prop_assert_eq!(record.name(), name.as_name_ref());
                prop_assert_eq!(record.version(), draft.version.cloned());
                for version in [Some("text-2"), None, Some("3"), Some("text-4")].map(|text| text.map(ResourceVersion::new)) {
                    let renewed = record.renewed(version.as_ref());
                    prop_assert!(renewed.looks_like(&record) || draft.body.is_none());
                    prop_assert_eq!(renewed.version(), version);
                    prop_assert_eq!(renewed.key_count(0), if at % 5 == 0 { 0 } else { 2 });
                }
                let Some(packed) = record.body() else { continue };
                prop_assert!(packed == &object && packed.ptr_eq(&object));
                let mut expected = object.to_value();
                expected["metadata"].as_object_mut().unwrap().remove("resourceVersion");
                let renewed = record.renewed(None);
                prop_assert_eq!(renewed.body().unwrap().to_value(), expected.clone());
                prop_assert_eq!(renewed.body().unwrap().parse::<Value>().unwrap(), expected);
            }
        }
    }
}
