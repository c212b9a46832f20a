//! String formats, as far as they are cheap to check.
//!
//! Not here: ISBNs, credit cards, colors and others; every string passes for them.

use std::net::{Ipv4Addr, Ipv6Addr};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::selector::is_dns_label;

/// Whether a text has a format; any text has one nobody knows.
pub(super) fn matches(format: &str, text: &str) -> bool {
    match format {
        "date-time" | "datetime" => text.parse::<jiff::Timestamp>().is_ok(),
        "date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_network(text),
        "uuid" | "uuid3" | "uuid4" | "uuid5" => is_uuid(text),
        "byte" => STANDARD.decode(text).is_ok(),
        "mac" => is_mac(text),
        "hostname" => !text.is_empty() && text.split('.').all(|label| is_dns_label(&label.to_lowercase())),
        "email" => text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
        "uri" => text.starts_with('/') || text.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme)),
        "duration" => is_duration(text),
        _ => true,
    }
}

fn is_network(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let most = match (address.parse::<Ipv4Addr>(), address.parse::<Ipv6Addr>()) {
        (Ok(_), _) => 32,
        (_, Ok(_)) => 128,
        _ => return false,
    };
    bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    let digits = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    digits && (groups == [8, 4, 4, 4, 12] || groups == [32])
}

fn is_mac(text: &str) -> bool {
    let pairs: Vec<_> = text.split([':', '-']).collect();
    [6, 8, 20].contains(&pairs.len())
        && pairs.iter().all(|pair| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Go's `1h2m3.5s`, or `3 days`.
fn is_duration(text: &str) -> bool {
    const UNITS: [&str; 22] = [
        "ns", "us", "µs", "ms", "s", "m", "h", "d", "w", "nano", "micro", "milli", "sec", "secs", "second", "seconds",
        "minute", "minutes", "hour", "hours", "day", "days",
    ];
    let mut rest = text.trim_start_matches('-');
    if rest.is_empty() || rest == "0" {
        return rest == "0";
    }
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let after = unit.trim_start().trim_start_matches(|c: char| c.is_alphabetic());
        let name = unit.trim_start();
        if unit.len() == rest.len() || !UNITS.contains(&&name[..name.len() - after.len()]) {
            return false;
        }
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn texts_have_their_formats_or_have_not() {
        for (format, right, wrong) in [
            ("date-time", "2020-01-01T00:00:00Z", "2020-01-01"),
            ("date", "2020-01-01", "2020-01-32"),
            ("ipv4", "10.0.0.1", "10.0.0"),
            ("ipv6", "::1", "1"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
            ("byte", "aGk=", "%"),
            ("mac", "00:1b:63:84:45:e6", "00:1b"),
            ("hostname", "Example.com", "a_b"),
            ("email", "a@b", "a"),
            ("uri", "https://example.com", "::"),
            ("duration", "1h2m3.5s", "x"),
        ] {
            assert!(matches(format, right), "{format} {right}");
            assert!(!matches(format, wrong), "{format} {wrong}");
        }
        assert!(matches("unheard-of", "anything"));
    }
}
