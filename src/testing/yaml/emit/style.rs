//! In which style text is written: plain where a reader takes it for nothing else.

use crate::testing::yaml::{
    scalar::{Scalar, resolve},
    timestamp::is_timestamp,
};

/// How text stands in a document.
#[derive(Debug, PartialEq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// The plainest style in which text is read back as what it is.
pub(super) fn style(text: &str) -> Style {
    if !text.chars().all(printable) || text.contains(" \n") {
        Style::Double
    } else if text.contains('\n') {
        if text.ends_with(' ') { Style::Double } else { Style::Literal }
    } else if !matches!(resolve(text), Scalar::Text(_)) || is_timestamp(text) || is_base_60(text) {
        Style::Double
    } else if text.starts_with(' ') || text.ends_with(' ') || has_indicators(text) {
        Style::Single
    } else {
        Style::Plain
    }
}

/// Whether a character stands for itself in text of any style.
pub(super) fn printable(c: char) -> bool {
    match c {
        '\u{feff}' | '\u{2028}' | '\u{2029}' => false,
        '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}' => true,
        _ => false,
    }
}

/// Whether plain text would be taken for more than text: an item, a key, a comment, a marker.
fn has_indicators(text: &str) -> bool {
    text.starts_with(['#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`'])
        || ["---", "...", "- ", "? "].iter().any(|start| text.starts_with(start))
        || ["-", "?"].contains(&text)
        || text.ends_with(':')
        || text.contains(": ")
        || text.contains(" #")
}

/// Whether text is a number to the base of 60, as hours and minutes are: `1:30`.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let first = parts.next().is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()) && digits(part));
    let mut rest = parts.peekable();
    let sixtieth = |part: &str| match part.as_bytes() {
        [ones] => ones.is_ascii_digit(),
        [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
        _ => false,
    };
    first && digits(fraction) && rest.peek().is_some() && rest.all(sixtieth)
}
