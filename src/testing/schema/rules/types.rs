//! Types of expressions, and the type that a schema gives to its values.
//!
//! Not here: how the type of an expression is found ([`check`](super::check)).

use std::fmt;

use serde_json::Value;

use super::value::{escaped, is_reserved, is_resource};

/// A type by its name in CEL, an object by its schema.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type<'s> {
    /// `int`, `list(string)`, `map(string, dyn)`.
    Named(&'s str, Vec<Type<'s>>),
    /// An object of a schema, which may be a whole resource.
    Object(&'s Value, bool),
    /// Whatever type fits, the same wherever the letter stands in a signature.
    Any(&'s str),
}

/// The type of what is in an empty list: any that is asked for.
const OPEN: &str = "@";

/// The type of the metadata of a resource.
pub(super) const METADATA: &str = "metadata";

impl<'s> Type<'s> {
    /// The type of a list with nothing in it.
    pub(super) fn empty_list() -> Self {
        Type::list(Type::simple(OPEN))
    }

    pub(super) fn simple(name: &'s str) -> Self {
        Type::Named(name, Vec::new())
    }

    /// A value of which nothing is known before it is there.
    pub(super) fn dynamic() -> Self {
        Type::simple("dyn")
    }

    pub(super) fn list(item: Type<'s>) -> Self {
        Type::Named("list", vec![item])
    }

    pub(super) fn optional(inner: Type<'s>) -> Self {
        Type::Named("optional_type", vec![inner])
    }

    pub(super) fn is(&self, wanted: &str) -> bool {
        matches!(self, Type::Named(name, _) if *name == wanted)
    }

    /// The type of values of a schema; nothing where rules cannot see them.
    pub(super) fn of(schema: &'s Value, root: bool) -> Option<Self> {
        if schema["x-kubernetes-int-or-string"] == true {
            return Some(Type::dynamic());
        }
        Some(match schema["type"].as_str() {
            _ if root => Type::Object(schema, true),
            Some("array") => Type::list(Type::of_item(schema.get("items")?)?),
            Some("object") => match schema.get("additionalProperties").filter(|values| values.is_object()) {
                Some(values) => Type::Named("map", vec![Type::simple("string"), Type::of_item(values)?]),
                None => Type::Object(schema, false),
            },
            Some("string") => Type::simple(match schema["format"].as_str() {
                Some("byte") => "bytes",
                Some("duration") => "google.protobuf.Duration",
                Some("date" | "date-time") => "google.protobuf.Timestamp",
                _ => "string",
            }),
            Some("boolean") => Type::simple("bool"),
            Some("number") => Type::simple("double"),
            Some("integer") => Type::simple("int"),
            _ => return None,
        })
    }

    fn of_item(schema: &'s Value) -> Option<Self> {
        Type::of(schema, is_resource(schema))
    }

    /// The type of a field of an object, by its name in expressions.
    pub(super) fn of_field(schema: &'s Value, root: bool, name: &str) -> Option<Self> {
        match name {
            "metadata" if root => Some(Type::simple(METADATA)),
            "apiVersion" | "kind" if root => Some(Type::simple("string")),
            _ => {
                let mut fields = schema["properties"].as_object()?.iter();
                fields
                    .find(|(field, _)| {
                        *field == name && is_reserved(name) || escaped(field).is_some_and(|field| field == name)
                    })
                    .and_then(|(_, schema)| Type::of_item(schema))
            }
        }
    }

    /// Reads `map(string, A)`.
    pub(super) fn read(text: &'s str) -> Self {
        let (name, of) = text.strip_suffix(')').and_then(|text| text.split_once('(')).unwrap_or((text, ""));
        if name.len() == 1 { Type::Any(name) } else { Type::Named(name, split(of).map(Type::read).collect()) }
    }

    /// Whether a value of a type may stand for this one; notes what the letters in this one are then.
    pub(super) fn takes(&self, other: &Type<'s>, bound: &mut Vec<(&'s str, Type<'s>)>) -> bool {
        match (self, other) {
            (Type::Any(letter), _) => match bound.iter().position(|(name, _)| name == letter) {
                None => {
                    bound.push((letter, other.clone()));
                    true
                }
                Some(place) => {
                    let earlier = bound[place].1.clone();
                    if earlier.is(OPEN) || other.is("dyn") || earlier.is("null_type") && other.may_be_null() {
                        bound[place].1 = other.clone();
                        return true;
                    }
                    earlier.takes(other, bound)
                }
            },
            _ if [self, other].into_iter().any(|one| one.is("dyn") || one.is(OPEN)) => true,
            _ if other.is("null_type") && self.may_be_null() => true,
            (Type::Named(name, of), Type::Named(other, of_other)) => {
                let alike = name == other && of.len() == of_other.len();
                alike && of.iter().zip(of_other).all(|(one, another)| one.takes(another, bound))
            }
            _ => self == other,
        }
    }

    fn may_be_null(&self) -> bool {
        const NEVER: [&str; 9] = ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "type"];
        !matches!(self, Type::Named(name, _) if NEVER.contains(name))
    }

    /// The type with what its letters stand for.
    pub(super) fn with(&self, bound: &[(&'s str, Type<'s>)]) -> Type<'s> {
        match self {
            Type::Any(letter) => {
                let found = bound.iter().find(|(name, _)| name == letter);
                found.map_or_else(Type::dynamic, |(_, found)| found.clone())
            }
            Type::Named(name, of) => Type::Named(name, of.iter().map(|one| one.with(bound)).collect()),
            Type::Object(..) => self.clone(),
        }
    }
}

impl fmt::Display for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Named(name, _) if *name == OPEN => f.write_str("dyn"),
            Type::Named("null_type", _) => f.write_str("null"),
            Type::Named(name, of) if of.is_empty() => f.write_str(name),
            Type::Named(name, of) => {
                let of: Vec<String> = of.iter().map(Type::to_string).collect();
                write!(f, "{name}({})", of.join(", "))
            }
            Type::Object(..) => f.write_str("object"),
            Type::Any(letter) => f.write_str(letter),
        }
    }
}

/// What commas separate that are in no parentheses.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut depth = 0;
        let end = rest.find(|letter| {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            letter == ',' && depth == 0
        });
        let (one, others) = end.map_or((rest, ""), |end| (&rest[..end], rest[end + 1..].trim_start()));
        rest = others;
        Some(one)
    })
}
