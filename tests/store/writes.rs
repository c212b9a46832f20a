//! Applying and deleting: identity, keys, batches, late writes.

use kube_indexed_store::indexer::{MAX_KEYS, Schema};
use kube_indexed_store::store::{Changes, Error, Get, Reset, Revision, Scope};
use kube_indexed_store::{
    IndexKey, Indexed, Indexer, MemoryStore, ObjectName, Query, ResourceVersion, Snapshot, Store, StoreExt, Write,
    snapshot,
};
use parking_lot::Mutex;

use crate::fixtures::*;
use crate::support::random::Random;
use crate::things::*;

fn deleting_one_of_three_endpoint_slices_that_share_a_service_label_in_two_namespaces_leaves_two<F: Fixture>() {
    let mut random = Random::new();
    let slices = [thing("a", "web-1"), thing("a", "web-2"), thing("b", "web-1")].map(|slice| slice.service("web"));
    let store = filled::<F>(&random.shuffled(slices.iter().cloned()));
    store.delete(&slices[0].identity()).unwrap();
    assert_eq!(everything(&store), ["a/web-2", "b/web-1"]);
    assert_eq!(under(&store, "by-service", &["a", "web"]), ["a/web-2"]);
    assert_eq!(under(&store, "by-service", &["b", "web"]), ["b/web-1"]);
}

fn an_apply_moves_the_object_of_that_name_from_its_old_keys_to_its_new_ones<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").service("old").rule("x", &["/1"]).rule("y", &["/2"])]);
    store.apply(thing("a", "web").service("new").rule("y", &["/3"]).indexed()).unwrap();
    assert_eq!(shown(&store), shown(&filled::<F>([&thing("a", "web").service("new").rule("y", &["/3"])])));
    assert_eq!(under(&store, "by-service", &["a", "old"]), [""; 0]);
    assert_eq!(under(&store, "by-host", &["x"]), [""; 0]);
    assert_eq!(under(&store, "by-service", &["a", "new"]), ["a/web"]);
}

fn an_object_whose_label_disappears_is_in_the_list_and_no_longer_under_the_old_key<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").service("web")]);
    store.apply(thing("a", "web").indexed()).unwrap();
    assert_eq!(under(&store, "by-service", &["a", "web"]), [""; 0]);
    assert_eq!(under(&store, "by-service", &["a"]), [""; 0]);
    assert_eq!(store.snapshot().keys(&Query::index("by-service")).unwrap(), []);
    assert_eq!((everything(&store), store.len()), (vec!["a/web".to_owned()], 1));
    assert!(store.snapshot().entry("a", "web").is_some());
}

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

fn applying_twice_is_applying_once<F: Fixture>() {
    let web = thing("a", "web").at(3).service("web").rule("x", &["/"]);
    let (once, twice) = (filled::<F>([&web]), filled::<F>([&web, &web]));
    twice.apply(web.indexed()).unwrap();
    assert_eq!(shown(&once), shown(&twice));
    assert_eq!(once.revision(), twice.revision());
}

fn deleting_what_is_not_there_changes_nothing<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web")]);
    let (before, revision) = (shown(&store), store.revision());
    assert_eq!(store.delete(&ObjectName::new("b", "web")).unwrap(), revision);
    assert_eq!(shown(&store), before);
}

fn an_object_is_written_as_it_is_when_it_has_a_name<F: Fixture>() {
    let store = F::declared(&[]);
    let write = Write::apply(thing("a", "web").note(1).object()).unwrap();
    assert_eq!(write.name(), &ObjectName::new("a", "web"));
    store.write(vec![write]).unwrap();
    assert_eq!(shown(&store).objects, [thing("a", "web").note(1).json()]);
    assert!(Write::apply(thing("a", "").object()).is_none());
    assert_eq!(Write::delete(ObjectName::new("a", "web")).name(), &ObjectName::new("a", "web"));
}

