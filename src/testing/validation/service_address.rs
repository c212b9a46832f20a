//! What the server refuses in the addresses of a Service: those of the cluster and their families, those outside of it,
//! and whom a load balancer lets in.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    super::status::Flaw,
    address::{self, Form},
    items, one_of, text,
};

const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

pub(super) fn is_headless(spec: &Value) -> bool {
    spec["clusterIPs"].as_array().is_some_and(|addresses| addresses.len() == 1 && addresses[0] == "None")
}

/// What is wrong with the addresses in the cluster. The server looks at these before it gives out any, too.
pub(in super::super) fn cluster(spec: &Value, flaws: &mut Vec<Flaw>) {
    if spec["type"] == "ExternalName" {
        return;
    }
    let field = "spec.clusterIPs";
    let all = items(spec, "clusterIPs");
    let invalid = |why: &str| Flaw::invalid(field, all.to_vec(), why);
    match (text(&spec["clusterIP"]), all.first()) {
        ("", Some(_)) => flaws.push(invalid("must be empty when `clusterIP` is not specified")),
        ("", None) => {}
        (_, None) => flaws.push(Flaw::required(field, "")),
        (address, Some(first)) if first != address => flaws.push(invalid("first value must match `clusterIP`")),
        _ => {}
    }
    families(spec, flaws);
    let before = flaws.len();
    for (place, address) in all.iter().map(text).enumerate() {
        match (place, address) {
            (0, "None") if all.len() > 1 => flaws.push(invalid("'None' must be the first and only value")),
            (0, "None") => {}
            _ => address::ip(address, &format!("{field}[{place}]"), Form::Clear, flaws),
        }
    }
    let readable = flaws.len() == before;
    if all.len() > 2 {
        flaws.push(invalid("may only hold up to 2 values"));
    }
    if readable {
        kinds(spec, all, flaws);
    }
}

fn families(spec: &Value, flaws: &mut Vec<Flaw>) {
    let mut seen = HashSet::new();
    for (place, family) in items(spec, "ipFamilies").iter().enumerate() {
        let field = format!("spec.ipFamilies[{place}]");
        if !["IPv4", "IPv6"].contains(&text(family)) {
            flaws.push(Flaw::unsupported(field.as_str(), family.clone(), &["IPv4", "IPv6"]));
        }
        if !seen.insert(family) {
            flaws.push(Flaw::duplicate(field, family.clone()));
        }
    }
    let policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
    one_of(&spec["ipFamilyPolicy"], "spec.ipFamilyPolicy", &policies, flaws);
}

/// Addresses that can be read are of different families, and of those that are said.
fn kinds(spec: &Value, all: &[Value], flaws: &mut Vec<Flaw>) {
    let is_v6 = |address: &Value| text(address).contains(':');
    let mixed = all.iter().any(is_v6) && !all.iter().all(is_v6);
    if all.len() > 1 && !mixed {
        let why = "may specify no more than one IP for each IP family";
        flaws.push(Flaw::invalid("spec.clusterIPs", all.to_vec(), why));
    }
    if is_headless(spec) {
        return;
    }
    for (place, (address, family)) in all.iter().zip(items(spec, "ipFamilies")).enumerate() {
        if ["IPv4", "IPv6"].contains(&text(family)) && is_v6(address) != (family == "IPv6") {
            let why = format!("expected an {} value as indicated by `ipFamilies[{place}]`", text(family));
            flaws.push(Flaw::invalid(format!("spec.clusterIPs[{place}]"), address.clone(), &why));
        }
    }
}

pub(super) fn external(spec: &Value, flaws: &mut Vec<Flaw>) {
    for (place, address) in items(spec, "externalIPs").iter().map(text).enumerate() {
        let field = format!("spec.externalIPs[{place}]");
        match address::problem(address, Form::Clear) {
            Some(why) => flaws.push(Flaw::invalid(field, address, &why)),
            None => address::endpoint(address, &field, flaws),
        }
    }
}

/// From where a load balancer takes requests. An annotation says it where the field does not.
pub(super) fn sources(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let ranges = items(spec, "loadBalancerSourceRanges");
    let annotation = object["metadata"]["annotations"][RANGES].as_str();
    // The server writes the field so.
    let field = if ranges.is_empty() {
        format!("metadata.annotations[{RANGES}]")
    } else {
        "spec.LoadBalancerSourceRanges".to_owned()
    };
    if spec["type"] != "LoadBalancer" && (!ranges.is_empty() || annotation.is_some()) {
        flaws.push(Flaw::forbidden(field.as_str(), "may only be used when `type` is 'LoadBalancer'"));
    }
    for (place, range) in ranges.iter().enumerate() {
        address::range(text(range).trim(), &format!("{field}[{place}]"), Form::Clear, flaws);
    }
    let said = annotation.map(str::trim).filter(|said| ranges.is_empty() && !said.is_empty());
    for range in said.into_iter().flat_map(|said| said.split(',')) {
        address::range(range.trim(), &field, Form::Clear, flaws);
    }
}

/// The first address and the first family stay; the second ones come and go.
pub(super) fn frozen(old: &Value, new: &Value, flaws: &mut Vec<Flaw>) {
    const ONCE: &str = "may not change once set";
    if [old, new].iter().any(|spec| spec["type"] == "ExternalName") {
        return;
    }
    let headless = [old, new].map(is_headless);
    for field in ["clusterIPs", "ipFamilies"] {
        let free = if field == "clusterIPs" { headless == [true, true] } else { headless != [false, false] };
        let (had, has) = (items(old, field), items(new, field));
        if free || had.is_empty() {
            continue;
        }
        let (path, all) = (format!("spec.{field}"), new[field].clone());
        match has.first() {
            None => {
                let what = if field == "clusterIPs" { "primary clusterIP" } else { "primary ipFamily" };
                flaws.push(Flaw::invalid(format!("{path}[0]"), all, &format!("{what} can not be unset")));
            }
            Some(first) if *first != had[0] => flaws.push(Flaw::invalid(format!("{path}[0]"), all, ONCE)),
            Some(_) if had.len() == has.len() => {
                for (place, _) in had.iter().zip(has).enumerate().filter(|(_, (had, has))| had != has) {
                    let place = if field == "clusterIPs" { place } else { 0 };
                    flaws.push(Flaw::invalid(format!("{path}[{place}]"), all.clone(), ONCE));
                }
            }
            Some(_) => {}
        }
        if had.len() > has.len() && has.len() == 1 && new["ipFamilyPolicy"] != "SingleStack" {
            let what = if field == "clusterIPs" { "clusterIP" } else { "ipFamily" };
            let why = format!("must be set to 'SingleStack' when releasing the secondary {what}");
            flaws.push(Flaw::invalid("spec.ipFamilyPolicy", new["ipFamilyPolicy"].clone(), &why));
        }
    }
}
