//! What the server refuses in a NetworkPolicy.

use serde_json::Value;

use super::{
    super::status::Flaw,
    address::{self, Form},
    container::port_name_problems,
    items, label_selector, port_problem, text,
};

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    label_selector::check(&spec["podSelector"], "spec.podSelector", flaws);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (place, rule) in items(spec, direction).iter().enumerate() {
            let field = format!("spec.{direction}[{place}]");
            for (place, port) in items(rule, "ports").iter().enumerate() {
                self::port(port, &format!("{field}.ports[{place}]"), flaws);
            }
            for (place, peer) in items(rule, peers).iter().enumerate() {
                self::peer(peer, &format!("{field}.{peers}[{place}]"), flaws);
            }
        }
    }
    let types = items(spec, "policyTypes");
    if types.len() > 2 {
        let why = "may not specify more than two policyTypes";
        return flaws.push(Flaw::invalid("spec.policyTypes", spec["policyTypes"].clone(), why));
    }
    for (place, said) in types.iter().map(text).enumerate() {
        if !["Ingress", "Egress"].contains(&said) {
            flaws.push(Flaw::unsupported(format!("spec.policyTypes[{place}]"), said, &["Ingress", "Egress"]));
        }
    }
}

fn port(port: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let protocols = ["TCP", "UDP", "SCTP"];
    if let Some(protocol) = port["protocol"].as_str().filter(|protocol| !protocols.contains(protocol)) {
        flaws.push(Flaw::unsupported(format!("{field}.protocol"), protocol, &protocols));
    }
    let (of_end, of_port) = (format!("{field}.endPort"), format!("{field}.port"));
    let end = port["endPort"].as_i64();
    match &port["port"] {
        Value::Null => {
            let why = "may not be specified when `port` is not specified";
            flaws.extend(end.map(|end| Flaw::invalid(of_end, end, why)));
        }
        Value::String(name) => {
            let why = "may not be specified when `port` is non-numeric";
            flaws.extend(end.map(|end| Flaw::invalid(of_end, end, why)));
            flaws.extend(port_name_problems(name).iter().map(|why| Flaw::invalid(&of_port, name.as_str(), why)));
        }
        first => {
            let first = first.as_i64().unwrap_or_default();
            flaws.extend(port_problem(&of_port, first));
            // The server shows the port where it means the end.
            if end.is_some_and(|end| end < first) {
                flaws.push(Flaw::invalid(&of_end, first, "must be greater than or equal to `port`"));
            }
            flaws.extend(end.and_then(|end| port_problem(&of_end, end)));
        }
    }
}

fn peer(peer: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let selectors = ["podSelector", "namespaceSelector"].into_iter().filter(|name| peer[*name].is_object());
    let mut count = 0;
    for name in selectors {
        count += 1;
        label_selector::check(&peer[name], &format!("{field}.{name}"), flaws);
    }
    let block = &peer["ipBlock"];
    match (count, block.is_object()) {
        (0, false) => flaws.push(Flaw::required(field, "must specify a peer")),
        (0, true) => self::block(block, &format!("{field}.ipBlock"), flaws),
        (_, true) => {
            self::block(block, &format!("{field}.ipBlock"), flaws);
            flaws.push(Flaw::forbidden(field, "may not specify both ipBlock and another peer"));
        }
        (_, false) => {}
    }
}

fn block(block: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let of_whole = format!("{field}.cidr");
    let whole = text(&block["cidr"]);
    if whole.is_empty() {
        return flaws.push(Flaw::required(of_whole, ""));
    }
    let Some(whole) = address::range(whole, &of_whole, Form::Clear, flaws) else { return };
    for (place, part) in items(block, "except").iter().map(text).enumerate() {
        let field = format!("{field}.except[{place}]");
        let range = address::range(part, &field, Form::Clear, flaws);
        if range.is_some_and(|range| !whole.is_more_than(range)) {
            flaws.push(Flaw::invalid(&field, part, "must be a strict subset of `cidr`"));
        }
    }
}