fn a_batch_is_applied_in_order<F: Fixture>() {
    let store = store::<F>();
    let web = thing("a", "web");
    store.write(vec![web.apply(), Write::delete(web.identity()), web.clone().note(1).apply()]).unwrap();
    store.write(vec![web.clone().note(2).apply(), web.clone().note(3).apply()]).unwrap();
    assert_eq!(shown(&store), shown(&filled::<F>([&web.note(3)])));
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

fn a_reference_is_refused_by_a_store_of_whole_objects_and_all_that_one_of_references_needs<F: Fixture>() {
    let store = store::<F>();
    let name = ObjectName::new("a", "web");
    let reference = || Indexed::reference(name.clone(), None);
    if F::REFERENCES {
        // It is all that is kept.
        store.apply(reference()).unwrap();
        store.reset(Scope::All).push(reference()).unwrap();
        assert_eq!(names(&store.snapshot().list()), ["a/web"]);
        return;
    }
    let error = store.write(vec![thing("a", "other").apply(), reference().into()]).unwrap_err();
    assert_eq!(error, Error::NoBody { object: name.clone() });
    assert_eq!(store.reset(Scope::All).push(reference()).unwrap_err(), error);
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

fn deleting_what_matches_removes_all_that_a_query_finds_and_counts_it<F: Fixture>() {
    let mut random = Random::new();
    let things = [
        thing("a", "one").service("web"),
        thing("a", "two").service("web").at(7),
        thing("a", "three").service("api"),
        thing("b", "one").service("web"),
    ];
    let store = filled::<F>(&random.shuffled(things));
    let before = store.revision();
    let removed = store.delete_matching(Query::index("by-service").with_prefix(&["a", "web"])).unwrap();
    assert_eq!((removed, everything(&store)), (2, vec!["a/three".to_owned(), "b/one".to_owned()]));
    assert_eq!(store.revision().get(), before.get() + 1, "one publication");
    assert_eq!(store.delete_matching(Query::prefix(&["c"])).unwrap(), 0);
    assert!(store.delete_matching(Query::index("other")).is_err());
}

/// A store to which something is written just before the next batch.
#[derive(Debug)]
struct Meanwhile {
    store: MemoryStore,
    before: Mutex<Vec<Write>>,
}

impl Store for Meanwhile {
    fn schema(&self) -> Schema {
        self.store.schema()
    }

    fn write(&self, batch: Vec<Write>) -> Result<Revision, Error> {
        self.store.write(std::mem::take(&mut *self.before.lock()))?;
        self.store.write(batch)
    }

    fn reset(&self, scope: Scope) -> Box<dyn Reset> {
        self.store.reset(scope)
    }

    fn get(&self, query: Query<'_>) -> Result<Get, Error> {
        self.store.get(query)
    }

    fn snapshot(&self) -> Snapshot {
        self.store.snapshot()
    }

    fn changes(&self) -> Changes {
        self.store.changes()
    }
}

#[test]
fn deleting_what_matches_leaves_an_object_that_becomes_newer_meanwhile() {
    let store = filled::<Memory>([&thing("a", "one").at(5), &thing("a", "two").at(6)]);
    let before = Mutex::new(vec![thing("a", "two").at(7).note("newer").apply()]);
    let store = Meanwhile { store, before };
    assert_eq!(store.delete_matching(Query::prefix(&["a"])).unwrap(), 2);
    assert_eq!(shown(&store).objects, [thing("a", "two").at(7).note("newer").json()]);
}

fn clearing_removes_everything_at_once_and_forgets_versions<F: Fixture>() {
    let store = filled::<F>([&thing("a", "one").at(5), &thing("b", "two").at(6)]);
    let before = store.revision();
    assert_eq!(store.clear().get(), before.get() + 1);
    assert!(store.is_empty());
    store.apply(thing("a", "one").at(4).indexed()).unwrap();
    assert_eq!(everything(&store), ["a/one"]);
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

fn a_name_a_uid_or_a_version_that_is_too_long_is_an_error_that_tells_how_long_and_nothing_is_written<F: Fixture>() {
    const MOST: usize = 1 << 20;
    let store = filled::<F>([&thing("a", "web")]);
    let before = shown(&store);
    let with = |field: &str, text: &str| {
        let mut json = thing("a", "other").json();
        json["metadata"][field] = text.into();
        Indexed::new(serde_json::from_value(json).unwrap()).unwrap()
    };
    for field in ["namespace", "name", "uid", "resourceVersion"] {
        let fits = "x".repeat(MOST);
        let expected = snapshot::Error::TooLong { field, start: "x".repeat(32), bytes: MOST + 2, most: MOST };
        let batch = [with("name", "fine").into(), with(field, &format!("{fits}é")).into()];
        assert_eq!(store.write(batch.to_vec()).unwrap_err(), Error::Index(expected.clone()));
        assert_eq!(store.snapshot().with(batch).unwrap_err(), expected);
        let start = "x".repeat(32);
        assert_eq!(
            expected.to_string(),
            format!("{field} {start:?}... has 1048578 bytes, and may have 1048576 at most: give a shorter one")
        );
        assert_eq!(shown(&store), before);

        let fits = with(field, &fits);
        let name = fits.name().clone();
        store.apply(fits.clone()).unwrap();
        let entry = store.snapshot().entry(name.namespace(), name.name()).cloned().unwrap();
        assert_eq!((entry.uid().as_deref(), entry.version().as_ref()), (fits.uid(), fits.version()));
        store.delete(&name).unwrap();
    }
}

fn a_single_object_is_none_or_one_and_several_are_an_error_that_names_two<F: Fixture>() {
    let store = filled::<F>([&thing("a", "one"), &thing("a", "two"), &thing("a", "three"), &thing("b", "one")]);
    assert_eq!(wait(store.single(Query::prefix(&["c"]))).unwrap(), None);
    assert_eq!(wait(store.single(Query::prefix(&["b"]))).unwrap(), Some(thing("b", "one").object()));
    let error = wait(store.single(Query::prefix(&["a"]))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "3 objects under index \"default\" (\"a\") where one was expected, a/one and a/three among them"
    );
    assert!(wait(store.single(Query::prefix(&["a", "b", "c"]))).is_err());
}

fn typed_reads_parse_every_object_or_say_which_one_does_not<F: Fixture>() {
    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Note {
        note: u64,
    }
    let store =
        filled::<F>([&thing("a", "one").note(1), &thing("a", "two").note(2), &thing("b", "odd").note("hunter2")]);
    assert_eq!(wait(store.get_as::<Note>(Query::prefix(&["a"]))).unwrap(), [Note { note: 1 }, Note { note: 2 }]);
    let error = wait(store.get_as::<Note>(Query::all())).unwrap_err();
    assert!(error.to_string().starts_with("b/odd does not parse as asked: "), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "content in {error}");
}

fn a_late_delete_of_an_older_version_does_not_remove_a_recreated_object<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").uid("new").at(9).service("web")]);
    let (before, revision) = (shown(&store), store.revision());
    store.write(vec![thing("a", "web").at(8).delete()]).unwrap();
    assert_eq!((shown(&store), store.revision()), (before, revision));
    store.write(vec![thing("a", "web").at(10).delete()]).unwrap();
    assert!(store.is_empty());
}

fn a_late_apply_is_ignored<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(10).service("new")]);
    // As numbers: as texts it would be the newer one.
    store.apply(thing("a", "web").at(9).service("old").indexed()).unwrap();
    assert_eq!(under(&store, "by-service", &["a"]), under(&store, "by-service", &["a", "new"]));
    assert_eq!(store.snapshot().entry("a", "web").unwrap().version(), Some(ResourceVersion::from(10)));
    store.apply(thing("a", "web").at(10).service("same").indexed()).unwrap();
    assert_eq!(under(&store, "by-service", &["a", "same"]), ["a/web"], "the same version is not older");
}

