//! The resident form of an object: one allocation that holds everything. Private to `object`; everything else reads
//! through cursors.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use triomphe::ThinArc;

use super::ResourceVersion;
use super::dictionary::Dictionary;
use super::slot::{LIMIT, Slot, Tag, read_count};

mod builder;

pub(super) use builder::{Builder, TooLarge};

/// One object. A clone is the same.
#[derive(Clone)]
pub(super) struct Blob(ThinArc<Header, u8>);

struct Header {
    dictionary: Option<Arc<Dictionary>>,
    /// Tells content from content: only what was copied from this has the same.
    identity: u64,
    /// The version, if it is a number; otherwise 0.
    version: u64,
}

/// What every blob begins with: slots at fixed places.
pub(super) mod place {
    use super::Slot;

    /// The whole object.
    pub(in super::super) const ROOT: usize = 0;
    pub(in super::super) const NAMESPACE: usize = Slot::SIZE;
    pub(in super::super) const NAME: usize = 2 * Slot::SIZE;
    /// A list of what few objects have: the version, if it is not a number, the uid, if it is not in the content, and
    /// the keys. Null, if there is nothing of all this.
    pub(in super::super) const MORE: usize = 3 * Slot::SIZE;
    /// Where content begins.
    pub(in super::super) const END: usize = 4 * Slot::SIZE;
}

impl Header {
    fn new(identity: u64, dictionary: Option<Arc<Dictionary>>) -> Header {
        Header { dictionary, identity, version: 0 }
    }
}

/// An identity that nothing else has.
pub(super) fn new_identity() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Blob {
    /// Holds nothing but the dictionary.
    pub(super) fn reader(dictionary: Arc<Dictionary>) -> Blob {
        Blob(ThinArc::from_header_and_slice(Header::new(u64::MAX, Some(dictionary)), &[0; place::END]))
    }

    fn header(&self) -> &Header {
        &self.0.header.header
    }

    pub(super) fn dictionary(&self) -> Option<&Arc<Dictionary>> {
        self.header().dictionary.as_ref()
    }

    /// Tells content from content: equal for two blobs only if the content is.
    pub(super) fn identity(&self) -> u64 {
        self.header().identity
    }

    /// The bytes of the object itself.
    pub(super) fn own(&self) -> Part<'_> {
        Part { blob: self, bytes: &self.0.slice, number: Part::OWN }
    }

    /// A part of the dictionary.
    pub(super) fn part(&self, number: u32) -> Part<'_> {
        if number == Part::OWN {
            return self.own();
        }
        let bytes = self.dictionary().map_or(&[][..], |dictionary| dictionary.part(number as usize));
        Part { blob: self, bytes, number }
    }

    /// Where the slots are of what few objects have, after that of the version.
    pub(super) fn more(&self) -> Option<(usize, usize)> {
        let own = self.own();
        let slot = own.slot(place::MORE);
        let (count, first) = (slot.tag() == Tag::List).then(|| read_count(own.bytes, slot.payload()))?;
        Some((first + Slot::SIZE, count - 1))
    }

    fn version_text(&self) -> Option<&str> {
        let (after, _) = self.more()?;
        self.own().text(after - Slot::SIZE)
    }

    pub(super) fn version(&self) -> Option<ResourceVersion> {
        match self.header().version {
            0 => self.version_text().map(ResourceVersion::new),
            number => Some(ResourceVersion::from_number(number)),
        }
    }

    pub(super) fn has_version(&self) -> bool {
        self.header().version != 0 || self.version_text().is_some()
    }

    /// The same content under another version.
    pub(super) fn renewed(&self, version: Option<&ResourceVersion>) -> Blob {
        let own = self.own();
        let more = self.more().map(|(first, count)| {
            let slots = (0..count).map(|at| own.slot(first + at * Slot::SIZE)).collect::<Vec<_>>();
            let version = own.slot(first - Slot::SIZE);
            let content = if version.tag() == Tag::Text { version } else { own.slot(place::MORE) };
            (slots, content.payload())
        });
        let (more, content) = more.unwrap_or((Vec::new(), own.bytes.len()));
        let mut builder = Builder { bytes: own.bytes[..content].to_vec(), limit: LIMIT };
        let header = Header::new(self.identity(), self.dictionary().cloned());
        // What does not fit is a version of 256 MiB.
        builder.blob(header, version, &more).unwrap_or_else(|TooLarge| self.clone())
    }

    /// The bytes asked of the allocator.
    pub(super) fn bytes(&self) -> usize {
        // The count of handles, the header, the length and the content.
        let bytes = size_of::<usize>() + size_of::<Header>() + size_of::<usize>() + self.own().bytes.len();
        bytes.next_multiple_of(align_of::<usize>())
    }

    /// Whether both are one allocation.
    pub(super) fn is(&self, other: &Blob) -> bool {
        std::ptr::eq(self.header(), other.header())
    }

    /// Namespace and name, empty where there are none.
    pub(super) fn identity_bytes(&self) -> (&[u8], &[u8]) {
        let text = |at| self.own().text_bytes(at).unwrap_or_default();
        (text(place::NAMESPACE), text(place::NAME))
    }
}

/// Bytes with slots in them: an object's own, or a part of the dictionary.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) blob: &'a Blob,
    pub(super) bytes: &'a [u8],
    /// The number in the dictionary.
    pub(super) number: u32,
}

impl<'a> Part<'a> {
    pub(super) const OWN: u32 = u32::MAX;

    pub(super) fn slot(self, at: usize) -> Slot {
        Slot::read(self.bytes, at)
    }

    fn shared_text(self, slot: Slot) -> Option<&'a str> {
        Some(self.blob.dictionary()?.text(slot.payload()))
    }

    /// The bytes of the text whose slot is at a place; `None` for anything else.
    pub(super) fn text_bytes(self, at: usize) -> Option<&'a [u8]> {
        let slot = self.slot(at);
        match slot.tag() {
            Tag::Short => Some(&self.bytes[at..at + slot.short_len()]),
            Tag::Text => Some(counted_at(self.bytes, slot.payload())),
            Tag::SharedText => Some(self.shared_text(slot)?.as_bytes()),
            _ => None,
        }
    }

    /// The text whose slot is at a place; `None` for anything else, and for packed ones.
    pub(super) fn text(self, at: usize) -> Option<&'a str> {
        let slot = self.slot(at);
        if slot.tag() == Tag::SharedText {
            return self.shared_text(slot);
        }
        // Only whole texts were ever written; without unsafe code the check is the price of reading them.
        self.text_bytes(at).map(|text| std::str::from_utf8(text).unwrap_or_default())
    }
}

/// The bytes at a place, where their count is.
pub(super) fn counted_at(bytes: &[u8], at: usize) -> &[u8] {
    let (len, start) = read_count(bytes, at);
    &bytes[start..start + len]
}
