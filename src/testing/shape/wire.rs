//! How Go writes the fields of its types, a line each: `EnvVar: 1 name, 2? value, 3 valueFrom`.
//!
//! A field has a number in protobuf, and several where it stands in a structure within its own: `2.6 secret`. Those
//! with a question mark are not written when they are empty: texts, numbers, flags, lists and maps that stand for
//! themselves, rather than being pointed to.

use super::{Shapes, Type};

/// Adds what the text says to types that are known.
pub(super) fn learn(shapes: &mut Shapes, text: &str) -> Result<(), String> {
    text.lines().try_for_each(|line| structure(shapes, line).ok_or_else(|| format!("cannot read {line:?}")))
}

fn structure(shapes: &mut Shapes, line: &str) -> Option<()> {
    let (name, list) = line.split_once(": ")?;
    let Type::Map(map) = shapes.types.get_mut(name)? else { return None };
    for text in list.split(", ") {
        let (numbers, name) = text.split_once(' ')?;
        let field = map.fields.get_mut(name)?;
        field.omitted = numbers.ends_with('?');
        let numbers = numbers.trim_end_matches('?').split('.').map(|number| number.parse().ok());
        field.numbers = numbers.collect::<Option<_>>()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::shape::{Format, Shape};

    #[test]
    fn the_notation_reads_as_its_doc_says() {
        let mut shapes = Shapes::default();
        let text = || Type::Formatted(Format::Text);
        shapes.define("Crate", Type::structure().field("label", text()).field("shape", text()).field("kind", text()));
        learn(&mut shapes, "Crate: 1? label, 2.13 shape").expect("well-formed");
        let expected = Type::structure()
            .field("label", text())
            .with("label", |field| (field.omitted, field.numbers) = (true, vec![1]))
            .field("shape", text())
            .with("shape", |field| (field.omitted, field.numbers) = (false, vec![2, 13]))
            .field("kind", text());
        assert_eq!(shapes.named("Crate").ty, &expected);
        for wrong in ["Barrel: 1 label", "Crate: 1 lid", "Crate: one label", "Crate"] {
            assert_eq!(learn(&mut shapes, wrong), Err(format!("cannot read {wrong:?}")));
        }
    }

    #[test]
    fn all_fields_but_kind_and_version_have_numbers() {
        let shapes = Shapes::built_in();
        for (name, ty) in &shapes.types {
            let Type::Map(map) = Shape { shapes, ty }.resolved().ty else { panic!("{name} has no fields") };
            let without = map.fields.iter().filter(|(_, field)| field.numbers.is_empty());
            let without: Vec<_> = without.map(|(name, _)| name.as_ref()).collect();
            assert!(without.iter().all(|field| ["apiVersion", "kind"].contains(field)), "{name}: {without:?}");
        }
    }
}
