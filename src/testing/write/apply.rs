//! The special parts of server-side apply: it starts from the stored object or from nothing, and decides about
//! ownership itself.
//!
//! Not here: merging configurations ([`owners`]).

use bytes::Bytes;
use kube::core::Status;
use serde_json::{Map, Value, json};

use super::{
    super::{
        conversion,
        kinds::{Kinds, Rules},
        owners::{self, kind_of},
        state::{State, Target},
        status,
        storage::key,
        yaml::{self, Parsed},
    },
    Draft, Write, create, decode, metadata, own, replace, text,
};

/// A configuration as a request brings it.
#[derive(Debug)]
pub(in super::super) struct Configuration {
    /// YAML, read only once the object is looked for.
    pub(in super::super) text: Bytes,
    /// Whether it takes what others own.
    pub(in super::super) force: bool,
}

impl Configuration {
    /// How messages name what is configured.
    pub(super) fn described(&self) -> String {
        let text = String::from_utf8_lossy(&self.text);
        owners::described(&yaml::parse(&text).unwrap_or_default())
    }
}

/// What becomes of the object of this name, which need not be there; parts of it have to, with few exceptions.
pub(super) fn admit(
    state: &mut State,
    target: &Target,
    name: &str,
    configuration: &Configuration,
    write: Write<'_>,
) -> Result<Draft, Box<Status>> {
    let live = state.storage.get(target.kind.id, &key(&target.namespace, name)).cloned();
    if live.is_none() && write.part.is_some() && !target.kind.rules.contain(Rules::CREATES_ON_REPLACE) {
        return Err(status::not_found(&target.kind, name));
    }
    let time = state.time();
    let mut object = merged(&state.kinds, target, live.as_ref().map(|live| &live.value), configuration, write, &time)?;
    if let Some(uid) = text(metadata(&mut object), "uid").filter(|_| live.is_none()) {
        let why = format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        return Err(status::conflict(&target.kind, name, &why));
    }
    let draft = match live {
        Some(_) => replace::admit_patched(state, target, name, object)?,
        None => {
            let given = metadata(&mut object);
            replace::named(given, name)?;
            replace::parsed(text(given, "resourceVersion").as_deref())?;
            // What is not there has no version to be of.
            metadata(&mut object).remove("resourceVersion");
            create::admit(state, target, object, write)?
        }
    };
    Ok(Draft { owned: true, ..draft })
}

/// The live object with what the configuration says, and with its owners.
pub(super) fn merged(
    kinds: &Kinds,
    target: &Target,
    live: Option<&Value>,
    configuration: &Configuration,
    write: Write<'_>,
    time: &str,
) -> Result<Map<String, Value>, Box<Status>> {
    let unreadable = |why: &str| status::bad_request(format!("error decoding YAML: {why}"));
    let broken = |why: &str| unreadable(&format!("error converting YAML to JSON: yaml: {why}"));
    let text = std::str::from_utf8(&configuration.text).map_err(|_| broken("invalid UTF-8"))?;
    let Parsed { value, repeated } = yaml::read(text).map_err(|problem| broken(&problem.message))?;
    let configured = match value {
        Value::Null => json!({}),
        object @ Value::Object(_) => object,
        other => {
            let found = status::json_type(&other);
            return Err(unreadable(&format!(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type \
                 map[string]interface {{}}"
            )));
        }
    };
    let kind = &target.kind;
    let api_version = kind.api_version(&target.version);
    let is = kind_of(&configured);
    if is != kind_of(&json!({"apiVersion": api_version, "kind": kind.kind})) {
        return Err(status::bad_request(format!("invalid object type: {is}")));
    }
    let zero = own::zero(target);
    let mut live = conversion::shown(target, live.unwrap_or(&zero));
    if live["kind"] != *kind.kind {
        live.to_mut()["kind"] = kind.kind.as_str().into();
    }
    let writer = own::writer(target, &api_version, write, time);
    let shape = kind.shape(&target.version);
    let merged = owners::apply(&live, &configured, &zero, shape, &writer, configuration.force)?;
    decode::told_twice(&repeated, write)?;
    // The server meets what does not fit only when it converts what came out.
    decode::converted(kinds, target, merged, write, |why| {
        let described = owners::described(&configured);
        status::internal(format!(
            "failed to convert new object ({described}) to proper version: unable to convert unstructured object to \
             {is}: {why}"
        ))
    })
}

impl From<owners::Error> for Box<Status> {
    fn from(error: owners::Error) -> Self {
        match error {
            owners::Error::Conflicts(conflicts) => status::owned(&conflicts),
            owners::Error::ManagedFields => status::bad_request(error.to_string()),
            owners::Error::Untyped { .. } | owners::Error::Unreadable(_) => status::internal(error.to_string()),
        }
    }
}
