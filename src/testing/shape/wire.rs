//! How Go writes the fields of its types, a line each: `EnvVar: 1 name, 2? value, 3 valueFrom`.
//!
//! A field has a number in protobuf, and several where it stands in a structure within its own: `2.6 secret`. Those
//! with a question mark are not written when they are empty: texts, numbers, flags, lists and maps that stand for
//! themselves, rather than being pointed to.

use super::{Map, Shape, Shapes, Type};

/// What a number in protobuf stands for.
pub(in crate::testing) enum Numbered<'s> {
    Field(&'s str, Shape<'s>),
    /// A structure whose fields count as those of the one it is in.
    Within,
}

impl<'s> Shape<'s> {
    /// What a field is that has these numbers, its own the last of them.
    pub(in crate::testing) fn numbered(self, numbers: &[u32]) -> Option<Numbered<'s>> {
        let Shape { shapes, ty: Type::Map(map) } = self.resolved() else { return None };
        map.fields.iter().find_map(|(name, field)| match field.numbers.strip_prefix(numbers)? {
            [] => Some(Numbered::Field(name, Shape { shapes, ty: &field.ty })),
            _ => Some(Numbered::Within),
        })
    }

    /// What it is behind its name.
    pub(in crate::testing) fn ty(self) -> &'s Type {
        self.resolved().ty
    }
}

impl Map {
    /// Whether it has the fields that it lists and no others.
    pub(in crate::testing) fn is_structure(&self) -> bool {
        self.entries.is_none()
    }
}

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
