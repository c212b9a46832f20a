//! Reading: small cursors over an object's values.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{SerializeMap, SerializeSeq};

use super::ResourceVersion;
use super::node::{Fields, Node, find};
use crate::path::{FieldPath, Step};

/// A borrowed value of an object: a small `Copy` cursor.
///
/// Equality is by content, like that of `serde_json::Value`.
#[derive(Clone, Copy)]
pub struct ValueRef<'a>(Form<'a>);

#[derive(Clone, Copy)]
enum Form<'a> {
    Node {
        node: &'a Node,
        place: Place<'a>,
    },
    /// `metadata.resourceVersion`, which lives beside the content.
    Version(&'a ResourceVersion),
}

/// Where a value stands, as far as the version beside the content must be shown there.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root(&'a ResourceVersion),
    Metadata(&'a ResourceVersion),
    Other,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// An integer of the range of `i64` or `u64`.
    Integer,
    /// A number written with a fraction or exponent, or beyond the integers' range.
    Float,
    /// A text.
    String,
    /// A list.
    List,
    /// A map with texts as names.
    Map,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Integer => "an integer",
            Kind::Float => "a number",
            Kind::String => "a string",
            Kind::List => "a list",
            Kind::Map => "a map",
        })
    }
}

const VERSION_KEY: &str = "resourceVersion";

