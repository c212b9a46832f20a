//! Asking: prefixes, order, keys, label selectors, and that a snapshot never changes.

use std::collections::BTreeSet;

use kube_indexed_store::selector::LabelSelector;
use kube_indexed_store::store::Error;
use kube_indexed_store::{IndexKey, Indexer, Query, Store, StoreExt, Write, snapshot};

use crate::fixtures::*;
use crate::support::random::Random;
use crate::things::*;

fn labels(text: &str) -> LabelSelector {
    text.parse().unwrap()
}

fn an_exact_get_gives_all_components_a_partial_one_the_first_ones_and_a_list_none<F: Fixture>() {
    let store = filled::<F>([
        &thing("a", "one").rule("x", &["/1"]),
        &thing("a", "two").rule("x", &["/2"]),
        &thing("b", "three").rule("y", &["/1"]),
    ]);
    assert_eq!(under(&store, "by-route", &["x", "/2"]), ["a/two"]);
    assert_eq!(under(&store, "by-route", &["x"]), ["a/one", "a/two"]);
    assert_eq!(under(&store, "by-route", &[]), everything(&store));
    assert_eq!(under(&store, "by-route", &["x", ""]), [""; 0]);
    assert_eq!(found(&store, Query::prefix(&["a"])), ["a/one", "a/two"]);
    assert_eq!(found(&store, Query::prefix(&["b", "three"])), ["b/three"]);
}

fn more_components_than_the_index_has_are_an_error_that_names_both_counts<F: Fixture>() {
    let store = store::<F>();
    for (index, declared) in INDEXES.into_iter().zip([2, 2, 1, 2]) {
        for given in declared + 1..declared + 3 {
            let prefix = vec!["a"; given];
            let query = Query::index(index).with_prefix(&prefix);
            let expected = snapshot::Error::TooManyComponents { index: index.into(), given, declared };
            assert_eq!(store.get(query).unwrap_err(), Error::Index(expected.clone()));
            assert_eq!(store.snapshot().keys(&query).unwrap_err(), expected);
            assert_eq!(
                expected.to_string(),
                format!("the query gives {given} components, but index {index:?} has {declared}: leave out the last")
            );
        }
    }
}

fn an_unknown_index_is_an_error_that_names_those_there_are<F: Fixture>() {
    let store = store::<F>();
    let error = store.get(Query::index("by-hosts")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no index is named \"by-hosts\": this store has default, by-service, by-host, by-route"
    );
    assert_eq!(Error::Index(store.snapshot().keys(&Query::index("by-hosts")).unwrap_err()), error);
    assert_eq!(Error::Index(store.snapshot().unindexed("by-hosts").err().unwrap()), error);
}

fn what_is_not_there_is_an_empty_answer<F: Fixture>() {
    let store = filled::<F>([&thing("a", "one").rule("x", &["/"])]);
    for index in INDEXES {
        assert_eq!(under(&store, index, &["nobody"]), [""; 0]);
        assert_eq!(store.snapshot().keys(&Query::index(index).with_prefix(&["nobody"])).unwrap(), []);
    }
    assert!(store.snapshot().entry("a", "nobody").is_none());
}

fn an_object_is_in_an_answer_once_however_many_of_its_keys_match<F: Fixture>() {
    let store = filled::<F>([
        &thing("a", "one").rule("x", &["/1", "/2", "/3"]).rule("x", &["/1"]).rule("y", &["/1"]),
        &thing("a", "two").rule("x", &["/2"]),
    ]);
    assert_eq!(under(&store, "by-route", &["x"]), ["a/one", "a/two"]);
    assert_eq!(under(&store, "by-host", &["x"]), ["a/one", "a/two"]);
    assert_eq!(under(&store, "by-route", &["x", "/1"]), ["a/one"]);
    store.delete(&thing("a", "one").identity()).unwrap();
    assert_eq!(shown(&store), shown(&filled::<F>([&thing("a", "two").rule("x", &["/2"])])));
}

fn host_and_path_of_different_rules_are_never_paired<F: Fixture>() {
    let store = filled::<F>([&thing("a", "one").rule("x", &["/1"]).rule("y", &["/2"])]);
    assert_eq!(under(&store, "by-route", &["x", "/1"]), ["a/one"]);
    assert_eq!(under(&store, "by-route", &["y", "/2"]), ["a/one"]);
    assert_eq!(under(&store, "by-route", &["x", "/2"]), [""; 0]);
    assert_eq!(under(&store, "by-route", &["y", "/1"]), [""; 0]);
}