fn an_apply_older_than_the_deletion_is_ignored_and_a_newer_one_is_not<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(5)]);
    store.write(vec![thing("a", "web").at(8).delete()]).unwrap();
    store.apply(thing("a", "web").at(7).indexed()).unwrap();
    assert!(store.is_empty());
    store.apply(thing("a", "web").at(9).indexed()).unwrap();
    assert_eq!(everything(&store), ["a/web"]);
}

fn a_deletion_without_a_version_counts_as_one_of_the_version_held<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(5)]);
    store.delete(&ObjectName::new("a", "web")).unwrap();
    store.apply(thing("a", "web").at(4).indexed()).unwrap();
    assert!(store.is_empty());
    store.apply(thing("a", "web").at(6).indexed()).unwrap();
    assert_eq!(everything(&store), ["a/web"]);
}

fn deleting_again_what_is_gone_does_not_make_the_deletion_forgotten<F: Fixture>() {
    for again in [Write::delete(ObjectName::new("a", "web")), thing("a", "web").at(3).delete()] {
        let store = filled::<F>([&thing("a", "web").at(5)]);
        store.write(vec![thing("a", "web").at(8).delete()]).unwrap();
        store.write(vec![again]).unwrap();
        store.apply(thing("a", "web").at(7).indexed()).unwrap();
        assert!(store.is_empty());
    }
}

fn a_deletion_that_comes_before_the_object_keeps_it_out<F: Fixture>() {
    let store = store::<F>();
    store.write(vec![thing("a", "web").at(8).delete(), thing("a", "web").at(7).apply()]).unwrap();
    assert!(store.is_empty());
}

