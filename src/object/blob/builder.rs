//! Writing the content of a blob.

use std::sync::Arc;

use triomphe::ThinArc;

use super::super::ResourceVersion;
use super::super::dictionary::Dictionary;
use super::super::slot::{LIMIT, MAX_COUNT, Slot, Tag, write_count};
use super::{Blob, Header, counted_at, new_identity, place};

/// The object is larger than it may be.
#[derive(Debug)]
pub(in crate::object) struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "larger than {} MiB", DECODED >> 20)
    }
}

/// How many bytes a decoded object may have: the same object may be somewhat larger when it is stored, with its keys.
const DECODED: usize = LIMIT / 2;

/// Writes the content of a blob. What contains comes after what it contains, except for the slots at fixed places.
pub(in crate::object) struct Builder {
    pub(super) bytes: Vec<u8>,
    /// How many there may be, at most [`LIMIT`].
    pub(super) limit: usize,
}

/// For an object that is decoded.
impl Default for Builder {
    fn default() -> Builder {
        Builder { bytes: vec![0; place::END], limit: DECODED }
    }
}

impl Builder {
    /// For an object that is decoded, with room for so many bytes.
    pub(in crate::object) fn with_capacity(bytes: usize) -> Builder {
        let mut builder = Builder { bytes: Vec::with_capacity(bytes.clamp(place::END, DECODED)), limit: DECODED };
        builder.clear();
        builder
    }

    /// For an object that is stored.
    pub(in crate::object) fn stored() -> Builder {
        Builder { limit: LIMIT, ..Builder::default() }
    }

