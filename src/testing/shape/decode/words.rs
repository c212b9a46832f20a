//! Go's names for types, and its messages about values of a wrong type.

use crate::testing::shape::{Format, Shape, Type};

/// Why a value of a JSON type does not become one of a shape, where there was no text.
pub(super) fn unconvertible(found: &str, shape: Shape<'_>, go: Option<&str>) -> String {
    let source = match found {
        "number" => "int64",
        "array" => "slice",
        "object" => "map",
        fraction if fraction.starts_with("number ") => "float64",
        other => other,
    };
    match shape.resolved().ty {
        Type::Formatted(format @ (Format::Time | Format::MicroTime | Format::IntOrText)) => {
            format!("json: cannot unmarshal {found} into Go value of type {}", format.go_type())
        }
        Type::List(_) | Type::Formatted(Format::Bytes) => format!("cannot restore slice from {source}"),
        Type::Map(map) if map.entries.is_some() => format!("cannot restore map from {source}"),
        Type::Map(_) => format!("cannot restore struct from: {source}"),
        Type::Formatted(format) => match (source, format) {
            ("int64", Format::Text) | ("float64", Format::Int32 | Format::Int64) => {
                format!("cannot convert {source} to {}", go.unwrap_or(format.go_type()))
            }
            _ => format!("unrecognized type: {}", format.go_type()),
        },
        _ => format!("unrecognized type: {source}"),
    }
}

/// What Go calls a type: `v1.PodSpec`, `map[string]string`.
pub(super) fn go_type(shape: Shape<'_>) -> String {
    if let Type::Named(name) = shape.ty {
        let mut parts = name.rsplit('.');
        let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("v1"));
        return format!("{version}.{name}");
    }
    match shape.ty {
        Type::Formatted(format) => format.go_type().to_owned(),
        Type::List(_) => format!("[]{}", go_type(shape.item())),
        Type::Map(map) => {
            let entry = map.entries.as_ref().map(|ty| go_type(Shape { ty, ..shape }));
            format!("map[string]{}", entry.unwrap_or_default())
        }
        _ => "interface {}".to_owned(),
    }
}