impl<'a> ValueRef<'a> {
    pub(super) fn root(node: &'a Node, version: Option<&'a ResourceVersion>) -> ValueRef<'a> {
        ValueRef::new(node, version.map_or(Place::Other, Place::Root))
    }

    fn new(node: &'a Node, place: Place<'a>) -> ValueRef<'a> {
        ValueRef(Form::Node { node, place })
    }

    /// What the value is.
    pub fn kind(self) -> Kind {
        match self.0 {
            Form::Version(_) => Kind::String,
            Form::Node { node, .. } => match node {
                Node::Null => Kind::Null,
                Node::Bool(_) => Kind::Bool,
                Node::Unsigned(_) | Node::Signed(_) => Kind::Integer,
                Node::Float(_) => Kind::Float,
                Node::String(_) => Kind::String,
                Node::List(_) => Kind::List,
                Node::Map(_) => Kind::Map,
            },
        }
    }

    /// Whether the value is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The text of a string.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        match self.0 {
            Form::Version(version) => Some(Cow::Owned(version.to_string())),
            Form::Node { node: Node::String(text), .. } => Some(Cow::Borrowed(text)),
            Form::Node { .. } => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self.0 {
            Form::Node { node: Node::Bool(value), .. } => Some(*value),
            _ => None,
        }
    }

    /// The value of an integer that fits.
    pub fn as_i64(self) -> Option<i64> {
        match self.0 {
            Form::Node { node: Node::Signed(value), .. } => Some(*value),
            Form::Node { node: Node::Unsigned(value), .. } => i64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// The value of an integer that is not negative.
    pub fn as_u64(self) -> Option<u64> {
        match self.0 {
            Form::Node { node: Node::Unsigned(value), .. } => Some(*value),
            _ => None,
        }
    }

    /// The value of a number, rounded if it is an integer beyond 2^53.
    pub fn as_f64(self) -> Option<f64> {
        match self.0 {
            Form::Node { node: Node::Float(value), .. } => Some(*value),
            Form::Node { node: Node::Unsigned(value), .. } => Some(*value as f64),
            Form::Node { node: Node::Signed(value), .. } => Some(*value as f64),
            _ => None,
        }
    }

    /// The text of a scalar as it prints and is indexed: strings as they are, integers and booleans printed,
    /// floats in shortest form (`80.0` is `80`, `1e21` is `1000000000000000000000`). `None` for null, lists, maps.
    pub fn scalar_text(self) -> Option<Cow<'a, str>> {
        match self.0 {
            Form::Node { node: Node::Bool(value), .. } => Some(value.to_string().into()),
            Form::Node { node: Node::Unsigned(value), .. } => Some(value.to_string().into()),
            Form::Node { node: Node::Signed(value), .. } => Some(value.to_string().into()),
            Form::Node { node: Node::Float(value), .. } => Some(value.to_string().into()),
            _ => self.as_str(),
        }
    }

    /// The number of members or elements; 0 for anything else.
    pub fn len(self) -> usize {
        match self.0 {
            Form::Node { node: Node::List(items), .. } => items.len(),
            Form::Node { node: Node::Map(members), place } => {
                members.len() + usize::from(matches!(place, Place::Metadata(_)))
            }
            _ => 0,
        }
    }

    /// Whether there are no members or elements.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The member of a map.
    pub fn member(self, key: &str) -> Option<ValueRef<'a>> {
        let Form::Node { node: Node::Map(members), place } = self.0 else { return None };
        match place {
            Place::Metadata(version) if key == VERSION_KEY => Some(ValueRef(Form::Version(version))),
            _ => find(members, key).ok().map(|at| ValueRef::new(&members[at].1, place.below(key))),
        }
    }

    /// The element of a list.
    pub fn item(self, position: usize) -> Option<ValueRef<'a>> {
        let Form::Node { node: Node::List(items), .. } = self.0 else { return None };
        items.get(position).map(|node| ValueRef::new(node, Place::Other))
    }

    /// The members of a map, ordered by name; none for anything else.
    pub fn members(self) -> Members<'a> {
        match self.0 {
            Form::Node { node: Node::Map(members), place } => {
                let version = match place {
                    Place::Metadata(version) => Some((find(members, VERSION_KEY).unwrap_or_else(|at| at), version)),
                    _ => None,
                };
                Members { members, place, next: 0, version }
            }
            _ => Members { members: &[], place: Place::Other, next: 0, version: None },
        }
    }

    /// The elements of a list; none for anything else.
    pub fn items(self) -> Items<'a> {
        match self.0 {
            Form::Node { node: Node::List(items), .. } => Items { items: items.iter() },
            _ => Items { items: [].iter() },
        }
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
        match self.0 {
            Form::Version(version) => {
                let node = Node::String(version.to_string().into());
                SharedValue { node, in_root: false, version: None }
            }
            Form::Node { node, place } => {
                let (in_root, version) = match place {
                    Place::Root(version) => (true, Some(version)),
                    Place::Metadata(version) => (false, Some(version)),
                    Place::Other => (false, None),
                };
                SharedValue { node: node.clone(), in_root, version: version.cloned() }
            }
        }
    }

    /// The value as a `serde_json::Value`; copies everything.
    pub fn to_value(self) -> serde_json::Value {
        use serde_json::Value;
        match self.0 {
            Form::Version(version) => Value::String(version.to_string()),
            Form::Node { node, .. } => match node {
                Node::Null => Value::Null,
                Node::Bool(value) => Value::Bool(*value),
                Node::Unsigned(value) => Value::from(*value),
                Node::Signed(value) => Value::from(*value),
                Node::Float(value) => Value::from(*value),
                Node::String(text) => Value::from(&**text),
                Node::List(_) => self.items().map(ValueRef::to_value).collect(),
                Node::Map(_) => {
                    Value::Object(self.members().map(|(name, value)| (name.to_owned(), value.to_value())).collect())
                }
            },
        }
    }
}

impl<'a> Place<'a> {
    fn below(self, key: &str) -> Place<'a> {
        match self {
            Place::Root(version) if key == "metadata" => Place::Metadata(version),
            _ => Place::Other,
        }
    }
}

/// The members of a map, ordered by name.
#[derive(Clone)]
pub struct Members<'a> {
    members: &'a Fields,
    place: Place<'a>,
    next: usize,
    /// The version still to be shown, before the member at that position.
    version: Option<(usize, &'a ResourceVersion)>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, ValueRef<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((_, version)) = self.version.take_if(|(before, _)| *before == self.next) {
            return Some((VERSION_KEY, ValueRef(Form::Version(version))));
        }
        let (name, node) = self.members.get(self.next)?;
        self.next += 1;
        Some((name, ValueRef::new(node, self.place.below(name))))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.members.len() - self.next + usize::from(self.version.is_some());
        (left, Some(left))
    }
}