fn every_answer_is_ordered_by_namespace_and_name_whatever_the_index_the_prefix_and_the_insertion_order<F: Fixture>() {
    let mut random = Random::new();
    let names: BTreeSet<_> = (0..400).map(|_| (random.name(), random.name())).collect();
    // The higher the name, the lower some of its keys.
    let things: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, (namespace, name))| {
            let thing = thing(namespace, name).service("web").rule("x", &[&format!("{:04}", 9999 - at), "/"]);
            thing.rule(&format!("{:04}", 9999 - at), &["/"])
        })
        .collect();
    let ordered: Vec<_> = things.iter().map(|thing| thing.identity().to_string()).collect();
    let store = store::<F>();
    for thing in random.shuffled(&things) {
        store.apply(thing.indexed()).unwrap();
    }
    assert_eq!(everything(&store), ordered);
    assert_eq!(under(&store, "by-host", &["x"]), ordered);
    assert_eq!(under(&store, "by-route", &["x"]), ordered);
    assert_eq!(under(&store, "by-route", &["x", "/"]), ordered);
    assert_eq!(shown(&store), shown(&filled::<F>(random.shuffled(&things))));
}

fn keys_tells_which_keys_exist_under_a_prefix_in_order_and_each_once<F: Fixture>() {
    let store = filled::<F>([
        &thing("a", "one").rule("x", &["/2", "/1"]).rule("a/b", &["c"]),
        &thing("b", "two").rule("x", &["/2"]).rule("a", &["b/c"]),
    ]);
    let keys = |prefix: &[&str]| store.snapshot().keys(&Query::index("by-route").with_prefix(prefix)).unwrap();
    assert_eq!(keys(&["x"]), [IndexKey::new(["x", "/1"]), IndexKey::new(["x", "/2"])]);
    assert_eq!(keys(&["x", "/2"]), [IndexKey::new(["x", "/2"])]);
    assert_eq!(keys(&[]), [["a", "b/c"], ["a/b", "c"], ["x", "/1"], ["x", "/2"]].map(IndexKey::new));
    let names = store.snapshot().keys(&Query::prefix(&["b"])).unwrap();
    assert_eq!(names, [IndexKey::new(["b", "two"])]);
    // Keys are of the index, not of single objects.
    let nobody = labels("tier=none");
    assert_eq!(store.snapshot().keys(&Query::prefix(&["b"]).with_labels(&nobody)).unwrap(), names);
    assert_eq!(store.snapshot().keys(&Query::index("by-host").with_labels(&nobody)).unwrap().len(), 3);
    let entry = store.snapshot();
    let entry = entry.entry("a", "one").unwrap();
    assert_eq!(entry.keys("by-host"), Some(vec![IndexKey::new(["a/b"]), IndexKey::new(["x"])]));
    assert_eq!(entry.keys("default"), Some(vec![IndexKey::new(["a", "one"])]));
    assert_eq!(entry.keys("other"), None);
}

fn a_body_tells_whether_it_is_found_under_a_key<F: Fixture>() {
    let store = filled::<F>([&thing("a", "one").at(1).rule("x", &["/1"]).rule("y", &["/2"])]);
    let snapshot = store.snapshot();
    let body = wait(store.body(snapshot.entry("a", "one").unwrap()).get()).unwrap().unwrap();
    for (index, prefix, has) in [
        ("by-route", &["x", "/1"][..], true),
        ("by-route", &["y"], true),
        ("by-route", &["y", "/1"], false),
        ("by-host", &["y"], true),
        ("by-host", &["z"], false),
        ("by-host", &[], true),
        ("by-service", &["a"], false),
        ("by-service", &[], true),
        ("default", &["a", "one"], true),
        ("made-by-hand", &["k"], true),
    ] {
        assert_eq!(body.has_key(index, prefix), has, "{index} {prefix:?}");
    }
    assert_eq!(
        (body.object(), body.is_stale()),
        (&thing("a", "one").at(1).rule("x", &["/1"]).rule("y", &["/2"]).object(), false)
    );
}

