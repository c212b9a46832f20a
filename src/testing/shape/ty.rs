//! A type: what its values consist of, and how they are merged.
//!
//! Not here: the types by name, and decoding values ([`shape`](super)).

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::Value;

use super::Format;

/// The type of a value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::testing) enum Type {
    /// A string, a number, a truth value; objects and arrays in its place count as one value too.
    Scalar(Scalar),
    /// A scalar of a built-in kind, written in a certain way.
    Formatted(Format),
    /// A structure nobody described: all its fields are declared and open, its lists are single values.
    Open,
    /// Anything, the type of custom resources without a schema: maps have entries, lists are single values.
    Any,
    /// Anything, as one value.
    Whole,
    /// A type of the same [`Shapes`](super::Shapes), so that types may contain themselves.
    Named(Cow<'static, str>),
    Map(Box<Map>),
    List(Box<List>),
}

/// Which scalars a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::testing) enum Scalar {
    Any,
    String,
    Number,
    Bool,
}

/// A structure, a map, or both.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::testing) struct Map {
    pub(super) fields: BTreeMap<Cow<'static, str>, Field>,
    /// What fields hold that are not listed, which are entries of a map; without it there are no others.
    pub(super) entries: Option<Type>,
    /// Whether the whole map is one value.
    pub(super) atomic: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) ty: Type,
    pub(super) strategy: Strategy,
    /// Whether there has to be one.
    pub(super) required: bool,
    /// Whether strategic patches say which fields stay.
    pub(super) retains_keys: bool,
    pub(super) empty: Empty,
    /// Its number in protobuf, after those of the structures it stands in within its own.
    pub(super) numbers: Vec<u32>,
    pub(super) go: Go,
}

/// What Go writes of a field that is empty, or that nobody set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// Nothing.
    Absent,
    /// What was set, empty or not; nothing where nobody set it.
    Kept,
    /// The empty value of its type.
    Written,
    /// What was set, empty or not; null where nobody set it.
    Null,
}

/// What Go has beyond what can be seen of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Go {
    /// The structure the field stands in within its own.
    pub(super) within: Option<&'static str>,
    /// The name of its type, where that does not follow from what it is.
    pub(super) ty: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::testing) struct List {
    pub(super) item: Type,
    pub(super) kind: ListKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum ListKind {
    Atomic,
    Set,
    Keyed(Vec<Key>),
}

/// A field that tells the items of a list apart, with the value that stands for an absent one.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::testing) struct Key {
    pub(in crate::testing) name: Cow<'static, str>,
    pub(in crate::testing) default: Option<Value>,
}

/// What a strategic merge patch does with a field that is there already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::testing) enum Strategy {
    /// Maps merge, lists are replaced.
    #[default]
    Usual,
    /// Maps are replaced as well.
    Replace,
    /// Lists merge: objects by this field, scalars by their values.
    Merge(Option<Cow<'static, str>>),
}

impl Type {
    /// A structure without fields yet.
    pub(in crate::testing) fn structure() -> Self {
        Type::Map(Box::default())
    }

    /// A map whose entries have this type.
    pub(in crate::testing) fn map_of(entry: Type) -> Self {
        Type::structure().and_entries(entry)
    }

    /// A list that is one value.
    pub(in crate::testing) fn list_of(item: Type) -> Self {
        Type::List(Box::new(List { item, kind: ListKind::Atomic }))
    }

    /// The structure with one more field.
    pub(in crate::testing) fn field(self, name: impl Into<Cow<'static, str>>, ty: Type) -> Self {
        self.patched_field(name, ty, Strategy::Usual)
    }

    /// The structure with one more field that strategic patches treat in their own way.
    pub(in crate::testing) fn patched_field(
        mut self,
        name: impl Into<Cow<'static, str>>,
        ty: Type,
        strategy: Strategy,
    ) -> Self {
        if let Type::Map(map) = &mut self {
            let field = Field {
                ty,
                strategy,
                required: false,
                retains_keys: false,
                empty: Empty::Absent,
                numbers: Vec::new(),
                go: Go::default(),
            };
            map.fields.insert(name.into(), field);
        }
        self
    }

    /// The structure with entries of this type beside its fields.
    pub(in crate::testing) fn and_entries(mut self, entry: Type) -> Self {
        if let Type::Map(map) = &mut self {
            map.entries = Some(entry);
        }
        self
    }

    /// The structure with something else about this field.
    pub(super) fn with(mut self, name: &str, change: impl FnMut(&mut Field)) -> Self {
        if let Type::Map(map) = &mut self {
            map.fields.get_mut(name).into_iter().for_each(change);
        }
        self
    }

    /// The same map or list as one value.
    pub(in crate::testing) fn atomic(mut self) -> Self {
        match &mut self {
            Type::Map(map) => map.atomic = true,
            Type::List(list) => list.kind = ListKind::Atomic,
            _ => {}
        }
        self
    }

    /// The list as a set of scalars.
    pub(in crate::testing) fn set(mut self) -> Self {
        if let Type::List(list) = &mut self {
            list.kind = ListKind::Set;
        }
        self
    }

    /// The list with items told apart by these fields.
    pub(in crate::testing) fn keyed(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        if let Type::List(list) = &mut self {
            list.kind = ListKind::Keyed(keys.into_iter().collect());
        }
        self
    }
}

impl From<&'static str> for Key {
    fn from(name: &'static str) -> Self {
        Key { name: name.into(), default: None }
    }
}
