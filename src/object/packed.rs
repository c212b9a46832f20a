//! Texts that carry less than they show: kept as bytes, and only if these print as exactly the same text. One text has
//! one form, so that two of one form are equal exactly when their bytes are, and two of different forms never.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::slot::Tag;

/// The shortest text that is tried as base64: shorter ones are words.
const MIN_BASE64: usize = 16;
/// How many bytes of base64 are printed at once to be compared.
const CHUNK: usize = 384;

/// The form of a text that has one; its bytes are put into `room`.
pub(super) fn pack(text: &[u8], room: &mut Vec<u8>) -> Option<Tag> {
    room.clear();
    let tag = match *text {
        // Each sort of these has bytes that no other one has.
        [b'0'..=b'9', ..] if (7..=15).contains(&text.len()) => {
            room.extend(std::str::from_utf8(text).ok()?.parse::<std::net::Ipv4Addr>().ok()?.octets());
            Tag::Ipv4
        }
        [.., b'Z'] if text.len() == TIME.len() && text[10] == b'T' => {
            room.extend(seconds(text)?.to_le_bytes());
            Tag::Time
        }
        [..] if text.len() == UUID.len() && text[8] == b'-' => {
            room.extend(uuid(text)?);
            Tag::Uuid
        }
        // Decoding is strict: there is one text for the same bytes.
        [..] if text.len() >= MIN_BASE64 && text.len().is_multiple_of(4) => {
            // Words end here: they have dashes and dots.
            text[..MIN_BASE64].iter().all(|byte| is_base64(*byte)).then_some(())?;
            room.resize(text.len() / 4 * 3, 0);
            let bytes = BASE64.decode_slice_unchecked(text, room).ok()?;
            room.truncate(bytes);
            return Some(Tag::Base64);
        }
        _ => return None,
    };
    is(tag, room, text).then_some(tag)
}

/// The text of packed bytes.
pub(super) fn unpack(tag: Tag, bytes: &[u8]) -> String {
    match print(tag, bytes) {
        Some(printed) => printed.as_str().to_owned(),
        None => BASE64.encode(bytes),
    }
}

/// Whether packed bytes have this text.
pub(super) fn is(tag: Tag, bytes: &[u8], text: &[u8]) -> bool {
    if let Some(printed) = print(tag, bytes) {
        return printed.as_str().as_bytes() == text;
    }
    if text.len() != bytes.len().div_ceil(3) * 4 {
        return false;
    }
    let mut room = [0; CHUNK / 3 * 4];
    let chunks = bytes.chunks(CHUNK).zip(text.chunks(room.len()));
    chunks.into_iter().all(|(bytes, text)| {
        let printed = BASE64.encode_slice(bytes, &mut room);
        printed.is_ok_and(|len| room[..len] == *text)
    })
}

/// A text of those that are not longer than a uuid.
struct Printed {
    text: [u8; UUID.len()],
    len: usize,
}

const TIME: &[u8] = b"0000-00-00T00:00:00Z";
const UUID: &[u8] = b"00000000-0000-0000-0000-000000000000";

impl Printed {
    /// What is to be printed over.
    fn new(blank: &[u8]) -> Printed {
        let mut text = [0; UUID.len()];
        text[..blank.len()].copy_from_slice(blank);
        Printed { text, len: blank.len() }
    }

    fn push(&mut self, byte: u8) {
        self.text[self.len] = byte;
        self.len += 1;
    }

    fn as_str(&self) -> &str {
        // Digits and what is between them.
        std::str::from_utf8(&self.text[..self.len]).unwrap_or_default()
    }
}

