//! Applying and deleting: identity, batches, what is refused.

use kube_indexed_store::indexer::Schema;
use kube_indexed_store::store::{Changes, Error, Get, Reset, Revision, Scope};
use kube_indexed_store::{Indexed, MemoryStore, ObjectName, Query, Snapshot, Store, StoreExt, Write, snapshot};
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

conformance! {
    deleting_one_of_three_endpoint_slices_that_share_a_service_label_in_two_namespaces_leaves_two,
    an_apply_moves_the_object_of_that_name_from_its_old_keys_to_its_new_ones,
    an_object_whose_label_disappears_is_in_the_list_and_no_longer_under_the_old_key,
    applying_twice_is_applying_once,
    deleting_what_is_not_there_changes_nothing,
    an_object_is_written_as_it_is_when_it_has_a_name,
    a_batch_is_applied_in_order,
    a_reference_is_refused_by_a_store_of_whole_objects_and_all_that_one_of_references_needs,
    deleting_what_matches_removes_all_that_a_query_finds_and_counts_it,
    clearing_removes_everything_at_once_and_forgets_versions,
    a_name_a_uid_or_a_version_that_is_too_long_is_an_error_that_tells_how_long_and_nothing_is_written,
    a_single_object_is_none_or_one_and_several_are_an_error_that_names_two,
    typed_reads_parse_every_object_or_say_which_one_does_not,
}
