//! Packing: from the form that decoding writes into the form that a store keeps. What many objects have in common goes
//! into the store's dictionary, when it is seen in a second object; texts that stand for fewer bytes become those.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::blob::{Blob, Builder, TooLarge, new_identity, place};
use super::dictionary::{Dictionary, Shape};
use super::packed::pack;
use super::record::{Draft, Keys, Record};
use super::sightings::{Counted, Sightings};
use super::slot::{LIMIT, Slot, Tag};
use super::stable::Stable;
use super::value::{Kind, ValueRef};
use super::{IndexKey, Object};

/// The writing side of a dictionary. There is one for each.
pub(crate) struct Packer {
    dictionary: Arc<Dictionary>,
    /// Reads the dictionary.
    reader: Blob,
    texts: Numbers,
    parts: Numbers,
    shapes: Numbers,
    sightings: Sightings,
    hasher: DefaultHashBuilder,
    /// How many records were packed since all were, and how many values that were.
    packed: usize,
    values: usize,
    /// How often all records were packed anew.
    renewals: usize,
    /// Whether that is due whatever was packed.
    due: bool,
    /// The values of the object at hand, in the order in which they are visited.
    digests: Vec<Digest>,
    /// Which one that is, by a few bits.
    object: u8,
}

/// The numbers of what is in the dictionary, found by hash.
#[derive(Default)]
struct Numbers {
    found: HashTable<(u32, u32)>,
    /// The bytes asked of the allocator for the content.
    bytes: usize,
}

/// What a value is known by.
#[derive(Clone, Copy)]
struct Digest {
    hash: u64,
    /// How many values it is made of, itself included.
    values: u32,
    /// Whether something in it is never shared.
    hides: bool,
}

/// Where a value stands in an object, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The object, and its metadata: never shared, because the identity is in them.
    Root,
    Metadata,
    /// Namespace and name, which are compared more often than anything else.
    Identity,
    /// What a Secret hides, wherever it is, which is never shared.
    Payload,
    Other,
}

/// What a Secret hides.
const SECRET: &[&str] = &["data", "stringData"];
/// Holds a whole object as a text, be it a Secret.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// With fewer records than that it is not worth packing them anew.
const MIN_RECORDS: usize = 1_024;
/// How long the start of a text is that may be shared: shorter ones are not worth it.
const MIN_START: usize = 8;
const MAX_START: usize = 256;

