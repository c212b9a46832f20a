//! Index keys of one object: following several paths at once, with lists they share walked together.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use super::MAX_KEYS;
use super::indexed::IndexKeys;
use crate::object::Kind;
use crate::path::Step;
use crate::{FieldPath, IndexKey, ValueRef};

/// How many different combinations are held before an object's keys are given up: lists that repeat few values may
/// have many combinations and still few keys.
const MAX_COMBINATIONS: usize = 256 * MAX_KEYS;
/// How many list elements are visited before that, however often: combinations that come out the same take time too.
const MAX_STEPS: usize = 16 * MAX_COMBINATIONS;

/// Why an object is not found by an index. It is still in `list` and found by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// A field is absent or null.
    #[error("{path} is missing")]
    Missing {
        /// The path of the field.
        path: FieldPath,
    },
    /// A field is a list or a map.
    #[error("{path} is {kind}, not a single value")]
    NotScalar {
        /// The path of the field.
        path: FieldPath,
        /// What the field is.
        kind: Kind,
    },
    /// The object was written by hand, without a key for this index.
    #[error("no key was given")]
    NotGiven,
    /// The lists of the object combine to too many keys.
    #[error("more than {MAX_KEYS} keys")]
    TooMany,
}

impl KeyProblem {
    /// The problem as a short text, to be kept with an object.
    pub(crate) fn to_code(&self) -> Cow<'static, str> {
        match self {
            KeyProblem::Missing { path } => format!("m{path}").into(),
            KeyProblem::NotScalar { path, kind: Kind::List } => format!("l{path}").into(),
            KeyProblem::NotScalar { path, .. } => format!("o{path}").into(),
            KeyProblem::NotGiven => "g".into(),
            KeyProblem::TooMany => "t".into(),
        }
    }

    pub(crate) fn from_code(code: &str) -> KeyProblem {
        let path = |at: usize| code.get(at..).and_then(|path| path.parse::<FieldPath>().ok());
        match (code.as_bytes().first(), path(1)) {
            (Some(b'm'), Some(path)) => KeyProblem::Missing { path },
            (Some(b'l'), Some(path)) => KeyProblem::NotScalar { path, kind: Kind::List },
            (Some(b'o'), Some(path)) => KeyProblem::NotScalar { path, kind: Kind::Map },
            (Some(b't'), _) => KeyProblem::TooMany,
            _ => KeyProblem::NotGiven,
        }
    }
}

/// The paths of one index, prepared.
#[derive(Debug)]
pub(super) struct KeyExtractor {
    components: Vec<Component>,
    /// How many different lists the paths walk.
    lists: usize,
}

#[derive(Debug)]
struct Component {
    path: FieldPath,
    /// The lists on the way, outermost first: the steps that lead to each, and which of the extractor's it is.
    lists: Vec<(Vec<Step>, usize)>,
    /// The steps after the last list.
    rest: Vec<Step>,
    /// Whether this is `metadata.namespace`, which is empty where an object has none: cluster scope.
    is_namespace: bool,
    /// The lists whose place matters to the components still to come.
    needed_after: Vec<bool>,
}

/// One combination: the values so far, and the element each list stands at.
#[derive(Clone)]
struct Combination<'a> {
    values: Vec<Cow<'a, str>>,
    places: Vec<Option<(usize, ValueRef<'a>)>>,
}

