//! Packing: from the form that decoding writes into the form that a store keeps. What many objects have in common goes
//! into the store's dictionary, when it is seen in a second object; texts that stand for fewer bytes become those.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::blob::{Blob, Builder, TooLarge, place};
use super::dictionary::{Dictionary, Shape};
use super::packed::pack;
use super::sightings::Sightings;
use super::slot::{LIMIT, Slot, Tag};
use super::stable::Stable;
use super::value::{Kind, ValueRef};
use super::Object;

/// The writing side of a dictionary. There is one for each.
pub(crate) struct Packer {
    dictionary: Arc<Dictionary>,
    /// Reads the dictionary.
    reader: Blob,
    parts: Numbers,
    shapes: Numbers,
    sightings: Sightings,
    hasher: DefaultHashBuilder,
    /// The bytes of all that was packed.
    packed: usize,
    /// The values of the object at hand, in the order in which they are visited.
    digests: Vec<Digest>,
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
}

/// Where a value stands in an object, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
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

/// What is being written: an object, or a part of the dictionary.
struct Target {
    builder: Builder,
    /// The object, by a few bits; `None` for parts, in which nothing is seen for the first time.
    object: Option<u8>,
    /// The texts that were written.
    texts: HashTable<(u32, Slot)>,
}

impl Default for Packer {
    fn default() -> Packer {
        let dictionary = Arc::<Dictionary>::default();
        Packer {
            reader: Blob::reader(Arc::clone(&dictionary)),
            dictionary,
            parts: Numbers::default(),
            shapes: Numbers::default(),
            sightings: Sightings::default(),
            hasher: DefaultHashBuilder::default(),
            packed: 0,
            digests: Vec::new(),
        }
    }
}

impl Packer {
    /// The same object, packed.
    pub(crate) fn pack(&mut self, object: &Object) -> Object {
        let packed = object.blob.dictionary().is_some_and(|dictionary| Arc::ptr_eq(dictionary, &self.dictionary));
        if packed {
            return object.clone();
        }
        let content = ValueRef::content(&object.blob);
        self.sightings.size_for(self.packed);
        self.digests.clear();
        self.digest(content);
        let owner = self.hasher.hash_one(object.blob.own().text(place::NAMESPACE)) as u8;
        let owner = owner ^ self.hasher.hash_one(object.blob.own().text(place::NAME)) as u8;
        let mut target = Target { builder: Builder::default(), object: Some(owner), texts: HashTable::new() };
        let root = Role::Root { secret: object.kind() == "Secret" };
        let blob = self
            .value(&mut target, content, &mut 0, root)
            .and_then(|root| target.builder.finish_as(&object.blob, root, &self.dictionary));
        // What is not larger than it may be does not become so.
        let blob = blob.unwrap_or_else(|TooLarge| object.blob.clone());
        self.packed += blob.own().bytes.len();
        Object { blob }
    }

    /// Notes what each value is known by, the containing before the contained.
    fn digest(&mut self, value: ValueRef<'_>) -> u64 {
        let at = self.digests.len();
        self.digests.push(Digest { hash: 0, values: 0 });
        let mut hasher = self.hasher.build_hasher();
        let kind = value.kind();
        (kind as u8).hash(&mut hasher);
        match kind {
            Kind::Null => {}
            Kind::Bool => value.as_bool().hash(&mut hasher),
            Kind::Integer => (value.as_u64(), value.as_i64()).hash(&mut hasher),
            Kind::Float => value.as_f64().map(f64::to_bits).hash(&mut hasher),
            Kind::String => value.as_str().hash(&mut hasher),
            Kind::List => value.items().for_each(|item| hasher.write_u64(self.digest(item))),
            Kind::Map => value.members().for_each(|(name, value)| {
                name.hash(&mut hasher);
                hasher.write_u64(self.digest(value));
            }),
        }
        let hash = hasher.finish();
        self.digests[at] = Digest { hash, values: (self.digests.len() - at) as u32 };
        hash
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
        if container && role == Role::Other {
            if let Some(number) = self.find_part(digest.hash, |reader, number| {
                ValueRef::part(reader.part(number)) == value
            }) {
                *at = end;
                return Ok(Slot::new(Tag::Shared, number));
            }
            if target.object.is_some_and(|object| self.sightings.see(digest.hash, object)) {
                let mut part = Target { builder: Builder::part(), object: None, texts: HashTable::new() };
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
                let items = value.items().map(|item| self.value(target, item, at, role.below("")));
                let items = items.collect::<Result<Vec<_>, _>>()?;
                target.builder.list(&items)
            }
            Kind::Map => {
                let mut values = Vec::with_capacity(value.len());
                for (name, member) in value.members() {
                    let slot = self.value(target, member, at, role.below(name))?;
                    if role == Role::Metadata {
                        match name {
                            "name" => target.builder.set(place::NAME, identity(slot)),
                            "namespace" => target.builder.set(place::NAMESPACE, identity(slot)),
                            _ => {}
                        }
                    }
                    values.push(slot);
                }
                self.map(target, value, &values)
            }
        }
    }

