//! Ranges of IP addresses: `cidr('10.0.0.0/8').containsIP('10.0.0.1')`.

use std::{any::Any, net::IpAddr};

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        types::{CelBool, CelInt, CelString, Type},
        value::{StaticVal, Val},
    },
};

use super::{
    failed,
    ip::{Ip, ip, read as address},
};

static TYPE: Type = Type::new_unspecified_type("net.CIDR");

/// An address, and how many of its bits are those of the range.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cidr(IpAddr, u8);

impl Cidr {
    fn read(text: &str) -> Option<Self> {
        let (text, length) = text.split_once('/')?;
        let address = address(text)?;
        let plain = length == "0" || !length.starts_with(['0', '+']);
        let length: u8 = length.parse().ok().filter(|length| plain && *length <= width(&address))?;
        Some(Cidr(address, length))
    }

    /// The first address of the range.
    fn masked(self) -> Self {
        let Cidr(address, length) = self;
        let masked = match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or_default();
                IpAddr::V4((address.to_bits() & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or_default();
                IpAddr::V6((address.to_bits() & mask).into())
            }
        };
        Cidr(masked, length)
    }

    fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.0.is_ipv4() && Cidr(address, self.1).masked() == self.masked()
    }
}

fn width(address: &IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl Val for Cidr {
    fn get_type(&self) -> &Type {
        &TYPE
    }

    fn cel_type() -> &'static Type {
        &TYPE
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Cidr>() == Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(*self)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Cidr {}

pub(super) fn declare(environment: &mut Env) -> Result<(), DeclarationError> {
    cel::add_overload!(environment, fn cidr: (CelString) -> Result<Cidr>)?;
    cel::add_overload!(environment, fn is_cidr: (CelString) -> CelBool, name = "isCIDR")?;
    cel::add_overload!(environment, fn string: (Cidr) -> CelString, id = "cidr_to_string")?;
    cel::add_member_overload!(environment, fn contains_ip: (Cidr, Ip) -> CelBool, name = "containsIP")?;
    cel::add_member_overload!(environment, fn contains_ip_text: (Cidr, CelString) -> Result<CelBool>,
        name = "containsIP")?;
    cel::add_member_overload!(environment, fn contains_cidr: (Cidr, Cidr) -> CelBool, name = "containsCIDR")?;
    cel::add_member_overload!(environment, fn contains_cidr_text: (Cidr, CelString) -> Result<CelBool>,
        name = "containsCIDR")?;
    cel::add_member_overload!(environment, fn first: (Cidr) -> Ip, name = "ip")?;
    cel::add_member_overload!(environment, fn prefix_length: (Cidr) -> CelInt)?;
    cel::add_member_overload!(environment, fn masked: (Cidr) -> Cidr)
}

fn cidr(text: &CelString<'_>) -> Result<Cidr, ExecutionError> {
    Cidr::read(text.inner()).ok_or_else(|| {
        let said = "network address parse error during conversion from string";
        failed(format!("{said}: {said}: netip.ParsePrefix({:?}): no '/'", text.inner()))
    })
}

fn is_cidr(text: &CelString<'_>) -> CelBool {
    Cidr::read(text.inner()).is_some().into()
}

fn string(cidr: &Cidr) -> CelString<'static> {
    format!("{}/{}", cidr.0, cidr.1).into()
}

fn contains_ip(cidr: &Cidr, ip: &Ip) -> CelBool {
    cidr.contains(ip.0).into()
}

fn contains_ip_text(cidr: &Cidr, text: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    Ok(cidr.contains(ip(text)?.0).into())
}

fn contains_cidr(cidr: &Cidr, other: &Cidr) -> CelBool {
    (cidr.1 <= other.1 && cidr.contains(other.0)).into()
}

fn contains_cidr_text(range: &Cidr, text: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    Ok(contains_cidr(range, &cidr(text)?))
}

fn first(cidr: &Cidr) -> Ip {
    Ip(cidr.0)
}

fn prefix_length(cidr: &Cidr) -> CelInt {
    i64::from(cidr.1).into()
}

fn masked(cidr: &Cidr) -> Cidr {
    cidr.masked()
}
