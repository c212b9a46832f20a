//! The structure of types: the fields they have, how scalars are written, which maps are atomic, and which lists have
//! keys.
//!
//! Not here: what schemas of custom kinds require beyond that ([`schema`](super::schema)).

pub(super) mod decode;
mod definition;
mod format;
mod open_api;
mod table;
mod ty;
mod wire;
mod zero;

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use serde_json::Value;

pub(super) use format::Format;
pub(super) use open_api::reference;
pub(super) use ty::{Key, List, Map, Scalar, Strategy, Type};
pub(super) use wire::Numbered;

use ty::{Empty, Field, Go, ListKind};

/// Types by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Shapes {
    types: HashMap<Cow<'static, str>, Type>,
}

impl Shapes {
    /// What requests to Kubernetes 1.36's stable groups hold, read when it is first asked for.
    pub(super) fn built_in() -> &'static Shapes {
        static SHAPES: LazyLock<Shapes> = LazyLock::new(|| Shapes::read().expect("the tables are well-formed"));
        &SHAPES
    }

    fn read() -> Result<Shapes, String> {
        let mut shapes = table::parse(include_str!("shape/built_in.txt"))?;
        wire::learn(&mut shapes, include_str!("shape/wire.txt"))?;
        Ok(shapes)
    }

    /// The type of a custom kind, named by its kind, as `openAPIV3Schema` has it.
    pub(super) fn custom(kind: &str, schema: &Value) -> Shapes {
        let mut shapes = Shapes::default();
        for name in ["ObjectMeta", "OwnerReference", "ManagedFieldsEntry"] {
            shapes.define(name, Shapes::built_in().named(name).ty.clone());
        }
        shapes.define(kind.to_owned(), definition::object(schema));
        shapes
    }

    pub(super) fn define(&mut self, name: impl Into<Cow<'static, str>>, ty: Type) {
        self.types.insert(name.into(), ty);
    }

    /// The type of a name; one nobody defined is open.
    pub(super) fn named(&self, name: &str) -> Shape<'_> {
        Shape { shapes: self, ty: self.types.get(name).unwrap_or(&Type::Open) }
    }

    /// The type of a built-in kind.
    pub(super) fn kind(&self, api_version: &str, kind: &str) -> Shape<'_> {
        let (group, version) = api_version.split_once('/').unwrap_or(("core", api_version));
        let group = group.split('.').next().unwrap_or_default();
        match self.types.get(format!("{group}.{version}.{kind}").as_str()) {
            Some(ty) => Shape { shapes: self, ty },
            None => self.named(kind),
        }
    }
}

/// A type, and where to look up those it names. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'s> {
    shapes: &'s Shapes,
    ty: &'s Type,
}

/// How a value is to be taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Atom<'s> {
    /// As a whole.
    Leaf,
    /// Field by field.
    Map,
    /// Item by item, told apart by their values.
    Set,
    /// Item by item, told apart by these fields.
    Keyed(&'s [Key]),
}

/// What values a type allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Anything,
    Scalar(Scalar),
    Map,
    List,
}

/// One field or entry of a map.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'s> {
    pub(super) shape: Shape<'s>,
    /// Whether it is a field of a structure rather than an entry of a map.
    pub(super) declared: bool,
    pub(super) strategy: &'s Strategy,
    empty: Empty,
    go: Go,
}

impl Shape<'static> {
    /// The shape of anything.
    pub(super) fn deduced() -> Self {
        Shape::alone(&Type::Any)
    }

    /// The shape of a type that names no other.
    pub(super) fn alone(ty: &'static Type) -> Self {
        static NONE: LazyLock<Shapes> = LazyLock::new(Shapes::default);
        Shape { shapes: &NONE, ty }
    }
}

impl<'s> Shape<'s> {
    #[cfg(test)]
    pub(super) fn new(shapes: &'s Shapes, ty: &'s Type) -> Self {
        Shape { shapes, ty }.resolved()
    }

    /// Follows names. A name that leads to itself is open.
    fn resolved(mut self) -> Self {
        for _ in 0..8 {
            let Type::Named(name) = self.ty else { return self };
            self.ty = self.shapes.types.get(name).unwrap_or(&Type::Open);
        }
        Shape { ty: &Type::Open, ..self }
    }

