//! Addresses and ranges of them, as the server reads and likes them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::status::Flaw;

/// How an address has to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In a way that everybody reads alike.
    Clear,
    /// In the one form it has.
    Canonical,
}

/// Addresses that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    address: IpAddr,
    bits: u32,
}

impl Range {
    /// Reads a range; leading zeros and bits beyond the prefix do not disturb.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let address = read(address)?;
        let bits = Some(bits).filter(|bits| bits.len() < 9 && is_number(bits))?.parse().ok()?;
        (bits <= width(address)).then_some(Range { address, bits })
    }

    fn first(self) -> IpAddr {
        let rest = width(self.address) - self.bits;
        match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(rest).unwrap_or_default();
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(rest).unwrap_or_default();
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        }
    }

    /// Whether another range is a part of this one, and not all of it.
    pub(super) fn is_more_than(self, other: Range) -> bool {
        let alike = width(self.address) == width(other.address);
        alike && self.bits < other.bits && Range { bits: self.bits, ..other }.first() == self.first()
    }

    pub(super) fn is_v4(self) -> bool {
        self.address.is_ipv4()
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads an address; leading zeros do not disturb.
pub(super) fn read(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        return text.parse().ok().map(IpAddr::V6);
    }
    let parts: Vec<u8> =
        text.split('.').map(|part| Some(part).filter(|part| is_number(part))?.parse().ok()).collect::<Option<_>>()?;
    <[u8; 4]>::try_from(parts).ok().map(IpAddr::from)
}

fn is_mapped(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some())
}

/// What is wrong with an address.
pub(super) fn problem(text: &str, form: Form) -> Option<String> {
    let Some(address) = read(text) else {
        return Some("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned());
    };
    if text.parse::<IpAddr>().is_err() {
        return Some("must not have leading 0s".to_owned());
    }
    if is_mapped(address) {
        return Some("must not be an IPv4-mapped IPv6 address".to_owned());
    }
    let canonical = address.to_string();
    (form == Form::Canonical && canonical != text).then(|| format!("must be in canonical form ({canonical:?})"))
}

pub(super) fn ip(text: &str, field: &str, form: Form, flaws: &mut Vec<Flaw>) {
    flaws.extend(problem(text, form).map(|why| Flaw::invalid(field, text, &why)));
}

/// Looks at a range. Answers it where there is one, liked or not.
pub(super) fn range(text: &str, field: &str, form: Form, flaws: &mut Vec<Flaw>) -> Option<Range> {
    let read = Range::read(text);
    flaws.extend(range_problem(text, read, form).map(|why| Flaw::invalid(field, text, &why)));
    read
}

fn range_problem(text: &str, read: Option<Range>, form: Form) -> Option<String> {
    let Some(range) = read else {
        return Some("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".to_owned());
    };
    let (address, bits) = text.split_once('/').unwrap_or((text, ""));
    if address.parse::<IpAddr>().is_err() || (bits.len() > 1 && bits.starts_with('0')) {
        return Some("must not have leading 0s in IP or prefix length".to_owned());
    }
    if is_mapped(range.address) {
        return Some("must not have an IPv4-mapped IPv6 address".to_owned());
    }
    if range.first() != range.address {
        return Some("must not have bits set beyond the prefix length".to_owned());
    }
    let canonical = format!("{}/{}", range.address, range.bits);
    (form == Form::Canonical && canonical != text).then(|| format!("must be in canonical form ({canonical:?})"))
}

/// An address that others can send to.
pub(super) fn endpoint(text: &str, field: &str, flaws: &mut Vec<Flaw>) {
    let Some(address) = read(text) else {
        return flaws.push(Flaw::invalid(field, text, "must be a valid IP address"));
    };
    let (near, many) = match address {
        IpAddr::V4(address) => (address.is_link_local(), address.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(address) => (address.is_unicast_link_local(), address.segments()[0] & 0xff0f == 0xff02),
    };
    for (is_so, why) in [
        (address.is_unspecified(), format!("may not be unspecified ({text})")),
        (address.is_loopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned()),
        (near, "may not be in the link-local range (169.254.0.0/16, fe80::/10)".to_owned()),
        (many, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".to_owned()),
    ] {
        if is_so {
            flaws.push(Flaw::invalid(field, text, &why));
        }
    }
}
