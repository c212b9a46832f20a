//! Keys and names of what is written.

use kube_indexed_store::indexer::MAX_KEYS;
use kube_indexed_store::store::Error;
use kube_indexed_store::{IndexKey, Indexed, Indexer, ObjectName, Query, Store, StoreExt, Write, snapshot};

use crate::fixtures::*;
use crate::support::random::Random;
use crate::things::*;

fn an_object_that_an_index_does_not_find_is_reported_with_the_reason<F: Fixture>() {
    let missing = thing("a", "missing").rule("x", &["/"]);
    let listed = thing("a", "list").label(SERVICE, serde_json::json!(["web"])).rule("x", &["/"]);
    let store = filled::<F>([&missing, &listed, &thing("a", "fine").service("web").rule("x", &["/"])]);
    let snapshot = store.snapshot();
    let reasons = |index: &str| {
        let unindexed = snapshot.unindexed(index).unwrap();
        unindexed.map(|(name, reason)| format!("{name}: {reason}")).collect::<Vec<_>>()
    };
    assert_eq!(
        reasons("by-service"),
        [
            "a/list: metadata.labels['kubernetes.io/service-name'] is a list, not a single value",
            "a/missing: metadata.labels['kubernetes.io/service-name'] is missing",
        ]
    );
    assert_eq!((reasons("by-host"), reasons("default")), (vec![], vec![]));
}

fn a_list_as_key_is_that_objects_problem_only_and_its_old_entry_goes_away<F: Fixture>() {
    let store = filled::<F>([&thing("a", "one").service("web"), &thing("a", "two").service("web").rule("x", &["/"])]);
    let broken = thing("a", "two").label(SERVICE, serde_json::json!({"web": 1})).rule("x", &["/"]);
    store.write(vec![broken.apply(), thing("a", "three").service("web").apply()]).unwrap();
    assert_eq!(under(&store, "by-service", &["a", "web"]), ["a/one", "a/three"]);
    assert_eq!(under(&store, "by-host", &["x"]), ["a/two"]);
    assert_eq!(everything(&store), ["a/one", "a/three", "a/two"]);
}

fn more_than_256_keys_in_one_index_are_that_objects_problem_in_that_index_only<F: Fixture>() {
    let with_hosts = |name: &str, count: usize| {
        (0..count).fold(thing("a", name).service("web"), |thing, host| thing.rule(&format!("{host}"), &[]))
    };
    let store = filled::<F>([&with_hosts("many", MAX_KEYS), &with_hosts("more", MAX_KEYS + 1), &with_hosts("one", 1)]);
    assert_eq!(under(&store, "by-host", &["0"]), ["a/many", "a/one"]);
    assert_eq!(under(&store, "by-service", &["a", "web"]), ["a/many", "a/more", "a/one"]);
    let snapshot = store.snapshot();
    let (name, problem) = snapshot.unindexed("by-host").unwrap().next().unwrap();
    assert_eq!((name.to_string(), problem.to_string()), ("a/more".into(), "more than 256 keys".into()));
    store.apply(with_hosts("many", MAX_KEYS + 1).indexed()).unwrap();
    assert_eq!(under(&store, "by-host", &["0"]), ["a/one"]);
}

fn more_than_256_keys_made_by_hand_are_that_objects_problem_too<F: Fixture>() {
    let store = F::declared(&[("i", 1), ("j", 1)]);
    let with_keys = |name: &str, count: usize| {
        (0..count).fold(thing("", name).by_hand().key("j", ["x"]), |indexed, key| indexed.key("i", [key.to_string()]))
    };
    store.write(vec![with_keys("many", MAX_KEYS).into(), with_keys("more", MAX_KEYS + 1).into()]).unwrap();
    assert_eq!(under(&store, "i", &["7"]), ["many"]);
    assert_eq!(under(&store, "j", &["x"]), ["many", "more"]);
}

fn keys_are_compared_by_component_and_never_joined<F: Fixture>() {
    let mut random = Random::new();
    for separator in random.shuffled(["/", "\0", ",", "", "\u{1}", "\"", ":"]) {
        let store = F::declared(&[("pair", 2)]);
        let (left, right) = (format!("a{separator}b"), format!("b{separator}c"));
        let keys = random.shuffled([("x", [left.as_str(), "c"]), ("y", ["a", right.as_str()])]);
        for (name, key) in keys {
            store.apply(thing("", name).by_hand().key("pair", key)).unwrap();
        }
        assert_eq!(under(&store, "pair", &[&left, "c"]), ["x"], "{separator:?}");
        assert_eq!(under(&store, "pair", &["a", &right]), ["y"], "{separator:?}");
        assert_eq!(under(&store, "pair", &["a"]), ["y"], "a prefix is of components, not of characters");
        assert_eq!(under(&store, "pair", &["a", "b"]), [""; 0]);
    }
}

fn names_are_compared_by_part_and_never_joined<F: Fixture>() {
    let store = filled::<F>([&thing("a", "bc"), &thing("ab", "c"), &thing("", "abc")]);
    assert_eq!(everything(&store), ["abc", "a/bc", "ab/c"]);
    store.delete(&ObjectName::new("a", "bc")).unwrap();
    assert_eq!(everything(&store), ["abc", "ab/c"]);
}

