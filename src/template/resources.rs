//! Stores as templates see them: snapshots that are asked lazily.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object as TemplateObject, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::run::{Known, Pinned, Run};
use crate::indexer::DEFAULT_INDEX;
use crate::selector::LabelSelector;
use crate::snapshot::{Entry, List};
use crate::store::{Body, Store};
use crate::{Query, Snapshot};

/// The stores of one render, each pinned at one snapshot: a template value, usually called `resources`.
#[derive(Debug)]
pub struct Resources {
    stores: BTreeMap<String, Arc<Pinned>>,
    /// For each store that may not be read as it is, why.
    refused: BTreeMap<String, String>,
}

impl Resources {
    /// Snapshots by the names that templates know their stores by.
    pub fn new(snapshots: &BTreeMap<String, Snapshot>) -> Resources {
        let pinned = snapshots.iter().map(|(name, snapshot)| (name.as_str(), snapshot.clone(), None));
        Resources::pin(pinned, &Run::default())
    }

    pub(super) fn pin<'n>(
        stores: impl Iterator<Item = (&'n str, Snapshot, Option<Arc<dyn Store>>)>,
        run: &Run,
    ) -> Resources {
        let pin = |(name, snapshot, store): (&str, Snapshot, Option<Arc<dyn Store>>)| {
            (name.to_owned(), Arc::new(Pinned { name: name.into(), snapshot, store, run: run.clone() }))
        };
        Resources { stores: stores.map(pin).collect(), refused: BTreeMap::new() }
    }
}

impl Resources {
    pub(super) fn refusing(self, refused: BTreeMap<String, String>) -> Resources {
        Resources { refused, ..self }
    }

    /// Why a store may not be read; all that may not are named at once.
    fn refusal(&self, name: &str) -> Option<Error> {
        self.refused.get(name)?;
        let each = self.refused.iter().map(|(store, why)| format!("store {store:?} {why}"));
        Some(Error::new(ErrorKind::InvalidOperation, each.collect::<Vec<_>>().join("; ")))
    }
}

impl TemplateObject for Resources {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        if let Some(refusal) = self.refusal(name) {
            return Some(Value::from(refusal));
        }
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
        let index: Arc<str> = DEFAULT_INDEX.into();
        let list = pinned.snapshot.list();
        let all = View { pinned, index, prefix: Vec::new(), labels: LabelSelector::default(), list };
        View { list: all.known(all.list.clone()), ..all }
    }

    /// The view with one part of its query replaced.
    fn query(&self, index: &Arc<str>, prefix: Vec<String>, labels: LabelSelector) -> Result<View, Error> {
        let components: Vec<&str> = prefix.iter().map(String::as_str).collect();
        let mut query = Query::index(index).with_prefix(&components);
        let references = self.pinned.snapshot.list().at(0).is_some_and(|entry| entry.object().is_none());
        if !references {
            query = query.with_labels(&labels);
        }
        let list = self.pinned.snapshot.get(&query).map_err(|error| self.invalid(error))?;
        let view = View { pinned: Arc::clone(&self.pinned), index: Arc::clone(index), prefix, labels, list };
        Ok(if references { View { list: view.known(view.list.clone()), ..view } } else { view })
    }

    /// Leaves out references whose bodies are known to be gone, or to fit the query no more. What is not known is
    /// asked for only if the query cannot be answered without.
    fn known(&self, list: List) -> List {
        let keep = |entry: &Entry| {
            if entry.object().is_some() {
                return true;
            }
            let known = match self.labels.is_empty() {
                true => self.pinned.seen(entry).unwrap_or(Known::Missing),
                false => self.pinned.body(entry),
            };
            match known {
                Known::Here(body) => self.fits(&body),
                Known::Absent => false,
                Known::Missing => true,
            }
        };
        if list.at(0).is_none_or(|entry| entry.object().is_some()) { list } else { list.filtered(keep) }
    }

    /// An entry of the list as a template value. A body that turns out not to fit the query any more makes the pass void:
    /// the next one leaves it out.
    fn value(&self, entry: &Entry) -> Value {
        if entry.object().is_none()
            && let Known::Here(body) = self.pinned.body(entry)
            && !self.fits(&body)
        {
            self.pinned.run.repeat();
        }
        self.pinned.value(entry)
    }

    fn fits(&self, body: &Body) -> bool {
        let components: Vec<&str> = self.prefix.iter().map(String::as_str).collect();
        body.has_key(&self.index, &components) && self.labels.matches(|key| body.object().label(key))
    }

    fn invalid(&self, error: impl fmt::Display) -> Error {
        Error::new(ErrorKind::InvalidOperation, format!("store {:?}: {error}", self.pinned.name))
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
        self.pinned.read_name(namespace, name);
        let Some(entry) = self.pinned.snapshot.entry(namespace, name) else { return Ok(Value::UNDEFINED) };
        let body = match entry.object() {
            Some(_) => None,
            None => match self.pinned.body(entry) {
                Known::Here(body) => Some(body),
                Known::Absent => return Ok(Value::UNDEFINED),
                Known::Missing => return Ok(self.pinned.value(entry)),
            },
        };
        let object = body.as_ref().map(Body::object).or(entry.object());
        let selected = self.labels.matches(|key| object?.label(key));
        Ok(if selected { self.pinned.value(entry) } else { Value::UNDEFINED })
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
            (first, _) => Ok(first.map_or(Value::UNDEFINED, |entry| found.value(entry))),
        }
    }

    fn keys(&self, components: &[String]) -> Result<Value, Error> {
        let components: Vec<&str> = components.iter().map(String::as_str).collect();
        let query = Query::index(&self.index).with_prefix(&components);
        self.pinned.read_prefix(&self.index, &components.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
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
        self.pinned.read_prefix(&self.index, &self.prefix);
        self.list.at(key.as_usize()?).map(|entry| self.value(entry))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.pinned.read_prefix(&self.index, &self.prefix);
        Enumerator::Seq(self.list.len())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        self.pinned.read_prefix(&self.index, &self.prefix);
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
