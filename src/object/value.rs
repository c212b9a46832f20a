//! Reading: small cursors over an object's values.

use std::borrow::Cow;
use std::fmt;

use super::blob::{Blob, Part, place};
use super::slot::{Slot, Tag, read_count};
use crate::path::{FieldPath, Step};

mod fields;
mod kind;
mod scalar;
mod shared;
mod text;
mod walk;
mod whole;

use fields::Fields;
pub use kind::Kind;
use scalar::Number;
pub use shared::SharedValue;
pub(super) use text::Text;
use walk::Values;
pub use walk::{Items, Members};

/// A borrowed value of an object: a small `Copy` cursor.
///
/// Equality is by content, like that of `serde_json::Value`.
#[derive(Clone, Copy)]
pub struct ValueRef<'a> {
    part: Part<'a>,
    /// Where the slot is.
    at: u32,
    place: Place,
}

/// Where a value stands, as far as the version beside the content must be shown there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Metadata,
    /// This is that version.
    Version,
    Other,
}

const VERSION_KEY: &str = "resourceVersion";

impl<'a> ValueRef<'a> {
    /// The whole object, as it is read.
    pub(super) fn root(blob: &'a Blob) -> ValueRef<'a> {
        ValueRef::new(blob.own(), place::ROOT, Place::Root)
    }

    /// The whole object without the version beside it.
    pub(super) fn content(blob: &'a Blob) -> ValueRef<'a> {
        ValueRef::new(blob.own(), place::ROOT, Place::Other)
    }

    /// A value of the dictionary.
    pub(super) fn part(part: Part<'a>) -> ValueRef<'a> {
        ValueRef { part, at: 0, place: Place::Other }
    }

    fn new(part: Part<'a>, at: usize, place: Place) -> ValueRef<'a> {
        let slot = part.slot(at);
        match slot.tag() {
            Tag::Shared => ValueRef::part(part.blob.part(slot.payload() as u32)),
            _ => ValueRef { part, at: at as u32, place },
        }
    }

    fn bytes(self) -> &'a [u8] {
        self.part.bytes
    }

    pub(super) fn slot(self) -> Slot {
        self.part.slot(self.at as usize)
    }

    /// The number of a list or map of the dictionary.
    pub(super) fn shared_number(self) -> Option<u32> {
        (self.part.number != Part::OWN && self.at == 0).then_some(self.part.number)
    }

    /// The number of the names in the dictionary that a map has.
    pub(super) fn shape_number(self) -> Option<usize> {
        let slot = self.slot();
        (slot.tag() == Tag::Shaped).then(|| read_count(self.bytes(), slot.payload()).0)
    }

    /// The number of members or elements; 0 for anything else.
    pub fn len(self) -> usize {
        let slot = self.slot();
        match slot.tag() {
            _ if self.place == Place::Version => 0,
            Tag::List => read_count(self.bytes(), slot.payload()).0,
            _ => Fields::of(self).map_or(0, |fields| fields.count) + usize::from(self.shows_version()),
        }
    }

    /// Whether this is where the version beside the content is read.
    fn shows_version(self) -> bool {
        self.place == Place::Metadata && self.kind() == Kind::Map && self.part.blob.has_version()
    }

    fn version(self) -> ValueRef<'a> {
        ValueRef { place: Place::Version, ..self }
    }

    /// Whether there are no members or elements.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The member of a map.
    pub fn member(self, key: &str) -> Option<ValueRef<'a>> {
        if key == VERSION_KEY && self.shows_version() {
            return Some(self.version());
        }
        let fields = Fields::of(self)?;
        let at = fields.find(key).ok()?;
        Some(fields.value(at, self.place.below(key)))
    }

    /// The element of a list.
    pub fn item(self, position: usize) -> Option<ValueRef<'a>> {
        let items = self.items();
        (position < items.count).then(|| items.at(position))
    }

