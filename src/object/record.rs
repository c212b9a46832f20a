//! One object as a store keeps it: identity, version, index keys and the body, unless that is elsewhere, in one
//! allocation.

use std::borrow::Cow;

use super::blob::place;
use super::slot::{Slot, Tag, read_count};
use super::{IndexKey, NameRef, Object, ResourceVersion};

/// A clone is the same.
#[derive(Clone)]
pub(crate) struct Record {
    /// Its root is null if the body is elsewhere.
    pub(super) object: Object,
}

/// What a record is made of.
pub(crate) struct Draft<'d> {
    pub(crate) name: NameRef<'d>,
    pub(crate) uid: Option<&'d str>,
    pub(crate) version: Option<&'d ResourceVersion>,
    /// One for each index of the store.
    pub(crate) keys: &'d [Keys<'d>],
    pub(crate) body: Option<&'d Object>,
    /// Of what it was before, if there is to be no difference.
    pub(crate) identity: Option<u64>,
}

/// The keys in one index.
#[derive(Clone)]
pub(crate) enum Keys<'k> {
    /// Ordered.
    Found(&'k [IndexKey]),
    /// The index does not find the object, for a reason.
    Absent(Cow<'k, str>),
    /// Those that a record has in the index of that position.
    Of(&'k Record, usize),
}

impl Keys<'_> {
    pub(super) const TOO_MANY: Keys<'static> = Keys::Absent(Cow::Borrowed("t"));
}

impl Record {
    pub(crate) fn name(&self) -> NameRef<'_> {
        let text = |at| self.object.blob.own().text(at).unwrap_or_default();
        NameRef::new(text(place::NAMESPACE), text(place::NAME))
    }

    /// The name as bytes, which have the same order and cost less.
    pub(crate) fn name_bytes(&self) -> (&[u8], &[u8]) {
        self.object.blob.identity_bytes()
    }

    pub(crate) fn version(&self) -> Option<ResourceVersion> {
        self.object.blob.version()
    }

    pub(crate) fn uid(&self) -> Option<Cow<'_, str>> {
        self.given_uid().map(Cow::Borrowed).or_else(|| self.body()?.uid())
    }

    /// The uid, if it is not in the body.
    pub(super) fn given_uid(&self) -> Option<&str> {
        self.more(0).and_then(|at| self.object.blob.own().text(at))
    }

    pub(crate) fn body(&self) -> Option<&Object> {
        (self.object.blob.own().slot(place::ROOT) != Slot::NULL).then_some(&self.object)
    }

    /// The names of the indexes and how many components their keys have.
    pub(crate) fn indexes(&self) -> &[(std::sync::Arc<str>, usize)] {
        self.object.blob.dictionary().map_or(&[], |dictionary| &dictionary.indexes)
    }

    /// The number of keys in an index.
    pub(crate) fn key_count(&self, index: usize) -> usize {
        self.components(index).map_or(0, |(_, count)| count / self.indexes()[index].1)
    }

    /// The components of a key, the first ones if there are many, as bytes.
    pub(crate) fn key(&self, index: usize, key: usize) -> impl Iterator<Item = &[u8]> + Clone {
        let width = self.indexes().get(index).map_or(0, |(_, components)| *components);
        let first = self.components(index).map_or(0, |(first, _)| first + key * width * Slot::SIZE);
        let own = self.object.blob.own();
        (0..width).map(move |at| own.text_bytes(first + at * Slot::SIZE).unwrap_or_default())
    }

    /// The key as one of its own.
    pub(crate) fn index_key(&self, index: usize, key: usize) -> IndexKey {
        IndexKey::new(self.key(index, key).map(|component| String::from_utf8_lossy(component).into_owned()))
    }

    /// Why an index does not find the object.
    pub(crate) fn absent(&self, index: usize) -> Option<&str> {
        self.object.blob.own().text(self.more(1 + index)?)
    }

    /// The components of all keys in an index.
    pub(super) fn components_of(&self, index: usize) -> impl Iterator<Item = &str> {
        let (first, count) = self.components(index).unwrap_or_default();
        let own = self.object.blob.own();
        (0..count).map(move |at| own.text(first + at * Slot::SIZE).unwrap_or_default())
    }

    /// Where the slots of the components of all keys are, and how many.
    fn components(&self, index: usize) -> Option<(usize, usize)> {
        let own = self.object.blob.own();
        let slot = own.slot(self.more(1 + index)?);
        (slot.tag() == Tag::List).then(|| {
            let (count, first) = read_count(own.bytes, slot.payload());
            (first, count)
        })
    }

    /// Where the slot of one of those things is that few objects have.
    fn more(&self, position: usize) -> Option<usize> {
        let (first, count) = self.object.blob.more()?;
        (position < count).then_some(first + position * Slot::SIZE)
    }

    /// The same under another version.
    pub(crate) fn renewed(&self, version: Option<&ResourceVersion>) -> Record {
        Record { object: Object { blob: self.object.blob.renewed(version) } }
    }

    /// The bytes asked of the allocator, without what is shared with others.
    pub(crate) fn bytes(&self) -> usize {
        self.object.blob.bytes()
    }

    /// Whether both are one allocation.
    pub(crate) fn is_same(&self, other: &Record) -> bool {
        self.object.blob.is(&other.object.blob)
    }

    /// Whether both are of one writing, whatever their versions.
    #[cfg(feature = "client")]
    pub(crate) fn is(&self, other: &Record) -> bool {
        self.object.blob.identity() == other.object.blob.identity()
    }

    /// Whether a reader could tell the two apart by anything but the version beside the content. For references the
    /// version stands for the body, so it counts.
    pub(crate) fn looks_like(&self, other: &Record) -> bool {
        let bodies = match (self.body(), other.body()) {
            (Some(a), Some(b)) => a == b,
            (None, None) => self.version() == other.version(),
            _ => false,
        };
        let keys = |index: usize| {
            let count = self.key_count(index);
            let same = |key| self.key(index, key).eq(other.key(index, key));
            count == other.key_count(index) && self.absent(index) == other.absent(index) && (0..count).all(same)
        };
        self.is_same(other) || (bodies && self.uid() == other.uid() && (0..self.indexes().len()).all(keys))
    }

    /// Whether a record of this draft would look like this one.
    pub(crate) fn fits(&self, draft: &Draft<'_>) -> bool {
        let bodies = match (self.body(), draft.body) {
            (Some(a), Some(b)) => a == b,
            (None, None) => self.version().as_ref() == draft.version,
            _ => false,
        };
        bodies && self.fits_beside(draft)
    }

    /// The same of all but the body.
    pub(super) fn fits_beside(&self, draft: &Draft<'_>) -> bool {
        let keys = |(index, keys): (usize, &Keys<'_>)| match keys {
            Keys::Found(keys) => {
                let same = |(at, key): (usize, &IndexKey)| self.key(index, at).eq(key.components().map(str::as_bytes));
                self.key_count(index) == keys.len() && self.absent(index).is_none() && keys.iter().enumerate().all(same)
            }
            Keys::Absent(reason) => self.absent(index) == Some(reason),
            Keys::Of(other, from) => {
                self.components_of(index).eq(other.components_of(*from)) && self.absent(index) == other.absent(*from)
            }
        };
        self.uid().as_deref() == draft.uid && draft.keys.iter().enumerate().all(keys)
    }
}
