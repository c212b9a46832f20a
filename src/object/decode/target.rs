//! What decoding writes to.

use crate::object::ResourceVersion;
use crate::object::blob::{Builder, TooLarge, counted_at, place};
use crate::object::slot::{Slot, Tag};

/// What decoding writes to.
#[derive(Default)]
pub(super) struct Target {
    pub(super) builder: Builder,
    /// `metadata.resourceVersion`, which goes beside the content.
    pub(super) version: Option<ResourceVersion>,
    names: Names,
    /// The members and elements of what is being read, the innermost last.
    pub(super) members: Vec<(Slot, Slot)>,
    pub(super) items: Vec<Slot>,
}

/// Where member names were written last, so that those which repeat are written once.
struct Names([Slot; Names::SIZE]);

impl Names {
    const SIZE: usize = 64;
}

impl Default for Names {
    fn default() -> Names {
        Names([Slot::NULL; Names::SIZE])
    }
}

impl Target {
    /// With room for so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Target {
        Target { builder: Builder::with_capacity(bytes), members: Vec::with_capacity(32), ..Target::default() }
    }

    pub(super) fn name(&mut self, name: &str) -> Result<Slot, TooLarge> {
        let edge = |byte: Option<&u8>| usize::from(*byte.unwrap_or(&0));
        let at = name.len() + 7 * edge(name.as_bytes().first()) + 31 * edge(name.as_bytes().last());
        let known = &mut self.names.0[at % Names::SIZE];
        if known.tag() != Tag::Text || counted_at(self.builder.bytes(), known.payload()) != name.as_bytes() {
            *known = self.builder.name(name.as_bytes())?;
        }
        Ok(*known)
    }

    /// Orders the members from `first` on by name; of those of one name the last stays.
    pub(super) fn order_members(&mut self, first: usize) {
        let bytes = self.builder.bytes();
        let name = |(name, _): &(Slot, Slot)| counted_at(bytes, name.payload());
        let members = &mut self.members[first..];
        if members.is_sorted_by(|a, b| name(a) < name(b)) {
            return;
        }
        // The sort is stable.
        members.sort_by(|a, b| name(a).cmp(name(b)));
        if members.is_sorted_by(|a, b| name(a) < name(b)) {
            return;
        }
        members.reverse();
        let mut ordered = members.to_vec();
        ordered.dedup_by(|a, b| name(a) == name(b));
        ordered.reverse();
        self.members.truncate(first);
        self.members.extend(ordered);
    }

    /// Remembers where the name and namespace are among the members from `first` on.
    pub(super) fn note_identity(&mut self, first: usize) {
        for (name, fixed) in [("namespace", place::NAMESPACE), ("name", place::NAME)] {
            let bytes = self.builder.bytes();
            let found = self.members[first..].iter().find(|(at, _)| counted_at(bytes, at.payload()) == name.as_bytes());
            let slot = found.map(|(_, value)| *value).filter(|value| matches!(value.tag(), Tag::Short | Tag::Text));
            self.builder.set(fixed, slot.unwrap_or(Slot::NULL));
        }
    }

    /// Puts `metadata.resourceVersion` beside the content, if it is a text; what was there before is forgotten.
    pub(super) fn take_version(&mut self, value: Slot) -> bool {
        self.version = self.builder.take_text(value).map(|text| ResourceVersion::new(&text));
        self.version.is_some()
    }

    /// Takes what was a version before a text came out of the members from `first` on, which are ordered.
    pub(super) fn drop_former_version(&mut self, first: usize) {
        let bytes = self.builder.bytes();
        let name = |(name, _): &(Slot, Slot)| counted_at(bytes, name.payload());
        let found = self.members[first..].binary_search_by(|member| name(member).cmp(b"resourceVersion"));
        if let (Ok(at), Some(_)) = (found, &self.version) {
            self.members.remove(first + at);
        }
    }

    pub(super) fn forget_identity(&mut self) {
        self.builder.set(place::NAMESPACE, Slot::NULL);
        self.builder.set(place::NAME, Slot::NULL);
        self.version = None;
    }
}
