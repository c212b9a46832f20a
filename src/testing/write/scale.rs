//! The scale subresource: the Scale of an object, and how a change of it changes the object.
//!
//! Not here: who owns replicas ([`owners`](super::super::owners)).

use std::sync::Arc;

use kube::core::Status;
use serde_json::{Map, Value, json};

use super::{
    super::{
        kinds::{Kind, Part, ScalePaths},
        owners::{Managers, Step},
        patch::Patch,
        state::{State, Target},
        status::{self, Flaw},
        storage::{Object, key},
    },
    Change, Configuration, Draft, Outcome, Write, apply, decode, metadata, own, patch, replace, text,
};

/// Stands in for the replicas of a custom object that has none, and that a change has to say.
const UNSAID: i64 = i32::MIN as i64;

/// The server cannot make up who owned the replicas of a custom object before the first apply.
fn unowned() -> Box<Status> {
    let why = inconvertible("live", "/; autoscaling/v1, Kind=Scale");
    status::internal(format!("failed to create manager for existing fields: {why}"))
}

/// The server can make no custom object of a Scale.
fn inconvertible(which: &str, scale: &str) -> String {
    format!(
        "failed to convert {which} object ({scale}) to proper version: request to convert CR to an invalid \
         group/version: autoscaling/v1"
    )
}

impl State {
    /// The Scale of an object.
    pub(in super::super) fn scale(
        &self,
        target: &Target,
        name: &str,
        paths: &ScalePaths,
    ) -> Result<Object, Box<Status>> {
        let live = self.find(&target.kind, &target.namespace, name)?;
        match number(&live.value, &paths.wanted)? {
            None if target.kind.custom => {
                Err(status::internal_error(&format!("the spec replicas field {:?} does not exist", paths.wanted)))
            }
            wanted => Ok(Object::new(shown(&target.kind, &live.value, paths, wanted.unwrap_or_default())?)),
        }
    }
}

/// Where a request about the Scale of an object points.
pub(in super::super) fn of(target: &Target) -> Target {
    Target { kind: Arc::new(target.kind.scale()), version: "v1".to_owned(), namespace: target.namespace.clone() }
}