fn a_cluster_scoped_object_has_the_empty_namespace_component<F: Fixture>() {
    let store = filled::<F>([&thing("", "node").service("web"), &thing("a", "pod").service("web")]);
    assert_eq!(found(&store, Query::prefix(&[""])), ["node"]);
    assert_eq!(found(&store, Query::prefix(&["", "node"])), ["node"]);
    assert_eq!(under(&store, "by-service", &["", "web"]), ["node"]);
    assert_eq!(store.snapshot().keys(&Query::prefix(&[""])).unwrap(), [IndexKey::new(["", "node"])]);
}

fn a_key_of_the_wrong_length_refuses_the_whole_batch_with_both_counts<F: Fixture>() {
    let mut random = Random::new();
    let store = F::declared(&[("pair", 2)]);
    store.apply(thing("", "kept").by_hand().key("pair", ["a", "b"])).unwrap();
    let (before, revision) = (shown(&store), store.revision());
    for given in [0, 1, 3] {
        let wrong = thing("", "wrong").by_hand().key("pair", ["a", "b"]).key("pair", (0..given).map(|_| "a"));
        let error = store
            .write(random.shuffled([
                wrong.into(),
                Write::delete(ObjectName::new("", "kept")),
                thing("", "new").by_hand().key("pair", ["a", "b"]).into(),
            ]))
            .unwrap_err();
        let object = ObjectName::new("", "wrong");
        assert_eq!(
            error,
            Error::Index(snapshot::Error::WrongComponents { object, index: "pair".into(), given, declared: 2 })
        );
        assert_eq!(
            error.to_string(),
            format!("wrong has a key of {given} components, but index \"pair\" has 2: give exactly as many")
        );
        assert_eq!((shown(&store), store.revision()), (before.clone(), revision));
    }
}

fn a_key_for_an_index_that_is_not_there_or_is_by_name_refuses_the_whole_batch<F: Fixture>() {
    let store = F::declared(&[("pair", 2)]);
    let refused = |wrong: Indexed| store.write(vec![thing("", "fine").apply_by_hand(), wrong.into()]).unwrap_err();
    assert_eq!(
        refused(thing("", "web").by_hand().key("other", ["a"])).to_string(),
        "no index is named \"other\": this store has default, pair"
    );
    assert_eq!(
        refused(thing("a", "web").by_hand().default_key(["a", "web"])).to_string(),
        "a/web has a key for index \"default\", which is by namespace and name: leave it out"
    );
    assert!(store.is_empty());
}

fn a_default_index_of_its_own_takes_the_place_of_the_one_by_name<F: Fixture>() {
    let store = F::declared(&[("default", 1)]);
    store
        .write(vec![thing("a", "one").by_hand().default_key(["k"]).into(), thing("a", "two").apply_by_hand()])
        .unwrap();
    assert_eq!(found(&store, Query::prefix(&["k"])), ["a/one"]);
    assert_eq!(found(&store, Query::prefix(&["a"])), [""; 0]);
    assert_eq!(everything(&store), ["a/one", "a/two"]);
    assert!(store.snapshot().entry("a", "two").is_some());
}

fn a_key_fewer_or_more_with_nothing_else_changed_is_a_modification<F: Fixture>() {
    let mut random = Random::new();
    let indexer = Indexer::builder().index("a", ["spec.a"]).index("b", ["spec.b"]).build().unwrap();
    let store = F::for_indexer(&indexer);
    let object = thing("x", "y").at(1);
    let mut before = store.snapshot();
    let mut last = None;
    for _ in 0..60 {
        let (count, other) = (random.below(4), random.below(3));
        // The texts of keys that follow each other look like counts and places, if they are read as such.
        let mut indexed = Indexed::new(object.object()).unwrap();
        for key in 0..count {
            indexed = indexed.key("a", [format!("k{key}")]);
        }
        for text in &["xyA", "\u{1}yA"][..other.min(2)] {
            indexed = indexed.key("b", [*text]);
        }
        store.write(vec![Write::Apply(indexed.clone()), Write::Apply(indexed)]).unwrap();
        let after = store.snapshot();
        let modified = last.replace((count, other)).is_some_and(|last| last != (count, other));
        let kinds: Vec<String> = after.diff(&before).changes().iter().map(|change| change.kind().to_string()).collect();
        if !before.is_empty() {
            assert_eq!(kinds, vec!["modified"; usize::from(modified)]);
        }
        let found = |index: &str| after.keys(&Query::index(index)).unwrap().len();
        assert_eq!((found("a"), found("b")), (count, other));
        before = after;
    }
}

conformance! {
    keys_are_compared_by_component_and_never_joined,
    names_are_compared_by_part_and_never_joined,
    a_cluster_scoped_object_has_the_empty_namespace_component,
    a_key_of_the_wrong_length_refuses_the_whole_batch_with_both_counts,
    a_key_for_an_index_that_is_not_there_or_is_by_name_refuses_the_whole_batch,
    a_default_index_of_its_own_takes_the_place_of_the_one_by_name,
    a_key_fewer_or_more_with_nothing_else_changed_is_a_modification,
    an_object_that_an_index_does_not_find_is_reported_with_the_reason,
    a_list_as_key_is_that_objects_problem_only_and_its_old_entry_goes_away,
    more_than_256_keys_in_one_index_are_that_objects_problem_in_that_index_only,
    more_than_256_keys_made_by_hand_are_that_objects_problem_too,
}
