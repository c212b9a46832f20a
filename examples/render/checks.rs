//! Checks of texts before they enter the configuration of a proxy.

use std::net::IpAddr;

pub type Test = fn(&str) -> bool;

pub const TESTS: [(&str, Test); 13] = [
    ("dns_name", is_dns_name),
    ("host_name", is_host_name),
    ("host_pattern", |text| is_host_name(text.strip_prefix("*.").unwrap_or(text))),
    ("ip_address", |text| text.parse::<IpAddr>().is_ok()),
    ("ip_range", is_ip_range),
    ("port_number", |text| is_number(text, 65_535)),
    ("whole_number", |text| is_number(text, 1_000_000)),
    ("duration", is_duration),
    ("printable", is_printable),
    ("base64_text", |text| decode_base64(text).is_some_and(|bytes| String::from_utf8(bytes).is_ok())),
    ("password_hash", is_password_hash),
    ("user_name", |text| !text.is_empty() && is_printable(text) && !text.contains(':')),
    ("realm", |text| is_printable(text) && !text.contains(['"', '\\'])),
];

pub fn is_printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// A name of Kubernetes: lower-case letters, digits and dashes, with dots between. Unlike in the DNS, what is between
/// the dots may be as long as the name.
fn is_dns_name(text: &str) -> bool {
    is_labels(text, 253) && !text.contains('_')
}

/// As in the DNS, but with underscores, which names of hosts may have there.
fn is_host_name(text: &str) -> bool {
    is_labels(text, 63)
}

fn is_labels(text: &str, longest: usize) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'-');
    text.len() <= 253
        && text.split('.').all(|label| {
            let bytes = label.as_bytes();
            bytes.len() <= longest
                && edge(bytes.first())
                && edge(bytes.last())
                && bytes.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        })
}

fn is_ip_range(text: &str) -> bool {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    address.parse::<IpAddr>().is_ok_and(|address| {
        let most = if address.is_ipv4() { 32 } else { 128 };
        bits.is_none_or(|bits| bits == "0" || is_number(bits, most))
    })
}

/// A number from 1 on, without signs, zeros in front or spaces.
fn is_number(text: &str, most: u64) -> bool {
    !text.starts_with(['0', '+']) && text.parse::<u64>().is_ok_and(|number| number <= most)
}

/// A time as HAProxy writes it, `30s` or plain milliseconds, and short enough for its clock of 31 bits.
fn is_duration(text: &str) -> bool {
    let digits = text.trim_end_matches(|character: char| !character.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "" | "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return false,
    };
    is_number(digits, u64::from(i32::MAX.unsigned_abs()) / unit)
}

/// A hash of crypt(3) that every libc knows (MD5, SHA-256, SHA-512). The number of rounds is bounded, because the proxy
/// tries every hash when it reads its configuration.
fn is_password_hash(text: &str) -> bool {
    let mut parts = text.split('$');
    let (before, method) = (parts.next(), parts.next());
    let mut parts: Vec<_> = parts.collect();
    if let (Some("5" | "6"), Some(rounds)) = (method, parts.first().and_then(|part| part.strip_prefix("rounds="))) {
        if !is_number(rounds, 100_000) {
            return false;
        }
        parts.remove(0);
    }
    let length = match method {
        Some("1") => 22,
        Some("5") => 43,
        Some("6") => 86,
        _ => return false,
    };
    let plain =
        |part: &str| part.bytes().all(|byte| matches!(byte, b'.' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'));
    match parts[..] {
        [salt, hash] => {
            before == Some("") && (1..=16).contains(&salt.len()) && hash.len() == length && plain(salt) && plain(hash)
        }
        _ => false,
    }
}

/// Strict base64 with padding, as an API server keeps the data of Secrets.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let mut bytes = Vec::with_capacity(digits.len());
    let (mut bits, mut held) = (0u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_hosts_have_short_labels() {
        let (fits, long) = ("a".repeat(63), "a".repeat(64));
        assert!(is_dns_name(&fits) && is_host_name(&fits));
        assert!(is_dns_name(&long) && !is_host_name(&long));
        assert!(is_dns_name(&"a".repeat(253)) && !is_dns_name(&"a".repeat(254)));
    }

    #[test]
    fn checks_refuse_what_would_break_the_configuration() {
        let cases: [(&str, &[&str], &[&str]); 9] = [
            ("dns_name", &["web", "a.b-c"], &["", "a_b", "A", "a b", "-a", "a..b"]),
            ("host_name", &["shop.example.com", "_a.b"], &["*.b", "a\n", "ü.de", "a:80"]),
            ("ip_address", &["10.0.0.1", "fd00::1"], &["10.0.0", "fe80::1%eth0"]),
            ("ip_range", &["10.0.0.0/8", "::/0", "10.0.0.1"], &["10.0.0.0/33", "::/x", "/8"]),
            ("port_number", &["1", "65535"], &["0", "65536", "+1", "01", "1.0"]),
            ("duration", &["30s", "500", "24d"], &["0s", "25d", "1w", "s", "", "1 s", "5us"]),
            ("printable", &["/ü \"", ""], &["a\nb", "\u{85}"]),
            ("base64_text", &["YQ==", "", "w7w="], &["YQ", "/w==", "a b=", "===="]),
            (
                "password_hash",
                &["$1$salt$0123456789012345678901"],
                &["secret", "$1$salt$short", "$6$rounds=999999999$a$b", "$2y$10$abc"],
            ),
        ];
        for (name, good, bad) in cases {
            let test = TESTS.iter().find(|(known, _)| *known == name).unwrap().1;
            for text in good {
                assert!(test(text), "{text:?} is {name}");
            }
            for text in bad {
                assert!(!test(text), "{text:?} is not {name}");
            }
        }
    }
}
