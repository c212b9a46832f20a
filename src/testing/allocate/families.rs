//! The IP families of a Service, in a cluster that has IPv4 addresses only.

use std::net::IpAddr;

use serde_json::Value;

use super::{super::status::Flaw, Fields, texts};

/// Says of which families the addresses are to be, and how many of them there are to be.
pub(super) fn choose(spec: &mut Fields, live: &Value) -> Result<(), Vec<Flaw>> {
    let headless = spec.get("clusterIP").is_some_and(|address| address == "None");
    let selects = spec.get("selector").and_then(Value::as_object).is_some_and(|selector| !selector.is_empty());
    let usual = match live["ipFamilyPolicy"].as_str() {
        Some(policy) => policy,
        None if headless && !selects => "RequireDualStack",
        None => "SingleStack",
    };
    let policy = spec.entry("ipFamilyPolicy").or_insert_with(|| usual.into()).as_str().unwrap_or_default().to_owned();
    let addresses = texts(spec, "clusterIPs");
    let mut families = texts(spec, "ipFamilies");
    for (place, address) in addresses.iter().enumerate().filter(|(_, address)| *address != "None") {
        let field = format!("spec.clusterIPs[{place}]");
        match address.parse() {
            Ok(IpAddr::V6(_)) if place >= families.len() => {
                return Err(vec![Flaw::invalid(field, addresses, "IPv6 is not configured on this cluster")]);
            }
            Ok(IpAddr::V4(_)) if place >= families.len() => families.push("IPv4".to_owned()),
            Ok(_) | Err(_) => {}
        }
    }
    let mut flaws = Vec::new();
    if policy == "SingleStack" {
        for (several, what) in [(&addresses, "cluster IPs"), (&families, "IP families")] {
            if several.len() > 1 {
                let why = format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
                flaws.push(Flaw::invalid("spec.ipFamilyPolicy", policy.as_str(), &why));
            }
        }
    }
    if !flaws.is_empty() {
        return Err(flaws);
    }
    if headless && !selects {
        // Nobody but the writer knows what stands behind it: it may be of both families.
        if families.is_empty() {
            families.push("IPv4".to_owned());
        }
        if families.len() == 1 && policy != "SingleStack" {
            families.push(if families[0] == "IPv4" { "IPv6" } else { "IPv4" }.to_owned());
        }
    } else {
        if policy == "RequireDualStack" {
            let why = "this cluster is not configured for dual-stack services";
            flaws.push(Flaw::invalid("spec.ipFamilyPolicy", policy, why));
        }
        for (place, family) in families.iter().enumerate().filter(|(_, family)| *family != "IPv4") {
            let field = format!("spec.ipFamilies[{place}]");
            flaws.push(Flaw::invalid(field, family.as_str(), "not configured on this cluster"));
        }
        if !flaws.is_empty() {
            return Err(flaws);
        }
        if families.is_empty() {
            families.push("IPv4".to_owned());
        }
    }
    spec.insert("ipFamilies".to_owned(), families.into());
    Ok(())
}
