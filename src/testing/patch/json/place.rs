//! The place a path leads to: a member of an object or of an array, which may not exist yet.

use serde_json::{Map, Value};

use super::Outcome;

/// Where a path ends: a container, and a member of it that may not exist.
pub(super) struct Place<'d> {
    container: Container<'d>,
    key: String,
}

enum Container<'d> {
    Object(&'d mut Map<String, Value>),
    Array(&'d mut Vec<Value>),
}

impl<'d> Place<'d> {
    pub(super) fn of(document: &'d mut Value, path: &str) -> Outcome<Self> {
        // What stands before the first slash is nobody's business.
        let (_, path) = path.split_once('/').ok_or("a path has a slash")?;
        let (parents, key) = path.rsplit_once('/').map_or((None, path), |(parents, key)| (Some(parents), key));
        let mut container = Container::of(document)?;
        for parent in parents.into_iter().flat_map(|parents| parents.split('/')) {
            let next = match container {
                Container::Object(object) => object.get_mut(&unescaped(parent)),
                Container::Array(array) => {
                    let at = index(&unescaped(parent), array.len())?;
                    array.get_mut(at)
                }
            };
            container = Container::of(next.ok_or("the path leads nowhere")?)?;
        }
        Ok(Place { container, key: unescaped(key) })
    }

    pub(super) fn get(&self) -> Outcome<Option<&Value>> {
        match &self.container {
            Container::Object(object) => Ok(object.get(&self.key)),
            Container::Array(array) => Ok(array.get(index(&self.key, array.len())?)),
        }
    }

    pub(super) fn set(self, value: Value) -> Outcome {
        match self.container {
            Container::Object(object) => drop(object.insert(self.key, value)),
            Container::Array(array) => {
                let at = index(&self.key, array.len())?;
                array[at] = value;
            }
        }
        Ok(())
    }

    pub(super) fn add(self, value: Value) -> Outcome {
        match self.container {
            Container::Object(object) => drop(object.insert(self.key, value)),
            Container::Array(array) if self.key == "-" => array.push(value),
            Container::Array(array) => {
                let at = index(&self.key, array.len() + 1)?;
                array.insert(at, value);
            }
        }
        Ok(())
    }

    pub(super) fn remove(self) -> Outcome<Value> {
        match self.container {
            Container::Object(object) => object.remove(&self.key).ok_or("nothing to remove"),
            Container::Array(array) => {
                let at = index(&self.key, array.len())?;
                Ok(array.remove(at))
            }
        }
    }
}

impl<'d> Container<'d> {
    fn of(value: &'d mut Value) -> Outcome<Self> {
        match value {
            Value::Object(object) => Ok(Container::Object(object)),
            Value::Array(array) => Ok(Container::Array(array)),
            _ => Err("the path leads through a scalar"),
        }
    }
}

/// A place below `count`; negative ones count from there.
fn index(key: &str, count: usize) -> Outcome<usize> {
    let at: i64 = key.parse().map_err(|_| "not an index")?;
    let at = if at < 0 { count.checked_sub(at.unsigned_abs() as usize) } else { usize::try_from(at).ok() };
    at.filter(|at| *at < count).ok_or("the index is out of bounds")
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}