fn a_deletion_does_not_count_any_more_when_the_object_is_there_again<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(5)]);
    store.write(vec![thing("a", "web").at(8).delete()]).unwrap();
    store.apply(thing("a", "web").indexed()).unwrap();
    // Older than the deletion, but what is held now is of no known version.
    store.apply(thing("a", "web").at(7).note("new").indexed()).unwrap();
    assert_eq!(shown(&store).objects, [thing("a", "web").at(7).note("new").json()]);
}

fn a_write_without_a_version_always_applies<F: Fixture>() {
    let store = filled::<F>([&thing("a", "web").at(10).note(1)]);
    store.apply(thing("a", "web").note(2).indexed()).unwrap();
    assert_eq!(objects(&store, Query::all()).at(0), Some(&thing("a", "web").note(2).object()));
    store.apply(thing("a", "web").at(11).note(3).indexed()).unwrap();
    store.delete(&ObjectName::new("a", "web")).unwrap();
    assert!(store.is_empty());
    store.apply(thing("a", "web").note(4).indexed()).unwrap();
    assert_eq!(everything(&store), ["a/web"]);
}

fn versions_that_cannot_be_compared_are_never_late<F: Fixture>() {
    let store = F::declared(&[]);
    let at = |version: &str, note: u64| {
        let mut value = thing("a", "web").note(note).json();
        value["metadata"]["resourceVersion"] = version.into();
        Indexed::new(value.try_into().unwrap()).unwrap()
    };
    for (version, note) in [("z", 1), ("a", 2), ("7", 3), ("a", 4), ("6", 5)] {
        store.apply(at(version, note)).unwrap();
        assert_eq!(objects(&store, Query::all()).at(0), Some(&thing("a", "web").note(note).object()));
    }
}

impl Thing {
    fn apply_by_hand(&self) -> Write {
        Write::Apply(self.by_hand())
    }
}

conformance! {
    deleting_one_of_three_endpoint_slices_that_share_a_service_label_in_two_namespaces_leaves_two,
    an_apply_moves_the_object_of_that_name_from_its_old_keys_to_its_new_ones,
    an_object_whose_label_disappears_is_in_the_list_and_no_longer_under_the_old_key,
    an_object_that_an_index_does_not_find_is_reported_with_the_reason,
    a_list_as_key_is_that_objects_problem_only_and_its_old_entry_goes_away,
    more_than_256_keys_in_one_index_are_that_objects_problem_in_that_index_only,
    more_than_256_keys_made_by_hand_are_that_objects_problem_too,
    applying_twice_is_applying_once,
    deleting_what_is_not_there_changes_nothing,
    an_object_is_written_as_it_is_when_it_has_a_name,
    a_batch_is_applied_in_order,
    keys_are_compared_by_component_and_never_joined,
    names_are_compared_by_part_and_never_joined,
    a_cluster_scoped_object_has_the_empty_namespace_component,
    a_key_of_the_wrong_length_refuses_the_whole_batch_with_both_counts,
    a_key_for_an_index_that_is_not_there_or_is_by_name_refuses_the_whole_batch,
    a_reference_is_refused_by_a_store_of_whole_objects_and_all_that_one_of_references_needs,
    a_default_index_of_its_own_takes_the_place_of_the_one_by_name,
    deleting_what_matches_removes_all_that_a_query_finds_and_counts_it,
    clearing_removes_everything_at_once_and_forgets_versions,
    a_key_fewer_or_more_with_nothing_else_changed_is_a_modification,
    a_name_a_uid_or_a_version_that_is_too_long_is_an_error_that_tells_how_long_and_nothing_is_written,
    a_single_object_is_none_or_one_and_several_are_an_error_that_names_two,
    typed_reads_parse_every_object_or_say_which_one_does_not,
    a_late_delete_of_an_older_version_does_not_remove_a_recreated_object,
    a_late_apply_is_ignored,
    an_apply_older_than_the_deletion_is_ignored_and_a_newer_one_is_not,
    a_deletion_without_a_version_counts_as_one_of_the_version_held,
    deleting_again_what_is_gone_does_not_make_the_deletion_forgotten,
    a_deletion_that_comes_before_the_object_keeps_it_out,
    a_deletion_does_not_count_any_more_when_the_object_is_there_again,
    a_write_without_a_version_always_applies,
    versions_that_cannot_be_compared_are_never_late,
}
