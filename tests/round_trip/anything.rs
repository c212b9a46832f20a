//! Whatever is written, and written over.

use kube_indexed_store::{
    FieldPath, Indexed, MemoryStore, Object, ObjectName, Query, ResourceVersion, Store, StoreExt, ValueRef, Write,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, json};

use crate::{
    fixtures::{check, fill, find, indexed, kind, leaves, named, object, tweak},
    json::{Escapes, Json, escapes, json, map, members, plain},
    support::repack::repack,
    texts::text,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_text_decodes_and_reads_as_its_value(members in members(json())) {
        let json = Json::Map(members);
        check(&object(&json), &json.value());
        check(&Object::try_from(json.value()).unwrap(), &json.value());
    }

    #[test]
    fn identity_and_version_are_what_the_text_says_last(
        metadata in prop::collection::vec(
            (select(&["resourceVersion", "name", "namespace", "uid"][..]), escapes(), prop_oneof![
                json(),
                select(&["", "0", "7", "07", "18446744073709551616", "ab", "abcd"][..]).prop_map(|text| plain(&text.into())),
            ]),
            0..8,
        ),
        twice: bool,
    ) {
        let members = |members: &[(&str, Escapes, Json)]| {
            Json::Map(members.iter().map(|(name, escapes, value)| ((*name).to_owned(), *escapes, value.clone())).collect())
        };
        let half = if twice { metadata.len() / 2 } else { 0 };
        let json = map([("metadata", members(&metadata[..half])), ("metadata", members(&metadata[half..]))]);
        let (object, value) = (object(&json), json.value());
        check(&object, &value);
        let told = |name: &str| value["metadata"][name].as_str();
        prop_assert_eq!(object.resource_version(), told("resourceVersion").map(ResourceVersion::new));
        prop_assert!(object.uid().as_deref() == told("uid"));
        let name = told("name").filter(|name| !name.is_empty());
        prop_assert_eq!(object.name(), name.map(|name| ObjectName::new(told("namespace").unwrap_or_default(), name)));
        let Some(indexed) = Indexed::new(object) else { return Ok(()) };
        let (store, name) = (MemoryStore::new(), indexed.name().clone());
        store.apply(indexed).unwrap();
        repack(&store);
        let snapshot = store.snapshot();
        check(snapshot.entry(name.namespace(), name.name()).unwrap().object().unwrap(), &value);
    }

    #[test]
    fn what_is_stored_reads_as_it_was_written_also_packed_anew_and_in_another_store(
        contents in prop::collection::vec((json(), kind()), 1..4),
    ) {
        let (store, other) = (MemoryStore::new(), MemoryStore::new());
        let expected = fill(&store, &contents);
        let first = store.snapshot();
        expected.iter().for_each(|(name, value)| check(find(&first, name), value));

        // What another store has packed, which knows none of it at first.
        for (name, value) in &expected {
            other.apply(Indexed::new(find(&first, name).clone()).unwrap()).unwrap();
            check(find(&other.snapshot(), name), value);
        }
        let overlay = other.snapshot().with(expected.iter().map(|(name, _)| {
            Write::apply(find(&first, name).clone()).unwrap()
        })).unwrap();
        prop_assert_eq!(overlay.revision(), other.revision());

        repack(&store);
        repack(&other);
        for snapshot in [&first, &store.snapshot(), &other.snapshot(), &overlay] {
            for (name, value) in &expected {
                check(find(snapshot, name), value);
                prop_assert!(find(snapshot, name).ptr_eq(find(&first, name)));
            }
        }
        // Into a dictionary that was made by counting, from objects of the other one.
        for (name, value) in &expected {
            store.delete(&ObjectName::new("shop", name)).unwrap();
            store.apply(Indexed::new(find(&other.snapshot(), name).clone()).unwrap()).unwrap();
            check(find(&store.snapshot(), name), value);
        }
    }

    #[test]
    fn objects_are_equal_exactly_when_their_values_are_however_they_are_kept(
        a in json(), b in json(), tweaked: Option<(Index, String)>, kind in kind(),
    ) {
        let b = match tweaked {
            Some((at, text)) => {
                let mut value = a.value();
                tweak(&mut value, at.index(leaves(&a.value()).max(1)), &text);
                plain(&value)
            }
            None => b,
        };
        let forms = |content: &Json| {
            let json = named("o-x", kind, content);
            let (one, twin) = (MemoryStore::new(), MemoryStore::new());
            for store in [&one, &twin] {
                fill(store, &[(content.clone(), kind)]);
                store.apply(indexed(&json)).unwrap();
            }
            repack(&twin);
            let mut forms = vec![object(&json), object(&json)];
            forms.extend([&one, &twin].map(|store| find(&store.snapshot(), "o-x").clone()));
            (forms, json.value())
        };
        let ((some, value), (others, other_value)) = (forms(&a), forms(&b));
        for object in &some {
            prop_assert!(some.iter().all(|same| same == object));
            prop_assert!(others.iter().all(|other| (other == object) == (value == other_value)));
            prop_assert!(others.iter().all(|other| (other.root() == object.root()) == (value == other_value)));
        }
        // Also where both have the same dictionary.
        let store = MemoryStore::new();
        fill(&store, &[(a.clone(), kind), (b.clone(), kind), (a.clone(), kind)]);
        let first = store.snapshot();
        repack(&store);
        let equal = a.value() == b.value();
        for snapshot in [first, store.snapshot()] {
            let specs = (0..9).map(|at| find(&snapshot, &format!("o-{}-{}", at / 3, at % 3)).root().member("spec").unwrap());
            let specs: Vec<ValueRef<'_>> = specs.collect();
            for (at, one) in specs.iter().enumerate() {
                for (other_at, other) in specs.iter().enumerate() {
                    let same = (at % 3 == 1) == (other_at % 3 == 1) || equal;
                    prop_assert_eq!(one == other, same);
                }
            }
        }
    }

    #[test]
    fn paths_find_the_same_in_objects_however_they_are_kept(content in json(), kind in kind()) {
        const PATHS: [&str; 14] = [
            "spec", "spec.a", "spec.b.a", "spec[0]", "spec[*]", "spec[1][0]", "spec[*].a", "spec[*][*]", "spec.a[*].b",
            "data.data", "metadata.labels", "metadata.resourceVersion", "metadata.labels['a.b/c']", "spec.items[*].metadata",
        ];
        let json = named("o-x", kind, &content);
        let plain = object(&json);
        let store = MemoryStore::new();
        fill(&store, &[(content, kind)]);
        store.apply(indexed(&json)).unwrap();
        let first = find(&store.snapshot(), "o-x").clone();
        repack(&store);
        for packed in [&first, find(&store.snapshot(), "o-x")] {
            for path in PATHS.map(|path| path.parse::<FieldPath>().unwrap()) {
                let all = |object: &Object| object.values(&path).map(|value| value.to_value().to_string()).collect::<Vec<_>>();
                prop_assert_eq!(all(packed), all(&plain));
                prop_assert_eq!(packed.get(&path).map(ValueRef::to_value), plain.get(&path).map(ValueRef::to_value));
                let printed = |object: &Object| object.get(&path).and_then(|value| Some(value.scalar_text()?.into_owned()));
                prop_assert_eq!(printed(packed), printed(&plain));
            }
        }
    }

    #[test]
    fn keys_are_found_as_they_were_given(components in prop::collection::vec(prop::collection::vec(text(), 3), 1..6)) {
        let store = MemoryStore::builder().index("by", 3).build();
        let with_keys = |name: &str| {
            let object = Object::try_from(json!({"metadata": {"name": name, "namespace": "shop"}})).unwrap();
            components.iter().fold(Indexed::new(object).unwrap(), |indexed, key| indexed.key("by", key.iter().map(String::as_str)))
        };
        // The third has them from the dictionary.
        for name in ["a", "b", "c"] {
            store.apply(with_keys(name)).unwrap();
        }
        let before = store.snapshot();
        repack(&store);
        for snapshot in [before, store.snapshot()] {
            let mut keys: Vec<Vec<&str>> = components.iter().map(|key| key.iter().map(String::as_str).collect()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in &keys {
                for length in 1..=3 {
                    prop_assert_eq!(snapshot.get(&Query::index("by").with_prefix(&key[..length])).unwrap().len(), 3);
                }
            }
            let told: Vec<Vec<String>> = snapshot.keys(&Query::index("by")).unwrap().iter()
                .map(|key| key.components().map(str::to_owned).collect()).collect();
            prop_assert_eq!(&told, &keys);
            let entry = snapshot.entry("shop", "b").unwrap();
            let told: Vec<_> = entry.keys("by").unwrap();
            prop_assert!(told.iter().map(|key| key.components().collect::<Vec<_>>()).eq(keys.iter().cloned()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(1) })]

    #[test]
    fn a_store_of_many_objects_reads_as_it_was_written(
        contents in prop::collection::vec((json(), kind()), 150),
    ) {
        let store = MemoryStore::new();
        let mut expected = Map::new();
        for round in 0..2 {
            // Every other one is written again, with what another had before.
            for at in 0..700 {
                let name = format!("o-{at}");
                let (content, kind) = &contents[(at + round * (at % 2)) % contents.len()];
                let json = named(&name, kind, content);
                store.apply(indexed(&json)).unwrap();
                expected.insert(name, json.value());
            }
        }
        let snapshot = store.snapshot();
        for (name, value) in &expected {
            assert_eq!(find(&snapshot, name).to_value().to_string(), value.to_string());
            assert_eq!(serde_json::to_string(find(&snapshot, name)).unwrap(), value.to_string());
        }
    }
}
