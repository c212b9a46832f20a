//! Rows of what scales.

use serde_json::{Value, json};

use super::cells::{Item, list, plain, text};

pub(super) fn scale(item: &Item<'_>) -> Vec<Value> {
    vec![item.name(), item.number("/spec/replicas").into(), item.number("/status/replicas").into(), item.age()]
}

pub(super) fn autoscaler(item: &Item<'_>) -> Vec<Value> {
    let target = format!("{}/{}", item.text("/spec/scaleTargetRef/kind"), item.text("/spec/scaleTargetRef/name"));
    let least = item.at("/spec/minReplicas").as_i64().map_or_else(|| "<unset>".to_owned(), |count| count.to_string());
    vec![
        item.name(),
        target.into(),
        metrics(item).into(),
        least.into(),
        item.number("/spec/maxReplicas").into(),
        item.number("/status/currentReplicas").into(),
        item.age(),
    ]
}

/// What it looks at, each with what is and what should be.
fn metrics(item: &Item<'_>) -> String {
    const SHOWN: usize = 2;
    let current = list(item.object, "/status/currentMetrics");
    let wanted = item.list("/spec/metrics").iter().enumerate();
    let mut all: Vec<_> = wanted.map(|(place, metric)| self::metric(metric, current.get(place))).collect();
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    let said = all.join(", ");
    match (said.is_empty(), more) {
        (true, _) => "<none>".to_owned(),
        (false, 0) => said,
        (false, more) => format!("{said} + {more} more..."),
    }
}

const UNKNOWN: &str = "<unknown>";

fn percent(value: &Value, absent: &str) -> String {
    value.as_i64().map_or_else(|| absent.to_owned(), |value| format!("{value}%"))
}

fn metric(metric: &Value, status: Option<&Value>) -> String {
    let (member, resource) = match text(metric, "/type") {
        "External" => ("external", false),
        "Object" => ("object", false),
        "Pods" => ("pods", false),
        "Resource" => ("resource", true),
        "ContainerResource" => ("containerResource", true),
        _ => return "<unknown type>".to_owned(),
    };
    let target = &metric[member]["target"];
    let status = status.map(|status| &status[member]).filter(|status| !status.is_null());
    let current = |field: &str| match status.map(|status| &status["current"][field]) {
        None => UNKNOWN.to_owned(),
        Some(value) => plain(value),
    };
    let average = &target["averageValue"];
    let said = match (average.is_null(), resource) {
        (true, true) => {
            let now = status.map_or(&json!(null), |status| &status["current"]["averageUtilization"]).clone();
            format!("{}/{}", percent(&now, UNKNOWN), percent(&target["averageUtilization"], "<auto>"))
        }
        (true, false) if member != "pods" => format!("{}/{}", current("value"), plain(&target["value"])),
        (false, false) if member != "pods" => {
            let known = status.is_some_and(|status| !status["current"]["averageValue"].is_null());
            let now = if known { current("averageValue") } else { UNKNOWN.to_owned() };
            format!("{now}/{} (avg)", plain(average))
        }
        _ => format!("{}/{}", current("averageValue"), plain(average)),
    };
    if resource { format!("{}: {said}", text(metric, &format!("/{member}/name"))) } else { said }
}