    /// The name of the type without its group, where it has one.
    pub(super) fn name(self) -> Option<&'s str> {
        match self.ty {
            Type::Named(name) => name.rsplit('.').next(),
            _ => None,
        }
    }

    /// How this value is taken. What it is decides where the type has no say or is wrong; null counts as an empty
    /// map or list where the type has one.
    pub(super) fn atom(self, value: &Value) -> Atom<'s> {
        match (self.resolved().ty, value) {
            (Type::Open | Type::Any, Value::Object(_) | Value::Null) => Atom::Map,
            (Type::Map(map), Value::Object(_) | Value::Null) if !map.atomic => Atom::Map,
            (Type::List(list), Value::Array(_) | Value::Null) => match &list.kind {
                ListKind::Atomic => Atom::Leaf,
                ListKind::Set => Atom::Set,
                ListKind::Keyed(keys) => Atom::Keyed(keys),
            },
            _ => Atom::Leaf,
        }
    }

    pub(super) fn form(self) -> Form {
        match self.resolved().ty {
            Type::Open | Type::Any | Type::Whole | Type::Named(_) => Form::Anything,
            Type::Scalar(scalar) => Form::Scalar(*scalar),
            Type::Formatted(format) => Form::Scalar(format.scalar()),
            Type::Map(_) => Form::Map,
            Type::List(_) => Form::List,
        }
    }

    /// The field or entry of this name, or nothing where the type has none.
    pub(super) fn member(self, name: &str) -> Option<Member<'s>> {
        const USUAL: &Strategy = &Strategy::Usual;
        let Shape { shapes, ty } = self.resolved();
        let member = |ty, declared, strategy| {
            Some(Member { shape: Shape { shapes, ty }, declared, strategy, empty: Empty::Absent, go: Go::default() })
        };
        match ty {
            Type::Open => member(&Type::Open, true, USUAL),
            Type::Any | Type::Whole => member(&Type::Any, false, USUAL),
            Type::Map(map) => match (map.fields.get(name), &map.entries) {
                (Some(Field { ty, strategy, empty, go, .. }), _) => {
                    let shape = Shape { shapes, ty };
                    Some(Member { shape, declared: true, strategy, empty: *empty, go: *go })
                }
                (None, Some(ty)) => member(ty, false, USUAL),
                (None, None) => None,
            },
            Type::Scalar(_) | Type::Formatted(_) | Type::List(_) | Type::Named(_) => None,
        }
    }

    /// The type of a list's items.
    pub(super) fn item(self) -> Shape<'s> {
        let Shape { shapes, ty } = self.resolved();
        match ty {
            Type::List(list) => Shape { shapes, ty: &list.item },
            Type::Any | Type::Whole => Shape { shapes, ty: &Type::Any },
            _ => Shape { shapes, ty: &Type::Open },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_may_contain_itself() {
        let mut shapes = Shapes::default();
        shapes.define("Tree", Type::structure().field("left", Type::Named("Tree".into())));
        let tree = shapes.named("Tree");
        let left = tree.member("left").and_then(|tree| tree.shape.member("left")).expect("declared");
        assert_eq!(left.shape.atom(&json!({})), Atom::Map);
        assert!(left.shape.member("right").is_none());
    }

    #[test]
    fn a_name_that_leads_to_itself_is_open() {
        let mut shapes = Shapes::default();
        shapes.define("Round", Type::Named("Round".into()));
        assert!(shapes.named("Round").member("anything").is_some_and(|member| member.declared));
    }

    #[test]
    fn values_that_do_not_fit_their_type_are_taken_as_a_whole() {
        let shapes = Shapes::default();
        let set = Type::list_of(Type::Scalar(Scalar::Any)).set();
        let set = Shape::new(&shapes, &set);
        assert_eq!(set.atom(&json!(["a"])), Atom::Set);
        assert_eq!(set.atom(&json!(null)), Atom::Set);
        assert_eq!(set.atom(&json!("a")), Atom::Leaf);
        assert_eq!(Shape::new(&shapes, &Type::Scalar(Scalar::Any)).atom(&json!({"a": 1})), Atom::Leaf);
        let atomic = Type::map_of(Type::Scalar(Scalar::Any)).atomic();
        assert_eq!(Shape::new(&shapes, &atomic).atom(&json!({"a": 1})), Atom::Leaf);
    }

    #[test]
    fn anything_has_entries_and_lists_of_one_piece() {
        let any = Shape::deduced();
        assert_eq!(any.atom(&json!({})), Atom::Map);
        assert_eq!(any.atom(&json!([])), Atom::Leaf);
        assert!(!any.member("a").expect("there are others").declared);
    }
}