/// The text of anything but base64.
fn print(tag: Tag, bytes: &[u8]) -> Option<Printed> {
    match (tag, bytes) {
        (Tag::Ipv4, &[a, b, c, d, ..]) => {
            let mut printed = Printed::new(b"");
            for (at, number) in [a, b, c, d].into_iter().enumerate() {
                if at > 0 {
                    printed.push(b'.');
                }
                for (unit, digit) in [(100, number / 100), (10, number / 10 % 10), (1, number % 10)] {
                    if number >= unit || unit == 1 {
                        printed.push(b'0' + digit);
                    }
                }
            }
            Some(printed)
        }
        (Tag::Time, &[a, b, c, d, ..]) => {
            let time = Timestamp::from_second(u32::from_le_bytes([a, b, c, d]).into()).ok()?;
            let time = Offset::UTC.to_datetime(time);
            let mut printed = Printed::new(TIME);
            let mut print = |end: usize, number: i16| {
                let mut number = number.unsigned_abs();
                for digit in printed.text[..end].iter_mut().rev().take_while(|byte| byte.is_ascii_digit()) {
                    *digit = b'0' + (number % 10) as u8;
                    number /= 10;
                }
            };
            print(4, time.year());
            let parts = [time.month(), time.day(), time.hour(), time.minute(), time.second()];
            parts.into_iter().zip((7..).step_by(3)).for_each(|(part, end)| print(end, part.into()));
            Some(printed)
        }
        (Tag::Uuid, bytes) => {
            let mut printed = Printed::new(UUID);
            let mut digits = printed.text.iter_mut().filter(|byte| **byte != b'-');
            for digit in bytes.iter().take(16).flat_map(|byte| [byte >> 4, byte & 15]) {
                *digits.next()? = b"0123456789abcdef"[usize::from(digit)];
            }
            Some(printed)
        }
        _ => None,
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// The seconds since 1970 of a time in UTC, up to the year 2106.
fn seconds(text: &[u8]) -> Option<u32> {
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0, |number: i16, byte| match byte {
            b'0'..=b'9' => Some(number * 10 + i16::from(byte - b'0')),
            _ => None,
        })
    };
    let two = |from: usize| Some(number(from, from + 2)? as i8);
    let time = DateTime::new(number(0, 4)?, two(5)?, two(8)?, two(11)?, two(14)?, two(17)?, 0).ok()?;
    Offset::UTC.to_timestamp(time).ok()?.as_second().try_into().ok()
}

fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    let mut digits = text.iter().filter(|byte| **byte != b'-').map(|byte| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    });
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        *byte = digits.next()?? << 4 | digits.next()??;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Texts that have a form, and such that nearly have one.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{1,4}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}",
            "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9][Zz]",
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-fA-F]{12}",
            "[0-9a-f-]{36}",
            "([A-Za-z0-9+/]{4}){4,300}",
            "([A-Za-z0-9+/]{4}){4,300}[A-Za-z0-9+/]{2}[A-Za-z0-9+/=]=",
            "[A-Za-z0-9+/=._-]{16,40}",
        ]
    }

    proptest! {
        #[test]
        fn packed_bytes_have_the_text_they_came_from_and_no_other(text in text(), others in prop::collection::vec(text(), 8)) {
            let mut bytes = Vec::new();
            let Some(tag) = pack(text.as_bytes(), &mut bytes) else { return Ok(()) };
            prop_assert!(bytes.len() < text.len());
            prop_assert_eq!(&unpack(tag, &bytes), &text);
            prop_assert!(is(tag, &bytes, text.as_bytes()));
            let mut near = text.clone().into_bytes();
            for at in 0..near.len() {
                near[at] ^= 1;
                prop_assert!(!is(tag, &bytes, &near));
                near[at] ^= 1;
            }
            prop_assert!(!is(tag, &bytes, &near[1..]) && !is(tag, &bytes, &[&near[..], b"="].concat()));
            let mut room = Vec::new();
            for other in others {
                let same = pack(other.as_bytes(), &mut room) == Some(tag) && room == bytes;
                prop_assert_eq!((same, is(tag, &bytes, other.as_bytes())), (other == text, other == text));
            }
        }
    }

    #[test]
    fn what_machines_write_has_a_form() {
        let forms = [
            ("10.0.0.1", Tag::Ipv4, 4),
            ("255.255.255.255", Tag::Ipv4, 4),
            ("1970-01-01T00:00:00Z", Tag::Time, 4),
            ("2106-02-07T06:28:15Z", Tag::Time, 4),
            ("2024-02-29T23:59:59Z", Tag::Time, 4),
            ("550e8400-e29b-41d4-a716-446655440000", Tag::Uuid, 16),
            ("aGVsbG8gd29ybGQ=", Tag::Base64, 11),
            ("aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz8=", Tag::Base64, 26),
        ];
        for (text, tag, len) in forms {
            let mut bytes = Vec::new();
            assert_eq!((pack(text.as_bytes(), &mut bytes), bytes.len()), (Some(tag), len), "{text}");
        }
    }
}
