//! How scalars of built-in kinds are written, and the messages about those that are wrong.
//!
//! Not here: formats of custom kinds.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Number, Value};

use super::Scalar;
use crate::testing::quantity;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::testing) enum Format {
    Text,
    Bool,
    Int32,
    Int64,
    Number,
    /// Base64.
    Bytes,
    /// A time to the second.
    Time,
    MicroTime,
    /// `100Mi`, or a number.
    Quantity,
    IntOrText,
}

impl Format {
    /// Their words in the table of types.
    const WORDS: [(&'static str, Format); 10] = [
        ("string", Format::Text),
        ("bool", Format::Bool),
        ("int32", Format::Int32),
        ("int64", Format::Int64),
        ("number", Format::Number),
        ("bytes", Format::Bytes),
        ("time", Format::Time),
        ("microtime", Format::MicroTime),
        ("quantity", Format::Quantity),
        ("intstr", Format::IntOrText),
    ];

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, format)| format)
    }

    /// What merging takes it for.
    pub(super) fn scalar(self) -> Scalar {
        match self {
            Format::Text | Format::Bytes => Scalar::String,
            Format::Bool => Scalar::Bool,
            Format::Int32 | Format::Int64 | Format::Number => Scalar::Number,
            Format::Time | Format::MicroTime | Format::Quantity | Format::IntOrText => Scalar::Any,
        }
    }

    /// What Go calls the type.
    pub(super) fn go_type(self) -> &'static str {
        match self {
            Format::Text | Format::Time | Format::MicroTime => "string",
            Format::Bool => "bool",
            Format::Int32 | Format::IntOrText => "int32",
            Format::Int64 => "int64",
            Format::Number => "float64",
            Format::Bytes => "[]uint8",
            Format::Quantity => "resource.Quantity",
        }
    }

    /// What null is where a value has to be: in a list, in a map.
    pub(super) fn zero(self) -> Value {
        match self {
            Format::Text | Format::Bytes => "".into(),
            Format::Bool => false.into(),
            Format::Int32 | Format::Int64 | Format::Number | Format::IntOrText => 0.into(),
            Format::Quantity => "0".into(),
            Format::Time | Format::MicroTime => Value::Null,
        }
    }

    /// Why a number is none of these, if so.
    pub(super) fn refuses(self, number: &Number) -> bool {
        match self {
            Format::Int32 | Format::IntOrText => number.as_i64().is_none_or(|number| i32::try_from(number).is_err()),
            Format::Int64 => number.as_i64().is_none(),
            _ => false,
        }
    }

    /// The text of a time.
    pub(in crate::testing) fn time(self, time: Timestamp) -> String {
        time.strftime(if self == Format::MicroTime { MICROS } else { SECONDS }).to_string()
    }

    /// The text as the server keeps it.
    pub(super) fn text(self, text: String) -> Result<String, String> {
        match self {
            Format::Bytes => bytes(text),
            Format::Time => time(&text, "", &format!("{DATE}Z07:00")).map(|time| time.strftime(SECONDS).to_string()),
            Format::MicroTime => {
                time(&text, ".000000", &format!("{DATE}.000000Z07:00")).map(|time| time.strftime(MICROS).to_string())
            }
            Format::Quantity if !is_quantity(&text) => Err(NO_QUANTITY.to_owned()),
            Format::Quantity if !quantity::has_suffix(&text) => Err(NO_SUFFIX.to_owned()),
            _ => Ok(text),
        }
    }
}

const DATE: &str = "2006-01-02T15:04:05";
const SECONDS: &str = "%Y-%m-%dT%H:%M:%SZ";
const MICROS: &str = "%Y-%m-%dT%H:%M:%S.%6fZ";

pub(super) const NO_QUANTITY: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const NO_SUFFIX: &str = "unable to parse quantity's suffix";

/// Base64 loses its line ends, as it does on its way through bytes.
fn bytes(mut text: String) -> Result<String, String> {
    if let Some(at) = illegal_byte(&text) {
        return Err(format!("illegal base64 data at input byte {at}"));
    }
    text.retain(|c| !matches!(c, '\r' | '\n'));
    Ok(text)
}

