//! Going through members, elements, and all that a path leads to.

use std::fmt;

use super::super::blob::Part;
use super::super::slot::Slot;
use super::fields::Fields;
use super::{Place, VERSION_KEY, ValueRef};
use crate::path::Step;

/// The members of a map, ordered by name.
#[derive(Clone)]
pub struct Members<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) place: Place,
    pub(super) next: usize,
    /// The version still to be shown, before the member at that position.
    pub(super) version: Option<(usize, ValueRef<'a>)>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, ValueRef<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((_, version)) = self.version.take_if(|(before, _)| *before == self.next) {
            return Some((VERSION_KEY, version));
        }
        if self.next == self.fields.count {
            return None;
        }
        let name = self.fields.name(self.next);
        let value = self.fields.value(self.next, self.place.below(name));
        self.next += 1;
        Some((name, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.fields.count - self.next + usize::from(self.version.is_some());
        (left, Some(left))
    }
}

impl ExactSizeIterator for Members<'_> {}

/// The elements of a list.
#[derive(Clone)]
pub struct Items<'a> {
    pub(super) part: Part<'a>,
    /// Where the slots begin.
    pub(super) first: usize,
    pub(super) next: usize,
    pub(super) count: usize,
}

impl<'a> Items<'a> {
    pub(super) fn at(&self, position: usize) -> ValueRef<'a> {
        ValueRef::new(self.part, self.first + position * Slot::SIZE, Place::Other)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = ValueRef<'a>;

    fn next(&mut self) -> Option<ValueRef<'a>> {
        let item = (self.next < self.count).then(|| self.at(self.next))?;
        self.next += 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Items<'_> {}

pub(super) struct Values<'a, 'p> {
    pub(super) pending: Vec<(ValueRef<'a>, &'p [Step])>,
}

impl<'a> Iterator for Values<'a, '_> {
    type Item = ValueRef<'a>;

    fn next(&mut self) -> Option<ValueRef<'a>> {
        while let Some((value, steps)) = self.pending.pop() {
            let single = steps.iter().take_while(|step| **step != Step::Each).count();
            let (before, after) = steps.split_at(single);
            let Some(value) = value.follow(before) else { continue };
            match after.split_first() {
                None => return Some(value),
                Some((_, rest)) => {
                    let first = self.pending.len();
                    self.pending.extend(value.items().map(|item| (item, rest)));
                    self.pending[first..].reverse();
                }
            }
        }
        None
    }
}

// No content in any of these: it may be a Secret's.

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Members({})", self.len())
    }
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Items({})", self.len())
    }
}
