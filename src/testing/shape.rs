//! What the built-in kinds look like to strategic merge patches: their fields, and which lists have items with names.
//!
//! Not here: which fields are required, what scalars may hold, and custom kinds.

mod table;

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

/// The type of a value, as far as merging goes.
#[derive(Debug, Clone, PartialEq)]
enum Type {
    /// Nothing is known about it: it has all fields, and its lists are replaced.
    Open,
    /// A type of the same [`Shapes`].
    Named(&'static str),
    Structure {
        fields: BTreeMap<&'static str, Field>,
        /// Whether there are fields beside those listed, about which nothing is known.
        others: bool,
    },
    /// A list of items of a type.
    List(&'static str),
}

#[derive(Debug, Clone, PartialEq)]
struct Field {
    ty: Type,
    strategy: Strategy,
}

/// What a strategic merge patch does with a field that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Strategy {
    /// Maps merge, lists are replaced.
    Usual,
    /// Maps are replaced as well.
    Replace,
    /// Lists merge: objects by this field, scalars by their values.
    Merge(Option<&'static str>),
}

/// Types by name.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    types: HashMap<&'static str, Type>,
}

impl Shapes {
    /// The stored kinds of Kubernetes 1.36's stable groups. Their own fields and those of metadata are listed in
    /// full; below only what leads to a field that patches treat in their own way.
    pub(super) fn built_in() -> &'static Shapes {
        static SHAPES: LazyLock<Shapes> =
            LazyLock::new(|| table::parse(include_str!("shape/built_in.txt")).expect("the table is well-formed"));
        &SHAPES
    }

    /// The type of a built-in kind; one nobody listed is open. Kinds that exist in several groups or differ between
    /// versions go by their apiVersion too.
    pub(super) fn kind(&self, api_version: &str, kind: &str) -> Shape<'_> {
        let ty = self.types.get(format!("{api_version}.{kind}").as_str()).or_else(|| self.types.get(kind));
        Shape { shapes: self, ty: ty.unwrap_or(&Type::Open) }
    }

    fn named(&self, name: &str) -> &Type {
        self.types.get(name).unwrap_or(&Type::Open)
    }
}

/// A type, and where to look up those it names. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'s> {
    shapes: &'s Shapes,
    ty: &'s Type,
}

/// A field of a structure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'s> {
    pub(super) shape: Shape<'s>,
    pub(super) strategy: &'s Strategy,
}

impl<'s> Shape<'s> {
    /// The field of this name, or nothing where the type has none.
    pub(super) fn member(self, name: &str) -> Option<Member<'s>> {
        let Shape { shapes, ty } = self;
        let member = |ty, strategy| Some(Member { shape: Shape { shapes, ty }, strategy });
        match ty {
            Type::Structure { fields, others } => match fields.get(name) {
                Some(Field { ty: Type::Named(name), strategy }) => member(shapes.named(name), strategy),
                Some(field) => member(&field.ty, &field.strategy),
                None if *others => member(&Type::Open, &Strategy::Usual),
                None => None,
            },
            Type::Open => member(&Type::Open, &Strategy::Usual),
            Type::List(_) | Type::Named(_) => None,
        }
    }

    /// The type of a list's items.
    pub(super) fn item(self) -> Shape<'s> {
        let ty = match self.ty {
            Type::List(item) => self.shapes.named(item),
            _ => &Type::Open,
        };
        Shape { ty, ..self }
    }
}
