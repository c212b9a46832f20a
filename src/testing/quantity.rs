//! Quantities in canonical form, as the server prints them: `1024Mi` is `1Gi`, `0.5` is `500m`.
//!
//! Not here: which fields are quantities.

/// What the smallest unit is: nobody can say less than a billionth.
const NANO: i128 = 1_000_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Decimal,
    Exponent,
    Binary,
}

const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// The text in the one form the server has for its value; nothing where it is no quantity, or one that is too large.
pub(super) fn canonical(text: &str) -> Option<String> {
    let (nanos, format) = parse(text.trim())?;
    Some(print(nanos, format))
}

/// The same for amounts of resources, of which the server keeps no less than a thousandth: it rounds up.
pub(super) fn resource(text: &str) -> Option<String> {
    const MILLI: i128 = NANO / 1000;
    let (nanos, format) = parse(text.trim())?;
    let rest = nanos.rem_euclid(MILLI);
    let rounded = if rest == 0 { nanos } else { nanos - rest + if nanos > 0 { MILLI } else { 0 } };
    Some(print(rounded, format))
}

/// Two of them together, in the form of the first.
pub(super) fn sum(first: &str, second: &str) -> Option<String> {
    let (first, format) = parse(first.trim())?;
    let (second, _) = parse(second.trim())?;
    Some(print(first.checked_add(second)?, format))
}

/// How many billionths it is.
pub(super) fn nanos(text: &str) -> Option<i128> {
    parse(text.trim()).map(|(nanos, _)| nanos)
}

/// Whether a number is followed by nothing, or by a suffix that there is.
pub(super) fn has_suffix(text: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || c == '.';
    suffix_of(text.trim_start_matches(['+', '-']).trim_start_matches(number)).is_some()
}

fn parse(text: &str) -> Option<(i128, Format)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let (power, base, format) = suffix_of(suffix)?;
    let scale = i32::try_from(fraction.len()).ok()?;
    let magnitude = match format {
        Format::Binary => {
            let times = digits.checked_mul(1_i128.checked_shl(power.cast_unsigned())?)?.checked_mul(NANO)?;
            divide_up(times, 10_i128.checked_pow(scale.cast_unsigned())?)
        }
        _ => match power - scale + 9 {
            up @ 0.. => digits.checked_mul(base.checked_pow(up.cast_unsigned())?)?,
            down => divide_up(digits, base.checked_pow(down.unsigned_abs())?),
        },
    };
    Some((if text.starts_with('-') { -magnitude } else { magnitude }, format))
}

/// The power a suffix stands for, and of what.
fn suffix_of(suffix: &str) -> Option<(i32, i128, Format)> {
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((*power, 10, Format::Decimal));
    }
    if let Some(place) = BINARY.iter().position(|name| *name == suffix) {
        return Some((i32::try_from(place).ok()? * 10, 2, Format::Binary));
    }
    let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    (-64..=64).contains(&power).then_some((power, 10, Format::Exponent))
}

fn divide_up(number: i128, by: i128) -> i128 {
    number / by + i128::from(number % by != 0)
}

fn print(nanos: i128, format: Format) -> String {
    if nanos == 0 {
        return "0".to_owned();
    }
    if format == Format::Binary && nanos % NANO == 0 && (nanos / NANO).abs() >= 1024 {
        let (mut number, mut place) = (nanos / NANO, 0);
        while number % 1024 == 0 && place + 1 < BINARY.len() {
            number /= 1024;
            place += 1;
        }
        return format!("{number}{}", BINARY[place]);
    }
    let (mut number, mut place) = (nanos, 0);
    while number % 1000 == 0 && place + 1 < DECIMAL.len() {
        number /= 1000;
        place += 1;
    }
    let (suffix, power) = DECIMAL[place];
    match format {
        Format::Exponent if power != 0 => format!("{number}e{power}"),
        Format::Exponent => number.to_string(),
        _ => format!("{number}{suffix}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_form() {
        for (said, printed) in [
            ("0", "0"),
            ("0Gi", "0"),
            ("1", "1"),
            ("+1", "1"),
            ("-5", "-5"),
            ("0.5", "500m"),
            (".5", "500m"),
            ("1.", "1"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("1024Mi", "1Gi"),
            ("1536Mi", "1536Mi"),
            ("1.5Gi", "1536Mi"),
            ("0.5Ki", "512"),
            ("1000", "1k"),
            ("1000k", "1M"),
            ("1e3", "1e3"),
            ("1E", "1E"),
            ("100e-3", "100e-3"),
            ("0.1n", "1n"),
            ("1Ei", "1Ei"),
        ] {
            assert_eq!(canonical(said).as_deref(), Some(printed), "{said}");
        }
    }

    #[test]
    fn amounts_of_resources_are_rounded_up_to_thousandths() {
        for (said, printed) in [("1u", "1m"), ("1001u", "2m"), ("250m", "250m"), ("2", "2")] {
            assert_eq!(resource(said).as_deref(), Some(printed), "{said}");
        }
    }

    #[test]
    fn what_is_no_quantity_has_no_form() {
        for text in ["", "1Qi", "one", "1..2", "1e", "1 Gi", "99999999999999999999999999999999999999999E", "1e999"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