    fn text(&mut self, target: &mut Target, text: &str, hash: u64, role: Role) -> Result<Slot, TooLarge> {
        if let Some(slot) = Slot::short(text) {
            return Ok(slot);
        }
        if role != Role::Identity && let Some((tag, packed)) = pack(text) {
            return target.builder.packed(tag, &packed);
        }
        if role != Role::Payload {
            if let Some(number) = self.find_part(hash, |reader, number| reader.part(number).bytes == text.as_bytes()) {
                return Ok(Slot::new(Tag::SharedText, number));
            }
            if target.object.is_some_and(|object| self.sightings.see(hash, object))
                && let Some(number) = self.add_part(hash, text.as_bytes().into())
            {
                return Ok(Slot::new(Tag::SharedText, number));
            }
        }
        target.text(text, hash)
    }

    fn map(&mut self, target: &mut Target, map: ValueRef<'_>, values: &[Slot]) -> Result<Slot, TooLarge> {
        if values.is_empty() {
            return Ok(Slot::EMPTY_MAP);
        }
        let names = || map.members().map(|(name, _)| name);
        let mut hasher = self.hasher.build_hasher();
        names().for_each(|name| name.hash(&mut hasher));
        let hash = hasher.finish();
        let shapes = &self.dictionary.shapes;
        let same = |number| shapes.get(number as usize).is_some_and(|shape: &Shape| shape.names().eq(names()));
        let known = self.shapes.find(hash, same);
        // The same names are seen in parts as well: which part they are first seen in says nothing.
        let object = target.object.unwrap_or_else(|| self.digests[0].hash as u8);
        let shape = known.or_else(|| {
            let again = self.sightings.see(hash, object);
            again.then(|| Shape::new(names())).and_then(|shape| {
                let bytes = shape.bytes();
                self.shapes.add(hash, bytes, Stable::<Shape>::LIMIT, |number| shapes.set(number, shape))
            })
        });
        if let Some(shape) = shape {
            return target.builder.shaped(shape as usize, values);
        }
        let names = names().map(|name| target.name(name, self.hasher.hash_one(name))).collect::<Result<Vec<_>, _>>()?;
        let members: Vec<_> = names.into_iter().zip(values.iter().copied()).collect();
        target.builder.map(&members)
    }

    fn find_part(&self, hash: u64, same: impl Fn(&Blob, u32) -> bool) -> Option<u32> {
        self.parts.find(hash, |number| same(&self.reader, number))
    }

    fn add_part(&mut self, hash: u64, part: Box<[u8]>) -> Option<u32> {
        let dictionary = &self.dictionary;
        self.parts.add(hash, part.len(), Stable::<Box<[u8]>>::LIMIT.min(LIMIT), |number| {
            dictionary.parts.set(number, part);
        })
    }

    /// The bytes asked of the allocator for the dictionary and what is needed to add to it.
    pub(crate) fn bytes(&self) -> usize {
        let parts = Stable::<Box<[u8]>>::bytes(self.parts.found.len()) + self.parts.bytes();
        let shapes = Stable::<Shape>::bytes(self.shapes.found.len()) + self.shapes.bytes();
        let own = size_of::<Dictionary>() + place::END;
        own + parts + shapes + self.sightings.bytes() + self.digests.capacity() * size_of::<Digest>()
    }
}

/// The slot of a name or namespace, which is one only if it is a text.
fn identity(slot: Slot) -> Slot {
    if matches!(slot.tag(), Tag::Short | Tag::Text | Tag::SharedText) { slot } else { Slot::NULL }
}

impl Role {
    fn below(self, name: &str) -> Role {
        match (self, name) {
            (Role::Root { .. }, "metadata") => Role::Metadata,
            (Role::Root { secret: true }, "data" | "stringData") | (Role::Payload, _) => Role::Payload,
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
        let builder = &mut self.builder;
        let eq = |(found, slot): &(u32, Slot)| *found == hash && builder.text_of(*slot) == text.as_bytes();
        if let Some((_, slot)) = self.texts.find(spread(hash), eq) {
            return Ok(*slot);
        }
        let slot = write(builder, text)?;
        self.texts.insert_unique(spread(hash), (hash, slot), |(hash, _)| spread(*hash));
        Ok(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            let mut packer = Packer::default();
            let kind = if secret { "Secret" } else { "ConfigMap" };
            // Three times in other objects, so that everything enters the dictionary that may.
            for at in 0..3 * contents.len() {
                let object = object(at, kind, &contents[at % contents.len()]);
                let packed = packer.pack(&object);
                prop_assert!(packed == object && packed.ptr_eq(&object));
                prop_assert_eq!(packed.to_value(), object.to_value());
                prop_assert_eq!(packed.name(), object.name());
                prop_assert_eq!(packed.resource_version(), object.resource_version());
                prop_assert_eq!(packed.parse::<Value>().unwrap(), object.to_value());
                let again = Packer::default().pack(&packed);
                prop_assert_eq!(again.to_value(), object.to_value());
            }
        }
    }
}
