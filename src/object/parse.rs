//! Typed views: an object's values as a serde deserializer, so that `parse` needs no copy in between.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{CowStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::value::{Kind, ValueRef};

impl<'a> ValueRef<'a> {
    /// The value as a typed one.
    ///
    /// # Errors
    ///
    /// When `T` does not accept it. The message tells what was found and what was expected, but not the content,
    /// which may be a Secret's, unless `T` has words of its own.
    pub fn parse<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        Ok(T::deserialize(self)?)
    }
}

/// An error of serde without the content that serde's own words quote.
#[derive(Debug)]
pub struct Error(serde_json::Error);

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Error {
        Error(serde_json::Error::custom(message))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Error {
        Error::custom(format_args!("invalid type: {}, expected {expected}", kind(&found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Error {
        Error::custom(format_args!("invalid value: {}, expected {expected}", kind(&found)))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Error {
        Error::custom(format_args!("unknown variant, expected one of {}", expected.join(", ")))
    }
}

/// What was found, in the words of [`Kind`].
fn kind(found: &Unexpected<'_>) -> impl fmt::Display {
    match found {
        Unexpected::Bool(_) => Kind::Bool,
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => Kind::Integer,
        Unexpected::Float(_) => Kind::Float,
        Unexpected::Unit | Unexpected::Option => Kind::Null,
        Unexpected::Seq | Unexpected::TupleVariant => Kind::List,
        Unexpected::Map | Unexpected::StructVariant => Kind::Map,
        _ => Kind::String,
    }
}

impl From<Error> for serde_json::Error {
    fn from(error: Error) -> serde_json::Error {
        error.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

impl<'de> Deserializer<'de> for ValueRef<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.kind() {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool => visitor.visit_bool(self.as_bool().unwrap_or_default()),
            Kind::Integer => match self.as_u64() {
                Some(value) => visitor.visit_u64(value),
                None => visitor.visit_i64(self.as_i64().unwrap_or_default()),
            },
            Kind::Float => visitor.visit_f64(self.as_f64().unwrap_or_default()),
            Kind::String => match self.as_str().unwrap_or_default() {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Kind::List => {
                let mut list = SeqDeserializer::new(self.items());
                let value = visitor.visit_seq(&mut list)?;
                list.end()?;
                Ok(value)
            }
            Kind::Map => {
                let mut map = MapDeserializer::new(self.members());
                let value = visitor.visit_map(&mut map)?;
                map.end()?;
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// An enum is a text, or a map of one member: the variant and its value.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (variant, value) = match self.kind() {
            Kind::String => (self.as_str().unwrap_or_default(), None),
            Kind::Map if self.len() == 1 => match self.members().next() {
                Some((name, value)) => (Cow::Borrowed(name), Some(value)),
                None => return Err(Error::custom("expected a map of one member")),
            },
            other => return Err(Error::custom(format_args!("expected a variant, found {other}"))),
        };
        visitor.visit_enum(Variant { variant, value })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for ValueRef<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct Variant<'de> {
    variant: Cow<'de, str>,
    value: Option<ValueRef<'de>>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Content<'de>;

    fn variant_seed<S: serde::de::DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content<'de>), Error> {
        let name: CowStrDeserializer<'de, Error> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, Content(self.value)))
    }
}

struct Content<'de>(Option<ValueRef<'de>>);

impl<'de> Content<'de> {
    fn value(self) -> Result<ValueRef<'de>, Error> {
        self.0.ok_or_else(|| Error::custom("expected a variant with a value, found its name alone"))
    }
}

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            None => Ok(()),
            Some(value) if value.is_null() => Ok(()),
            Some(value) => Err(Error::custom(format_args!("expected a variant alone, found {} with it", value.kind()))),
        }
    }

    fn newtype_variant_seed<S: serde::de::DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.value()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.value()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.value()?.deserialize_any(visitor)
    }
}
