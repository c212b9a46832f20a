//! Sets of the fields of a value, and what becomes of the value without them.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::shape::{Scalar, Shapes, Type};

/// A type with one of everything: beds by name, a set of tags, a map, a list and a map of one piece.
pub(in crate::testing::owners) fn garden() -> (Shapes, Type) {
    let mut shapes = Shapes::default();
    let bed = Type::structure()
        .field("name", Type::Scalar(Scalar::Any))
        .field("size", Type::Scalar(Scalar::Any))
        .field("tags", Type::list_of(Type::Scalar(Scalar::Any)).set());
    shapes.define("Bed", bed);
    let garden = Type::structure()
        .field("beds", Type::list_of(Type::Named("Bed".into())).keyed(["name".into()]))
        .field("tags", Type::list_of(Type::Scalar(Scalar::Any)).set())
        .field("labels", Type::map_of(Type::Scalar(Scalar::Any)))
        .field("rows", Type::list_of(Type::Scalar(Scalar::Any)))
        .field("shed", Type::structure().field("door", Type::Scalar(Scalar::Any)).atomic())
        .field("fence", Type::structure().field("height", Type::Scalar(Scalar::Any)));
    (shapes, garden)
}

/// Values of that type, without nulls and without empty maps and lists.
pub(in crate::testing::owners) fn values() -> impl Strategy<Value = Value> {
    use proptest::{collection::btree_map, collection::btree_set, option};
    let scalar = || (0..3i64).prop_map(Value::from);
    let tags = || btree_set("[a-d]", 1..4).prop_map(|tags| json!(tags)).prop_shuffle_list();
    let bed = (option::of(scalar()), option::of(tags()));
    let beds = btree_map("[a-d]", bed, 1..4).prop_map(|beds| {
        let bed = |(name, (size, tags))| present([("name", Some(json!(name))), ("size", size), ("tags", tags)]);
        beds.into_iter().map(bed).collect::<Value>()
    });
    let map = || btree_map("[a-c]", scalar(), 1..3).prop_map(|map| json!(map));
    let rows = proptest::collection::vec(scalar(), 1..3).prop_map(Value::from);
    let door = scalar().prop_map(|door| json!({"door": door}));
    let fence = scalar().prop_map(|height| json!({"height": height}));
    (
        option::of(beds.prop_shuffle_list()),
        option::of(tags()),
        option::of(map()),
        option::of(rows),
        option::of(door),
        option::of(fence),
    )
        .prop_map(|(beds, tags, labels, rows, shed, fence)| {
            present([
                ("beds", beds),
                ("tags", tags),
                ("labels", labels),
                ("rows", rows),
                ("shed", shed),
                ("fence", fence),
            ])
        })
}

fn present<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

trait ShuffleList: Strategy<Value = Value> + Sized {
    fn prop_shuffle_list(self) -> impl Strategy<Value = Value> {
        self.prop_map(|list| list.as_array().cloned().unwrap_or_default()).prop_shuffle().prop_map(Value::from)
    }
}

impl<S: Strategy<Value = Value>> ShuffleList for S {}

fn v1(value: Value, shape: Shape<'_>) -> Value {
    set_of(&value, shape).to_v1()
}

fn compared(old: Value, new: Value, shape: Shape<'_>) -> Value {
    let Comparison { added, modified, removed } = compare(&old, &new, shape);
    json!({"added": added.to_v1(), "modified": modified.to_v1(), "removed": removed.to_v1()})
}

#[test]
fn fields_are_leaves_items_and_entries() {
    let (shapes, ty) = garden();
    let garden = json!({
        "beds": [{"name": "roses", "size": 3}, {"name": "mint"}],
        "tags": ["dry"],
        "labels": {"soil": 1},
        "rows": [1, 2],
        "shed": {"door": 1},
        "fence": {"height": 2},
    });
    assert_eq!(
        v1(garden, Shape::new(&shapes, &ty)),
        json!({
            "f:beds": {
                "k:{\"name\":\"mint\"}": {".": {}, "f:name": {}},
                "k:{\"name\":\"roses\"}": {".": {}, "f:name": {}, "f:size": {}},
            },
            "f:tags": {"v:\"dry\"": {}},
            "f:labels": {"f:soil": {}},
            "f:rows": {},
            "f:shed": {},
            "f:fence": {"f:height": {}},
        })
    );
}

#[test]
fn empty_maps_are_fields_and_empty_lists_of_items_are_not() {
    let (shapes, ty) = garden();
    let garden = json!({"labels": {}, "fence": {}, "shed": null, "tags": [], "rows": []});
    let expected = json!({"f:labels": {}, "f:fence": {}, "f:shed": {}, "f:rows": {}});
    assert_eq!(v1(garden, Shape::new(&shapes, &ty)), expected);
}

#[test]
fn without_a_schema_maps_are_fields_too() {
    let value = json!({"spec": {"size": 1, "rows": [1, 2]}});
    assert_eq!(v1(value, Shape::deduced()), json!({"f:spec": {".": {}, "f:size": {}, "f:rows": {}}}));
}

#[test]
fn items_that_occur_twice_have_one_owner_together() {
    let (shapes, ty) = garden();
    let garden = json!({"beds": [{"name": "mint", "size": 1}, {"name": "mint", "size": 2}]});
    assert_eq!(v1(garden, Shape::new(&shapes, &ty)), json!({"f:beds": {"k:{\"name\":\"mint\"}": {}}}));
}