/// What is to become of a Scale: a replacement was read already.
enum Wanted<'c> {
    Replace(Map<String, Value>),
    Patch(&'c Patch),
    Apply(&'c Configuration),
}

/// Changes the Scale of an object, and the object with it.
pub(super) fn change(
    state: &mut State,
    target: &Target,
    name: &str,
    paths: &ScalePaths,
    change: Change<'_>,
    write: Write<'_>,
) -> Result<Outcome, Box<Status>> {
    let kind = &target.kind;
    let seen = of(target);
    // A replacement is read before the object is looked for.
    let change = match change {
        Change::Replace(document) => {
            let mut object = decode::decode(&state.kinds, &seen, document, write)?;
            replace::named(metadata(&mut object), name)?;
            Wanted::Replace(object)
        }
        Change::Patch(patch) => Wanted::Patch(patch),
        Change::Apply(configuration) => Wanted::Apply(configuration),
    };
    let live = state.find(kind, &target.namespace, name)?.clone();
    let time = state.time();
    let wanted = number(&live.value, &paths.wanted)?;
    let mut old = shown(kind, &live.value, paths, wanted.unwrap_or(if kind.custom { UNSAID } else { 0 }))?;
    let managers = Managers::read(&live.value).unwrap_or_default();
    let path: Vec<Step> = steps(&paths.wanted).map(Step::field).collect();
    managers.to_scale(&path).write(&mut old);

    let applied = matches!(change, Wanted::Apply(_));
    if applied && kind.custom && old["metadata"]["managedFields"].is_null() {
        return Err(unowned());
    }
    let mut new = match change {
        Wanted::Replace(mut object) => {
            replace::same_object(kind, &key(&target.namespace, name), &live, metadata(&mut object))?;
            object
        }
        Wanted::Patch(patch) => patch::decode(&state.kinds, &seen, &old, patch, write)?,
        Wanted::Apply(configuration) => {
            let merged = apply::merged(&state.kinds, &seen, Some(&old), configuration, write, &time)?;
            // Who says no more than what is there can own it.
            if kind.custom && !same_but_owners(&old, &merged) {
                return Err(status::internal(inconvertible("new", &configuration.described())));
            }
            merged
        }
    };
    replace::named(metadata(&mut new), name)?;
    if !kind.custom {
        same_object(kind, &live, metadata(&mut new))?;
    }
    if !applied {
        new = own::update(&seen, Some(&old), new, write, &time);
    }
    let new = Value::Object(new);

    let mut object = live.value.as_object().cloned().unwrap_or_default();
    set(&mut object, &paths.wanted, replicas(kind, name, paths, &new)?)?;
    match new["metadata"].get("resourceVersion") {
        None if kind.custom => {}
        None => drop(metadata(&mut object).remove("resourceVersion")),
        Some(version) => drop(metadata(&mut object).insert("resourceVersion".to_owned(), version.clone())),
    }
    let takers = Managers::read(&new).unwrap_or_default();
    let mut object = Value::Object(object);
    managers.after_scale(takers, &path, &kind.api_version(&target.version)).write(&mut object);
    let Value::Object(object) = object else { unreachable!("it is one") };
    let draft = replace::admit_patched(state, target, name, object)?;
    let outcome = state.write(target, Draft { owned: true, ..draft }, write)?;
    let wanted = number(&outcome.object.value, &paths.wanted)?.unwrap_or_default();
    let scale = shown(kind, &outcome.object.value, paths, wanted)?;
    Ok(Outcome { object: Object::new(scale).into(), ..outcome })
}

/// What is wrong with the replicas of a custom object.
pub(super) fn flaws(target: &Target, object: &Value) -> Vec<Flaw> {
    let parts = target.kind.version(&target.version).filter(|_| target.kind.custom).map(|version| &version.parts);
    let mut flaws = Vec::new();
    for part in parts.into_iter().flatten() {
        let Part::Scale(paths) = part else { continue };
        for path in [&paths.wanted, &paths.present] {
            if let Some(number) = at(object, path).and_then(Value::as_i64).filter(|number| *number < 0) {
                flaws.push(Flaw::invalid(path.to_string(), number, "should be a non-negative integer"));
            }
        }
    }
    flaws
}

fn same_but_owners(scale: &Value, other: &Map<String, Value>) -> bool {
    let owners = "managedFields";
    let metadata = |scale: &Value| {
        let mut metadata = scale.as_object().cloned().unwrap_or_default();
        metadata.remove(owners);
        metadata
    };
    let parts = ["spec", "status"].iter().all(|part| scale.get(*part) == other.get(*part));
    parts && metadata(&scale["metadata"]) == other.get("metadata").map(metadata).unwrap_or_default()
}

/// Whether a Scale is of this object.
fn same_object(kind: &Kind, live: &Object, scale: &Map<String, Value>) -> Result<(), Box<Status>> {
    let uid = live.metadata("uid");
    let Some(other) = text(scale, "uid").filter(|other| other != uid) else { return Ok(()) };
    let seen = Kind { plural: format!("{}/scale", kind.plural), ..kind.clone() };
    let why = format!("Precondition failed: UID in precondition: {other}, UID in object meta: {uid}");
    Err(status::conflict(&seen, &live.name, &why))
}

/// The replicas a Scale asks for.
fn replicas(kind: &Kind, name: &str, paths: &ScalePaths, scale: &Value) -> Result<i64, Box<Status>> {
    let asked = &scale["spec"]["replicas"];
    let number = match asked {
        Value::Null => Some(0),
        said => said.as_i64().filter(|number| i32::try_from(*number).is_ok()),
    };
    match number {
        None => Err(status::bad_request(format!(
            "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal {}{} into Go struct field \
             ScaleSpec.spec.replicas of type int32",
            status::json_type(asked),
            asked.as_number().map(|number| format!(" {number}")).unwrap_or_default(),
        ))),
        Some(UNSAID) if kind.custom => {
            Err(status::bad_request(format!("the spec replicas field {:?} cannot be empty", paths.wanted)))
        }
        Some(number) if number < 0 && !kind.custom => {
            let flaw = Flaw::invalid("spec.replicas", number, "must be greater than or equal to 0");
            Err(status::invalid_as("autoscaling", "Scale", name, vec![flaw]))
        }
        Some(number) => Ok(number),
    }
}

/// What an object shows as its Scale.
fn shown(kind: &Kind, object: &Value, paths: &ScalePaths, wanted: i64) -> Result<Value, Box<Status>> {
    const METADATA: [&str; 5] = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"];
    let metadata = object["metadata"].as_object().into_iter().flatten();
    let metadata: Map<String, Value> = metadata
        .filter(|(field, _)| METADATA.contains(&field.as_str()))
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect();
    let mut scale = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {},
        "status": {"replicas": number(object, &paths.present)?.unwrap_or_default()},
    });
    if wanted != 0 {
        scale["spec"]["replicas"] = wanted.into();
    }
    let selector = paths.selector.as_deref().map(|path| selector(kind, at(object, path))).unwrap_or_default();
    if !selector.is_empty() {
        scale["status"]["selector"] = selector.into();
    }
    Ok(scale)
}

