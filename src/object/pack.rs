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
    slots: Vec<Slot>,
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
            packed: Vec::new(),
        }
    }

    /// A record that keeps what the draft tells.
    pub(crate) fn pack(&mut self, draft: &Draft<'_>) -> Record {
        self.digests.clear();
        if let Some(body) = draft.body {
            digest(&self.hasher, &mut self.digests, ValueRef::content(&body.blob));
        }
        self.values += self.digests.len();
        self.object = self.text_hash(draft.name.name().as_bytes()) as u8
            ^ self.text_hash(draft.name.namespace().as_bytes()) as u8;
        let mut target = self.target.take().unwrap_or_else(Target::object);
        target.clear();
        let mut blob = self.write(&mut target, draft, draft.keys);
        if blob.is_err() {
            // What was decoded is at most half as large as what fits: it is the keys that are too many.
            target.clear();
            blob = self.write(&mut target, draft, &vec![Keys::TOO_MANY; draft.keys.len()]);
        }
        self.target = Some(target).filter(|target| target.bytes() <= MAX_SCRATCH);
        self.packed.clear();
        self.packed.shrink_to(MAX_SCRATCH);
        Record { object: Object { blob: blob.unwrap_or_else(|TooLarge| self.reader.clone()) } }
    }

    fn write(&mut self, target: &mut Target, draft: &Draft<'_>, keys: &[Keys<'_>]) -> Result<Blob, TooLarge> {
        self.slots.clear();
        let root = match draft.body {
            Some(body) => self.value(target, ValueRef::content(&body.blob), &mut 0, Role::Root)?,
            None => Slot::NULL,
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
            Kind::Null => Slot::NULL,
            Kind::Bool => Slot::of_bool(value.as_bool() == Some(true)),
            Kind::Integer => match value.as_u64() {
                Some(number) => target.builder.unsigned(number)?,
                None => target.builder.signed(value.as_i64().unwrap_or_default())?,
            },
            Kind::Float => target.builder.float(value.as_f64().unwrap_or_default())?,
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

    /// Packs objects, each with others between that have the same content.
    fn pack_all(packer: &mut Packer, values: &[Value]) -> Vec<Record> {
        let mut records = Vec::new();
        for copy in 0..3 {
            for (at, value) in values.iter().enumerate() {
                let mut value = value.clone();
                value["metadata"]["name"] = format!("o-{at}-{copy}").into();
                let object = Object::from_slice(value.to_string().as_bytes()).unwrap();
                let name = object.name().unwrap();
                let draft = Draft {
                    name: name.as_name_ref(),
                    uid: None,
                    version: None,
                    keys: &[],
                    body: Some(&object),
                    identity: None,
                };
                records.push(packer.pack(&draft));
            }
        }
        records
    }

    /// Makes everything in the dictionary look as if it had the hash of each value of an object.
    fn collide(packer: &mut Packer, value: ValueRef<'_>) {
        let mut digests = Vec::new();
        digest(&packer.hasher, &mut digests, value);
        for Digest { hash, shape, .. } in digests {
            packer.texts.collide(hash);
            packer.parts.collide(hash);
            packer.shapes.collide(shape);
        }
    }

    #[test]
    fn what_has_the_hash_of_something_else_is_not_taken_for_it() {
        let content = |a: &str| json!({"spec": {a: [a, "a-text"], "b": {"c": "10.0.0.1", "d": a}}});
        let mut packer = Packer::new([]);
        let known = [content("something"), content("else"), content("entirely")];
        pack_all(&mut packer, &known);
        let other = json!({"spec": {"or": ["other", "a-text"], "b": {"x": "10.0.0.1", "d": "a-test"}}});
        collide(&mut packer, Object::try_from(other.clone()).unwrap().root());
        let records = pack_all(&mut packer, std::slice::from_ref(&other));
        for record in &records {
            assert_eq!(record.body().unwrap().to_value()["spec"], other["spec"]);
        }
    }

    /// Whether these bytes are anywhere in the dictionary.
    fn knows(packer: &Packer, needle: &[u8]) -> bool {
        let within = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        let Dictionary { texts, parts, shapes, .. } = &*packer.dictionary;
        (0..).map_while(|at| texts.get(at)).any(|text| within(text.as_bytes()))
            || (0..).map_while(|at| parts.get(at)).any(|part| within(part))
            || (0..)
                .map_while(|at| shapes.get(at))
                .any(|shape| (0..shape.len()).any(|at| within(shape.name(at).as_bytes())))
    }

    #[test]
    fn what_secrets_hide_never_enters_the_dictionary_wherever_they_are() {
        const OPEN: &str = "an open secret, told to everybody";
        let payload = || json!({"password": "aHVudGVyMmh1bnRlcjJodW50ZXIy", "plain": "hunter2hunter2", "deep": [{"a": "hunter2hunter2"}]});
        let secret = || json!({"kind": "Secret", "data": payload(), "stringData": payload(), "metadata": {"labels": {"of": OPEN}}});
        let last_applied = json!({LAST_APPLIED: secret().to_string(), "open": OPEN});
        let values = [
            secret(),
            json!({"data": payload(), "stringData": payload()}),
            json!({"kind": "List", "items": [secret(), secret(), {"kind": "ConfigMap", "data": {"a": OPEN}}]}),
            json!({"kind": "SecretList", "items": [{"data": payload()}, {"stringData": payload()}]}),
            json!({"kind": "Template", "spec": {"forProvider": {"manifest": secret()}, "same": {"a": OPEN}}}),
            json!({"kind": "AdmissionReview", "request": {"object": secret(), "oldObject": secret()}}),
            json!({"kind": "Secret", "metadata": {"annotations": last_applied}}),
            json!({"kind": "Other", "spec": {"metadata": {"annotations": last_applied}}}),
        ];
        let mut shared = 0;
        for value in &values {
            let mut packer = Packer::new([]);
            let check = |packer: &Packer, records: &[Record], when: &str| {
                let raw = b"hunter2".as_slice();
                for needle in [raw, b"aHVudGVyMmh1bnRlcjJodW50ZXIy"] {
                    assert!(!knows(packer, needle), "{when}: {value}");
                }
                for record in records {
                    let mut told = record.body().unwrap().to_value();
                    let mut expected = value.clone();
                    told["metadata"]["name"] = Value::Null;
                    expected["metadata"]["name"] = Value::Null;
                    assert_eq!(told, expected);
                }
            };
            let mut records = pack_all(&mut packer, std::slice::from_ref(value));
            check(&packer, &records, "packed");
            shared += usize::from(knows(&packer, OPEN.as_bytes()));
            packer.repack(records.iter_mut());
            check(&packer, &records, "packed anew");
            packer.repack(records.iter_mut());
            check(&packer, &records, "from a dictionary");
            // From a store that knows it, because it is no Secret there.
            let mut open = value.clone();
            open["kind"] = "ConfigMap".into();
            let mut other = Packer::new([]);
            pack_all(&mut other, &[open]);
            records.iter_mut().for_each(|record| *record = other.pack_again(record));
            packer.repack(records.iter_mut());
            check(&packer, &records, "from another dictionary");
        }
        // All the same, what is open is shared, but for what is overlooked by chance.
        assert!(shared >= 2, "{shared} of seven");
        let open = || {
            let mut packer = Packer::new([]);
            pack_all(&mut packer, &[json!({"kind": "ConfigMap", "data": payload()})]);
            knows(&packer, b"hunter2hunter2")
        };
        assert!((0..20).any(|_| open()));
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
