//! Objects as template values, read in place.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object as TemplateObject, ObjectRepr};
use minijinja::{Error, State, Value};

use crate::object::{Kind, SharedValue};
use crate::{Object, ValueRef};

/// An object as a template value that reads it in place and copies nothing but the texts it is asked for.
pub fn object_value(object: &Object) -> Value {
    value(object.root())
}

/// Stands for an object that is not there yet: whatever is read of it is again this, it has no elements and prints
/// nothing. What is rendered from it is thrown away.
pub(super) fn pending_value() -> Value {
    Value::from_object(Pending)
}

#[derive(Debug)]
struct Pending;

impl TemplateObject for Pending {
    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(pending_value())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(pending_value())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, _: &str, _: &[Value]) -> Result<Value, Error> {
        Ok(pending_value())
    }

    fn render(self: &Arc<Self>, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// A list or map of an object.
struct View(SharedValue);

fn value(found: ValueRef<'_>) -> Value {
    match found.kind() {
        Kind::Null => Value::from(()),
        Kind::Bool => Value::from(found.as_bool()),
        Kind::Integer => match found.as_u64() {
            Some(number) => Value::from(number),
            None => Value::from(found.as_i64()),
        },
        Kind::Float => number(found.as_f64().unwrap_or_default()),
        Kind::String => Value::from(found.as_str().unwrap_or_default().as_ref()),
        Kind::List | Kind::Map => Value::from_object(View(found.share())),
    }
}

/// A float that has no fraction is an integer to templates, so that it prints as one wherever it goes.
fn number(float: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() == 0.0 && float.abs() <= EXACT { Value::from(float as i64) } else { Value::from(float) }
}

impl TemplateObject for View {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.0.value().kind() {
            Kind::List => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let here = self.0.value();
        match here.kind() {
            Kind::List => here.item(key.as_usize()?).map(value),
            _ => here.member(key.as_str()?).map(value),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.value().member(key).map(value)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let here = self.0.value();
        match here.kind() {
            Kind::List => Enumerator::Seq(here.len()),
            _ => Enumerator::Values(here.members().map(|(name, _)| Value::from(name)).collect()),
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.0.value().len())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0.value()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
