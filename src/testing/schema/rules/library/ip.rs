//! IP addresses: `ip('10.0.0.1').isLoopback()`.

use std::{any::Any, net::IpAddr};

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        types::{CelBool, CelInt, CelString, Type},
        value::{StaticVal, Val},
    },
};

use super::failed;

static TYPE: Type = Type::new_unspecified_type("net.IP");

/// An address.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ip(pub(super) IpAddr);

impl Val for Ip {
    fn get_type(&self) -> &Type {
        &TYPE
    }

    fn cel_type() -> &'static Type {
        &TYPE
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Ip>() == Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(*self)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Ip {}

pub(super) fn declare(environment: &mut Env) -> Result<(), DeclarationError> {
    cel::add_overload!(environment, fn ip: (CelString) -> Result<Ip>)?;
    cel::add_overload!(environment, fn is_ip: (CelString) -> CelBool, name = "isIP")?;
    cel::add_overload!(environment, fn is_canonical: (CelString) -> Result<CelBool>, name = "ip.isCanonical")?;
    cel::add_overload!(environment, fn string: (Ip) -> CelString, id = "ip_to_string")?;
    cel::add_member_overload!(environment, fn family: (Ip) -> CelInt)?;
    cel::add_member_overload!(environment, fn is_unspecified: (Ip) -> CelBool)?;
    cel::add_member_overload!(environment, fn is_loopback: (Ip) -> CelBool)?;
    cel::add_member_overload!(environment, fn is_link_local_multicast: (Ip) -> CelBool)?;
    cel::add_member_overload!(environment, fn is_link_local_unicast: (Ip) -> CelBool)?;
    cel::add_member_overload!(environment, fn is_global_unicast: (Ip) -> CelBool)
}

/// An address that is not one of IPv4 in the clothes of IPv6.
pub(super) fn read(text: &str) -> Option<IpAddr> {
    text.parse().ok().filter(|address| !is_mapped(address))
}

pub(super) fn is_mapped(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some())
}

pub(super) fn ip(text: &CelString<'_>) -> Result<Ip, ExecutionError> {
    let text = text.inner();
    read(text).map(Ip).ok_or_else(|| match text.parse::<IpAddr>() {
        Ok(_) => failed(format!("IPv4-mapped IPv6 address {text:?} is not allowed")),
        Err(_) => {
            let said = "parse error during conversion from string";
            failed(format!("IP Address {text:?} {said}: ParseAddr({text:?}): {}", fault(text)))
        }
    })
}

/// What is wrong with a text that is no address.
fn fault(text: &str) -> String {
    if text.contains(':') || !text.contains('.') {
        return "unable to parse IP".to_owned();
    }
    match text.find(|letter: char| !letter.is_ascii_digit() && letter != '.') {
        Some(place) => format!("unexpected character (at {:?})", &text[place..]),
        None if text.split('.').any(|part| part.parse::<u64>().is_ok_and(|part| part > 255)) => {
            "IPv4 field has value >255".to_owned()
        }
        None => "IPv4 address too short".to_owned(),
    }
}

fn is_ip(text: &CelString<'_>) -> CelBool {
    read(text.inner()).is_some().into()
}

fn is_canonical(text: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    Ok((ip(text)?.0.to_string() == text.inner()).into())
}

fn string(ip: &Ip) -> CelString<'static> {
    ip.0.to_string().into()
}

fn family(ip: &Ip) -> CelInt {
    if ip.0.is_ipv4() { 4 } else { 6 }.into()
}

fn is_unspecified(ip: &Ip) -> CelBool {
    ip.0.is_unspecified().into()
}

fn is_loopback(ip: &Ip) -> CelBool {
    ip.0.is_loopback().into()
}

fn is_link_local_multicast(ip: &Ip) -> CelBool {
    match ip.0 {
        IpAddr::V4(address) => address.octets()[..3] == [224, 0, 0],
        IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
    }
    .into()
}

fn link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_link_local_unicast(ip: &Ip) -> CelBool {
    link_local(&ip.0).into()
}

fn is_global_unicast(ip: &Ip) -> CelBool {
    let address = &ip.0;
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    let no = address.is_unspecified() || address.is_loopback() || address.is_multicast() || broadcast;
    (!no && !link_local(address)).into()
}
