//! Rows of nodes, namespaces, events, and of the small kinds around them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cells::{Item, joined, number, or, text};

pub(super) fn namespace(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), item.text("/status/phase").into(), item.age()]
}

/// How many members a map has.
fn count(item: &Item<'_>, path: &str) -> usize {
    item.at(path).as_object().map_or(0, serde_json::Map::len)
}

pub(super) fn config_map(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), json!(count(item, "/data") + count(item, "/binaryData")), item.age()]
}

pub(super) fn secret(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), item.text("/type").into(), json!(count(item, "/data")), item.age()]
}

pub(super) fn node(item: &Item<'_>) -> Vec<Value> {
    // Where a condition is said twice the last one counts.
    let ready = item.list("/status/conditions").iter().rfind(|condition| condition["type"] == "Ready");
    let ready = ready.map(|condition| if condition["status"] == "True" { "Ready" } else { "NotReady" });
    let unschedulable = item.flag("/spec/unschedulable", false).then_some("SchedulingDisabled");
    let status = joined([Some(ready.unwrap_or("Unknown")), unschedulable].into_iter().flatten(), ",");
    let info = |field: &str| text(item.at("/status/nodeInfo"), field).to_owned();
    let or_unknown = |text: String| or(&text, "<unknown>").to_owned();
    let architecture = info("/architecture");
    let mut kernel = or_unknown(info("/kernelVersion"));
    if !architecture.is_empty() {
        kernel = format!("{kernel} ({architecture})");
    }
    vec![
        item.name(),
        status.into(),
        roles(item).into(),
        item.age(),
        info("/kubeletVersion").into(),
        address(item, "InternalIP").into(),
        address(item, "ExternalIP").into(),
        or_unknown(info("/osImage")).into(),
        kernel.into(),
        or_unknown(info("/containerRuntimeVersion")).into(),
    ]
}

/// The roles a node is labelled with.
fn roles(item: &Item<'_>) -> String {
    let labels = item.at("/metadata/labels").as_object().into_iter().flatten();
    let roles: BTreeSet<_> = labels
        .filter_map(|(label, value)| match label.as_str() {
            "kubernetes.io/role" => value.as_str(),
            label => label.strip_prefix("node-role.kubernetes.io/"),
        })
        .filter(|role| !role.is_empty())
        .collect();
    or(&joined(roles.into_iter(), ","), "<none>").to_owned()
}

fn address<'i>(item: &'i Item<'_>, name: &str) -> &'i str {
    let found = item.list("/status/addresses").iter().find(|address| address["type"] == name);
    found.map_or("<none>", |address| text(address, "/address"))
}

pub(super) fn event(item: &Item<'_>) -> Vec<Value> {
    let about = item.at("/involvedObject");
    let source = item.at("/source");
    let known = |time: &Value| time.as_str().is_some_and(|time| !time.is_empty());
    let first = item.at("/firstTimestamp");
    let first = item.since(if known(first) { first } else { item.at("/eventTime") });
    let last = item.at("/lastTimestamp");
    let series = item.at("/series");
    let last = match (series.is_null(), known(last)) {
        (false, _) => item.since(&series["lastObservedTime"]),
        (true, true) => item.since(last),
        (true, false) => first.clone(),
    };
    let count = match (series.is_null(), item.at("/count").as_i64()) {
        (false, _) => number(series, "/count"),
        (true, Some(count)) if count != 0 => count,
        (true, _) => 1,
    };
    let (kind, name) = (text(about, "/kind").to_lowercase(), text(about, "/name"));
    let component = or(text(source, "/component"), item.text("/reportingComponent"));
    let instance = or(text(source, "/host"), item.text("/reportingInstance"));
    vec![
        last.into(),
        item.text("/type").into(),
        item.text("/reason").into(),
        if name.is_empty() { kind.into() } else { format!("{kind}/{name}").into() },
        text(about, "/fieldPath").into(),
        if instance.is_empty() { component.into() } else { format!("{component}, {instance}").into() },
        item.text("/message").trim().into(),
        first.into(),
        count.into(),
        item.name(),
    ]
}

pub(super) fn component_status(item: &Item<'_>) -> Vec<Value> {
    let healthy = item.list("/conditions").iter().find(|condition| condition["type"] == "Healthy");
    let status = match healthy {
        None => "Unknown",
        Some(condition) if condition["status"] == "True" => "Healthy",
        Some(_) => "Unhealthy",
    };
    let told = |field: &str| healthy.and_then(|condition| condition[field].as_str()).unwrap_or_default().to_owned();
    vec![item.name(), status.into(), told("message").into(), told("error").into()]
}

pub(super) fn lease(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), item.text("/spec/holderIdentity").into(), item.age()]
}

pub(super) fn runtime_class(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), item.text("/handler").into(), item.age()]
}

pub(super) fn api_service(item: &Item<'_>) -> Vec<Value> {
    let service = item.at("/spec/service");
    let service = if service.is_null() {
        "Local".to_owned()
    } else {
        format!("{}/{}", text(service, "/namespace"), text(service, "/name"))
    };
    let available = item.list("/status/conditions").iter().find(|condition| condition["type"] == "Available");
    let available = available.map_or_else(
        || "Unknown".to_owned(),
        |condition| match (text(condition, "/status"), text(condition, "/reason")) {
            (status, reason) if status == "True" || reason.is_empty() => status.to_owned(),
            (status, reason) => format!("{status} ({reason})"),
        },
    );
    vec![item.name(), service.into(), available.into(), item.age()]
}

pub(super) fn resource_claim(item: &Item<'_>) -> Vec<Value> {
    let allocated = !item.at("/status/allocation").is_null();
    let reserved = allocated && !item.list("/status/reservedFor").is_empty();
    let pending = !allocated && !item.is_terminating();
    let states =
        [("deleted", item.is_terminating()), ("pending", pending), ("allocated", allocated), ("reserved", reserved)];
    let states = joined(states.into_iter().filter(|(_, is)| *is).map(|(state, _)| state), ",");
    vec![item.name(), states.into(), item.age()]
}

pub(super) fn resource_slice(item: &Item<'_>) -> Vec<Value> {
    let fields = ["/spec/nodeName", "/spec/driver", "/spec/pool/name"].map(|path| json!(item.text(path)));
    let [node, driver, pool] = fields;
    vec![item.name(), node, driver, pool, item.age()]
}