    /// Makes room for another object.
    pub(in crate::object) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.resize(place::END, 0);
    }

    pub(in crate::object) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// For a part of the dictionary.
    pub(in crate::object) fn part() -> Builder {
        Builder { bytes: vec![0; Slot::SIZE], limit: LIMIT }
    }

    pub(in crate::object) fn finish_part(mut self, root: Slot) -> Box<[u8]> {
        self.set(place::ROOT, root);
        self.bytes.into()
    }

    pub(in crate::object) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The place for so many bytes more and their count.
    fn here(&self, bytes: usize) -> Result<u32, TooLarge> {
        let end = self.bytes.len().saturating_add(bytes).saturating_add(MAX_COUNT);
        if end > self.limit { Err(TooLarge) } else { Ok(self.bytes.len() as u32) }
    }

    pub(in crate::object) fn unsigned(&mut self, value: u64) -> Result<Slot, TooLarge> {
        match u32::try_from(value) {
            Ok(small) if (small as usize) < LIMIT => Ok(Slot::new(Tag::Small, small)),
            _ => self.number(b'u', value.to_le_bytes()),
        }
    }

    pub(in crate::object) fn signed(&mut self, value: i64) -> Result<Slot, TooLarge> {
        self.number(b'i', value.to_le_bytes())
    }

    pub(in crate::object) fn float(&mut self, value: f64) -> Result<Slot, TooLarge> {
        self.number(b'f', value.to_le_bytes())
    }

    fn number(&mut self, form: u8, value: [u8; 8]) -> Result<Slot, TooLarge> {
        let at = self.here(1 + value.len())?;
        self.bytes.push(form);
        self.bytes.extend(value);
        Ok(Slot::new(Tag::Number, at))
    }

    pub(in crate::object) fn text(&mut self, text: &[u8]) -> Result<Slot, TooLarge> {
        match Slot::short(text) {
            Some(slot) => Ok(slot),
            None => self.long_text(text),
        }
    }

    /// The name of a member, which is always at a place.
    pub(in crate::object) fn name(&mut self, name: &[u8]) -> Result<Slot, TooLarge> {
        self.long_text(name)
    }

    /// A text as the bytes it stands for.
    pub(in crate::object) fn packed(&mut self, tag: Tag, packed: &[u8]) -> Result<Slot, TooLarge> {
        let at = self.here(packed.len())?;
        if tag == Tag::Base64 {
            write_count(&mut self.bytes, packed.len());
        }
        self.bytes.extend_from_slice(packed);
        Ok(Slot::new(tag, at))
    }

    /// A text that begins like another.
    pub(in crate::object) fn joined(&mut self, start: Slot, rest: &[u8]) -> Result<Slot, TooLarge> {
        let at = self.here(Slot::SIZE + rest.len())?;
        self.bytes.extend(start.to_bytes());
        write_count(&mut self.bytes, rest.len());
        self.bytes.extend_from_slice(rest);
        Ok(Slot::new(Tag::Joined, at))
    }

    /// A map of values whose names are in the dictionary.
    pub(in crate::object) fn shaped(&mut self, shape: usize, values: &[Slot]) -> Result<Slot, TooLarge> {
        let at = self.here(size_of_val(values))?;
        write_count(&mut self.bytes, shape);
        values.iter().for_each(|slot| self.bytes.extend(slot.to_bytes()));
        Ok(Slot::new(Tag::Shaped, at))
    }

    /// The bytes of a text that is at a place.
    pub(in crate::object) fn text_of(&self, slot: Slot) -> &[u8] {
        counted_at(&self.bytes, slot.payload())
    }

    /// Takes the text that was written last off again; `None` for anything but a text.
    pub(in crate::object) fn take_text(&mut self, slot: Slot) -> Option<String> {
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

    fn long_text(&mut self, text: &[u8]) -> Result<Slot, TooLarge> {
        let at = self.here(text.len())?;
        write_count(&mut self.bytes, text.len());
        self.bytes.extend_from_slice(text);
        Ok(Slot::new(Tag::Text, at))
    }

    pub(in crate::object) fn list(&mut self, items: &[Slot]) -> Result<Slot, TooLarge> {
        if items.is_empty() {
            return Ok(Slot::EMPTY_LIST);
        }
        let at = self.here(size_of_val(items))?;
        write_count(&mut self.bytes, items.len());
        items.iter().for_each(|slot| self.bytes.extend(slot.to_bytes()));
        Ok(Slot::new(Tag::List, at))
    }

    /// A map of names, which are ordered, and values.
    pub(in crate::object) fn map(&mut self, members: &[(Slot, Slot)]) -> Result<Slot, TooLarge> {
        if members.is_empty() {
            return Ok(Slot::EMPTY_MAP);
        }
        let at = self.here(size_of_val(members))?;
        write_count(&mut self.bytes, members.len());
        members.iter().for_each(|(name, _)| self.bytes.extend(name.to_bytes()));
        members.iter().for_each(|(_, value)| self.bytes.extend(value.to_bytes()));
        Ok(Slot::new(Tag::Map, at))
    }

    /// Sets the slot at one of the fixed places.
    pub(in crate::object) fn set(&mut self, at: usize, slot: Slot) {
        self.bytes[at..at + Slot::SIZE].copy_from_slice(&slot.to_bytes());
    }

    /// The blob of an object with this root.
    pub(in crate::object) fn finish(
        &mut self,
        root: Slot,
        version: Option<&ResourceVersion>,
    ) -> Result<Blob, TooLarge> {
        self.set(place::ROOT, root);
        self.blob(Header::new(new_identity(), None), version, &[])
    }

    /// The blob of a stored object.
    pub(in crate::object) fn finish_stored(
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
    pub(super) fn blob(
        &mut self,
        header: Header,
        version: Option<&ResourceVersion>,
        more: &[Slot],
    ) -> Result<Blob, TooLarge> {
        let number = version.and_then(ResourceVersion::number);
        let text = match (version, number) {
            (Some(version), None) => self.long_text(version.to_string().as_bytes())?,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_and_nothing_is_written_of_it() {
        const LIMIT: usize = 64;
        let full = |free: usize| Builder { bytes: vec![0; LIMIT - free], limit: LIMIT };
        let items = [Slot::NULL; 5];
        type Write = fn(&mut Builder, &[Slot]) -> Result<Slot, TooLarge>;
        let writes: [(usize, Write); 10] = [
            (9, |builder, _| builder.unsigned(1 << 28)),
            (9, |builder, _| builder.signed(-1)),
            (9, |builder, _| builder.float(1.5)),
            (20, |builder, _| builder.text(b"a text of twenty b's")),
            (3, |builder, _| builder.name(b"abc")),
            (16, |builder, _| builder.packed(Tag::Base64, &[7; 16])),
            (24, |builder, _| builder.joined(Slot::NULL, b"a text of twenty b's")),
            (20, |builder, items| builder.shaped(1, items)),
            (20, |builder, items| builder.list(items)),
            (40, |builder, items| builder.map(&items.iter().map(|slot| (*slot, *slot)).collect::<Vec<_>>())),
        ];
        for (at, (needed, write)) in writes.into_iter().enumerate() {
            for free in 0..LIMIT {
                let mut builder = full(free);
                let before = builder.bytes.len();
                match write(&mut builder, &items) {
                    Ok(slot) => assert!(slot.payload() == before && builder.bytes.len() <= LIMIT),
                    Err(TooLarge) => {
                        assert_eq!(builder.bytes.len(), before);
                        assert!(free < needed + MAX_COUNT, "{at} refused with {free} bytes free");
                    }
                }
            }
        }
    }

    #[test]
    fn a_version_that_does_not_fit_is_refused_as_well() {
        let text = ResourceVersion::new("a version");
        let finish = |free: usize| Builder { bytes: vec![0; 64 - free], limit: 64 }.finish(Slot::NULL, Some(&text));
        assert!((0..48).all(|free| {
            finish(free).map_or(free < 9 + 1 + Slot::SIZE + MAX_COUNT, |blob| blob.own().bytes.len() <= 64)
        }));
        assert!(finish(40).is_ok());
    }
}
