//! Rows of pods: the state of their containers in one word.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::cells::{Item, condition as status_of, list, number, or, text};

/// What is said of a row whose pod has come to its end.
pub(super) fn condition(pod: &Value) -> Map<String, Value> {
    let (reason, message) = match text(pod, "/status/phase") {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return Map::new(),
    };
    let condition = json!({"type": "Completed", "status": "True", "reason": reason, "message": message});
    [("conditions".to_owned(), json!([condition]))].into_iter().collect()
}

pub(super) fn pod(item: &Item<'_>) -> Vec<Value> {
    let Summary { ready, total, reason, restarts } = Summary::of(item);
    let again = match restarts {
        Restarts { count, last: Some(last) } if count != 0 => {
            format!("{count} ({} ago)", super::age::since(last, item.now))
        }
        Restarts { count, .. } => count.to_string(),
    };
    let address = item.list("/status/podIPs").first().map_or("", |address| text(address, "/ip"));
    vec![
        item.name(),
        format!("{ready}/{total}").into(),
        reason.into(),
        again.into(),
        item.age(),
        or(address, "<none>").into(),
        or(item.text("/spec/nodeName"), "<none>").into(),
        or(item.text("/status/nominatedNodeName"), "<none>").into(),
        gates(item).into(),
    ]
}

/// How many of the readiness gates are passed.
fn gates(item: &Item<'_>) -> String {
    let gates = item.list("/spec/readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let conditions = item.list("/status/conditions");
    let passed = gates.iter().filter(|gate| status_of(conditions, text(gate, "/conditionType")) == Some("True"));
    format!("{}/{}", passed.count(), gates.len())
}

#[derive(Default)]
struct Restarts {
    count: i64,
    last: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, container: &Value) {
        self.count = self.count.saturating_add(number(container, "/restartCount"));
        let finished = text(container, "/lastState/terminated/finishedAt").parse().ok();
        self.last = self.last.max(finished);
    }
}

struct Summary {
    ready: usize,
    total: usize,
    reason: String,
    restarts: Restarts,
}

impl Summary {
    fn of(item: &Item<'_>) -> Self {
        let conditions = item.list("/status/conditions");
        let sidecars: Vec<_> = item
            .list("/spec/initContainers")
            .iter()
            .filter(|container| container["restartPolicy"] == "Always")
            .map(|container| text(container, "/name"))
            .collect();
        let phase = item.text("/status/phase");
        let gated = conditions
            .iter()
            .any(|condition| condition["type"] == "PodScheduled" && condition["reason"] == "SchedulingGated");
        let reason = if gated { "SchedulingGated" } else { or(item.text("/status/reason"), phase) };
        let mut summary = Summary {
            ready: 0,
            total: item.list("/spec/containers").len() + sidecars.len(),
            reason: reason.to_owned(),
            restarts: Restarts::default(),
        };
        let of_sidecars = summary.initialize(item, &sidecars);
        if let Some(restarts) = of_sidecars {
            summary.restarts = restarts;
            summary.run(item, conditions);
        }
        if item.is_terminating() {
            if item.text("/status/reason") == "NodeLost" {
                summary.reason = "Unknown".to_owned();
            } else if !["Succeeded", "Failed"].contains(&phase) {
                summary.reason = "Terminating".to_owned();
            }
        }
        summary
    }

    /// Looks at the containers that come first. Answers the restarts of those that stay, once they are all done.
    fn initialize(&mut self, item: &Item<'_>, sidecars: &[&str]) -> Option<Restarts> {
        let mut of_sidecars = Restarts::default();
        let mut busy = false;
        for (place, container) in item.list("/status/initContainerStatuses").iter().enumerate() {
            self.restarts.add(container);
            let stays = sidecars.contains(&text(container, "/name"));
            if stays {
                of_sidecars.add(container);
            }
            let terminated = container.pointer("/state/terminated").filter(|state| !state.is_null());
            let waiting = text(container, "/state/waiting/reason");
            if terminated.is_some_and(|state| number(state, "/exitCode") == 0) {
                continue;
            }
            if stays && container["started"] == true {
                self.ready += usize::from(container["ready"] == true);
                continue;
            }
            self.reason = match terminated {
                Some(state) => format!("Init:{}", ended(state)),
                None if !["", "PodInitializing"].contains(&waiting) => format!("Init:{waiting}"),
                None => format!("Init:{place}/{}", item.list("/spec/initContainers").len()),
            };
            busy = true;
            break;
        }
        let initialized = status_of(item.list("/status/conditions"), "Initialized") == Some("True");
        (!busy || initialized).then_some(of_sidecars)
    }

    /// Looks at the containers that do the work, the last one first.
    fn run(&mut self, item: &Item<'_>, conditions: &[Value]) {
        let (mut running, mut error) = (false, None);
        for container in list(item.object, "/status/containerStatuses").iter().rev() {
            self.restarts.add(container);
            let terminated = container.pointer("/state/terminated").filter(|state| !state.is_null());
            let waiting = text(container, "/state/waiting/reason");
            if !waiting.is_empty() {
                waiting.clone_into(&mut self.reason);
            } else if let Some(state) = terminated {
                self.reason = ended(state);
                if number(state, "/exitCode") != 0 {
                    error = Some(self.reason.clone());
                }
            } else if container["ready"] == true && !container["state"]["running"].is_null() {
                running = true;
                self.ready += 1;
            }
        }
        if self.reason == "Completed" {
            let is_ready = status_of(conditions, "Ready") == Some("True");
            match (running && is_ready, error, running) {
                (true, ..) => "Running".clone_into(&mut self.reason),
                (false, Some(error), _) => self.reason = error,
                (false, None, true) => "NotReady".clone_into(&mut self.reason),
                (false, None, false) => {}
            }
        }
    }
}

/// How a container came to its end.
fn ended(state: &Value) -> String {
    match (text(state, "/reason"), number(state, "/signal")) {
        ("", 0) => format!("ExitCode:{}", number(state, "/exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}
