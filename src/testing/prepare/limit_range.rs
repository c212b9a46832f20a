//! Limit ranges: what containers get that ask for nothing, and what pods and claims in a namespace may ask for.
//!
//! Not here: what is wrong with a limit range itself, and resizes of pods.

use std::collections::BTreeMap;

use kube::core::Status;
use serde_json::{Map, Value};

use super::{
    super::{
        quantity,
        state::{State, Target},
        status,
        storage::prefix,
    },
    Fields, at,
};

/// Where a pod says what it was given.
const NOTE: &str = "kubernetes.io/limit-ranger";

/// The limits of a namespace, in the order of their ranges.
fn limits(state: &State, namespace: &str) -> Vec<Value> {
    let Some(kind) = state.kinds.find("", "limitranges") else { return Vec::new() };
    let prefix = prefix(namespace);
    let ranges = state.storage.objects(kind.id, &prefix);
    ranges.flat_map(|range| range.value["spec"]["limits"].as_array().cloned().unwrap_or_default()).collect()
}

/// Gives the containers of a new pod what they do not say.
pub(super) fn fill_in(state: &State, pod: &mut Fields) {
    let namespace = at(pod, "metadata")["namespace"].as_str().unwrap_or_default().to_owned();
    let mut given = Vec::new();
    for limit in limits(state, &namespace).iter().filter(|limit| limit["type"] == "Container") {
        let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) else { return };
        for (list, called) in [("containers", "container"), ("initContainers", "init container")] {
            let containers = spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
            for container in containers.filter_map(Value::as_object_mut) {
                let name = container.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                for (part, from) in [("requests", "defaultRequest"), ("limits", "default")] {
                    let added = complete(container, part, limit[from].as_object());
                    if !added.is_empty() {
                        let part = part.trim_end_matches('s');
                        given.push(format!("{} {part} for {called} {name}", added.join(", ")));
                    }
                }
            }
        }
    }
    if !given.is_empty() {
        let metadata = pod.get_mut("metadata").and_then(Value::as_object_mut);
        if let Some(annotations) = metadata.and_then(|metadata| object(metadata, "annotations")) {
            let note = format!("LimitRanger plugin set: {}", given.join("; "));
            annotations.insert(NOTE.to_owned(), note.into());
        }
    }
}

/// Adds the resources that are missing, and tells which they were.
fn complete(container: &mut Fields, part: &str, defaults: Option<&Fields>) -> Vec<String> {
    let Some(defaults) = defaults.filter(|defaults| !defaults.is_empty()) else { return Vec::new() };
    let amounts = object(container, "resources").and_then(|resources| object(resources, part));
    let Some(amounts) = amounts else { return Vec::new() };
    let missing: Vec<_> = defaults.iter().filter(|(name, _)| !amounts.contains_key(*name)).collect();
    let added = missing.iter().map(|(name, _)| (*name).clone()).collect();
    amounts.extend(missing.into_iter().map(|(name, amount)| (name.clone(), amount.clone())));
    added
}

fn object<'o>(object: &'o mut Fields, field: &str) -> Option<&'o mut Fields> {
    object.entry(field).or_insert_with(|| Map::new().into()).as_object_mut()
}

