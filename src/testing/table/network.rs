//! Rows of networking.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cells::{Item, joined, labels, list, number, or, selector, text};

/// How many of many are shown.
const SHOWN: usize = 3;

/// The first few of many, and how many more there are.
fn few(all: &[String], empty: &str) -> String {
    let shown = all[..all.len().min(SHOWN)].join(",");
    match all.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{shown} + {more} more..."),
        _ => or(&shown, empty).to_owned(),
    }
}

pub(super) fn service(item: &Item<'_>) -> Vec<Value> {
    let ports = item.list("/spec/ports").iter().map(|port| {
        let (number, protocol, node) = (number(port, "/port"), text(port, "/protocol"), number(port, "/nodePort"));
        if node > 0 { format!("{number}:{node}/{protocol}") } else { format!("{number}/{protocol}") }
    });
    let ports = ports.collect::<Vec<_>>().join(",");
    let address = item.list("/spec/clusterIPs").first().and_then(Value::as_str).unwrap_or("<none>");
    vec![
        item.name(),
        item.text("/spec/type").into(),
        address.into(),
        external(item).into(),
        or(&ports, "<none>").into(),
        item.age(),
        labels(item.at("/spec/selector")).into(),
    ]
}

/// Where a Service is reached from outside.
fn external(item: &Item<'_>) -> String {
    let given = joined(item.list("/spec/externalIPs").iter().filter_map(Value::as_str), ",");
    match item.text("/spec/type") {
        "ClusterIP" | "NodePort" => or(&given, "<none>").to_owned(),
        "LoadBalancer" => {
            let balanced = balancer(item);
            let both = [balanced.as_str(), &given];
            or(&joined(both.into_iter().filter(|addresses| !addresses.is_empty()), ","), "<pending>").to_owned()
        }
        "ExternalName" => item.text("/spec/externalName").to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

/// The addresses of a load balancer.
fn balancer(item: &Item<'_>) -> String {
    let points = item.list("/status/loadBalancer/ingress").iter();
    let addresses: BTreeSet<_> = points.map(|point| or(text(point, "/ip"), text(point, "/hostname"))).collect();
    joined(addresses.into_iter().filter(|address| !address.is_empty()), ",")
}

pub(super) fn ingress(item: &Item<'_>) -> Vec<Value> {
    let ports = if item.list("/spec/tls").is_empty() { "80" } else { "80, 443" };
    vec![
        item.name(),
        item.at("/spec/ingressClassName").as_str().unwrap_or("<none>").into(),
        hosts(item.list("/spec/rules")).into(),
        balancer(item).into(),
        ports.into(),
        item.age(),
    ]
}

/// The hosts of rules. Once enough of them are shown the rest is counted by rules, named hosts or not.
fn hosts(rules: &[Value]) -> String {
    let mut shown = Vec::new();
    let mut more = false;
    for rule in rules {
        more |= shown.len() == SHOWN;
        let host = text(rule, "/host");
        if !more && !host.is_empty() {
            shown.push(host);
        }
    }
    let said = shown.join(",");
    if more { format!("{said} + {} more...", rules.len() - SHOWN) } else { or(&said, "*").to_owned() }
}

pub(super) fn ingress_class(item: &Item<'_>) -> Vec<Value> {
    let default = item.at("/metadata/annotations")["ingressclass.kubernetes.io/is-default-class"] == "true";
    let name = format!("{}{}", item.text("/metadata/name"), if default { " (default)" } else { "" });
    let parameters = item.at("/spec/parameters");
    let said = if parameters.is_null() {
        "<none>".to_owned()
    } else {
        let group = parameters["apiGroup"].as_str().map(|group| format!(".{group}")).unwrap_or_default();
        format!("{}{group}/{}", text(parameters, "/kind"), text(parameters, "/name"))
    };
    vec![name.into(), item.text("/spec/controller").into(), said.into(), item.age()]
}

pub(super) fn endpoints(item: &Item<'_>) -> Vec<Value> {
    let subsets = item.list("/subsets");
    let mut all = Vec::new();
    for subset in subsets {
        let addresses = list(subset, "/addresses").iter().map(|address| text(address, "/ip"));
        let ports = list(subset, "/ports");
        if ports.is_empty() {
            all.extend(addresses.clone().map(str::to_owned));
        }
        for port in ports {
            let number = number(port, "/port");
            all.extend(addresses.clone().map(|address| {
                if address.contains(':') { format!("[{address}]:{number}") } else { format!("{address}:{number}") }
            }));
        }
    }
    let said = if subsets.is_empty() { "<none>".to_owned() } else { few(&all, "") };
    vec![item.name(), said.into(), item.age()]
}

pub(super) fn endpoint_slice(item: &Item<'_>) -> Vec<Value> {
    let ports = item.list("/ports").iter().map(|port| match (port["port"].as_i64(), port["name"].as_str()) {
        (Some(number), _) => number.to_string(),
        (None, name) => name.unwrap_or("*").to_owned(),
    });
    let addresses = item.list("/endpoints").iter().flat_map(|endpoint| list(endpoint, "/addresses"));
    let addresses = addresses.filter_map(Value::as_str).map(str::to_owned);
    vec![
        item.name(),
        item.text("/addressType").into(),
        few(&ports.collect::<Vec<_>>(), "<unset>").into(),
        few(&addresses.collect::<Vec<_>>(), "<unset>").into(),
        item.age(),
    ]
}

pub(super) fn policy(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), selector(item.at("/spec/podSelector")).into(), item.age()]
}

pub(super) fn cidrs(item: &Item<'_>) -> Vec<Value> {
    let cidrs = joined(item.list("/spec/cidrs").iter().filter_map(Value::as_str), ",");
    vec![item.name(), json!(cidrs), item.age()]
}

/// The server gives this row a cell more than there are columns.
pub(super) fn ip_address(item: &Item<'_>) -> Vec<Value> {
    let parent = item.at("/spec/parentRef");
    let said = if parent.is_null() {
        "<none>".to_owned()
    } else {
        let (resource, group) = (text(parent, "/resource"), text(parent, "/group"));
        let resource = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
        let parts = [resource.to_lowercase(), text(parent, "/namespace").to_owned(), text(parent, "/name").to_owned()];
        let [resource, namespace, name] = &parts;
        if namespace.is_empty() { format!("{resource}/{name}") } else { format!("{resource}/{namespace}/{name}") }
    };
    vec![item.name(), said.into(), item.age()]
}
