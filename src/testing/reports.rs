//! ComponentStatuses: the server computes them when it is asked. No other kind is computed like this.

use bytes::Bytes;
use kube::core::Status;
use serde_json::{Value, json};

use super::{
    options::Options,
    selection::Selection,
    state::{State, Target},
    status,
    storage::Object,
    text::{self, Form},
};

/// The report about one component.
pub(super) fn one(state: &State, name: &str) -> Result<Object, Box<Status>> {
    let mut found = reports(state).into_iter();
    // The server names what it looks for in the singular.
    found.find(|report| report.name == name).ok_or_else(|| status::not_found_as("componentstatus", name))
}

/// All reports that are selected, as a list.
pub(super) fn all(state: &State, target: &Target, options: &Options, form: Form) -> Result<Bytes, Box<Status>> {
    let selection = Selection::new(target, &options.labels, &options.fields)?;
    let reports = reports(state).into_iter().filter(|report| selection.matches(&target.kind, report));
    Ok(text::found(&target.kind, &target.version, form, reports))
}

fn reports(state: &State) -> Vec<Object> {
    let absent = |port: u16| {
        let address = format!("127.0.0.1:{port}");
        Err(format!("Get \"https://{address}/healthz\": dial tcp {address}: connect: connection refused"))
    };
    let controllers = if state.lifecycle.controllers { Ok(()) } else { absent(10257) };
    let found = [("scheduler", absent(10259)), ("etcd-0", Ok(())), ("controller-manager", controllers)];
    let reports = found.into_iter().map(|(name, health)| {
        let (healthy, message) = match health {
            Ok(()) => ("True", "ok".to_owned()),
            Err(why) => ("False", why),
        };
        report(name, &json!({"type": "Healthy", "status": healthy, "message": message}))
    });
    reports.collect()
}

fn report(name: &str, condition: &Value) -> Object {
    Object::new(json!({
        "kind": "ComponentStatus",
        "apiVersion": "v1",
        "metadata": {"name": name},
        "conditions": [condition],
    }))
}
