//! Priorities: what a pod gets from its PriorityClass, and that one class at most is everyone's.

use kube::core::Status;
use serde_json::{Value, json};

use super::{
    super::{
        state::{State, Target},
        status,
        write::Write,
    },
    Fields, at,
};

fn classes(state: &State) -> impl Iterator<Item = &Value> {
    let kind = state.kinds.served("scheduling.k8s.io", "v1", "priorityclasses").into_iter();
    kind.flat_map(|kind| state.storage.objects(kind.id, "")).map(|class| &class.value)
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Refuses a second class that is everyone's.
pub(in super::super) fn one_is_default(state: &State, target: &Target, object: &Value) -> Result<(), Box<Status>> {
    let kind = &target.kind;
    if kind.custom || !kind.is("scheduling.k8s.io", "priorityclasses") || object["globalDefault"] != true {
        return Ok(());
    }
    let mut others = classes(state).filter(|class| class["globalDefault"] == true && name(class) != name(object));
    others.next().map_or(Ok(()), |other| {
        let why = format!("PriorityClass {} is already marked as default. Only one default can exist", name(other));
        Err(status::refused(&kind.resource(), &kind.group, name(object), &why))
    })
}

/// Gives a new pod the priority of the class it names, or of the class that is everyone's. Another one it must not
/// bring.
pub(super) fn give(state: &State, pod: &mut Fields, write: Write<'_>) -> Result<(), Box<Status>> {
    let spec = at(pod, "spec");
    let named = spec["priorityClassName"].as_str().unwrap_or_default();
    let refuse = |why: String| {
        let name = at(pod, "metadata")["name"].as_str().unwrap_or_default();
        Err(status::refused("pods", "", name, &why))
    };
    let class = if named.is_empty() {
        classes(state).filter(|class| class["globalDefault"] == true).min_by_key(|class| class["value"].as_i64())
    } else {
        classes(state).find(|class| name(class) == named)
    };
    let policy = |class: &Value| class["preemptionPolicy"].as_str().unwrap_or("PreemptLowerPriority").to_owned();
    let (class, value, policy) = match (class, named) {
        (Some(class), _) => (class["metadata"]["name"].clone(), class["value"].clone(), policy(class)),
        (None, "system-cluster-critical") => (named.into(), 2_000_000_000.into(), policy(&Value::Null)),
        (None, "system-node-critical") => (named.into(), 2_000_001_000.into(), policy(&Value::Null)),
        (None, "") => (Value::Null, 0.into(), policy(&Value::Null)),
        (None, _) if write.force => return Ok(()),
        (None, _) => return refuse(format!("no PriorityClass with name {named} was found")),
    };
    if !write.force {
        const WHENCE: &str = "must not be provided in pod spec; priority admission controller computed";
        let of_class = "from the given PriorityClass name";
        if let Some(said) = spec["priority"].as_i64().filter(|said| value != *said) {
            return refuse(format!("the integer value of priority ({said}) {WHENCE} {value} {of_class}"));
        }
        if let Some(said) = spec["preemptionPolicy"].as_str().filter(|said| *said != policy) {
            return refuse(format!("the string value of PreemptionPolicy ({said}) {WHENCE} {policy} {of_class}"));
        }
    }
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) else { return Ok(()) };
    if !class.is_null() {
        spec.insert("priorityClassName".to_owned(), class);
    }
    spec.insert("priority".to_owned(), value);
    spec.entry("preemptionPolicy").or_insert_with(|| json!(policy));
    Ok(())
}