impl ExactSizeIterator for Members<'_> {}

/// The elements of a list.
#[derive(Clone)]
pub struct Items<'a> {
    items: std::slice::Iter<'a, Node>,
}

impl<'a> Iterator for Items<'a> {
    type Item = ValueRef<'a>;

    fn next(&mut self) -> Option<ValueRef<'a>> {
        self.items.next().map(|node| ValueRef::new(node, Place::Other))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl ExactSizeIterator for Items<'_> {}

struct Values<'a, 'p> {
    pending: Vec<(ValueRef<'a>, &'p [Step])>,
}

impl<'a> Iterator for Values<'a, '_> {
    type Item = ValueRef<'a>;

    fn next(&mut self) -> Option<ValueRef<'a>> {
        while let Some((value, steps)) = self.pending.pop() {
            let single = steps.iter().take_while(|step| **step != Step::Each).count();
            let (before, after) = steps.split_at(single);
            let Some(value) = value.follow(before) else { continue };
            match after.split_first() {
                None => return Some(value),
                Some((_, rest)) => {
                    let first = self.pending.len();
                    self.pending.extend(value.items().map(|item| (item, rest)));
                    self.pending[first..].reverse();
                }
            }
        }
        None
    }
}

impl PartialEq for ValueRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Form::Node { node: a, place: Place::Other }, Form::Node { node: b, place: Place::Other }) => a == b,
            _ if self.kind() != other.kind() => false,
            _ => match self.kind() {
                Kind::Map => self.len() == other.len() && self.members().zip(other.members()).all(|(a, b)| a == b),
                Kind::List => self.len() == other.len() && self.items().zip(other.items()).all(|(a, b)| a == b),
                Kind::String => self.as_str() == other.as_str(),
                _ => self.to_value() == other.to_value(),
            },
        }
    }
}

impl serde::Serialize for ValueRef<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Form::Version(version) => serializer.collect_str(version),
            Form::Node { node, .. } => match node {
                Node::Null => serializer.serialize_unit(),
                Node::Bool(value) => serializer.serialize_bool(*value),
                Node::Unsigned(value) => serializer.serialize_u64(*value),
                Node::Signed(value) => serializer.serialize_i64(*value),
                Node::Float(value) => serializer.serialize_f64(*value),
                Node::String(text) => serializer.serialize_str(text),
                Node::List(_) => {
                    let mut list = serializer.serialize_seq(Some(self.len()))?;
                    self.items().try_for_each(|item| list.serialize_element(&item))?;
                    list.end()
                }
                Node::Map(_) => {
                    let mut map = serializer.serialize_map(Some(self.len()))?;
                    self.members().try_for_each(|(name, value)| map.serialize_entry(name, &value))?;
                    map.end()
                }
            },
        }
    }
}

/// A value that shares the object it came from and borrows nothing.
///
/// It keeps the part of the object below it alive. Lists and maps are shared, strings copied.
#[derive(Clone)]
pub struct SharedValue {
    node: Node,
    in_root: bool,
    /// To be shown in this value, or, for the whole object, in its metadata.
    version: Option<ResourceVersion>,
}

impl SharedValue {
    /// The value, to be read.
    pub fn value(&self) -> ValueRef<'_> {
        let place = match &self.version {
            Some(version) if self.in_root => Place::Root(version),
            Some(version) => Place::Metadata(version),
            None => Place::Other,
        };
        ValueRef::new(&self.node, place)
    }
}

// No content in any of these: it may be a Secret's.

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Members({})", self.len())
    }
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Items({})", self.len())
    }
}

impl fmt::Debug for ValueRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ValueRef({})", self.kind())
    }
}

impl fmt::Debug for SharedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedValue({})", self.value().kind())
    }
}
