//! What concerns a value as a whole, with all it contains: equality and serialization.

use std::sync::Arc;

use serde::ser::{SerializeMap, SerializeSeq};

use super::super::blob::Part;
use super::text::Text;
use super::{Kind, Number, Place, ValueRef};

impl ValueRef<'_> {
    /// Whether both are one value of one dictionary.
    fn is_same(&self, other: &Self) -> bool {
        let (a, b) = (self.part, other.part);
        let place = (a.number, self.at) == (b.number, other.at) && a.number != Part::OWN;
        place && a.blob.dictionary().zip(b.blob.dictionary()).is_some_and(|(a, b)| Arc::ptr_eq(a, b))
    }
}

impl ValueRef<'_> {
    /// Whether both print as the same text: unlike equal ones, which may be zeros of different signs.
    pub(in crate::object) fn is_identical(self, other: ValueRef<'_>) -> bool {
        self.compare(&other, |a, b| a.to_bits() == b.to_bits())
    }

    fn compare(&self, other: &ValueRef<'_>, floats: impl Fn(f64, f64) -> bool + Copy) -> bool {
        if self.is_same(other) {
            return true;
        }
        let kind = self.kind();
        if kind != other.kind() {
            return false;
        }
        match kind {
            Kind::Map if self.place != Place::Other || other.place != Place::Other => {
                let same = |((a, x), (b, y)): ((&str, ValueRef<'_>), _)| a == b && x.compare(&y, floats);
                self.len() == other.len() && self.members().zip(other.members()).all(same)
            }
            Kind::Map => {
                let same = |((a, x), (b, y)): ((&[u8], ValueRef<'_>), _)| a == b && x.compare(&y, floats);
                self.fields().len() == other.fields().len() && self.fields().zip(other.fields()).all(same)
            }
            Kind::List => {
                self.len() == other.len() && self.items().zip(other.items()).all(|(a, b)| a.compare(&b, floats))
            }
            Kind::String => match (Text::of(*self), Text::of(*other)) {
                (Some(a), Some(b)) => a == b,
                _ => self.as_str() == other.as_str(),
            },
            Kind::Float => self.as_f64().zip(other.as_f64()).is_some_and(|(a, b)| floats(a, b)),
            Kind::Integer => (self.as_u64(), self.as_i64()) == (other.as_u64(), other.as_i64()),
            Kind::Bool | Kind::Null => self.slot() == other.slot(),
        }
    }
}

impl PartialEq for ValueRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other, |a, b| a == b)
    }
}

impl serde::Serialize for ValueRef<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.kind() {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool => serializer.serialize_bool(self.as_bool().unwrap_or_default()),
            Kind::Integer | Kind::Float => match self.number() {
                Some(Number::Unsigned(value)) => serializer.serialize_u64(value),
                Some(Number::Signed(value)) => serializer.serialize_i64(value),
                Some(Number::Float(value)) => serializer.serialize_f64(value),
                None => serializer.serialize_unit(),
            },
            Kind::String => serializer.serialize_str(&self.as_str().unwrap_or_default()),
            Kind::List => {
                let mut list = serializer.serialize_seq(Some(self.len()))?;
                self.items().try_for_each(|item| list.serialize_element(&item))?;
                list.end()
            }
            Kind::Map => {
                let mut map = serializer.serialize_map(Some(self.len()))?;
                self.members().try_for_each(|(name, value)| map.serialize_entry(name, &value))?;
                map.end()
            }
        }
    }
}
