//! Client strings in quotes, as the server's messages show them: Go's `%q`.
//!
//! Not here: JSON but for what Go escapes in it, and values that are not strings.

use std::fmt::Write as _;

/// A text between quotes, with what cannot be printed in the escapes of Go.
pub(super) fn quoted(text: &str) -> String {
    // The same letters are escaped in Rust, only some of them otherwise.
    let rust = format!("{text:?}");
    let mut quoted = String::with_capacity(rust.len());
    let mut letters = rust.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            quoted.push(letter);
            continue;
        }
        match letters.next() {
            Some('0') => quoted.push_str("\\x00"),
            Some('u') => {
                let digits: String = letters.by_ref().skip(1).take_while(|letter| *letter != '}').collect();
                escape(&mut quoted, u32::from_str_radix(&digits, 16).unwrap_or_default());
            }
            other => quoted.extend(['\\'].into_iter().chain(other)),
        }
    }
    quoted
}

fn escape(quoted: &mut String, letter: u32) {
    let short = match letter {
        0x07 => "\\a",
        0x08 => "\\b",
        0x0b => "\\v",
        0x0c => "\\f",
        _ => "",
    };
    quoted.push_str(short);
    // Writing to a text cannot fail.
    let _ = match letter {
        _ if !short.is_empty() => Ok(()),
        0..0x80 => write!(quoted, "\\x{letter:02x}"),
        0x80..0x1_0000 => write!(quoted, "\\u{letter:04x}"),
        _ => write!(quoted, "\\U{letter:08x}"),
    };
}

/// A JSON text as Go's encoder writes it: safe inside HTML.
pub(super) fn html_safe(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => safe += &format!("\\u{:04x}", u32::from(c)),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::{html_safe, quoted};

    #[test]
    fn what_means_something_in_html_is_escaped_in_json() {
        assert_eq!(html_safe("{\"a\":\"<b> & \u{2028}\"}"), r#"{"a":"\u003cb\u003e \u0026 \u2028"}"#);
    }

    #[test]
    fn what_cannot_be_printed_is_escaped_as_go_does_it() {
        for (text, expected) in [
            ("plain", "\"plain\""),
            ("a\"b\\c'd", r#""a\"b\\c'd""#),
            ("\t\r\n", r#""\t\r\n""#),
            ("\0\u{7}\u{8}\u{b}\u{c}\u{1b}\u{7f}", r#""\x00\a\b\v\f\x1b\x7f""#),
            ("é\u{85}\u{200b}\u{e0001}\\u{7}", r#""é\u0085\u200b\U000e0001\\u{7}""#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
