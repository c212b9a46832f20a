//! Stores as templates see them: snapshots that are asked lazily.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object as TemplateObject, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};
use parking_lot::Mutex;

use super::object::object_value;
use crate::indexer::DEFAULT_INDEX;
use crate::selector::LabelSelector;
use crate::snapshot::{Entry, List};
use crate::{ObjectName, Query, Snapshot};

/// The stores of one render, each pinned at one snapshot: a template value, usually called `resources`.
#[derive(Debug)]
pub struct Resources {
    stores: BTreeMap<String, Arc<Pinned>>,
    at_hand: AtHand,
}

/// The object that was read last, for messages. Its lock is held for no longer than it takes to write a name.
#[derive(Clone, Debug, Default)]
pub(super) struct AtHand(Arc<Mutex<Option<Read>>>);

/// The store and the object.
type Read = (Arc<str>, ObjectName);

impl AtHand {
    fn set(&self, store: &Arc<str>, name: &ObjectName) {
        *self.0.lock() = Some((Arc::clone(store), name.clone()));
    }

    pub(super) fn read(&self) -> Option<String> {
        self.0.lock().as_ref().map(|(store, name)| format!("{store} {name}"))
    }
}

#[derive(Debug)]
struct Pinned {
    name: Arc<str>,
    snapshot: Snapshot,
    at_hand: AtHand,
}

impl Resources {
    /// The stores by the names that templates know them by.
    pub fn new(snapshots: &BTreeMap<String, Snapshot>) -> Resources {
        let at_hand = AtHand::default();
        let pin = |(name, snapshot): (&String, &Snapshot)| {
            let pinned = Pinned { name: name.as_str().into(), snapshot: snapshot.clone(), at_hand: at_hand.clone() };
            (name.clone(), Arc::new(pinned))
        };
        Resources { stores: snapshots.iter().map(pin).collect(), at_hand }
    }

    pub(super) fn at_hand(&self) -> AtHand {
        self.at_hand.clone()
    }
}

impl TemplateObject for Resources {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        Some(match self.stores.get(name) {
            Some(pinned) => Value::from_object(View::all(Arc::clone(pinned))),
            None => {
                let known = self.stores.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                let message = format!("no store is named {name:?}: there are {known}");
                Value::from(Error::new(ErrorKind::UndefinedError, message))
            }
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.stores.keys().map(|name| Value::from(name.as_str())).collect())
    }
}

/// The objects of a store, or those that a query found.
struct View {
    pinned: Arc<Pinned>,
    index: Arc<str>,
    prefix: Vec<String>,
    labels: LabelSelector,
    list: List,
}

impl View {
    fn all(pinned: Arc<Pinned>) -> View {
        let list = pinned.snapshot.list();
        View { pinned, index: DEFAULT_INDEX.into(), prefix: Vec::new(), labels: LabelSelector::default(), list }
    }

    /// The view with one part of its query replaced.
    fn query(&self, index: &Arc<str>, prefix: Vec<String>, labels: LabelSelector) -> Result<View, Error> {
        let components: Vec<&str> = prefix.iter().map(String::as_str).collect();
        let query = Query::index(index).with_prefix(&components).with_labels(&labels);
        let list = self.pinned.snapshot.get(&query).map_err(|error| self.invalid(error))?;
        Ok(View { pinned: Arc::clone(&self.pinned), index: Arc::clone(index), prefix, labels, list })
    }

    fn invalid(&self, error: impl fmt::Display) -> Error {
        Error::new(ErrorKind::InvalidOperation, format!("store {:?}: {error}", self.pinned.name))
    }

    fn value(&self, entry: &Entry) -> Value {
        self.pinned.at_hand.set(&self.pinned.name, entry.name());
        entry.object().map_or(Value::UNDEFINED, object_value)
    }

    fn get(&self, components: Vec<String>) -> Result<View, Error> {
        self.query(&self.index, components, self.labels.clone())
    }

    fn fetch(&self, components: &[String]) -> Result<Value, Error> {
        let (namespace, name) = match components {
            [name] => ("", name),
            [namespace, name] => (namespace.as_str(), name),
            _ => return Err(self.invalid("fetch takes a namespace and a name, or a name of cluster scope")),
        };
        let entry = self.pinned.snapshot.entry(namespace, name);
        let entry = entry.filter(|entry| {
            let label = |key: &str| entry.object()?.label(key);
            self.labels.matches(label)
        });
        Ok(entry.map_or(Value::UNDEFINED, |entry| self.value(entry)))
    }

    fn single(&self, components: Vec<String>) -> Result<Value, Error> {
        let found = self.get(components)?;
        match (found.list.at(0), found.list.at(1)) {
            (Some(first), Some(second)) => Err(self.invalid(format_args!(
                "single found {} objects, {} and {} among them: give more of the key, or use get",
                found.list.len(),
                first.name(),
                second.name()
            ))),
            (first, _) => Ok(first.map_or(Value::UNDEFINED, |entry| self.value(entry))),
        }
    }

    fn keys(&self, components: &[String]) -> Result<Value, Error> {
        let components: Vec<&str> = components.iter().map(String::as_str).collect();
        let query = Query::index(&self.index).with_prefix(&components);
        let keys = self.pinned.snapshot.keys(&query).map_err(|error| self.invalid(error))?;
        Ok(keys.iter().map(|key| key.components().collect::<Value>()).collect())
    }

    /// Arguments as key components: texts as they are, numbers and booleans as they are indexed.
    fn components(&self, method: &str, arguments: &[Value]) -> Result<Vec<String>, Error> {
        let component = |(position, value): (usize, &Value)| match component(value) {
            Some(text) => Ok(text.into_owned()),
            None => {
                Err(self.invalid(format_args!("argument {} of {method} is {}, not a text", position + 1, value.kind())))
            }
        };
        arguments.iter().enumerate().map(component).collect()
    }
}

fn component(value: &Value) -> Option<Cow<'_, str>> {
    use minijinja::value::ValueKind;
    match value.kind() {
        ValueKind::String => value.as_str().map(Cow::Borrowed),
        // 80.0 is indexed as 80.
        ValueKind::Number => Some(Cow::Owned(match f64::try_from(value.clone()) {
            Ok(float) if !value.is_integer() => float.to_string(),
            _ => value.to_string(),
        })),
        ValueKind::Bool => Some(Cow::Borrowed(if value.is_true() { "true" } else { "false" })),
        _ => None,
    }
}

impl TemplateObject for View {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.list.at(key.as_usize()?).map(|entry| self.value(entry))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.list.len())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.list.len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, arguments: &[Value]) -> Result<Value, Error> {
        let components = || self.components(method, arguments);
        let only = || match &components()?[..] {
            [only] => Ok(only.clone()),
            other => Err(self.invalid(format_args!("{method} takes one argument, not {}", other.len()))),
        };
        match method {
            "get" | "list" => self.get(components()?).map(Value::from_object),
            "fetch" => self.fetch(&components()?),
            "single" => self.single(components()?),
            "keys" => self.keys(&components()?),
            "index" => {
                let index = only()?.into();
                self.query(&index, Vec::new(), self.labels.clone()).map(Value::from_object)
            }
            "where" => {
                let text = [self.labels.to_string(), only()?].join(",");
                let labels = text.trim_start_matches(',').parse().map_err(|error| self.invalid(error))?;
                self.query(&self.index, self.prefix.clone(), labels).map(Value::from_object)
            }
            _ => Err(Error::new(
                ErrorKind::UnknownMethod,
                format!("a store has no method {method}: there are get, fetch, single, index, where and keys"),
            )),
        }
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.pinned.name, self.list)
    }
}
