//! Definitions that are too slow and too simple to be wrong, and what is given to them.

use std::collections::{BTreeMap, BTreeSet};

use kube_indexed_store::FieldPath;
use kube_indexed_store::path::Step;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

pub fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![3 => "[ab]".prop_map(Value::from), 1 => Just(Value::Null), 1 => (0..2u8).prop_map(Value::from)]
}

/// Maps and lists of few names, so that paths meet them.
pub fn tree() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::btree_map("[abc]", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

pub fn any_path(positions: std::ops::Range<usize>) -> impl Strategy<Value = FieldPath> {
    let step = prop_oneof![
        3 => "[abc]".prop_map(|name| format!(".{name}")),
        2 => Just("[*]".to_owned()),
        1 => positions.prop_map(|position| format!("[{position}]")),
    ];
    prop::collection::vec(step, 0..4).prop_map(|steps| format!("spec{}", steps.concat()).parse().unwrap())
}

pub fn meets(step: &Step, place: &Step) -> bool {
    step == place || (*step == Step::Each && matches!(place, Step::Index(_)))
}

pub fn leads_to(path: &FieldPath, place: &[Step]) -> bool {
    path.steps().len() >= place.len() && path.steps().iter().zip(place).all(|(step, place)| meets(step, place))
}

/// What is left of the value at a place.
pub fn left(value: &Value, place: &[Step], keep: Option<&[FieldPath]>, remove: &[FieldPath]) -> Option<Value> {
    if remove.iter().any(|path| path.steps().len() == place.len() && leads_to(path, place)) {
        return None;
    }
    let whole = |path: &FieldPath| path.steps().len() <= place.len() && leads_to(path, &place[..path.steps().len()]);
    let keep = keep.filter(|keep| !keep.iter().any(whole));
    let ways: Vec<&Step> = keep
        .into_iter()
        .flatten()
        .filter(|path| leads_to(path, place))
        .map(|path| &path.steps()[place.len()])
        .collect();
    let below = |step: Step| [place, &[step]].concat();
    match value {
        Value::Object(members) if keep.is_none() || ways.iter().any(|step| matches!(step, Step::Key(_))) => {
            let members = members.iter().filter_map(|(name, value)| {
                let step = Step::Key(name.as_str().into());
                if keep.is_some() && !ways.contains(&&step) {
                    return None;
                }
                Some((name.clone(), left(value, &below(step), keep, remove)?))
            });
            Some(Value::Object(members.collect()))
        }
        Value::Array(items) if keep.is_none() || ways.iter().any(|step| !matches!(step, Step::Key(_))) => {
            let items = items.iter().enumerate().filter_map(|(position, value)| {
                let step = Step::Index(position);
                let place = below(step.clone());
                if keep.is_some() && !ways.iter().any(|way| meets(way, &step)) {
                    return None;
                }
                let removed = remove.iter().any(|path| path.steps().len() == place.len() && leads_to(path, &place));
                (!removed).then(|| left(value, &place, keep, remove).unwrap_or(Value::Null))
            });
            Some(items.collect())
        }
        _ if keep.is_none() => Some(value.clone()),
        _ => None,
    }
}

/// The keys by the book: try every way to put a position for each list that the paths walk.
pub fn keys_by_the_book(value: &Value, paths: &[FieldPath]) -> BTreeSet<Vec<String>> {
    fn place(way: &[Step], positions: &BTreeMap<&[Step], usize>) -> Vec<Step> {
        let concrete = |(at, step): (usize, &Step)| match step {
            Step::Each => Step::Index(positions[&way[..at]]),
            step => step.clone(),
        };
        way.iter().enumerate().map(concrete).collect()
    }
    fn at<'v>(value: &'v Value, place: &[Step]) -> Option<&'v Value> {
        place.iter().try_fold(value, |value, step| match step {
            Step::Key(name) => value.as_object()?.get(&**name),
            Step::Index(position) => value.as_array()?.get(*position),
            Step::Each => unreachable!(),
        })
    }
    fn choose<'p>(
        value: &Value,
        paths: &'p [FieldPath],
        lists: &[&'p [Step]],
        positions: &mut BTreeMap<&'p [Step], usize>,
        keys: &mut BTreeSet<Vec<String>>,
    ) {
        let Some((list, rest)) = lists.split_first() else {
            let component = |path: &FieldPath| match at(value, &place(path.steps(), positions))? {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                value => Some(value.to_string()),
            };
            keys.extend(paths.iter().map(component).collect::<Option<Vec<_>>>());
            return;
        };
        let count = at(value, &place(list, positions)).and_then(Value::as_array).map_or(0, Vec::len);
        for position in 0..count {
            positions.insert(list, position);
            choose(value, paths, rest, positions, keys);
        }
        positions.remove(list);
    }
    let ways = paths.iter().flat_map(|path| {
        let steps = path.steps();
        steps.iter().enumerate().filter(|(_, step)| **step == Step::Each).map(move |(at, _)| &steps[..at])
    });
    // Outer lists first.
    let mut lists: Vec<_> = ways.collect::<BTreeSet<_>>().into_iter().collect();
    lists.sort_by_key(|way| way.len());
    let mut keys = BTreeSet::new();
    choose(value, paths, &lists, &mut BTreeMap::new(), &mut keys);
    keys
}

/// Rules as Ingresses have them, with gaps.
pub fn rules() -> impl Strategy<Value = Value> {
    let member = |name: &'static str, value: BoxedStrategy<Value>| {
        prop::option::weighted(0.85, value).prop_map(move |value| Some((name.to_owned(), value?)))
    };
    let map =
        |members: Vec<Option<(String, Value)>>| Value::Object(members.into_iter().flatten().collect::<Map<_, _>>());
    let route =
        (member("path", scalar().boxed()), member("svc", scalar().boxed())).prop_map(move |(a, b)| map(vec![a, b]));
    let routes = prop::collection::vec(route, 0..4).prop_map(Value::from).boxed();
    let tags = prop::collection::vec(scalar(), 0..3).prop_map(Value::from).boxed();
    let rule = (member("host", scalar().boxed()), member("paths", routes), member("tags", tags.clone()))
        .prop_map(move |(a, b, c)| map(vec![a, b, c]));
    (prop::collection::vec(rule, 0..4), tags)
        .prop_map(|(rules, tags)| json!({"rules": rules, "tags": tags, "one": "1"}))
}
