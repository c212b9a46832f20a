//! What many objects of one store have in common, kept once: texts, values and the names of maps. This is the side
//! that reads; what enters is the [`Packer`](super::Packer)'s business.

use std::sync::Arc;

use super::stable::Stable;
use super::value::ValueRef;

/// Numbered parts of objects, which hold it alive. It only grows; a new one is made to get rid of what is not used.
#[derive(Default)]
pub(super) struct Dictionary {
    pub(super) texts: Stable<Box<str>>,
    /// Lists and maps, which begin with their slot.
    pub(super) parts: Stable<Box<[u8]>>,
    pub(super) shapes: Stable<Shape>,
    /// The names of the store's indexes, and how many components their keys have.
    pub(super) indexes: Box<[(Arc<str>, usize)]>,
}

/// The names of the members of a map, ordered.
pub(super) struct Shape {
    names: Box<[Box<str>]>,
}

impl Dictionary {
    pub(super) fn text(&self, number: usize) -> &str {
        self.texts.get(number).map_or("", |text| text)
    }

    pub(super) fn part(&self, number: usize) -> &[u8] {
        self.parts.get(number).map_or(&[], |part| part)
    }

    pub(super) fn shape(&self, number: usize) -> Option<&Shape> {
        self.shapes.get(number)
    }
}

impl Shape {
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Shape {
        Shape { names: names.map(Box::from).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn name(&self, position: usize) -> &str {
        self.names.get(position).map_or("", |name| name)
    }

    /// Whether these are the names of a map.
    pub(super) fn is_of<'f>(&self, fields: impl ExactSizeIterator<Item = (&'f [u8], ValueRef<'f>)>) -> bool {
        fields.len() == self.len() && self.names.iter().zip(fields).all(|(own, (name, _))| own.as_bytes() == name)
    }

    /// The position of a name, or where it would be.
    pub(super) fn find(&self, name: &str) -> Result<usize, usize> {
        self.names.binary_search_by(|other| (**other).cmp(name))
    }

    /// The bytes asked of the allocator for the names.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.names) + self.names.iter().map(|name| name.len()).sum::<usize>()
    }
}
