//! Decoding: from JSON bytes straight into the resident form, dropping unwanted fields on the way.
//!
//! What is dropped is skipped by the parser and never allocated. Which fields those are is a [`Mask`]'s business.

mod key;
mod target;

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::blob::{Builder, TooLarge};
use super::slot::{Slot, Tag};
use super::{MAX_DEPTH, Object};
use crate::path::{Cursor, Mask};
use key::Key;
use target::Target;

/// How one object is to be decoded.
#[derive(Clone, Copy, Default)]
pub(crate) struct Decoder<'d> {
    /// The fields to keep; `None`: all.
    pub(crate) mask: Option<&'d Mask>,
    /// apiVersion and kind for an object that does not say its own, as the items of lists.
    pub(crate) type_meta: Option<(&'d str, &'d str)>,
}

impl Decoder<'_> {
    pub(crate) fn decode(self, json: &[u8]) -> Result<Object, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let object = self.decode_into(Target::with_capacity(json.len() / 2), &mut deserializer)?;
        deserializer.end()?;
        Ok(object)
    }

    pub(crate) fn decode_from<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<Object, D::Error> {
        self.decode_into(Target::default(), deserializer)
    }

    fn decode_into<'de, D: Deserializer<'de>>(self, mut target: Target, deserializer: D) -> Result<Object, D::Error> {
        let seed = Seed {
            cursor: self.mask.map_or(Cursor::ALL, Mask::root),
            place: Place::Root { type_meta: self.type_meta },
            depth: MAX_DEPTH,
            target: &mut target,
        };
        let Some(root) = seed.deserialize(deserializer)? else {
            return Err(D::Error::custom("expected an object, found a single value"));
        };
        match root {
            Slot::EMPTY_LIST => Err(D::Error::custom("expected an object, found a list")),
            _ if root.tag() == Tag::List => Err(D::Error::custom("expected an object, found a list")),
            _ if root.tag() != Tag::Map && root != Slot::EMPTY_MAP => {
                Err(D::Error::custom("expected an object, found a single value"))
            }
            _ => {
                let blob = target.builder.finish(root, target.version.as_ref());
                Ok(Object { blob: blob.map_err(D::Error::custom)? })
            }
        }
    }
}

/// Decodes one value; `None` when the mask keeps nothing of it.
struct Seed<'m, 't> {
    cursor: Cursor<'m>,
    place: Place<'m>,
    /// How many more levels may follow.
    depth: usize,
    target: &'t mut Target,
}

#[derive(Clone, Copy)]
enum Place<'m> {
    Root { type_meta: Option<(&'m str, &'m str)> },
    Metadata,
    Other,
}

impl<'m> Seed<'m, '_> {
    fn scalar<E: serde::de::Error>(
        self,
        slot: impl FnOnce(&mut Builder) -> Result<Slot, TooLarge>,
    ) -> Result<Option<Slot>, E> {
        match self.cursor.keeps_scalar() {
            true => slot(&mut self.target.builder).map(Some).map_err(E::custom),
            false => Ok(None),
        }
    }

    /// How many levels may follow below the next one.
    fn below<E: serde::de::Error>(&self) -> Result<usize, E> {
        let depth = self.depth.checked_sub(1);
        depth.ok_or_else(|| E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Option<Slot>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Slot>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Option<Slot>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Option<Slot>, E> {
        self.scalar(|_| Ok(Slot::NULL))
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Option<Slot>, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Slot>, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Option<Slot>, E> {
        self.scalar(|_| Ok(if value { Slot::TRUE } else { Slot::FALSE }))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Option<Slot>, E> {
        self.scalar(|builder| builder.unsigned(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Option<Slot>, E> {
        self.scalar(|builder| match u64::try_from(value) {
            Ok(unsigned) => builder.unsigned(unsigned),
            Err(_) => builder.signed(value),
        })
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Option<Slot>, E> {
        // As `serde_json::Value` has it: what JSON cannot write is null.
        self.scalar(|builder| if value.is_finite() { builder.float(value) } else { Ok(Slot::NULL) })
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Option<Slot>, E> {
        self.scalar(|builder| builder.text(value.as_bytes()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<Slot>, A::Error> {
        let depth = self.below()?;
        let Seed { cursor, target, .. } = self;
        let first = target.items.len();
        for position in 0.. {
            let next = match cursor.position(position) {
                // What nothing is kept of still holds its position for the others.
                Some(cursor) => {
                    let seed = Seed { cursor, place: Place::Other, depth, target: &mut *target };
                    let item = list.next_element_seed(seed)?;
                    item.map(|item| Some(item.unwrap_or(Slot::NULL)))
                }
                None => list.next_element::<IgnoredAny>()?.map(|_| None),
            };
            match next {
                None => break,
                Some(item) => target.items.extend(item),
            }
        }
        let slot = cursor.keeps_list().then(|| target.builder.list(&target.items[first..]));
        target.items.truncate(first);
        slot.transpose().map_err(A::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Slot>, A::Error> {
        let depth = self.below()?;
        let Seed { cursor: here, place, target, .. } = self;
        let first = target.members.len();
        if let Place::Root { type_meta: Some((api_version, kind)) } = place {
            // First, so that what the object says itself wins over it.
            for (name, text) in [("apiVersion", api_version), ("kind", kind)] {
                let member = target.name(name).and_then(|name| Ok((name, target.builder.text(text.as_bytes())?)));
                target.members.push(member.map_err(A::Error::custom)?);
            }
        }
        while let Some(Key(key)) = map.next_key()? {
            let Some(cursor) = here.key(&key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let mut seed = Seed { cursor, place: Place::Other, depth, target: &mut *target };
            if matches!(place, Place::Root { .. }) && key == "metadata" {
                seed.place = Place::Metadata;
                seed.target.forget_identity();
            }
            let value = map.next_value_seed(seed)?;
            let beside = matches!(place, Place::Metadata) && key == "resourceVersion" && value.is_some();
            let member = match value {
                Some(value) if beside && target.take_version(value) => continue,
                Some(value) => target.name(&key).map(|name| (name, value)),
                None => continue,
            };
            target.members.push(member.map_err(A::Error::custom)?);
        }
        target.order_members(first);
        if matches!(place, Place::Metadata) {
            target.drop_former_version(first);
            target.note_identity(first);
        }
        let slot = here.keeps_map().then(|| target.builder.map(&target.members[first..]));
        target.members.truncate(first);
        slot.transpose().map_err(A::Error::custom)
    }
}
