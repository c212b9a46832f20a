//! Texts that carry less than they show: kept as bytes, and only if these print as exactly the same text.

use std::net::Ipv4Addr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::slot::Tag;

/// The shortest text that is tried as base64: shorter ones are words.
const MIN_BASE64: usize = 16;

/// The bytes of a text, and how they are to be read.
pub(super) fn pack(text: &str) -> Option<(Tag, Vec<u8>)> {
    let bytes = text.as_bytes();
    let packed = match text.len() {
        7..=15 if bytes[0].is_ascii_digit() => (Tag::Ipv4, text.parse::<Ipv4Addr>().ok()?.octets().to_vec()),
        20 if bytes[19] == b'Z' && bytes[10] == b'T' => (Tag::Time, seconds(text)?.to_le_bytes().to_vec()),
        36 if bytes[8] == b'-' => (Tag::Uuid, uuid(bytes)?.to_vec()),
        // Words end here: they have dashes and dots.
        MIN_BASE64.. if text.len().is_multiple_of(4) && bytes.iter().all(|byte| is_base64(*byte)) => {
            (Tag::Base64, BASE64.decode(text).ok()?)
        }
        _ => return None,
    };
    (unpack(packed.0, &packed.1) == text).then_some(packed)
}

/// The text of packed bytes.
pub(super) fn unpack(tag: Tag, bytes: &[u8]) -> String {
    match (tag, bytes) {
        (Tag::Ipv4, &[a, b, c, d, ..]) => Ipv4Addr::new(a, b, c, d).to_string(),
        (Tag::Time, &[a, b, c, d, ..]) => {
            let seconds = u32::from_le_bytes([a, b, c, d]);
            jiff::Timestamp::from_second(seconds.into()).map(|time| time.to_string()).unwrap_or_default()
        }
        (Tag::Uuid, bytes) => {
            let mut text = String::with_capacity(36);
            for (at, byte) in bytes.iter().take(16).enumerate() {
                if matches!(at, 4 | 6 | 8 | 10) {
                    text.push('-');
                }
                text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
            }
            text
        }
        (_, bytes) => BASE64.encode(bytes),
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// The seconds since 1970 of a time in UTC, up to the year 2106.
fn seconds(text: &str) -> Option<u32> {
    text.parse::<jiff::Timestamp>().ok()?.as_second().try_into().ok()
}

fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    let digits = || text.iter().filter(|byte| **byte != b'-').map(|byte| char::from(*byte).to_digit(16));
    let mut bytes = [0; 16];
    let mut digits = digits();
    for byte in &mut bytes {
        *byte = (digits.next()?? << 4 | digits.next()??) as u8;
    }
    Some(bytes)
}