/// What is being written: an object, or a part of the dictionary.
struct Target {
    builder: Builder,
    /// Whether this is a part, in which nothing is seen for the first time.
    part: bool,
    /// The texts that were written.
    texts: HashTable<(u32, Slot)>,
    /// How texts began that were not, by hash.
    starts: HashSet<u32>,
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
            packed: 0,
            values: 0,
            renewals: 0,
            due: false,
            digests: Vec::new(),
            object: 0,
        }
    }

    /// A record that keeps what the draft tells.
    pub(crate) fn pack(&mut self, draft: &Draft<'_>) -> Record {
        self.digests.clear();
        self.object = self.hasher.hash_one((draft.name.namespace(), draft.name.name())) as u8;
        let target = || Target::new(Builder::stored(), false);
        // What is decoded is at most half as large as what fits, and keys that do not fit are too many.
        let blob = self.write(target(), draft, draft.keys);
        let blob = blob.or_else(|TooLarge| self.write(target(), draft, &vec![Keys::TOO_MANY; draft.keys.len()]));
        let blob = blob.unwrap_or_else(|TooLarge| self.reader.clone());
        self.packed += 1;
        self.values += self.digests.len();
        Record { object: Object { blob } }
    }

    fn write(&mut self, mut target: Target, draft: &Draft<'_>, keys: &[Keys<'_>]) -> Result<Blob, TooLarge> {
        let mut root = Slot::NULL;
        if let Some(body) = draft.body {
            let content = ValueRef::content(&body.blob);
            self.digest(content);
            root = self.value(&mut target, content, &mut 0, Role::Root)?;
        }
        for (fixed, text) in [(place::NAMESPACE, draft.name.namespace()), (place::NAME, draft.name.name())] {
            let slot = self.identity(&mut target, text)?;
            target.builder.set(fixed, slot);
        }
        let given = draft.uid.filter(|uid| draft.body.and_then(Object::uid).is_none_or(|own| own != *uid));
        let mut more = vec![given.map_or(Ok(Slot::NULL), |uid| target.builder.text(uid))?];
        for keys in keys {
            more.push(match keys {
                Keys::Absent(reason) => self.identity(&mut target, reason)?,
                Keys::Found([]) => Slot::NULL,
                Keys::Found(keys) => {
                    let components = keys.iter().flat_map(IndexKey::components);
                    let components = components.map(|component| self.identity(&mut target, component));
                    let components = components.collect::<Result<Vec<_>, _>>()?;
                    target.builder.list(&components)?
                }
                Keys::Of(record, index) => {
                    let components = record.components_of(*index);
                    let components = components.map(|component| self.identity(&mut target, component));
                    let components = components.collect::<Result<Vec<_>, _>>()?;
                    if components.is_empty() { Slot::NULL } else { target.builder.list(&components)? }
                }
            });
        }
        let identity = draft.identity.or(draft.body.map(|body| body.blob.identity()));
        let identity = identity.unwrap_or_else(new_identity);
        target.builder.finish_stored(root, identity, &self.dictionary, draft.version, &more)
    }

    /// A text that is compared.
    fn identity(&mut self, target: &mut Target, text: &str) -> Result<Slot, TooLarge> {
        self.text(target, text, self.text_hash(text), Role::Identity)
    }

    /// Whether so much was packed since all was packed anew that it is worth doing it again, for so many records.
    pub(crate) fn is_due(&self, records: usize) -> bool {
        self.due || self.packed >= records.max(MIN_RECORDS)
    }

    /// How often all was packed anew. What was packed before the last time holds a dictionary of its own alive.
    pub(crate) fn renewals(&self) -> usize {
        self.renewals
    }

    /// Lets all be packed anew as soon as possible.
    pub(crate) fn make_due(&mut self) {
        self.due = true;
    }

    /// Packs all records of a store anew, with a dictionary of what occurs more than once in them, and nothing else.
    pub(crate) fn repack<'r>(&mut self, records: impl Iterator<Item = &'r mut Record>) {
        let mut records: Vec<&mut Record> = records.collect();
        let mut fresh = Packer::new(self.dictionary.indexes.iter().cloned());
        fresh.renewals = self.renewals + 1;
        let mut counted = Counted::new(self.values);
        for record in &records {
            if let Some(body) = record.body() {
                fresh.digests.clear();
                let content = ValueRef::content(&body.blob);
                fresh.digest(content);
                fresh.count(&mut counted, content, &mut 0, Role::Root);
            }
        }
        fresh.sightings = Sightings::Counted(counted);
        for record in &mut records {
            **record = fresh.pack_again(record);
        }
        fresh.sightings = Sightings::default();
        fresh.packed = 0;
        fresh.values = 0;
        *self = fresh;
    }

    /// Counts what may enter the dictionary. What contains and was counted before is not looked into again: once in the
    /// dictionary, it is there with all it contains.
    fn count(&self, counted: &mut Counted, value: ValueRef<'_>, at: &mut usize, role: Role) {
        let digest = self.digests[*at];
        let end = *at + digest.values as usize;
        *at += 1;
        let hidden = hidden(value, digest, role);
        match value.kind() {
            Kind::String if role != Role::Payload => {
                counted.count(digest.hash);
            }
            kind @ (Kind::List | Kind::Map) => {
                if role == Role::Other && !digest.hides && !counted.count(digest.hash) {
                    *at = end;
                    return;
                }
                if kind == Kind::Map {
                    counted.count(self.shape_hash(value));
                }
                value.items().for_each(|item| self.count(counted, item, at, role.below("", hidden)));
                value.members().for_each(|(name, member)| self.count(counted, member, at, role.below(name, hidden)));
            }
            _ => {}
        }
    }

    fn pack_again(&mut self, record: &Record) -> Record {
        let (name, version, uid) = (record.name(), record.version(), record.given_uid());
        let keys = |index| match record.absent(index) {
            Some(reason) => Keys::Absent(reason.into()),
            None => Keys::Of(record, index),
        };
        let keys: Vec<Keys<'_>> = (0..record.indexes().len()).map(keys).collect();
        let identity = Some(record.object.blob.identity());
        self.pack(&Draft { name, uid, version: version.as_ref(), keys: &keys, body: record.body(), identity })
    }

    /// Notes what each value is known by, the containing before the contained.
    fn digest(&mut self, value: ValueRef<'_>) -> Digest {
        let at = self.digests.len();
        self.digests.push(Digest { hash: 0, values: 0, hides: false });
        let mut hides = false;
        let mut hasher = self.hasher.build_hasher();
        let kind = value.kind();
        (kind as u8).hash(&mut hasher);
        match kind {
            Kind::Null => {}
            Kind::Bool => value.as_bool().hash(&mut hasher),
            Kind::Integer => (value.as_u64(), value.as_i64()).hash(&mut hasher),
            Kind::Float => value.as_f64().map(f64::to_bits).hash(&mut hasher),
            Kind::String => value.as_str().hash(&mut hasher),
            Kind::List => value.items().for_each(|item| {
                let item = self.digest(item);
                hasher.write_u64(item.hash);
                hides |= item.hides;
            }),
            Kind::Map => value.members().for_each(|(name, value)| {
                let member = self.digest(value);
                name.hash(&mut hasher);
                hasher.write_u64(member.hash);
                hides |= member.hides || name == LAST_APPLIED || (name == "kind" && !hidden_by(value).is_empty());
            }),
        }
        // An object has fewer values than bytes.
        let digest = Digest { hash: hasher.finish(), values: (self.digests.len() - at) as u32, hides };
        self.digests[at] = digest;
        digest
    }

    /// Writes the value at a position of the digests, and moves the position behind it.
    fn value(
        &mut self,
        target: &mut Target,
        value: ValueRef<'_>,
        at: &mut usize,
        role: Role,
    ) -> Result<Slot, TooLarge> {
        let digest = self.digests[*at];
        let end = *at + digest.values as usize;
        let container = matches!(value.kind(), Kind::List | Kind::Map) && !value.is_empty();
        if container && role == Role::Other && !digest.hides {
            let same = |number| ValueRef::part(self.reader.part(number)) == value;
            if let Some(number) = self.parts.find(digest.hash, same) {
                *at = end;
                return Ok(Slot::new(Tag::Shared, number));
            }
            // Roughly, before it is written.
            let bytes = 6 * digest.values as usize;
            if self.sightings.admit(digest.hash, self.object, bytes, target.part) {
                let mut part = Target::new(Builder::part(), true);
                let root = self.content(&mut part, value, at, role)?;
                if let Some(number) = self.add_part(digest.hash, part.builder.finish_part(root)) {
                    return Ok(Slot::new(Tag::Shared, number));
                }
                *at = end - digest.values as usize;
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
        let hidden = hidden(value, digest, role);
        match value.kind() {
            Kind::Null => Ok(Slot::NULL),
            Kind::Bool => Ok(if value.as_bool() == Some(true) { Slot::TRUE } else { Slot::FALSE }),
            Kind::Integer => match value.as_u64() {
                Some(number) => target.builder.unsigned(number),
                None => target.builder.signed(value.as_i64().unwrap_or_default()),
            },
            Kind::Float => target.builder.float(value.as_f64().unwrap_or_default()),
            Kind::String => self.text(target, &value.as_str().unwrap_or_default(), digest.hash, role),
            Kind::List => {
                let items = value.items().map(|item| self.value(target, item, at, role.below("", hidden)));
                let items = items.collect::<Result<Vec<_>, _>>()?;
                target.builder.list(&items)
            }
            Kind::Map => {
                let mut values = Vec::with_capacity(value.len());
                for (name, member) in value.members() {
                    values.push(self.value(target, member, at, role.below(name, hidden))?);
                }
                self.map(target, value, &values)
            }
        }
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
        if role != Role::Payload {
            if let Some(number) = self.find_text(text, hash) {
                return Ok(Slot::new(Tag::SharedText, number));
            }
            if self.sightings.admit(hash, self.object, text.len(), target.part)
                && let Some(number) = self.add_text(hash, text)
            {
                return Ok(Slot::new(Tag::SharedText, number));
            }
        }
        if role == Role::Other
            && let Some(slot) = self.joined(target, text)?
        {
            return Ok(slot);
        }
        target.text(text, hash)
    }

    /// A text that begins as others do: up to the last `-` as the names of what is generated.
    fn joined(&mut self, target: &mut Target, text: &str) -> Result<Option<Slot>, TooLarge> {
        let Some(end) = text.rfind('-').filter(|end| *end >= MIN_START && *end <= MAX_START) else { return Ok(None) };
        let (start, rest) = text.split_at(end + 1);
        let hash = self.text_hash(start);
        let slot = match self.find_text(start, hash) {
            Some(number) => Slot::new(Tag::SharedText, number),
            None if target.known(start, hash) || !target.starts.insert(hash as u32) => target.text(start, hash)?,
            None => return Ok(None),
        };
        target.builder.joined(slot, rest).map(Some)
    }

    fn shape_hash(&self, map: ValueRef<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        map.members().for_each(|(name, _)| name.hash(&mut hasher));
        hasher.finish()
    }

    fn text_hash(&self, text: &str) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        (Kind::String as u8).hash(&mut hasher);
        Some(text).hash(&mut hasher);
        hasher.finish()
    }

    fn map(&mut self, target: &mut Target, map: ValueRef<'_>, values: &[Slot]) -> Result<Slot, TooLarge> {
        if values.is_empty() {
            return Ok(Slot::EMPTY_MAP);
        }
        let names = || map.members().map(|(name, _)| name);
        let hash = self.shape_hash(map);
        let shapes = &self.dictionary.shapes;
        let same = |number| shapes.get(number as usize).is_some_and(|shape: &Shape| shape.names().eq(names()));
        let known = self.shapes.find(hash, same);
        let shape = known.or_else(|| {
            let again = self.sightings.admit(hash, self.object, 4 * values.len(), false);
            again.then(|| Shape::new(names())).and_then(|shape| {
                let bytes = shape.bytes();
                self.shapes.add(hash, bytes, Stable::<Shape>::LIMIT, |number| shapes.set(number, shape))
            })
        });
        if let Some(shape) = shape {
            return target.builder.shaped(shape as usize, values);
        }
        let names = names().map(|name| self.name(target, name)).collect::<Result<Vec<_>, _>>()?;
        let members: Vec<_> = names.into_iter().zip(values.iter().copied()).collect();
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
        self.texts.find(hash, |number| self.dictionary.text(number as usize) == text)
    }

    fn add_text(&mut self, hash: u64, text: &str) -> Option<u32> {
        let dictionary = &self.dictionary;
        self.texts.add(hash, text.len(), Stable::<Box<str>>::LIMIT.min(LIMIT), |number| {
            dictionary.texts.set(number, text.into());
        })
    }

    fn add_part(&mut self, hash: u64, part: Box<[u8]>) -> Option<u32> {
        let dictionary = &self.dictionary;
        self.parts.add(hash, part.len(), Stable::<Box<[u8]>>::LIMIT.min(LIMIT), |number| {
            dictionary.parts.set(number, part);
        })
    }

    /// The bytes asked of the allocator for the dictionary and what is needed to add to it.
    pub(crate) fn bytes(&self) -> usize {
        let texts = Stable::<Box<str>>::bytes(self.texts.found.len()) + self.texts.bytes();
        let parts = Stable::<Box<[u8]>>::bytes(self.parts.found.len()) + self.parts.bytes();
        let shapes = Stable::<Shape>::bytes(self.shapes.found.len()) + self.shapes.bytes();
        let own = size_of::<Dictionary>() + place::END;
        own + texts + parts + shapes + self.sightings.bytes() + self.digests.capacity() * size_of::<Digest>()
    }
}