fn a_snapshot_tells_its_size_and_its_revision<F: Fixture>() {
    let store = store::<F>();
    let empty = store.snapshot();
    assert_eq!(
        (empty.len(), empty.is_empty(), empty.list().is_empty(), empty.revision().to_string()),
        (0, true, true, "0".into())
    );
    store.write(vec![thing("a", "one").apply(), thing("b", "two").apply()]).unwrap();
    let two = store.snapshot();
    assert_eq!(
        (two.len(), two.is_empty(), two.list().is_empty(), two.revision().to_string()),
        (2, false, false, "1".into())
    );
    assert_eq!(two.schema(), &store.schema());
}

fn a_label_selector_narrows_any_query<F: Fixture>() {
    let mut random = Random::new();
    let store = filled::<F>(&random.shuffled([
        thing("a", "one").label("tier", "web").service("s").rule("x", &["/1"]),
        thing("a", "two").label("tier", "db").service("s").rule("x", &["/1"]),
        thing("b", "one").label("tier", "web").service("s").rule("x", &["/2"]),
        thing("b", "two").rule("x", &["/1"]),
    ]));
    let web = labels("tier=web");
    assert_eq!(found(&store, Query::all().with_labels(&web)), ["a/one", "b/one"]);
    assert_eq!(found(&store, Query::prefix(&["a"]).with_labels(&web)), ["a/one"]);
    assert_eq!(found(&store, Query::index("by-service").with_prefix(&["b", "s"]).with_labels(&web)), ["b/one"]);
    assert_eq!(found(&store, Query::index("by-route").with_prefix(&["x", "/1"]).with_labels(&web)), ["a/one"]);
    assert_eq!(found(&store, Query::all().with_labels(&labels("tier!=web"))), ["a/two", "b/two"]);
    assert_eq!(found(&store, Query::all().with_labels(&labels("!tier"))), ["b/two"]);
    assert_eq!(found(&store, Query::all().with_labels(&LabelSelector::default())).len(), 4);

    assert_eq!(objects(&store, Query::all().with_labels(&web)).at(1).unwrap().name().unwrap().to_string(), "b/one");
    let list = store.snapshot().get(&Query::all().with_labels(&web));
    if F::REFERENCES {
        // The labels are with the bodies.
        let expected =
            "the query selects by labels (tier=web), but these are references, which have none: ask the store";
        assert_eq!(list.unwrap_err().to_string(), expected);
        return;
    }
    let list = list.unwrap();
    assert_eq!((list.len(), list.at(1).unwrap().name().to_string(), list.at(2).is_none()), (2, "b/one".into(), true));
    assert_eq!(list.skip(1).len(), 1);
}

fn a_label_selector_is_an_error_where_labels_were_dropped<F: Fixture>() {
    let dropping = [
        Indexer::builder().remove_fields(["metadata.labels"]),
        Indexer::builder().remove_fields(["metadata.labels.tier"]),
        Indexer::builder().keep_fields(["spec"]),
        Indexer::builder().keep_fields(["spec", "metadata.labels.tier"]),
    ];
    let web = labels("tier=web");
    for indexer in dropping {
        let store = F::for_indexer(&indexer.build().unwrap());
        let error = store.get(Query::all().with_labels(&web)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the query selects by labels (tier=web), but the indexer drops labels: keep metadata.labels"
        );
        assert!(store.get(Query::all().with_labels(&LabelSelector::default())).is_ok());
    }
    let keeping = [
        Indexer::builder().remove_fields(["metadata.annotations"]),
        Indexer::builder().keep_fields(["metadata.labels"]),
        Indexer::builder().keep_fields(["metadata"]),
    ];
    for indexer in keeping {
        assert!(F::for_indexer(&indexer.build().unwrap()).get(Query::all().with_labels(&web)).is_ok());
    }
}

