//! Texts, in whichever form they are kept.

use std::borrow::Cow;

use super::super::blob::counted_at;
use super::super::packed::{is, unpack};
use super::super::slot::{Slot, Tag};
use super::{Place, ValueRef};

/// The text of a string as it is kept.
#[derive(Clone, Copy)]
pub(in crate::object) enum Text<'a> {
    Plain(&'a [u8]),
    /// One after the other; the slot is that of the start.
    Joined {
        start_slot: Slot,
        start: &'a [u8],
        rest: &'a [u8],
    },
    Packed(Tag, &'a [u8]),
}

impl<'a> Text<'a> {
    /// The text of a string; not of the version beside the content.
    pub(in crate::object) fn of(value: ValueRef<'a>) -> Option<Text<'a>> {
        if value.place == Place::Version {
            return None;
        }
        let (slot, bytes) = (value.slot(), value.bytes());
        let packed = |tag, len| Some(Text::Packed(tag, bytes[slot.payload()..].get(..len)?));
        match slot.tag() {
            Tag::Uuid => packed(Tag::Uuid, 16),
            tag @ (Tag::Time | Tag::Ipv4) => packed(tag, 4),
            Tag::Base64 => Some(Text::Packed(Tag::Base64, counted_at(bytes, slot.payload()))),
            Tag::Joined => {
                let start = value.part.text_bytes(slot.payload())?;
                let (start_slot, rest) = (value.part.slot(slot.payload()), slot.payload() + Slot::SIZE);
                Some(Text::Joined { start_slot, start, rest: counted_at(bytes, rest) })
            }
            _ => value.text_bytes().map(Text::Plain),
        }
    }

    /// The bytes of the text in one piece.
    pub(super) fn bytes(self) -> Cow<'a, [u8]> {
        match self {
            Text::Plain(text) => Cow::Borrowed(text),
            Text::Joined { start, rest, .. } => Cow::Owned([start, rest].concat()),
            Text::Packed(tag, packed) => Cow::Owned(unpack(tag, packed).into_bytes()),
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Text::Plain(a), Text::Plain(b)) => a == b,
            (Text::Packed(a, packed), Text::Packed(b, other)) => a == b && packed == other,
            (Text::Packed(tag, packed), Text::Plain(text)) | (Text::Plain(text), Text::Packed(tag, packed)) => {
                is(tag, packed, text)
            }
            (Text::Joined { start, rest, .. }, Text::Plain(text))
            | (Text::Plain(text), Text::Joined { start, rest, .. }) => text.strip_prefix(start) == Some(rest),
            (a, b) => a.bytes() == b.bytes(),
        }
    }
}