/// The names of the members that are never shared, of a map that stands there.
fn hidden(map: ValueRef<'_>, digest: Digest, role: Role) -> &'static [&'static str] {
    if !digest.hides && role != Role::Root {
        return &[];
    }
    match map.member("kind") {
        Some(kind) => hidden_by(kind),
        // Whoever left it out may have written a Secret.
        None if role == Role::Root => SECRET,
        None => &[],
    }
}

/// The names of the members that are never shared in what is of that kind.
fn hidden_by(kind: ValueRef<'_>) -> &'static [&'static str] {
    match kind.as_str().as_deref() {
        Some("Secret") => SECRET,
        Some("SecretList") => &["items"],
        _ => &[],
    }
}

impl Role {
    fn below(self, name: &str, hidden: &[&str]) -> Role {
        match (self, name) {
            (Role::Payload, _) | (_, LAST_APPLIED) => Role::Payload,
            (_, name) if hidden.contains(&name) => Role::Payload,
            (Role::Root, "metadata") => Role::Metadata,
            (Role::Metadata, "name" | "namespace") => Role::Identity,
            _ => Role::Other,
        }
    }
}

impl Numbers {
    fn find(&self, hash: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        let eq = |(found, number): &(u32, u32)| *found == hash as u32 && same(*number);
        self.found.find(spread(hash as u32), eq).map(|(_, number)| *number)
    }

    fn add(&mut self, hash: u64, bytes: usize, limit: usize, set: impl FnOnce(usize)) -> Option<u32> {
        let number = self.found.len();
        if number >= limit {
            return None;
        }
        set(number);
        self.bytes += bytes;
        let entry = (hash as u32, number as u32);
        self.found.insert_unique(spread(entry.0), entry, |(hash, _)| spread(*hash));
        Some(entry.1)
    }

    fn bytes(&self) -> usize {
        self.bytes + self.found.allocation_size()
    }
}

/// The table looks at the upper bits too.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Target {
    fn new(builder: Builder, part: bool) -> Target {
        Target { builder, part, texts: HashTable::new(), starts: HashSet::new() }
    }

    /// Whether a text was written.
    fn known(&self, text: &str, hash: u64) -> bool {
        self.texts.find(spread(hash as u32), |entry| self.is(entry, text, hash as u32)).is_some()
    }

    fn is(&self, entry: &(u32, Slot), text: &str, hash: u32) -> bool {
        entry.0 == hash && self.builder.text_of(entry.1) == text.as_bytes()
    }

    /// A text, written once however often it occurs.
    fn text(&mut self, text: &str, hash: u64) -> Result<Slot, TooLarge> {
        self.once(text, hash, Builder::text)
    }

    /// The name of a member.
    fn name(&mut self, name: &str, hash: u64) -> Result<Slot, TooLarge> {
        self.once(name, hash, Builder::name)
    }

    fn once(
        &mut self,
        text: &str,
        hash: u64,
        write: impl FnOnce(&mut Builder, &str) -> Result<Slot, TooLarge>,
    ) -> Result<Slot, TooLarge> {
        let hash = hash as u32;
        if let Some((_, slot)) = self.texts.find(spread(hash), |entry| self.is(entry, text, hash)) {
            return Ok(*slot);
        }
        let slot = write(&mut self.builder, text)?;
        self.texts.insert_unique(spread(hash), (hash, slot), |(hash, _)| spread(*hash));
        Ok(slot)
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
        packer.digests.clear();
        let hash = packer.digest(value).hash;
        let shape = packer.shape_hash(value);
        for (numbers, hash) in [(&mut packer.texts, hash), (&mut packer.parts, hash), (&mut packer.shapes, shape)] {
            let known: Vec<u32> = numbers.found.iter().map(|(_, number)| *number).collect();
            for number in known {
                let entry = (hash as u32, number);
                numbers.found.insert_unique(spread(entry.0), entry, |(hash, _)| spread(*hash));
            }
        }
        value.items().for_each(|item| collide(packer, item));
        value.members().for_each(|(_, member)| collide(packer, member));
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
            || (0..).map_while(|at| shapes.get(at)).any(|shape| shape.names().any(|name| within(name.as_bytes())))
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