fn an_answer_has_positions_that_agree_with_its_order<F: Fixture>() {
    let mut random = Random::new();
    let things: Vec<_> = (0..300).map(|_| thing(&random.name(), &random.name()).rule("x", &["/"])).collect();
    let store = filled::<F>(&things);
    let snapshot = store.snapshot();
    let picked = (!F::REFERENCES).then(|| snapshot.get(&Query::all().with_labels(&labels("!none"))).unwrap());
    let lists = [
        snapshot.list(),
        snapshot.get(&Query::prefix(&["a"])).unwrap(),
        snapshot.get(&Query::index("by-host").with_prefix(&["x"])).unwrap(),
        snapshot.get(&Query::prefix(&["nobody"])).unwrap(),
    ];
    for list in lists.into_iter().chain(picked) {
        let names = names(&list);
        assert_eq!((list.len(), list.is_empty()), (names.len(), names.is_empty()));
        assert_eq!(list.iter().len(), names.len());
        for at in (0..names.len() + 2).chain([usize::MAX - 1, usize::MAX]) {
            let expected = names.get(at).cloned();
            assert_eq!(list.at(at).map(|entry| entry.name().to_string()), expected);
            let mut rest = list.skip(at);
            assert_eq!(rest.len(), names.len().saturating_sub(at));
            assert_eq!(rest.next().map(|entry| entry.name().to_string()), expected);
        }
    }
}

fn a_snapshot_and_what_was_taken_from_it_never_change<F: Fixture>() {
    let mut random = Random::new();
    let things: Vec<_> = (0..200).map(|at| thing("a", &format!("{at:03}")).service("web").at(1)).collect();
    let store = filled::<F>(&things);
    let snapshot = store.snapshot();
    let (list, service) =
        (snapshot.list(), snapshot.get(&Query::index("by-service").with_prefix(&["a", "web"])).unwrap());
    let (before, revision, expected) = (seen(&snapshot), snapshot.revision(), names(&list));
    for thing in random.shuffled(&things) {
        match random.below(3) {
            0 => store.delete(&thing.identity()).unwrap(),
            1 => store.apply(thing.clone().at(2).indexed()).unwrap(),
            _ => store.apply(thing.clone().service("api").indexed()).unwrap(),
        };
    }
    store.clear();
    drop(store);
    assert_eq!((seen(&snapshot), snapshot.revision()), (before, revision));
    assert_eq!((names(&list), names(&service)), (expected.clone(), expected));
}

fn an_answer_outlives_its_snapshot_and_its_store<F: Fixture>() {
    let store = filled::<F>([&thing("a", "one").rule("x", &["/"])]);
    let objects = store.get(Query::index("by-host").with_prefix(&["x"])).unwrap();
    drop(store);
    let objects = wait(objects).unwrap();
    assert_eq!(objects.at(0), Some(&thing("a", "one").rule("x", &["/"]).object()));
}

fn a_batch_shows_at_once_and_in_every_index<F: Fixture>() {
    let store = filled::<F>([&thing("a", "one").service("old"), &thing("a", "two").service("old")]);
    let before = store.revision();
    let batch: Vec<Write> = ["one", "two"].map(|name| thing("a", name).service("new").apply()).into();
    let after = store.write(batch).unwrap();
    assert_eq!((after.get(), store.revision()), (before.get() + 1, after));
    assert_eq!(under(&store, "by-service", &["a", "new"]), ["a/one", "a/two"]);
    assert_eq!(under(&store, "by-service", &["a", "old"]), [""; 0]);
}

conformance! {
    an_exact_get_gives_all_components_a_partial_one_the_first_ones_and_a_list_none,
    more_components_than_the_index_has_are_an_error_that_names_both_counts,
    an_unknown_index_is_an_error_that_names_those_there_are,
    what_is_not_there_is_an_empty_answer,
    an_object_is_in_an_answer_once_however_many_of_its_keys_match,
    host_and_path_of_different_rules_are_never_paired,
    every_answer_is_ordered_by_namespace_and_name_whatever_the_index_the_prefix_and_the_insertion_order,
    keys_tells_which_keys_exist_under_a_prefix_in_order_and_each_once,
    a_body_tells_whether_it_is_found_under_a_key,
    a_snapshot_tells_its_size_and_its_revision,
    a_label_selector_narrows_any_query,
    a_label_selector_is_an_error_where_labels_were_dropped,
    an_answer_has_positions_that_agree_with_its_order,
    a_snapshot_and_what_was_taken_from_it_never_change,
    an_answer_outlives_its_snapshot_and_its_store,
    a_batch_shows_at_once_and_in_every_index,
}
