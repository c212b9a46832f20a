//! Scalars: texts, numbers, booleans and null.

use std::borrow::Cow;

use super::{Kind, Place, Text, ValueRef};
use crate::object::slot::{Slot, Tag};

pub(super) enum Number {
    /// Not negative.
    Unsigned(u64),
    /// Negative.
    Signed(i64),
    Float(f64),
}

impl<'a> ValueRef<'a> {
    /// The integer or float, if this is one.
    pub(super) fn number(self) -> Option<Number> {
        let slot = self.slot();
        match slot.tag() {
            Tag::Small if self.place != Place::Version => Some(Number::Unsigned(slot.payload() as u64)),
            Tag::Number if self.place != Place::Version => {
                let (form, value) = self.bytes()[slot.payload()..].split_first()?;
                let value = *value.first_chunk()?;
                Some(match form {
                    b'u' => Number::Unsigned(u64::from_le_bytes(value)),
                    b'i' => Number::Signed(i64::from_le_bytes(value)),
                    _ => Number::Float(f64::from_le_bytes(value)),
                })
            }
            _ => None,
        }
    }

    /// What the value is.
    pub fn kind(self) -> Kind {
        if self.place == Place::Version {
            return Kind::String;
        }
        let slot = self.slot();
        match slot.tag() {
            Tag::Constant => match slot {
                Slot::NULL => Kind::Null,
                Slot::EMPTY_LIST => Kind::List,
                Slot::EMPTY_MAP => Kind::Map,
                _ => Kind::Bool,
            },
            Tag::Small => Kind::Integer,
            Tag::Number => match self.bytes()[slot.payload()] {
                b'f' => Kind::Float,
                _ => Kind::Integer,
            },
            Tag::Short | Tag::Text | Tag::SharedText => Kind::String,
            Tag::Uuid | Tag::Time | Tag::Ipv4 | Tag::Base64 | Tag::Joined => Kind::String,
            Tag::List => Kind::List,
            Tag::Map | Tag::Shaped | Tag::Shared => Kind::Map,
        }
    }

    /// Whether the value is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The text of a string.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        if self.place == Place::Version {
            return self.part.blob.version().map(|version| Cow::Owned(version.to_string()));
        }
        match Text::of(self)? {
            // Only whole texts were ever written; without unsafe code the check is the price of reading them.
            Text::Plain(text) => std::str::from_utf8(text).ok().map(Cow::Borrowed),
            text => String::from_utf8(text.bytes().into_owned()).ok().map(Cow::Owned),
        }
    }

    /// The value of a boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self.slot() {
            _ if self.place == Place::Version => None,
            Slot::FALSE => Some(false),
            Slot::TRUE => Some(true),
            _ => None,
        }
    }

    /// The value of an integer that fits.
    pub fn as_i64(self) -> Option<i64> {
        match self.number()? {
            Number::Signed(value) => Some(value),
            Number::Unsigned(value) => i64::try_from(value).ok(),
            Number::Float(_) => None,
        }
    }

    /// The value of an integer that is not negative.
    pub fn as_u64(self) -> Option<u64> {
        match self.number()? {
            Number::Unsigned(value) => Some(value),
            Number::Signed(_) | Number::Float(_) => None,
        }
    }

    /// The value of a number, rounded if it is an integer beyond 2^53.
    pub fn as_f64(self) -> Option<f64> {
        Some(match self.number()? {
            Number::Float(value) => value,
            Number::Unsigned(value) => value as f64,
            Number::Signed(value) => value as f64,
        })
    }

    /// The text of a scalar as it prints and is indexed: strings as they are, integers and booleans printed,
    /// floats in shortest form (`80.0` is `80`, `1e21` is `1000000000000000000000`). `None` for null, lists, maps.
    pub fn scalar_text(self) -> Option<Cow<'a, str>> {
        match (self.number(), self.as_bool()) {
            (Some(Number::Unsigned(value)), _) => Some(value.to_string().into()),
            (Some(Number::Signed(value)), _) => Some(value.to_string().into()),
            (Some(Number::Float(value)), _) => Some(value.to_string().into()),
            (None, Some(value)) => Some(Cow::Borrowed(if value { "true" } else { "false" })),
            (None, None) => self.as_str(),
        }
    }
}