    /// The members of a map, ordered by name; none for anything else.
    pub fn members(self) -> Members<'a> {
        let fields = Fields::of(self).unwrap_or(Fields::none(self.part));
        let before = |fields: &Fields<'_>| fields.find(VERSION_KEY).unwrap_or_else(|at| at);
        let version = self.shows_version().then(|| (before(&fields), self.version()));
        Members { fields, place: self.place, next: 0, version }
    }

    /// The members of a map, their names as bytes, without the version beside the content.
    pub(super) fn fields(self) -> impl ExactSizeIterator<Item = (&'a [u8], ValueRef<'a>)> {
        let fields = Fields::of(self).unwrap_or(Fields::none(self.part));
        (0..fields.count).map(move |at| (fields.name_bytes(at), fields.value(at, Place::Other)))
    }

    /// Whether this is a list or map that is not empty.
    pub(super) fn has_parts(self) -> bool {
        matches!(self.slot().tag(), Tag::List | Tag::Map | Tag::Shaped)
    }

    /// The text of a string that is kept as it is.
    fn text_bytes(self) -> Option<&'a [u8]> {
        self.part.text_bytes(self.at as usize)
    }

    /// The text of a string as bytes, without the version beside the content.
    pub(super) fn string_bytes(self) -> Option<Cow<'a, [u8]>> {
        Text::of(self).map(Text::bytes)
    }

    /// The elements of a list; none for anything else.
    pub fn items(self) -> Items<'a> {
        let slot = self.slot();
        let (count, first) = match slot.tag() {
            Tag::List if self.place != Place::Version => read_count(self.bytes(), slot.payload()),
            _ => (0, 0),
        };
        Items { part: self.part, first, next: 0, count }
    }

    /// The value at `path` below this one, the first one if the path has `[*]`.
    pub fn get(self, path: &FieldPath) -> Option<ValueRef<'a>> {
        if path.is_multi_valued() { self.values(path).next() } else { self.follow(path.steps()) }
    }

    /// Every value at `path` below this one, in the order of the lists.
    pub fn values<'p>(self, path: &'p FieldPath) -> impl Iterator<Item = ValueRef<'a>> + use<'a, 'p> {
        Values { pending: vec![(self, path.steps())] }
    }

    /// The value after these steps, none of which is [`Step::Each`].
    pub(crate) fn follow(self, steps: &[Step]) -> Option<ValueRef<'a>> {
        steps.iter().try_fold(self, |value, step| match step {
            Step::Key(key) => value.member(key),
            Step::Index(position) => value.item(*position),
            Step::Each => None,
        })
    }

    /// The value as something that needs no borrow and shares the object.
    pub fn share(self) -> SharedValue {
        SharedValue { blob: self.part.blob.clone(), part: self.part.number, at: self.at, place: self.place }
    }

    /// The value as a `serde_json::Value`; copies everything.
    pub fn to_value(self) -> serde_json::Value {
        use serde_json::Value;
        match self.kind() {
            Kind::Null => Value::Null,
            Kind::Bool => Value::from(self.as_bool()),
            Kind::Integer | Kind::Float => match self.number() {
                Some(Number::Unsigned(value)) => Value::from(value),
                Some(Number::Signed(value)) => Value::from(value),
                Some(Number::Float(value)) => Value::from(value),
                None => Value::Null,
            },
            Kind::String => Value::from(self.as_str().unwrap_or_default()),
            Kind::List => self.items().map(ValueRef::to_value).collect(),
            Kind::Map => {
                Value::Object(self.members().map(|(name, value)| (name.to_owned(), value.to_value())).collect())
            }
        }
    }
}

impl Place {
    fn below(self, key: &str) -> Place {
        if self == Place::Root && key == "metadata" { Place::Metadata } else { Place::Other }
    }
}

// No content in it: it may be a Secret's.

impl fmt::Debug for ValueRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ValueRef({})", self.kind())
    }
}