/// Where the server's decoder stops: at the byte that does not belong, or where an incomplete group of four
/// starts. Line ends do not count.
fn illegal_byte(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    loop {
        let mut group_start = None;
        for place in 0..4 {
            let Some((at, byte)) = bytes.next() else {
                return group_start;
            };
            group_start.get_or_insert(at);
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {}
                b'=' if place >= 2 => {
                    if place == 2 {
                        match bytes.next() {
                            Some((_, b'=')) => {}
                            Some(_) => return Some(at),
                            None => return Some(text.len()),
                        }
                    }
                    return bytes.next().map(|(at, _)| at);
                }
                _ => return Some(at),
            }
        }
    }
}

fn time(text: &str, fraction: &str, layout: &str) -> Result<jiff::Zoned, String> {
    let wrong =
        |left: &str, wanted: &str| format!("parsing time {text:?} as {layout:?}: cannot parse {left:?} as {wanted:?}");
    let mut rest = text;
    for wanted in ["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05"] {
        let digits = wanted.as_bytes()[0].is_ascii_digit();
        let fits = |head: &str| if digits { head.bytes().all(|byte| byte.is_ascii_digit()) } else { head == wanted };
        match rest.split_at_checked(wanted.len()).filter(|(head, _)| fits(head)) {
            Some((_, tail)) => rest = tail,
            None => return Err(wrong(rest, wanted)),
        }
    }
    let digits = rest.strip_prefix('.').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if !fraction.is_empty() && digits + 1 != fraction.len() {
        return Err(wrong(rest, fraction));
    }
    match text.parse::<Timestamp>() {
        Ok(time) => Ok(time.to_zoned(TimeZone::UTC)),
        Err(_) => Err(match after_zone(&rest[if digits > 0 { digits + 1 } else { 0 }..]) {
            Some(more) if !more.is_empty() => format!("parsing time {text:?}: extra text: {more:?}"),
            _ => wrong(rest, "Z07:00"),
        }),
    }
}

/// What follows a time zone.
fn after_zone(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some(rest);
    }
    let (zone, rest) = text.split_at_checked("+07:00".len())?;
    let shape = zone.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    matches!(&shape.collect::<Vec<u8>>()[..], b"+00:00" | b"-00:00").then_some(rest)
}

fn is_quantity(text: &str) -> bool {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let suffix = number.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let exponent = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    suffix.len() < number.len() && exponent.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_to_their_precision_and_in_universal_time() {
        let read = |format: Format, text: &str| format.text(text.to_owned());
        assert_eq!(read(Format::Time, "2020-01-01T02:00:00.5+02:00"), Ok("2020-01-01T00:00:00Z".to_owned()));
        assert_eq!(
            read(Format::MicroTime, "2020-01-01T00:00:00.000001Z"),
            Ok("2020-01-01T00:00:00.000001Z".to_owned())
        );
    }

    #[test]
    fn what_is_no_time_is_refused_where_it_stops_being_one() {
        let why = |format: Format, text: &str| format.text(text.to_owned()).expect_err("no time");
        let layout = "2006-01-02T15:04:05Z07:00";
        for (text, left, wanted) in [("x", "x", "2006"), ("2020-1", "1", "01"), ("", "", "2006")] {
            let expected = format!("parsing time {text:?} as {layout:?}: cannot parse {left:?} as {wanted:?}");
            assert_eq!(why(Format::Time, text), expected);
        }
        let expected = "parsing time \"2020-01-01T00:00:00Z\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"Z\" as \".000000\"";
        assert_eq!(why(Format::MicroTime, "2020-01-01T00:00:00Z"), expected);
    }

    #[test]
    fn quantities_are_numbers_with_a_suffix() {
        let refused = |text: &str| Format::Quantity.text(text.to_owned()).is_err();
        assert!(["1", "-1.5", "100Mi", "1e3", "5E-2", "2k"].into_iter().all(|text| !refused(text)));
        assert!(["", "x", "1 Mi", "1x", "Mi"].into_iter().all(refused));
    }

    #[test]
    fn illegal_base64_is_found_where_the_server_finds_it() {
        for (text, at) in [
            ("", None),
            ("aGk=", None),
            ("aG\nk=\n", None),
            ("%%%", Some(0)),
            ("not base64!", Some(3)),
            ("abc", Some(0)),
            ("abcde", Some(4)),
            ("ab==cd", Some(4)),
            ("a===", Some(1)),
            ("abc=d", Some(4)),
            ("ab=c", Some(2)),
        ] {
            assert_eq!(illegal_byte(text), at, "{text}");
        }
    }
}