impl KeyExtractor {
    pub(super) fn new(paths: &[FieldPath]) -> KeyExtractor {
        let mut known: Vec<&[Step]> = Vec::new();
        let mut components = Vec::new();
        for path in paths {
            let mut lists = Vec::new();
            let mut start = 0;
            for (at, step) in path.steps().iter().enumerate() {
                if *step == Step::Each {
                    // A list is the same for two paths when the way to it is.
                    let way = &path.steps()[..at];
                    let list = known.iter().position(|other| *other == way).unwrap_or_else(|| {
                        known.push(way);
                        known.len() - 1
                    });
                    lists.push((path.steps()[start..at].to_vec(), list));
                    start = at + 1;
                }
            }
            let rest = path.steps()[start..].to_vec();
            let is_namespace = *path == FieldPath::of(["metadata", "namespace"]);
            components.push(Component { path: path.clone(), lists, rest, is_namespace, needed_after: Vec::new() });
        }
        let mut needed = vec![false; known.len()];
        for component in components.iter_mut().rev() {
            component.needed_after = needed.clone();
            component.lists.iter().for_each(|(_, list)| needed[*list] = true);
        }
        KeyExtractor { components, lists: known.len() }
    }

    pub(super) fn keys(&self, object: Option<ValueRef<'_>>) -> IndexKeys {
        match object.map(|object| self.extract(object)) {
            Some(Ok(keys)) => IndexKeys::Found(keys.into_iter().collect()),
            Some(Err(problem)) => IndexKeys::Absent(problem),
            None => IndexKeys::Absent(KeyProblem::Missing { path: self.components[0].path.clone() }),
        }
    }

    fn extract(&self, object: ValueRef<'_>) -> Result<BTreeSet<IndexKey>, KeyProblem> {
        let mut steps = MAX_STEPS;
        let mut combinations = vec![Combination { values: Vec::new(), places: vec![None; self.lists] }];
        for component in &self.components {
            let mut next = Vec::new();
            let mut seen = HashSet::new();
            for combination in &combinations {
                component.walk(object, &component.lists, combination.clone(), &mut steps, &mut |longer| {
                    let places: Vec<_> = longer.places.iter().map(|place| place.map(|(at, _)| at)).collect();
                    if seen.insert((longer.values.clone(), places)) {
                        next.push(longer);
                    }
                    if next.len() > MAX_COMBINATIONS { Err(KeyProblem::TooMany) } else { Ok(()) }
                })?;
            }
            if next.is_empty() {
                return Err(KeyProblem::Missing { path: component.path.clone() });
            }
            combinations = next;
        }
        let mut keys = BTreeSet::new();
        for combination in combinations {
            keys.insert(IndexKey::new(combination.values.into_iter().map(Cow::into_owned)));
            if keys.len() > MAX_KEYS {
                return Err(KeyProblem::TooMany);
            }
        }
        Ok(keys)
    }
}

impl Component {
    /// Hands every combination that goes on from `combination` to `found`; `lists` are those still to walk, from
    /// `value` on.
    fn walk<'a>(
        &self,
        value: ValueRef<'a>,
        lists: &[(Vec<Step>, usize)],
        mut combination: Combination<'a>,
        steps: &mut usize,
        found: &mut impl FnMut(Combination<'a>) -> Result<(), KeyProblem>,
    ) -> Result<(), KeyProblem> {
        let Some(((way, list), deeper)) = lists.split_first() else {
            let text = match value.follow(&self.rest).filter(|value| !value.is_null()) {
                Some(value) => value
                    .scalar_text()
                    .ok_or_else(|| KeyProblem::NotScalar { path: self.path.clone(), kind: value.kind() })?,
                None if self.is_namespace => Cow::Borrowed(""),
                None => return Ok(()),
            };
            combination.values.push(text);
            for (place, needed) in combination.places.iter_mut().zip(&self.needed_after) {
                if !needed {
                    *place = None;
                }
            }
            return found(combination);
        };
        if let Some((_, element)) = combination.places[*list] {
            return self.walk(element, deeper, combination, steps, found);
        }
        let Some(value) = value.follow(way) else { return Ok(()) };
        for (at, element) in value.items().enumerate() {
            *steps = steps.checked_sub(1).ok_or(KeyProblem::TooMany)?;
            let mut combination = combination.clone();
            combination.places[*list] = Some((at, element));
            self.walk(element, deeper, combination, steps, found)?;
        }
        Ok(())
    }
}