#[test]
fn a_map_that_appears_is_added_with_all_in_it() {
    let (shapes, ty) = garden();
    let shape = Shape::new(&shapes, &ty);
    let fields = json!({
        "f:fence": {".": {}, "f:height": {}},
        "f:beds": {".": {}, "k:{\"name\":\"mint\"}": {".": {}, "f:name": {}}},
        "f:shed": {},
    });
    let new = json!({"fence": {"height": 1}, "beds": [{"name": "mint"}], "shed": {"door": 1}});
    assert_eq!(compared(json!({}), new.clone(), shape), json!({"added": fields, "modified": {}, "removed": {}}));
    assert_eq!(compared(new, json!({}), shape), json!({"added": {}, "modified": {}, "removed": fields}));
}

#[test]
fn a_map_that_was_null_is_not_added_itself() {
    let (shapes, ty) = garden();
    let (old, new) = (json!({"beds": null}), json!({"beds": [{"name": "mint"}]}));
    let added = json!({"f:beds": {"k:{\"name\":\"mint\"}": {".": {}, "f:name": {}}}});
    let expected = json!({"added": added, "modified": {}, "removed": {}});
    assert_eq!(compared(old, new, Shape::new(&shapes, &ty)), expected);
}

#[test]
fn changes_of_order_are_none_where_items_can_be_told_apart() {
    let (shapes, ty) = garden();
    let (old, new) = (json!({"tags": ["a", "b"], "rows": [1, 2]}), json!({"tags": ["b", "a"], "rows": [2, 1]}));
    let expected = json!({"added": {}, "modified": {"f:rows": {}}, "removed": {}});
    assert_eq!(compared(old, new, Shape::new(&shapes, &ty)), expected);
}

#[test]
fn duplicates_that_come_or_go_count_as_one() {
    let (shapes, ty) = garden();
    let shape = Shape::new(&shapes, &ty);
    let (once, twice) = (json!({"tags": ["a"]}), json!({"tags": ["a", "a"]}));
    let tag = json!({"f:tags": {"v:\"a\"": {}}});
    assert_eq!(compared(once.clone(), twice.clone(), shape), json!({"added": tag, "modified": {}, "removed": tag}));
    assert_eq!(compared(twice.clone(), once, shape), json!({"added": tag, "modified": {}, "removed": tag}));
    assert_eq!(compare(&twice, &twice, shape), Comparison::default());
}

#[test]
fn a_value_of_another_type_is_modified_and_what_is_in_it_added() {
    let (old, new) = (json!({"a": 1}), json!({"a": {"b": 2}}));
    let expected = json!({"added": {"f:a": {"f:b": {}}}, "modified": {"f:a": {}}, "removed": {}});
    assert_eq!(compared(old, new, Shape::deduced()), expected);
}

#[test]
fn removing_the_last_field_leaves_null() {
    let (shapes, ty) = garden();
    let shape = Shape::new(&shapes, &ty);
    let fields = FieldSet::of_fields([&["labels", "a"][..], &["fence", "height"]]);
    let garden = json!({"labels": {"a": 1, "b": 2}, "fence": {"height": 1}, "tags": ["x"]});
    assert_eq!(remove(&garden, &fields, shape), json!({"labels": {"b": 2}, "fence": null, "tags": ["x"]}));
    let mut item = FieldSet::default();
    item.insert(&[Step::field("tags"), Step::Value(json!("x"))]);
    assert_eq!(remove(&json!({"tags": ["x", "y"]}), &item, shape), json!({"tags": ["y"]}));
}

#[test]
fn parents_are_fields_of_structures() {
    let (shapes, ty) = garden();
    let mut set = FieldSet::of_fields([&["labels", "a"][..]]);
    let mint = Step::Key([("name".to_owned(), json!("mint"))].into());
    set.insert(&[Step::field("beds"), mint, Step::field("tags"), Step::Value(json!("x"))]);
    assert_eq!(
        with_parents(&set, Shape::new(&shapes, &ty)).to_v1(),
        json!({
            "f:labels": {".": {}, "f:a": {}},
            "f:beds": {".": {}, "k:{\"name\":\"mint\"}": {"f:tags": {".": {}, "v:\"x\"": {}}}},
        })
    );
}

proptest! {
    #[test]
    fn a_value_does_not_differ_from_itself(value in values()) {
        let (shapes, ty) = garden();
        prop_assert_eq!(compare(&value, &value, Shape::new(&shapes, &ty)), Comparison::default());
    }

    #[test]
    fn changes_there_and_back_mirror_each_other(old in values(), new in values()) {
        let (shapes, ty) = garden();
        let shape = Shape::new(&shapes, &ty);
        let (there, back) = (compare(&old, &new, shape), compare(&new, &old, shape));
        prop_assert_eq!(there, Comparison { added: back.removed, modified: back.modified, removed: back.added });
    }

    #[test]
    fn what_was_removed_is_no_field_any_more(value in values(), other in values()) {
        let (shapes, ty) = garden();
        let shape = Shape::new(&shapes, &ty);
        let fields = set_of(&other, shape);
        let left = remove(&value, &fields, shape);
        let still = set_of(&left, shape).intersection(&fields);
        // Only keeps what became null.
        prop_assert!(still.is_empty(), "{:?}", still.to_v1());
    }
}