/// A label selector as text; it is text already where custom objects have one.
fn selector(kind: &Kind, selector: Option<&Value>) -> String {
    let Some(selector) = selector else { return String::new() };
    if let Some(text) = selector.as_str() {
        return text.to_owned();
    }
    if kind.is_core("replicationcontrollers") {
        return selector_text(&json!({"matchLabels": selector}));
    }
    selector_text(selector)
}

/// A selector of labels and expressions as text.
pub(in super::super) fn selector_text(selector: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let labels = &selector["matchLabels"];
    let equal =
        labels.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), format!("{key}={}", text(value))));
    let expressions = selector["matchExpressions"].as_array().into_iter().flatten().map(|expression| {
        let key = text(&expression["key"]);
        let mut values: Vec<_> = expression["values"].as_array().into_iter().flatten().map(text).collect();
        values.sort_unstable();
        let values = values.join(",");
        let shown = match expression["operator"].as_str().unwrap_or_default() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.clone(),
        };
        (key, shown)
    });
    let mut requirements: Vec<_> = equal.chain(expressions).collect();
    requirements.sort_by(|a, b| a.0.cmp(&b.0));
    requirements.into_iter().map(|(_, shown)| shown).collect::<Vec<_>>().join(",")
}

/// The names on a path such as `.spec.replicas`.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.trim_start_matches('.').split('.')
}

fn at<'v>(object: &'v Value, path: &str) -> Option<&'v Value> {
    steps(path).try_fold(object, |value, name| value.get(name))
}

fn number(object: &Value, path: &str) -> Result<Option<i64>, Box<Status>> {
    let Some(value) = at(object, path) else { return Ok(None) };
    let wrong = || {
        let go_type = super::super::patch::strategic::go_type(value);
        status::internal(format!("{path} accessor error: {value} is of the type {go_type}, expected int64"))
    };
    value.as_i64().ok_or_else(wrong).map(Some)
}

/// Sets the number at a path, with the maps on the way there.
fn set(object: &mut Map<String, Value>, path: &str, number: i64) -> Result<(), Box<Status>> {
    let names: Vec<&str> = steps(path).collect();
    let Some((last, parents)) = names.split_last() else { return Ok(()) };
    let mut fields = object;
    for (depth, name) in parents.iter().enumerate() {
        let next = fields.entry(*name).or_insert_with(|| json!({})).as_object_mut();
        fields = next.ok_or_else(|| {
            let path = names[..=depth].join(".");
            status::internal(format!("value cannot be set because .{path} is not a map[string]interface{{}}"))
        })?;
    }
    fields.insert((*last).to_owned(), number.into());
    Ok(())
}
