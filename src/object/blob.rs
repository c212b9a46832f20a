//! The resident form of an object: one allocation that holds everything. Private to `object`; everything else reads
//! through cursors.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use triomphe::ThinArc;

use super::ResourceVersion;
use super::dictionary::Dictionary;
use super::slot::{LIMIT, Slot, Tag, read_count, write_count};

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

/// The object is larger than places can tell.
#[derive(Debug)]
pub(super) struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "larger than {} MiB", LIMIT >> 20)
    }
}

/// Writes the content of a blob. What contains comes after what it contains, except for the slots at fixed places.
pub(super) struct Builder {
    bytes: Vec<u8>,
}

impl Default for Builder {
    fn default() -> Builder {
        Builder { bytes: vec![0; place::END] }
    }
}

impl Builder {
    /// Makes room for another object.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.resize(place::END, 0);
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// For a part of the dictionary.
    pub(super) fn part() -> Builder {
        Builder { bytes: vec![0; Slot::SIZE] }
    }

    pub(super) fn finish_part(mut self, root: Slot) -> Box<[u8]> {
        self.set(place::ROOT, root);
        self.bytes.into()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn here(&self) -> Result<u32, TooLarge> {
        u32::try_from(self.bytes.len()).ok().filter(|at| (*at as usize) < LIMIT).ok_or(TooLarge)
    }

    pub(super) fn unsigned(&mut self, value: u64) -> Result<Slot, TooLarge> {
        match u32::try_from(value) {
            Ok(small) if (small as usize) < LIMIT => Ok(Slot::new(Tag::Small, small)),
            _ => self.number(b'u', value.to_le_bytes()),
        }
    }

    pub(super) fn signed(&mut self, value: i64) -> Result<Slot, TooLarge> {
        self.number(b'i', value.to_le_bytes())
    }

    pub(super) fn float(&mut self, value: f64) -> Result<Slot, TooLarge> {
        self.number(b'f', value.to_le_bytes())
    }

    fn number(&mut self, form: u8, value: [u8; 8]) -> Result<Slot, TooLarge> {
        let at = self.here()?;
        self.bytes.push(form);
        self.bytes.extend(value);
        Ok(Slot::new(Tag::Number, at))
    }

    pub(super) fn text(&mut self, text: &str) -> Result<Slot, TooLarge> {
        match Slot::short(text) {
            Some(slot) => Ok(slot),
            None => self.long_text(text),
        }
    }

    /// The name of a member, which is always at a place.
    pub(super) fn name(&mut self, name: &str) -> Result<Slot, TooLarge> {
        self.long_text(name)
    }

    /// A text as the bytes it stands for.
    pub(super) fn packed(&mut self, tag: Tag, packed: &[u8]) -> Result<Slot, TooLarge> {
        let at = self.here()?;
        if tag == Tag::Base64 {
            write_count(&mut self.bytes, packed.len());
        }
        self.bytes.extend_from_slice(packed);
        Ok(Slot::new(tag, at))
    }

    /// A text that begins like another.
    pub(super) fn joined(&mut self, start: Slot, rest: &str) -> Result<Slot, TooLarge> {
        let at = self.here()?;
        self.bytes.extend(start.to_bytes());
        write_count(&mut self.bytes, rest.len());
        self.bytes.extend_from_slice(rest.as_bytes());
        Ok(Slot::new(Tag::Joined, at))
    }

    /// A map of values whose names are in the dictionary.
    pub(super) fn shaped(&mut self, shape: usize, values: &[Slot]) -> Result<Slot, TooLarge> {
        let at = self.here()?;
        write_count(&mut self.bytes, shape);
        values.iter().for_each(|slot| self.bytes.extend(slot.to_bytes()));
        Ok(Slot::new(Tag::Shaped, at))
    }

    /// The bytes of a text that is at a place.
    pub(super) fn text_of(&self, slot: Slot) -> &[u8] {
        counted_at(&self.bytes, slot.payload())
    }

    /// Takes the text that was written last off again; `None` for anything but a text.
    pub(super) fn take_text(&mut self, slot: Slot) -> Option<String> {
        let text = match slot.tag() {
            Tag::Short => slot.to_bytes()[..slot.short_len()].to_vec(),
            Tag::Text => {
                let text = counted_at(&self.bytes, slot.payload()).to_vec();
                self.bytes.truncate(slot.payload());
                text
            }
            _ => return None,
        };
        String::from_utf8(text).ok()
    }

    fn long_text(&mut self, text: &str) -> Result<Slot, TooLarge> {
        let at = self.here()?;
        write_count(&mut self.bytes, text.len());
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(Slot::new(Tag::Text, at))
    }

    pub(super) fn list(&mut self, items: &[Slot]) -> Result<Slot, TooLarge> {
        if items.is_empty() {
            return Ok(Slot::EMPTY_LIST);
        }
        let at = self.here()?;
        write_count(&mut self.bytes, items.len());
        items.iter().for_each(|slot| self.bytes.extend(slot.to_bytes()));
        Ok(Slot::new(Tag::List, at))
    }

    /// A map of names, which are ordered, and values.
    pub(super) fn map(&mut self, members: &[(Slot, Slot)]) -> Result<Slot, TooLarge> {
        if members.is_empty() {
            return Ok(Slot::EMPTY_MAP);
        }
        let at = self.here()?;
        write_count(&mut self.bytes, members.len());
        members.iter().for_each(|(name, _)| self.bytes.extend(name.to_bytes()));
        members.iter().for_each(|(_, value)| self.bytes.extend(value.to_bytes()));
        Ok(Slot::new(Tag::Map, at))
    }

    /// Sets the slot at one of the fixed places.
    pub(super) fn set(&mut self, at: usize, slot: Slot) {
        self.bytes[at..at + Slot::SIZE].copy_from_slice(&slot.to_bytes());
    }

    /// The blob of an object with this root.
    pub(super) fn finish(&mut self, root: Slot, version: Option<&ResourceVersion>) -> Result<Blob, TooLarge> {
        self.set(place::ROOT, root);
        self.blob(Header::new(new_identity(), None), version, &[])
    }

    /// The blob of a stored object.
    pub(super) fn finish_stored(
        &mut self,
        root: Slot,
        identity: u64,
        dictionary: &Arc<Dictionary>,
        version: Option<&ResourceVersion>,
        more: &[Slot],
    ) -> Result<Blob, TooLarge> {
        self.set(place::ROOT, root);
        self.blob(Header::new(identity, Some(Arc::clone(dictionary))), version, more)
    }

    /// What is written here comes last, so that it can be taken off again.
    fn blob(&mut self, header: Header, version: Option<&ResourceVersion>, more: &[Slot]) -> Result<Blob, TooLarge> {
        let number = version.and_then(ResourceVersion::number);
        let text = match (version, number) {
            (Some(version), None) => self.long_text(&version.to_string())?,
            _ => Slot::NULL,
        };
        let mut all = vec![text];
        all.extend_from_slice(more);
        let needed = all.iter().any(|slot| *slot != Slot::NULL);
        let more = if needed { self.list(&all)? } else { Slot::NULL };
        self.set(place::MORE, more);
        let header = Header { version: number.unwrap_or_default(), ..header };
        Ok(Blob(ThinArc::from_header_and_slice(header, &self.bytes)))
    }
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
        let mut builder = Builder { bytes: own.bytes[..content].to_vec() };
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
