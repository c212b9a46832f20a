//! Which text a reader of YAML 1.1 takes for a time.
//!
//! Not here: what time it is; nothing but quotes depends on it.

/// Whether text is a date, or a date and a time, as Go's YAML library reads them.
pub(super) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 5 && bytes[4] == b'-' && timestamp(bytes).is_some()
}

fn timestamp(text: &[u8]) -> Option<()> {
    let (digits, rest) = text.split_at_checked(4)?;
    let year = digits.iter().try_fold(0, |year, digit| Some(year * 10 + u32::from(number(*digit)?)))?;
    let (month, rest) = part(rest.strip_prefix(b"-")?, 1..=12)?;
    let (_, rest) = part(rest.strip_prefix(b"-")?, 1..=days(year, month))?;
    let (rest, zoned) = match rest.split_first() {
        None => return Some(()),
        Some((b'T' | b't', rest)) => (rest, true),
        Some((b' ', rest)) => (rest.trim_ascii_start(), false),
        Some(_) => return None,
    };
    let (_, rest) = part(rest, 0..=23)?;
    let (_, rest) = part(rest.strip_prefix(b":")?, 0..=59)?;
    let (_, rest) = part(rest.strip_prefix(b":")?, 0..=59)?;
    let rest = fraction(rest);
    match (zoned, rest) {
        (false, b"") | (true, b"Z") => Some(()),
        (true, [b'+' | b'-', hour @ .., b':', tens, ones]) if hour.len() == 2 => {
            part(hour, 0..=24)?;
            part(&[*tens, *ones], 0..=60)?;
            Some(())
        }
        _ => None,
    }
}

fn number(digit: u8) -> Option<u8> {
    digit.is_ascii_digit().then(|| digit - b'0')
}

/// A number of one or two digits within its range, and what follows.
fn part(text: &[u8], range: std::ops::RangeInclusive<u8>) -> Option<(u8, &[u8])> {
    let (first, rest) = text.split_first()?;
    let first = number(*first)?;
    let (value, rest) = match rest.split_first().and_then(|(second, rest)| Some((number(*second)?, rest))) {
        Some((second, rest)) => (first * 10 + second, rest),
        None => (first, rest),
    };
    range.contains(&value).then_some((value, rest))
}

/// What follows the fraction of a second, where there is one.
fn fraction(text: &[u8]) -> &[u8] {
    match text {
        [b'.' | b',', rest @ ..] if rest.first().is_some_and(u8::is_ascii_digit) => {
            let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
            &rest[end..]
        }
        _ => text,
    }
}

fn days(year: u32, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_told_from_text() {
        let times = [
            "2001-12-14",
            "2001-1-2",
            "2024-02-29",
            "2001-12-14T21:59:43Z",
            "2001-12-14t1:2:3.45Z",
            "2001-12-14T21:59:43,5-05:00",
            "2001-12-14 21:59:43",
            "2001-12-14  21:59:43.10",
        ];
        for text in times {
            assert!(is_timestamp(text), "{text}");
        }
        let others = [
            "",
            "2001",
            "2001-",
            "2001-12",
            "2001-13-01",
            "2001-00-01",
            "2023-02-29",
            "2001-04-31",
            "2001-12-14-x",
            "2001-12-14T",
            "2001-12-14T21:59:43",
            "2001-12-14T24:00:00Z",
            "2001-12-14T21:59:43+5:00",
            "2001-12-14T21:59:43+25:00",
            "2001-12-14 21:59:43Z",
            "2001-12-14 21:59:43 -5",
            "2001-12-14T21:59:43.Z",
            "02001-12-14",
            "20é-12-14",
        ];
        for text in others {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
