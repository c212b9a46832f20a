//! Errors about text that is not JSON, with Go's messages: the unexpected character, and what was expected.

use serde_json::Error;

/// What is wrong with a text that could not be read. Nothing else of the text is told.
pub(in super::super) fn complaint(text: &[u8], error: &Error) -> String {
    match scan(text) {
        Err(Stop::Early) => "unexpected end of JSON input".to_owned(),
        Err(Stop::At(index, place)) => format!("invalid character {} {place}", shown(text, index)),
        // The text is JSON as far as Go can tell, which takes deeper nesting and bytes that are no letters.
        Ok(_) => format!("invalid JSON at line {} column {}", error.line(), error.column()),
    }
}

/// Why reading stopped.
enum Stop {
    Early,
    /// At this byte, which is not what comes at such a place.
    At(usize, String),
}

type Scanned = Result<usize, Stop>;

/// A byte as Go quotes it, which takes it for a letter by itself.
fn shown(text: &[u8], index: usize) -> String {
    match text[index] {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        byte => match char::from(byte) {
            c @ ('\t' | '\n' | '\r' | '\\') => format!("'{}'", c.escape_default()),
            c if c.is_ascii_control() => format!("'\\x{byte:02x}'"),
            // Neither these nor the soft hyphen can be printed.
            '\u{80}'..='\u{a0}' | '\u{ad}' => format!("'\\u{byte:04x}'"),
            c => format!("'{c}'"),
        },
    }
}

fn stop<T>(text: &[u8], at: usize, place: &str) -> Result<T, Stop> {
    Err(if at < text.len() { Stop::At(at, place.to_owned()) } else { Stop::Early })
}

fn blank(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(|byte| b" \t\r\n".contains(byte)) {
        at += 1;
    }
    at
}

/// One value from the beginning to the end of the text. What is open stands on a stack, so that depth costs no more
/// than length.
fn scan(text: &[u8]) -> Scanned {
    let mut open: Vec<u8> = Vec::new();
    let mut at = blank(text, 0);
    loop {
        match text.get(at) {
            Some(b'{') => {
                at = blank(text, at + 1);
                open.push(b'{');
                if text.get(at) != Some(&b'}') {
                    at = key(text, at)?;
                    continue;
                }
            }
            Some(b'[') => {
                at = blank(text, at + 1);
                open.push(b'[');
                if text.get(at) != Some(&b']') {
                    continue;
                }
            }
            Some(b'"') => at = string(text, at)?,
            Some(b't') => at = word(text, at, "true")?,
            Some(b'f') => at = word(text, at, "false")?,
            Some(b'n') => at = word(text, at, "null")?,
            Some(b'-' | b'0'..=b'9') => at = number(text, at)?,
            _ => return stop(text, at, "looking for beginning of value"),
        }
        // A value ended, and maybe what it was in.
        loop {
            at = blank(text, at);
            match (open.last(), text.get(at)) {
                (None, None) => return Ok(at),
                (None, Some(_)) => return stop(text, at, "after top-level value"),
                (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => {
                    open.pop();
                }
                (Some(b'{'), Some(b',')) => {
                    at = key(text, blank(text, at + 1))?;
                    break;
                }
                (Some(b'['), Some(b',')) => {
                    at = blank(text, at + 1);
                    break;
                }
                (Some(b'{'), _) => return stop(text, at, "after object key:value pair"),
                (Some(_), _) => return stop(text, at, "after array element"),
            }
            at += 1;
        }
    }
}

/// The name of a member, its colon, and the blanks before its value.
fn key(text: &[u8], at: usize) -> Scanned {
    if text.get(at) != Some(&b'"') {
        return stop(text, at, "looking for beginning of object key string");
    }
    let at = blank(text, string(text, at)?);
    if text.get(at) != Some(&b':') {
        return stop(text, at, "after object key");
    }
    Ok(blank(text, at + 1))
}

fn string(text: &[u8], mut at: usize) -> Scanned {
    loop {
        at += 1;
        match text.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => {
                at += 1;
                match text.get(at) {
                    Some(b'u') => {
                        for _ in 0..4 {
                            at += 1;
                            if !text.get(at).is_some_and(u8::is_ascii_hexdigit) {
                                return stop(text, at, "in \\u hexadecimal character escape");
                            }
                        }
                    }
                    Some(b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"') => {}
                    _ => return stop(text, at, "in string escape code"),
                }
            }
            Some(..0x20) => return stop(text, at, "in string literal"),
            Some(_) => {}
            None => return Err(Stop::Early),
        }
    }
}

fn word(text: &[u8], at: usize, word: &str) -> Scanned {
    for (index, letter) in word.bytes().enumerate() {
        if text.get(at + index) != Some(&letter) {
            let place = format!("in literal {word} (expecting '{}')", char::from(letter));
            return stop(text, at + index, &place);
        }
    }
    Ok(at + word.len())
}

fn number(text: &[u8], mut at: usize) -> Scanned {
    let digits = |mut at: usize| {
        while text.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    if text.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match text.get(at) {
        Some(b'0') => at + 1,
        Some(b'1'..=b'9') => digits(at),
        _ => return stop(text, at, "in numeric literal"),
    };
    if text.get(at) == Some(&b'.') {
        let end = digits(at + 1);
        if end == at + 1 {
            return stop(text, end, "after decimal point in numeric literal");
        }
        at = end;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let signed = matches!(text.get(at + 1), Some(b'+' | b'-'));
        let start = at + 1 + usize::from(signed);
        at = digits(start);
        if at == start {
            return stop(text, at, "in exponent of numeric literal");
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn told(text: &str) -> String {
        let error = serde_json::from_str::<Value>(text).expect_err("no JSON");
        complaint(text.as_bytes(), &error)
    }

    #[test]
    fn the_character_that_does_not_belong_is_named() {
        for (text, told_of) in [
            ("{\"a\":hunter2}", "'h' looking for beginning of value"),
            ("{a:1}", "'a' looking for beginning of object key string"),
            ("{\"a\":1,}", "'}' looking for beginning of object key string"),
            ("{\"a\" 1}", "'1' after object key"),
            ("{\"a\":1 \"b\":2}", "'\"' after object key:value pair"),
            ("[1 2]", "'2' after array element"),
            ("{} x", "'x' after top-level value"),
            ("tru}", "'}' in literal true (expecting 'e')"),
            ("01", "'1' after top-level value"),
            ("1.x", "'x' after decimal point in numeric literal"),
            ("\"\\x\"", "'x' in string escape code"),
            ("\"\\u12g4\"", "'g' in \\u hexadecimal character escape"),
            ("\"\t\"", "'\\t' in string literal"),
            ("\"\u{1}\"", "'\\x01' in string literal"),
            ("\u{e9}", "'\u{c3}' looking for beginning of value"),
            ("\u{441}", "'\u{d1}' looking for beginning of value"),
        ] {
            assert_eq!(told(text), format!("invalid character {told_of}"), "{text}");
        }
    }

    #[test]
    fn a_text_that_ends_early_tells_that_and_nothing_else() {
        for text in ["", "{", "{\"a\"", "{\"a\":", "[1", "\"a", "tr", "-", "1.", "\"\\u1"] {
            assert_eq!(told(text), "unexpected end of JSON input", "{text}");
        }
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = "[".repeat(100_000);
        assert_eq!(told(&deep), "unexpected end of JSON input");
    }
}
