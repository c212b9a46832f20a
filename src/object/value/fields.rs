//! The slots of a map: where its names and values are.

use std::cmp::Ordering;

use super::super::blob::Part;
use super::super::dictionary::Shape;
use super::super::slot::{Slot, Tag, read_count};
use super::{Place, ValueRef};

/// The slots of a map.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) part: Part<'a>,
    pub(super) names: Names<'a>,
    /// Where the slots of the values begin.
    pub(super) values: usize,
    pub(super) count: usize,
}

/// Where the names of a map are.
#[derive(Clone, Copy)]
pub(super) enum Names<'a> {
    /// The place where their slots begin.
    Here(usize),
    Shape(&'a Shape),
}

impl<'a> Fields<'a> {
    pub(super) fn of(map: ValueRef<'a>) -> Option<Fields<'a>> {
        if map.place == Place::Version {
            return None;
        }
        let (slot, part) = (map.slot(), map.part);
        match slot.tag() {
            Tag::Map => {
                let (count, names) = read_count(part.bytes, slot.payload());
                Some(Fields { part, names: Names::Here(names), values: names + count * Slot::SIZE, count })
            }
            Tag::Shaped => {
                let (number, values) = read_count(part.bytes, slot.payload());
                let shape = part.blob.dictionary()?.shape(number)?;
                Some(Fields { part, names: Names::Shape(shape), values, count: shape.len() })
            }
            _ => None,
        }
    }

    pub(super) fn none(part: Part<'a>) -> Fields<'a> {
        Fields { part, names: Names::Here(0), values: 0, count: 0 }
    }

    pub(super) fn name_bytes(self, position: usize) -> &'a [u8] {
        match self.names {
            Names::Here(names) => self.part.text_bytes(names + position * Slot::SIZE).unwrap_or_default(),
            Names::Shape(shape) => shape.name(position).as_bytes(),
        }
    }

    pub(super) fn name(self, position: usize) -> &'a str {
        match self.names {
            Names::Here(names) => self.part.text(names + position * Slot::SIZE).unwrap_or_default(),
            Names::Shape(shape) => shape.name(position),
        }
    }

    pub(super) fn value(self, position: usize, place: Place) -> ValueRef<'a> {
        ValueRef::new(self.part, self.values + position * Slot::SIZE, place)
    }

    /// The position of a name, or where it would be.
    pub(super) fn find(self, name: &str) -> Result<usize, usize> {
        let names = match self.names {
            Names::Shape(shape) => return shape.find(name),
            Names::Here(names) => names,
        };
        let (mut from, mut to) = (0, self.count);
        while from < to {
            let middle = (from + to) / 2;
            let found = self.part.text_bytes(names + middle * Slot::SIZE).unwrap_or_default();
            match found.cmp(name.as_bytes()) {
                Ordering::Less => from = middle + 1,
                Ordering::Greater => to = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(from)
    }
}
