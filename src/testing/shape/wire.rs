//! How Go writes the fields of its types, a line each: `EnvVar: 1! name, 2? value, 3 valueFrom`.
//!
//! A field has a number in protobuf, and several where it stands in a structure within its own: `2.6 secret`. A mark
//! tells what is written of it when it is empty. Those with a question mark are left out; those with an exclamation mark
//! are written whether somebody set them or not. The others are pointed to: they are written as they are where somebody
//! set them, and left out elsewhere, or null with `!*`.

use super::{Map, Shape, Shapes, Type, ty::Empty};

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
        let (numbers, mark) = numbers.split_at(numbers.find(['?', '!']).unwrap_or(numbers.len()));
        field.empty = match mark {
            "?" => Empty::Absent,
            "" => Empty::Kept,
            "!" => Empty::Written,
            "!*" => Empty::Null,
            _ => return None,
        };
        let numbers = numbers.split('.').map(|number| number.parse().ok());
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
        let fields = ["label", "shape", "wood", "lid", "kind"];
        shapes.define("Crate", fields.into_iter().fold(Type::structure(), |ty, name| ty.field(name, text())));
        learn(&mut shapes, "Crate: 1? label, 2.13 shape, 3! wood, 4!* lid").expect("well-formed");
        let expected = Type::structure()
            .field("label", text())
            .with("label", |field| (field.empty, field.numbers) = (Empty::Absent, vec![1]))
            .field("shape", text())
            .with("shape", |field| (field.empty, field.numbers) = (Empty::Kept, vec![2, 13]))
            .field("wood", text())
            .with("wood", |field| (field.empty, field.numbers) = (Empty::Written, vec![3]))
            .field("lid", text())
            .with("lid", |field| (field.empty, field.numbers) = (Empty::Null, vec![4]))
            .field("kind", text());
        assert_eq!(shapes.named("Crate").ty, &expected);
        for wrong in ["Barrel: 1 label", "Crate: 1 handle", "Crate: one label", "Crate: 1?! label", "Crate"] {
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
