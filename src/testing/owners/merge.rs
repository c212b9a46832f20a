//! An applied configuration merged into a live value.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::{
    path::Step,
    typed::{is_empty, items, member, step_to},
};
use crate::testing::shape::{Atom, Shape};

/// The live value with all that the configuration says. Nothing is removed.
///
/// Lists with items that can be told apart keep the live order where the configuration does not say otherwise.
/// Items of the configuration must differ from each other, see [`check`](super::check).
pub(in crate::testing) fn merge(live: &Value, config: &Value, shape: Shape<'_>) -> Value {
    merge_at(Some(live), Some(config), shape).unwrap_or_default()
}

fn merge_at(live: Option<&Value>, config: Option<&Value>, shape: Shape<'_>) -> Option<Value> {
    let Some(winner) = config else { return live.cloned() };
    let atom = shape.atom(winner);
    if atom == Atom::Leaf || (is_empty(atom, live) && is_empty(atom, config)) {
        return Some(winner.clone());
    }
    if atom != Atom::Map {
        let merged = merge_items(atom, items(live), items(config), shape.item());
        return (!merged.is_empty()).then_some(Value::Array(merged));
    }
    let (live, config) = (live.and_then(Value::as_object), config.and_then(Value::as_object));
    let names: BTreeSet<&String> = live.into_iter().chain(config).flat_map(Map::keys).collect();
    let merged: Map<String, Value> = names
        .into_iter()
        .filter_map(|name| {
            let (live, config) = (live.and_then(|live| live.get(name)), config.and_then(|config| config.get(name)));
            Some((name.clone(), merge_at(live, config, member(shape, name).0)?))
        })
        .collect();
    (!merged.is_empty()).then_some(Value::Object(merged))
}

/// Walks both lists at once. Items that only one of them has come where they stand there, shared ones in the order of
/// the configuration.
fn merge_items(atom: Atom<'_>, live: &[Value], config: &[Value], item: Shape<'_>) -> Vec<Value> {
    let steps =
        |list: &[Value]| -> Vec<Step> { list.iter().enumerate().map(|(at, item)| step_to(atom, item, at)).collect() };
    let (live_steps, config_steps) = (steps(live), steps(config));
    // A live item that occurs twice is replaced, not merged.
    let mut known: BTreeMap<&Step, Option<&Value>> = BTreeMap::new();
    for (step, value) in live_steps.iter().zip(live) {
        known.entry(step).and_modify(|known| *known = None).or_insert(Some(value));
    }
    let configured: BTreeMap<&Step, &Value> = config_steps.iter().zip(config).collect();
    let mut shared: VecDeque<&Step> = config_steps.iter().filter(|step| known.contains_key(step)).collect();
    let mut next = shared.pop_front();
    let mut merged = Vec::new();
    let mut done: BTreeSet<&Step> = BTreeSet::new();
    let (mut left, mut right) = (0, 0);
    while left < live.len() || right < config.len() {
        let pair = (live_steps.get(left), config_steps.get(right));
        let take = |step: &Step| merge_at(known.get(step).copied().flatten(), configured.get(step).copied(), item);
        if let (Some(mine), Some(theirs)) = pair {
            if mine == theirs {
                done.insert(mine);
                merged.extend(take(mine));
                (left, right) = (left + 1, right + 1);
                next = shared.pop_front();
                continue;
            }
            if configured.contains_key(mine) && next.is_some_and(|next| next != mine) {
                // Shared, but its turn comes later.
                left += 1;
                continue;
            }
        }
        if let Some(mine) = pair.0 {
            if !configured.contains_key(mine) {
                merged.push(live[left].clone());
                left += 1;
                continue;
            }
            if done.contains(mine) {
                left += 1;
            }
        }
        if let Some(theirs) = pair.1 {
            done.insert(theirs);
            merged.extend(take(theirs));
            right += 1;
            if next == Some(theirs) {
                next = shared.pop_front();
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::testing::{
        owners::{compare, set_of, typed::tests::values},
        shape::{Scalar, Shapes, Type},
    };

    fn names(live: &[&str], config: &[&str]) -> Value {
        let list = Type::list_of(Type::Scalar(Scalar::Any)).set();
        merge(&json!(live), &json!(config), Shape::new(&Shapes::default(), &list))
    }

    #[test]
    fn items_keep_the_live_order_unless_the_configuration_says_otherwise() {
        assert_eq!(names(&["a", "b", "c"], &["c", "x"]), json!(["a", "b", "c", "x"]));
        assert_eq!(names(&["a", "b", "c"], &["x", "a"]), json!(["x", "a", "b", "c"]));
        assert_eq!(names(&["a", "b", "c"], &["c", "a"]), json!(["b", "c", "a"]));
        assert_eq!(names(&["a"], &[]), json!(["a"]));
        assert_eq!(names(&[], &["b", "a"]), json!(["b", "a"]));
    }

    #[test]
    fn items_merge_by_their_keys() {
        let pod = Shapes::built_in().kind("v1", "Pod");
        let live = json!({"spec": {"containers": [
            {"name": "web", "image": "web:1", "ports": [{"containerPort": 80, "protocol": "TCP"}]},
            {"name": "log"},
        ]}});
        let config = json!({"spec": {"containers": [
            {"name": "web", "image": "web:2", "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 80, "protocol": "UDP"}]},
        ]}});
        let expected = json!({"spec": {"containers": [
            {"name": "web", "image": "web:2", "ports": [
                {"containerPort": 80, "protocol": "TCP", "name": "http"},
                {"containerPort": 80, "protocol": "UDP"},
            ]},
            {"name": "log"},
        ]}});
        assert_eq!(merge(&live, &config, pod), expected);
    }

    #[test]
    fn what_is_one_value_is_replaced() {
        let service = Shapes::built_in().kind("v1", "Service");
        let live = json!({"spec": {"selector": {"a": "1", "b": "2"}, "type": "ClusterIP"}});
        let config = json!({"spec": {"selector": {"a": "3"}}});
        assert_eq!(merge(&live, &config, service), json!({"spec": {"selector": {"a": "3"}, "type": "ClusterIP"}}));
    }

    #[test]
    fn an_empty_map_or_null_removes_nothing() {
        let any = Shape::deduced();
        assert_eq!(merge(&json!({"a": {"b": 1}}), &json!({"a": {}}), any), json!({"a": {"b": 1}}));
        assert_eq!(merge(&json!({"a": {"b": 1}}), &json!({"a": null}), any), json!({"a": {"b": 1}}));
        assert_eq!(merge(&json!({"a": {}}), &json!({"a": null}), any), json!({"a": null}));
    }

    proptest! {
        #[test]
        fn merging_a_value_with_itself_changes_nothing(value in values()) {
            let (shapes, ty) = crate::testing::owners::typed::tests::garden();
            let shape = Shape::new(&shapes, &ty);
            prop_assert_eq!(merge(&value, &value, shape), value);
        }

        #[test]
        fn all_that_was_said_holds_and_nothing_is_lost(live in values(), config in values()) {
            let (shapes, ty) = crate::testing::owners::typed::tests::garden();
            let shape = Shape::new(&shapes, &ty);
            let merged = merge(&live, &config, shape);
            prop_assert_eq!(merge(&merged, &config, shape), merged.clone());
            let said = set_of(&config, shape);
            let change = compare(&config, &merged, shape);
            prop_assert!(said.intersection(&change.modified).is_empty());
            prop_assert!(said.intersection(&change.removed).is_empty());
            prop_assert!(compare(&live, &merged, shape).removed.is_empty());
        }
    }
}
