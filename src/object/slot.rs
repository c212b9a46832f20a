//! Slots: the 32 bits that stand for one value, and how counts are written. Private to `object`.
//!
//! A slot is a tag of four bits over a payload of 28, little-endian: a small value itself, a place among the bytes
//! around it, or the number of something in the dictionary.

/// The first place that a payload cannot tell.
pub(super) const LIMIT: usize = 1 << 28;

const PAYLOAD: u32 = (1 << 28) - 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(u32);

/// What a slot stands for. The names of the forms with content elsewhere say where their payload points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Tag {
    /// One of [`Slot`]'s constants.
    Constant,
    /// An integer that is not negative, in the payload.
    Small,
    /// At a place: `u`, `i` or `f`, then eight bytes.
    Number,
    /// A text of up to three bytes, in the first bytes of the slot.
    Short,
    /// At a place: the length, then the text.
    Text,
    /// At a place: the count, then the slots of the elements.
    List,
    /// At a place: the count, the slots of the names in order, and the slots of the values.
    Map,
    /// A text of the dictionary.
    SharedText,
    /// A list or map of the dictionary.
    Shared,
    /// At a place: the number of the names in the dictionary, and the slots of the values.
    Shaped,
    /// At a place: a text as the bytes it stands for, 16.
    Uuid,
    /// 4.
    Time,
    /// 4.
    Ipv4,
    /// The length, and so many.
    Base64,
    /// At a place: the slot of how a text begins, the length of the rest, and the rest.
    Joined,
}

impl Slot {
    pub(super) const NULL: Slot = Slot(0);
    pub(super) const FALSE: Slot = Slot(1);
    pub(super) const TRUE: Slot = Slot(2);
    pub(super) const EMPTY_LIST: Slot = Slot(3);
    pub(super) const EMPTY_MAP: Slot = Slot(4);
    pub(super) const SIZE: usize = 4;
    pub(super) const MAX_SHORT: usize = 3;

    pub(super) fn of_bool(value: bool) -> Slot {
        if value { Slot::TRUE } else { Slot::FALSE }
    }

    /// The payload must be below [`LIMIT`].
    pub(super) fn new(tag: Tag, payload: u32) -> Slot {
        Slot((tag as u32) << 28 | payload)
    }

    /// The slot of a text that fits into it.
    pub(super) fn short(text: &[u8]) -> Option<Slot> {
        let mut bytes = [0; 4];
        bytes.get_mut(..text.len()).filter(|_| text.len() <= Slot::MAX_SHORT)?.copy_from_slice(text);
        bytes[3] = (Tag::Short as u8) << 4 | text.len() as u8;
        Some(Slot(u32::from_le_bytes(bytes)))
    }

    pub(super) fn read(bytes: &[u8], at: usize) -> Slot {
        Slot(u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]))
    }

    pub(super) fn to_bytes(self) -> [u8; Slot::SIZE] {
        self.0.to_le_bytes()
    }

    pub(super) fn tag(self) -> Tag {
        match self.0 >> 28 {
            0 => Tag::Constant,
            1 => Tag::Small,
            2 => Tag::Number,
            3 => Tag::Short,
            4 => Tag::Text,
            5 => Tag::List,
            6 => Tag::Map,
            7 => Tag::SharedText,
            8 => Tag::Shared,
            9 => Tag::Shaped,
            10 => Tag::Uuid,
            11 => Tag::Time,
            12 => Tag::Ipv4,
            13 => Tag::Base64,
            _ => Tag::Joined,
        }
    }

    pub(super) fn payload(self) -> usize {
        (self.0 & PAYLOAD) as usize
    }

    pub(super) fn is_short(self) -> bool {
        self.tag() == Tag::Short
    }

    /// The length of a text in the slot itself.
    pub(super) fn short_len(self) -> usize {
        (self.0 >> 24 & 3) as usize
    }
}

/// The most bytes that a count below [`LIMIT`] takes.
pub(super) const MAX_COUNT: usize = 4;

/// Writes a count, seven bits a byte, the lowest first.
pub(super) fn write_count(bytes: &mut Vec<u8>, mut count: usize) {
    while count >= 0x80 {
        bytes.push(count as u8 | 0x80);
        count >>= 7;
    }
    bytes.push(count as u8);
}

/// The count at a place, and the place after it.
pub(super) fn read_count(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let (mut count, mut shift) = (0, 0);
    loop {
        let byte = bytes[at];
        at += 1;
        count |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return (count, at);
        }
        shift += 7;
    }
}
