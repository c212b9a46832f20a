//! Decoding: from JSON bytes straight into the resident form, dropping unwanted fields on the way.
//!
//! What is dropped is skipped by the parser and never allocated. Which fields those are is a [`Mask`]'s business.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::intern::intern;
use super::node::Node;
use super::{MAX_DEPTH, Object, ResourceVersion};
use crate::path::{Cursor, Mask};

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
        let object = self.decode_from(&mut deserializer)?;
        deserializer.end()?;
        Ok(object)
    }

    pub(crate) fn decode_from<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<Object, D::Error> {
        let version = RefCell::default();
        let seed = Seed {
            cursor: self.mask.map_or(Cursor::ALL, Mask::root),
            place: Place::Root { type_meta: self.type_meta },
            depth: MAX_DEPTH,
            version: &version,
        };
        match seed.deserialize(deserializer)? {
            Some(root @ Node::Map(_)) => Ok(Object::new(root, version.into_inner())),
            Some(Node::List(_)) => Err(D::Error::custom("expected an object, found a list")),
            _ => Err(D::Error::custom("expected an object, found a single value")),
        }
    }
}

/// Decodes one value; `None` when the mask keeps nothing of it.
#[derive(Clone, Copy)]
struct Seed<'m, 'v> {
    cursor: Cursor<'m>,
    place: Place<'m>,
    /// How many more levels may follow.
    depth: usize,
    /// Where `metadata.resourceVersion` goes instead of into the tree.
    version: &'v RefCell<Option<ResourceVersion>>,
}

#[derive(Clone, Copy)]
enum Place<'m> {
    Root { type_meta: Option<(&'m str, &'m str)> },
    Metadata,
    Other,
}

impl Seed<'_, '_> {
    fn scalar<E>(self, node: impl FnOnce() -> Node) -> Result<Option<Node>, E> {
        Ok(self.cursor.keeps_scalar().then(node))
    }

    /// What holds for the values one level below.
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1);
        let depth = depth.ok_or_else(|| E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")))?;
        Ok(Seed { place: Place::Other, depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Option<Node>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Node>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Option<Node>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Option<Node>, E> {
        self.scalar(|| Node::Null)
    }

    fn visit_none<E>(self) -> Result<Option<Node>, E> {
        self.scalar(|| Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Node>, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<Node>, E> {
        self.scalar(|| Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<Node>, E> {
        self.scalar(|| Node::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Option<Node>, E> {
        self.scalar(|| u64::try_from(value).map_or(Node::Signed(value), Node::Unsigned))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Option<Node>, E> {
        // As `serde_json::Value` has it: what JSON cannot write is null.
        self.scalar(|| if value.is_finite() { Node::Float(value) } else { Node::Null })
    }

    fn visit_str<E>(self, value: &str) -> Result<Option<Node>, E> {
        self.scalar(|| Node::String(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Option<Node>, E> {
        self.scalar(|| Node::String(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<Node>, A::Error> {
        let below = self.below()?;
        let mut items = Vec::new();
        for position in 0.. {
            let cursor = self.cursor.position(position);
            let next = match cursor {
                // What nothing is kept of still holds its position for the others.
                Some(cursor) => {
                    let item = list.next_element_seed(Seed { cursor, ..below })?;
                    item.map(|item| Some(item.unwrap_or(Node::Null)))
                }
                None => list.next_element::<IgnoredAny>()?.map(|_| None),
            };
            match next {
                None => break,
                Some(item) => items.extend(item),
            }
        }
        Ok(self.cursor.keeps_list().then(|| Node::List(items.into())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Node>, A::Error> {
        let below = self.below()?;
        let mut members: Vec<(Arc<str>, Node)> = Vec::new();
        if let Place::Root { type_meta: Some((api_version, kind)) } = self.place {
            // First, so that what the object says itself wins over it.
            members.push((intern("apiVersion"), Node::String(api_version.into())));
            members.push((intern("kind"), Node::String(kind.into())));
        }
        while let Some(Key(key)) = map.next_key()? {
            let Some(cursor) = self.cursor.key(&key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let mut seed = Seed { cursor, ..below };
            match (self.place, &*key) {
                (Place::Root { .. }, "metadata") => {
                    seed.place = Place::Metadata;
                    self.version.replace(None);
                }
                (Place::Metadata, "resourceVersion") => {
                    self.version.replace(None);
                    if let Some(value) = map.next_value_seed(seed)? {
                        members.retain(|(name, _)| **name != *key);
                        match value {
                            Node::String(text) => {
                                self.version.replace(Some(ResourceVersion::new(&text)));
                            }
                            odd => members.push((intern(&key), odd)),
                        }
                    }
                    continue;
                }
                _ => {}
            }
            if let Some(value) = map.next_value_seed(seed)? {
                members.push((intern(&key), value));
            }
        }
        if !self.cursor.keeps_map() {
            return Ok(None);
        }
        // The sort is stable: of members of one name the last stays.
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        members.reverse();
        members.dedup_by(|(a, _), (b, _)| a == b);
        members.reverse();
        Ok(Some(Node::Map(members.into())))
    }
}

/// A member's name, borrowed from the text where it holds no escape.
struct Key<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key<'de>, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(name.to_owned())))
            }

            fn visit_string<E>(self, name: String) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(name)))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}
