//! Rows of the kinds that make pods.

use serde_json::{Value, json};

use super::{
    age,
    cells::{Item, condition, containers, labels, requirements, selector, text},
};

const CONTAINERS: &str = "/spec/template/spec/containers";

fn with_containers(mut cells: Vec<Value>, item: &Item<'_>, path: &str) -> Vec<Value> {
    cells.extend(containers(item.list(path)));
    cells
}

pub(super) fn deployment(item: &Item<'_>) -> Vec<Value> {
    let ready = format!("{}/{}", item.number("/status/readyReplicas"), item.number("/spec/replicas"));
    let (updated, available) = (item.number("/status/updatedReplicas"), item.number("/status/availableReplicas"));
    let cells = vec![item.name(), ready.into(), updated.into(), available.into(), item.age()];
    let mut cells = with_containers(cells, item, CONTAINERS);
    cells.push(requirements(item.at("/spec/selector")).into());
    cells
}

/// What ReplicaSets and ReplicationControllers show; only their selectors differ.
fn replicas(item: &Item<'_>, selector: String) -> Vec<Value> {
    let counts = ["/spec/replicas", "/status/replicas", "/status/readyReplicas"].map(|path| item.number(path));
    let [desired, current, ready] = counts;
    let cells = vec![item.name(), desired.into(), current.into(), ready.into(), item.age()];
    let mut cells = with_containers(cells, item, CONTAINERS);
    cells.push(selector.into());
    cells
}

pub(super) fn replica_set(item: &Item<'_>) -> Vec<Value> {
    replicas(item, selector(item.at("/spec/selector")))
}

pub(super) fn replication_controller(item: &Item<'_>) -> Vec<Value> {
    replicas(item, labels(item.at("/spec/selector")))
}

pub(super) fn stateful_set(item: &Item<'_>) -> Vec<Value> {
    let ready = format!("{}/{}", item.number("/status/readyReplicas"), item.number("/spec/replicas"));
    with_containers(vec![item.name(), ready.into(), item.age()], item, CONTAINERS)
}

pub(super) fn daemon_set(item: &Item<'_>) -> Vec<Value> {
    let counts = [
        "/status/desiredNumberScheduled",
        "/status/currentNumberScheduled",
        "/status/numberReady",
        "/status/updatedNumberScheduled",
        "/status/numberAvailable",
    ];
    let mut cells = vec![item.name()];
    cells.extend(counts.map(|path| json!(item.number(path))));
    cells.extend([labels(item.at("/spec/template/spec/nodeSelector")).into(), item.age()]);
    let mut cells = with_containers(cells, item, CONTAINERS);
    cells.push(selector(item.at("/spec/selector")).into());
    cells
}

pub(super) fn job(item: &Item<'_>) -> Vec<Value> {
    let succeeded = item.number("/status/succeeded");
    let completions = match (item.at("/spec/completions").as_i64(), item.number("/spec/parallelism")) {
        (Some(completions), _) => format!("{succeeded}/{completions}"),
        (None, parallelism @ 2..) => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    };
    let time = |path: &str| item.text(path).parse().ok();
    let duration = time("/status/startTime")
        .map(|start| age::since(start, time("/status/completionTime").unwrap_or(item.now)))
        .unwrap_or_default();
    let conditions = item.list("/status/conditions");
    let is = |name: &str| condition(conditions, name) == Some("True");
    let status = if is("Complete") {
        "Complete"
    } else if is("Failed") {
        "Failed"
    } else if item.is_terminating() {
        "Terminating"
    } else {
        let said = ["Suspended", "FailureTarget", "SuccessCriteriaMet"].into_iter().find(|name| is(name));
        said.unwrap_or("Running")
    };
    let cells = vec![item.name(), status.into(), completions.into(), duration.into(), item.age()];
    let mut cells = with_containers(cells, item, CONTAINERS);
    cells.push(selector(item.at("/spec/selector")).into());
    cells
}

pub(super) fn cron_job(item: &Item<'_>) -> Vec<Value> {
    let last = item.at("/status/lastScheduleTime");
    let suspended = item.at("/spec/suspend").as_bool().map(|suspended| if suspended { "True" } else { "False" });
    let cells = vec![
        item.name(),
        item.text("/spec/schedule").into(),
        item.at("/spec/timeZone").as_str().unwrap_or("<none>").into(),
        suspended.unwrap_or("<unset>").into(),
        item.list("/status/active").len().into(),
        if last.is_null() { "<none>".into() } else { item.since(last).into() },
        item.age(),
    ];
    let mut cells = with_containers(cells, item, "/spec/jobTemplate/spec/template/spec/containers");
    cells.push(selector(item.at("/spec/jobTemplate/spec/selector")).into());
    cells
}

pub(super) fn pod_template(item: &Item<'_>) -> Vec<Value> {
    let mut cells = with_containers(vec![item.name()], item, "/template/spec/containers");
    cells.push(labels(item.at("/template/metadata/labels")).into());
    cells
}

pub(super) fn controller_revision(item: &Item<'_>) -> Vec<Value> {
    let controller = item.list("/metadata/ownerReferences").iter().find(|owner| owner["controller"] == true);
    let controller = controller.map(|owner| {
        let group = text(owner, "/apiVersion").split_once('/').map_or("", |(group, _)| group);
        let kind = text(owner, "/kind").to_lowercase();
        let kind = if group.is_empty() { kind } else { format!("{kind}.{group}") };
        format!("{kind}/{}", text(owner, "/name"))
    });
    let revision = item.number("/revision").into();
    vec![item.name(), controller.as_deref().unwrap_or("<none>").into(), revision, item.age()]
}
