//! What the server refuses in Endpoints and EndpointSlices.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    super::status::Flaw,
    address::{self, Form},
    items,
    metadata::label_problems,
    name, needed, port_problem, problems,
    service::protocol,
    text,
};
use crate::selector::value_problems;

/// How long lists may be.
const ENDPOINTS: usize = 1000;
const ADDRESSES: usize = 100;
const PORTS: usize = 20000;
const HINTS: usize = 8;

pub(super) fn endpoints(object: &Value, flaws: &mut Vec<Flaw>) {
    for (place, subset) in items(object, "subsets").iter().enumerate() {
        let field = format!("subsets[{place}]");
        let lists = ["addresses", "notReadyAddresses"];
        if lists.iter().all(|list| items(subset, list).is_empty()) {
            flaws.push(Flaw::required(&field, "must specify `addresses` or `notReadyAddresses`"));
        }
        for list in lists {
            for (place, address) in items(subset, list).iter().enumerate() {
                self::address(address, &format!("{field}.{list}[{place}]"), flaws);
            }
        }
        let ports = items(subset, "ports");
        for (place, port) in ports.iter().enumerate() {
            let field = format!("{field}.ports[{place}]");
            match text(&port["name"]) {
                "" if ports.len() > 1 => flaws.push(Flaw::required(format!("{field}.name"), "")),
                name => problems(&format!("{field}.name"), name, label_problems(name), flaws),
            }
            flaws.extend(port_problem(&format!("{field}.port"), port["port"].as_i64().unwrap_or_default()));
            protocol(port, &field, flaws);
            application(port, &field, flaws);
        }
    }
}

fn address(address: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let ip = text(&address["ip"]);
    address::ip(ip, &format!("{field}.ip"), Form::Clear, flaws);
    let host = text(&address["hostname"]);
    problems(&format!("{field}.hostname"), host, label_problems(host), flaws);
    node(address, field, flaws);
    address::endpoint(ip, &format!("{field}.ip"), flaws);
}

fn node(endpoint: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if let Some(node) = endpoint["nodeName"].as_str() {
        name::subdomain(node, &format!("{field}.nodeName"), flaws);
    }
}

/// What a port speaks, beside its protocol.
fn application(port: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if let Some(protocol) = port["appProtocol"].as_str() {
        name::qualified(protocol, &format!("{field}.appProtocol"), flaws);
    }
}

pub(super) fn slice(object: &Value, flaws: &mut Vec<Flaw>) {
    const TYPES: [&str; 3] = ["FQDN", "IPv4", "IPv6"];
    let address_type = text(&object["addressType"]);
    needed(&object["addressType"], "addressType", "", flaws);
    if !address_type.is_empty() && !TYPES.contains(&address_type) {
        flaws.push(Flaw::unsupported("addressType", address_type, &TYPES));
    }
    ports(items(object, "ports"), flaws);
    let endpoints = items(object, "endpoints");
    if exceed(endpoints.len(), ENDPOINTS, "endpoints", flaws) {
        return;
    }
    for (place, endpoint) in endpoints.iter().enumerate() {
        self::endpoint(endpoint, address_type, &format!("endpoints[{place}]"), flaws);
    }
}

/// Whether there are too many, which it tells.
fn exceed(count: usize, most: usize, field: &str, flaws: &mut Vec<Flaw>) -> bool {
    if count > most {
        flaws.push(Flaw::too_many(field, count as u64, most as u64));
    }
    count > most
}

fn ports(ports: &[Value], flaws: &mut Vec<Flaw>) {
    if exceed(ports.len(), PORTS, "ports", flaws) {
        return;
    }
    let mut names = HashSet::new();
    for (place, port) in ports.iter().enumerate() {
        let field = format!("ports[{place}]");
        let name = text(&port["name"]);
        problems(&format!("{field}.name"), name, label_problems(name), flaws);
        if !names.insert(name) {
            flaws.push(Flaw::duplicate(format!("{field}.name"), name));
        }
        protocol(port, &field, flaws);
        application(port, &field, flaws);
    }
}

fn endpoint(endpoint: &Value, address_type: &str, field: &str, flaws: &mut Vec<Flaw>) {
    let of_addresses = format!("{field}.addresses");
    let addresses = items(endpoint, "addresses");
    if addresses.is_empty() {
        flaws.push(Flaw::required(&of_addresses, "must contain at least 1 address"));
    }
    exceed(addresses.len(), ADDRESSES, &of_addresses, flaws);
    for (place, address) in addresses.iter().map(text).enumerate() {
        let field = format!("{of_addresses}[{place}]");
        let (form, v4) = match address_type {
            "IPv4" => (Form::Clear, true),
            "IPv6" => (Form::Canonical, false),
            "FQDN" => {
                match address {
                    "" => flaws.push(Flaw::required(field, "")),
                    _ => name::domain(address.strip_suffix('.').unwrap_or(address), 2, &field, flaws),
                }
                continue;
            }
            _ => continue,
        };
        if let Some(why) = address::problem(address, form) {
            flaws.push(Flaw::invalid(field, address, &why));
            continue;
        }
        if address::read(address).is_some_and(|read| read.is_ipv4() != v4) {
            flaws.push(Flaw::invalid(&of_addresses, address, &format!("must be an {address_type} address")));
        }
        address::endpoint(address, &field, flaws);
    }
    node(endpoint, field, flaws);
    if let Some(host) = endpoint["hostname"].as_str() {
        name::label(host, &format!("{field}.hostname"), flaws);
    }
    hints(&endpoint["hints"], &format!("{field}.hints"), flaws);
}

/// For whom an endpoint is.
fn hints(hints: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    for list in ["forZones", "forNodes"] {
        let field = format!("{field}.{list}");
        let names = items(hints, list);
        if exceed(names.len(), HINTS, &field, flaws) {
            return;
        }
        let mut seen = HashSet::new();
        for (place, name) in names.iter().map(|hint| text(&hint["name"])).enumerate() {
            let field = format!("{field}[{place}].name");
            if !seen.insert(name) {
                flaws.push(Flaw::duplicate(&field, name));
            }
            match list {
                "forZones" => problems(&field, name, value_problems(name), flaws),
                _ => name::subdomain(name, &field, flaws),
            }
        }
    }
}