/// Refuses a pod or a claim that asks for less or for more than it may.
pub(in super::super) fn check(state: &State, target: &Target, object: &Value) -> Result<(), Box<Status>> {
    let kind = &target.kind;
    let claim = kind.is_core("persistentvolumeclaims");
    if !claim && !kind.is_core("pods") {
        return Ok(());
    }
    let mut problems: Vec<String> = Vec::new();
    for limit in limits(state, &target.namespace) {
        match limit["type"].as_str().unwrap_or_default() {
            "PersistentVolumeClaim" if claim => {
                Amounts::of(&object["spec"]["resources"]).keep_to(&limit, &mut problems)
            }
            "Container" if !claim => {
                let lists = ["containers", "initContainers"].into_iter();
                let containers = lists.flat_map(|list| object["spec"][list].as_array().into_iter().flatten());
                containers.for_each(|one| Amounts::of(&one["resources"]).keep_to(&limit, &mut problems));
            }
            "Pod" if !claim => Amounts::of_pod(&object["spec"]).keep_to(&limit, &mut problems),
            _ => {}
        }
    }
    let mut told: Vec<String> = Vec::new();
    problems.into_iter().for_each(|problem| told.extend((!told.contains(&problem)).then_some(problem)));
    let why = match told.as_slice() {
        [] => return Ok(()),
        [only] => only.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    Err(status::refused(&kind.plural, "", object["metadata"]["name"].as_str().unwrap_or_default(), &why))
}

/// Quantities by the names of resources.
type List = BTreeMap<String, String>;

/// What something asks for, and what it may use at most.
#[derive(Default)]
struct Amounts {
    requests: List,
    limits: List,
}

fn list(amounts: &Value) -> List {
    let amounts = amounts.as_object().into_iter().flatten();
    amounts.filter_map(|(name, amount)| Some((name.clone(), amount.as_str()?.to_owned()))).collect()
}

fn nanos(amount: &str) -> i128 {
    quantity::nanos(amount).unwrap_or_default()
}

impl Amounts {
    fn of(resources: &Value) -> Self {
        Amounts { requests: list(&resources["requests"]), limits: list(&resources["limits"]) }
    }

    /// All containers together, or the greediest of those that come before them.
    fn of_pod(spec: &Value) -> Self {
        let part = |part: &str| {
            let (mut all, mut first, mut staying) = (List::new(), List::new(), List::new());
            for container in spec["containers"].as_array().into_iter().flatten() {
                add(&mut all, &list(&container["resources"][part]));
            }
            for container in spec["initContainers"].as_array().into_iter().flatten() {
                let own = list(&container["resources"][part]);
                let mut now = staying.clone();
                add(&mut now, &own);
                if container["restartPolicy"] == "Always" {
                    add(&mut all, &own);
                    staying = now.clone();
                }
                most(&mut first, &now);
            }
            most(&mut all, &first);
            let whole = list(&spec["resources"][part]);
            all.extend(
                whole
                    .into_iter()
                    .filter(|(name, _)| ["cpu", "memory"].contains(&name.as_str()) || name.starts_with("hugepages-")),
            );
            all
        };
        Amounts { requests: part("requests"), limits: part("limits") }
    }

    /// Tells where it does not keep to a limit.
    fn keep_to(&self, limit: &Value, problems: &mut Vec<String>) {
        let of = limit["type"].as_str().unwrap_or_default();
        let claim = of == "PersistentVolumeClaim";
        for (name, least) in list(&limit["min"]) {
            let start = format!("minimum {name} usage per {of} is {least}");
            let less = |amount: &&String| nanos(amount) < nanos(&least);
            match (self.requests.get(&name), self.limits.get(&name).filter(|_| !claim)) {
                (None, _) => problems.push(format!("{start}.  No request is specified")),
                (Some(request), _) if less(&request) => problems.push(format!("{start}, but request is {request}")),
                (_, Some(limit)) if less(&limit) => problems.push(format!("{start}, but limit is {limit}")),
                _ => {}
            }
        }
        for (name, most) in list(&limit["max"]) {
            let start = format!("maximum {name} usage per {of} is {most}");
            let more = |amount: &&String| nanos(amount) > nanos(&most);
            match (self.requests.get(&name), self.limits.get(&name)) {
                (None, _) if claim => problems.push(format!("{start}.  No request is specified")),
                (_, None) if !claim => problems.push(format!("{start}.  No limit is specified")),
                (_, Some(limit)) if !claim && more(&limit) => problems.push(format!("{start}, but limit is {limit}")),
                (Some(request), _) if more(&request) => problems.push(format!("{start}, but request is {request}")),
                _ => {}
            }
        }
        for (name, ratio) in list(&limit["maxLimitRequestRatio"]).into_iter().filter(|_| !claim) {
            let start = format!("{name} max limit to request ratio per {of} is {ratio}");
            let of = |amounts: &List| amounts.get(&name).map(|amount| nanos(amount)).filter(|amount| *amount != 0);
            match (of(&self.requests), of(&self.limits)) {
                (None, _) => problems.push(format!("{start}, but no request is specified or request is 0")),
                (_, None) => problems.push(format!("{start}, but no limit is specified or limit is 0")),
                (Some(request), Some(limit)) => {
                    let found = limit as f64 / request as f64;
                    if found * 1e9 > nanos(&ratio) as f64 {
                        problems.push(format!("{start}, but provided ratio is {found:.6}"));
                    }
                }
            }
        }
    }
}

fn add(sums: &mut List, amounts: &List) {
    for (name, amount) in amounts {
        let sum = sums.get(name).and_then(|sum| quantity::sum(sum, amount)).unwrap_or_else(|| amount.clone());
        sums.insert(name.clone(), sum);
    }
}

fn most(all: &mut List, amounts: &List) {
    for (name, amount) in amounts {
        if all.get(name).is_none_or(|known| nanos(known) < nanos(amount)) {
            all.insert(name.clone(), amount.clone());
        }
    }
}
