//! What the server refuses in the ranges from which Services get their addresses, and in the addresses.

use serde_json::Value;

use super::{
    super::status::Flaw,
    address::{self, Form},
    items, name, printed, problems, text,
};
use crate::selector::subdomain_problems;

const RANGES: &str = "spec.cidrs";

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let said = items(spec, "cidrs");
    if said.is_empty() {
        return flaws.push(Flaw::required(RANGES, "at least one CIDR required"));
    }
    if said.len() > 2 {
        return flaws.push(Flaw::showing(RANGES, &printed(spec, &[("CIDRs", "null")]), "may only hold up to 2 values"));
    }
    let mut ranges = Vec::new();
    for (place, range) in said.iter().map(text).enumerate() {
        ranges.push(address::range(range, &format!("{RANGES}[{place}]"), Form::Canonical, flaws));
    }
    if let [Some(one), Some(other)] = ranges.as_slice()
        && one.is_v4() == other.is_v4()
    {
        let why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
        flaws.push(Flaw::invalid(RANGES, spec["cidrs"].clone(), why));
    }
}

/// Ranges stay; a second one, of the other family, may come.
pub(super) fn frozen(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    let [was, is] = [old, new].map(|object| items(&object["spec"], "cidrs"));
    let second_comes = (was.len(), is.len()) == (1, 2);
    if was.len() != is.len() && !second_comes {
        return flaws.push(Flaw::invalid(RANGES, new["spec"]["cidrs"].clone(), "field is immutable"));
    }
    for (place, (_, changed)) in was.iter().zip(is).enumerate().filter(|(_, (was, is))| was != is) {
        flaws.push(Flaw::invalid(format!("{RANGES}[{place}]"), changed.clone(), "field is immutable"));
    }
    if second_comes {
        check(new, flaws);
    }
}

/// An address that somebody has, and who.
pub(super) fn address(object: &Value, flaws: &mut Vec<Flaw>) {
    const FIELD: &str = "spec.parentRef";
    let parent = &object["spec"]["parentRef"];
    if !parent.is_object() {
        return flaws.push(Flaw::required(FIELD, ""));
    }
    let group = text(&parent["group"]);
    problems(&format!("{FIELD}.group"), group, subdomain_problems(group), flaws);
    for part in ["resource", "name"] {
        name::segment(&parent[part], &format!("{FIELD}.{part}"), flaws);
    }
    if !text(&parent["namespace"]).is_empty() {
        name::segment(&parent["namespace"], &format!("{FIELD}.namespace"), flaws);
    }
}

/// An address stays whose it is.
pub(super) fn frozen_address(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    let parent = &new["spec"]["parentRef"];
    if old["spec"]["parentRef"] != *parent {
        let shown = printed(parent, &["Group", "Resource", "Namespace", "Name"].map(|field| (field, "\"\"")));
        let shown = if parent.is_null() { "null" } else { &shown };
        flaws.push(Flaw::showing("spec.parentRef", shown, "field is immutable"));
    }
}
