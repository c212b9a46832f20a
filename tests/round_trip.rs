//! What goes into an object or a store comes out of it: whatever the JSON, and however it is kept inside.
//!
//! `serde_json::Value` is the judge of what a text says.

use kube_indexed_store::{
    FieldPath, Indexed, MemoryStore, Object, ObjectName, Query, ResourceVersion, Snapshot, Store, StoreExt, ValueRef,
    Write,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

/// Words, what stands for fewer bytes than it has, and what only looks like it.
const TEXTS: &[&str] = &[
    "10.0.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "010.0.0.1",
    "10.0.0.256",
    "10.0.0.1.5",
    "10.0.0",
    "1.2.3.4 ",
    "1.2.3.4/24",
    "٣.2.3.4",
    "2025-02-28T23:59:59Z",
    "2025-02-28t23:59:59z",
    "2025-02-28 23:59:59Z",
    "2024-02-29T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2025-02-30T00:00:00Z",
    "2025-13-01T00:00:00Z",
    "2025-06-30T23:59:60Z",
    "2025-02-28T24:00:00Z",
    "2025-02-28T23:59:5.Z",
    "2025-02-28T23:59:59.0Z",
    "2025-02-28T23:59:59.123456Z",
    "2025-02-28T23:59+00Z",
    "2025-02-28T23:59:59+01:00",
    "+02025-02-28T23:59Z",
    "20250228T235959.000Z",
    "-2025-02-28T23:59:5Z",
    "1970-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2106-02-07T06:28:15Z",
    "2106-02-07T06:28:16Z",
    "9999-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z",
    "550e8400-e29b-41d4-a716-446655440000",
    "550E8400-E29B-41D4-A716-446655440000",
    "550e8400-e29b-41d4-A716-446655440000",
    "550e8400-e29b-41d4a-716-446655440000",
    "550e8400-e29b41d4-a716-4466554400000",
    "550e8400-e29b-41d4-a716-44665544000-",
    "550e8400-e29b-41d4-a716-44665544000g",
    "550e8400-e29b-41d4-a716-4466554400é",
    "{50e8400-e29b-41d4-a716-44665544000}",
    "--------------------------------123e",
    "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz8/",
    "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz8=",
    "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz9=",
    "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pw==",
    "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91P===",
    "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91====",
    "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pw",
    "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz8_",
    "aGVsbG8gd29ybGQs\nIGhvdyBhcmUgeW91Pz8",
    "aGVsbG8gd29ybGQs IGhvdyBhcmUgeW91Pz8",
    "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz8\n",
    "====================",
    "________________",
    "AAAAAAAAAAAAAAAZ",
    "AAAAAAAAAAAAAAAAAAAZ",
    "frontend-",
    "-frontend",
    "--------------------",
    "frontend-7d4b9c6f5d-x7k2p",
    "frontend-7d4b9c6f5d-",
    "frontend-7d4b9c6f5d",
    "frontend-7d4b9c6f5d-ü",
    "früü\u{10ffff}-\u{0}-\u{7f}",
    "",
    "\0",
    "\0\0\0",
    "\0\0\0\0",
    "€",
    "€€",
    "😀",
    "\"\\/\u{8}\u{c}\n\r\t\u{1f}",
    "\u{2028}\u{feff}\u{fffd}",
];

/// The lengths at which a length takes one byte more, and those of what is packed.
const LENGTHS: &[usize] =
    &[1, 2, 3, 4, 6, 7, 8, 15, 16, 19, 20, 21, 35, 36, 37, 127, 128, 255, 256, 257, 16_383, 16_384];

/// A text, as it may stand in an object.
fn text() -> BoxedStrategy<String> {
    prop_oneof![
        4 => select(TEXTS).prop_map(str::to_owned),
        2 => "[a-c]{0,5}",
        2 => (select(&["front-end-of-all-", "frontends-", "a-", "ab"][..]), "(-?[ab]){0,5}-?").prop_map(|(a, b)| a.to_owned() + &b),
        1 => "[0-9]{1,3}(\\.[0-9]{1,3}){2,4}",
        1 => "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        1 => "(19[67]|20[0-9]|21[0-9])[0-9]-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z",
        1 => "([A-Za-z0-9+/]{4}){4,9}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
        1 => (select(LENGTHS), select(&["a", "/", "0", "é", "-"][..])).prop_map(|(length, of)| of.repeat(length)),
        1 => any::<String>(),
    ]
    .boxed()
}

/// At the edges of what is kept how.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-0.0",
    "0.0",
    "-0e0",
    "0E+5",
    "1",
    "-1",
    "80",
    "80.0",
    "8e1",
    "8.0E+1",
    "1.0",
    "1e2",
    "1E-2",
    "1e22",
    "1e23",
    "1e308",
    "1.7976931348623157e308",
    "5e-324",
    "2.2250738585072014e-308",
    "1e-400",
    "-1e-400",
    "0.1",
    "0.30000000000000004",
    "268435455",
    "268435456",
    "268435457",
    "-268435455",
    "-268435456",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9007199254740993.0",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890",
];

/// A number as JSON writes it.
fn number() -> BoxedStrategy<String> {
    prop_oneof![
        2 => select(NUMBERS).prop_map(str::to_owned),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(|number| format!("{number:e}")),
    ]
    .boxed()
}

/// JSON as it is written, which says more than a `Value`: duplicates, escapes, and how numbers look.
#[derive(Clone, Debug)]
enum Json {
    /// null, booleans, numbers.
    Plain(String),
    Text(String, Escapes),
    List(Vec<Json>),
    Map(Vec<(String, Escapes, Json)>),
}

#[derive(Clone, Copy, Debug)]
enum Escapes {
    Few,
    All,
}

impl Json {
    fn write(&self, to: &mut String) {
        match self {
            Json::Plain(text) => to.push_str(text),
            Json::Text(text, escapes) => escapes.write(text, to),
            Json::List(items) => {
                to.push('[');
                for (at, item) in items.iter().enumerate() {
                    to.push_str(if at > 0 { " ,\t" } else { "\n" });
                    item.write(to);
                }
                to.push(']');
            }
            Json::Map(members) => {
                to.push('{');
                for (at, (name, escapes, member)) in members.iter().enumerate() {
                    to.push_str(if at > 0 { "," } else { "" });
                    escapes.write(name, to);
                    to.push_str(" :");
                    member.write(to);
                }
                to.push('}');
            }
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn value(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }
}

impl Escapes {
    fn write(self, text: &str, to: &mut String) {
        match self {
            Escapes::Few => to.push_str(&Value::from(text).to_string()),
            Escapes::All => {
                to.push('"');
                text.encode_utf16().for_each(|unit| to.push_str(&format!("\\u{unit:04x}")));
                to.push('"');
            }
        }
    }
}

fn escapes() -> impl Strategy<Value = Escapes> {
    prop_oneof![3 => Just(Escapes::Few), 1 => Just(Escapes::All)]
}

fn name() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] =
        &["", "a", "b", "c", "kind", "data", "metadata", "resourceVersion", "name", "labels", "items", "a.b/c"];
    prop_oneof![4 => select(KNOWN).prop_map(str::to_owned), 1 => text()]
}

/// Any JSON.
fn json() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![
        1 => select(&["null", "true", "false"][..]).prop_map(|plain| Json::Plain(plain.to_owned())),
        1 => number().prop_map(Json::Plain),
        2 => (text(), escapes()).prop_map(|(text, escapes)| Json::Text(text, escapes)),
    ]
    .boxed();
    // Wide enough that a count takes two bytes.
    let wide = (scalar.clone(), 126..130usize).prop_map(|(item, count)| Json::List(vec![item; count]));
    prop_oneof![20 => scalar, 1 => wide].prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::List),
            members(inner.clone()).prop_map(Json::Map),
        ]
    })
}

fn members(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Vec<(String, Escapes, Json)>> {
    prop::collection::vec((name(), escapes(), value), 0..6)
}

fn map(members: impl IntoIterator<Item = (&'static str, Json)>) -> Json {
    Json::Map(members.into_iter().map(|(name, member)| (name.to_owned(), Escapes::Few, member)).collect())
}

fn plain(value: &Value) -> Json {
    Json::Plain(value.to_string())
}

/// An object of that name, with the content in places that are kept in different ways.
fn named(name: &str, kind: &str, content: &Json) -> Json {
    let metadata = map([
        ("name", plain(&name.into())),
        ("namespace", plain(&"shop".into())),
        ("uid", plain(&format!("550e8400-e29b-41d4-a716-4466554{:05}", name.len()).into())),
        ("resourceVersion", plain(&"7".into())),
        ("labels", content.clone()),
    ]);
    map([("data", content.clone()), ("metadata", metadata), ("kind", plain(&kind.into())), ("spec", content.clone())])
}

fn object(json: &Json) -> Object {
    Object::from_slice(json.text().as_bytes()).unwrap()
}

fn indexed(json: &Json) -> Indexed {
    Indexed::new(object(json)).unwrap()
}

/// Exactly, as printed: -0.0 is not 0.0, and 80 is not 80.0.
#[track_caller]
fn check(object: &Object, expected: &Value) {
    check_value(object.root(), expected);
    let text = expected.to_string();
    assert_eq!(object.to_value().to_string(), text);
    assert_eq!(serde_json::to_string(object).unwrap(), text);
    assert_eq!(serde_json::to_value(object).unwrap().to_string(), text);
    assert_eq!(object.parse::<Value>().unwrap().to_string(), text);
    let deepest = object.values(&"spec[*]".parse().unwrap()).last().unwrap_or(object.root()).share();
    assert!(text.contains(&deepest.value().to_value().to_string()));
}

/// Every way down.
fn check_value(value: ValueRef<'_>, expected: &Value) {
    match expected {
        Value::Object(members) => {
            assert_eq!((value.len(), value.is_empty(), value.items().len()), (members.len(), members.is_empty(), 0));
            assert!(value.members().map(|(name, _)| name).eq(members.keys()));
            for (name, member) in members {
                check_value(value.member(name).unwrap(), member);
                assert!(members.contains_key(&format!("{name}a")) || value.member(&format!("{name}a")).is_none());
            }
        }
        Value::Array(items) => {
            assert_eq!((value.len(), value.is_empty(), value.members().len()), (items.len(), items.is_empty(), 0));
            for (at, item) in items.iter().enumerate() {
                check_value(value.item(at).unwrap(), item);
            }
            assert!(value.item(items.len()).is_none());
        }
        scalar => {
            assert_eq!(value.as_str().as_deref(), scalar.as_str());
            assert_eq!((value.as_bool(), value.is_null()), (scalar.as_bool(), scalar.is_null()));
            assert_eq!((value.as_u64(), value.as_i64()), (scalar.as_u64(), scalar.as_i64()));
            assert_eq!(value.as_f64().map(f64::to_bits), scalar.as_f64().map(f64::to_bits));
            assert_eq!((value.len(), value.members().len(), value.items().len()), (0, 0, 0));
            assert!(value.member("").is_none() && value.item(0).is_none());
            assert_eq!(value.share().value().to_value().to_string(), expected.to_string());
        }
    }
}

fn find<'s>(snapshot: &'s Snapshot, name: &str) -> &'s Object {
    snapshot.entry("shop", name).unwrap().object().unwrap()
}

/// Writes three objects in one batch, again and again with another text that they share, so that everything is packed
/// anew: the texts from before are gone then. It ends as it always does.
fn repack(store: &MemoryStore) {
    const TEXT: usize = 8_192;
    let before = store.memory();
    let texts = 8 + before.total() / TEXT;
    let text = |at: usize| format!("{at:08x}").repeat(TEXT / 8);
    let churn = |name: &str, text: &str| {
        indexed(&plain(&json!({"metadata": {"name": name, "namespace": "zzz"}, "text": text})))
    };
    let all = (1..=texts).rev().map(text).chain(["the end".to_owned()]);
    let write = |text: String| ["churn-1", "churn-2", "churn-3"].map(|name| Write::Apply(churn(name, &text)));
    store.write(all.flat_map(write).collect()).unwrap();
    let after = store.memory().shared_bytes;
    assert!(after < before.shared_bytes + texts * TEXT / 2, "nothing was packed anew: {before}, {after} now");
}

/// Three objects of each content, so that everything enters the dictionary that may.
fn fill(store: &MemoryStore, contents: &[(Json, &'static str)]) -> Vec<(String, Value)> {
    let mut expected = Vec::new();
    for round in 0..3 {
        for (at, (content, kind)) in contents.iter().enumerate() {
            let name = format!("o-{round}-{at}");
            let json = named(&name, kind, content);
            store.apply(indexed(&json)).unwrap();
            expected.push((name, json.value()));
        }
    }
    expected
}

fn kind() -> impl Strategy<Value = &'static str> {
    select(&["ConfigMap", "Secret", "List", ""][..])
}

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

fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(leaves).sum::<usize>().max(1),
        Value::Object(members) => members.values().map(leaves).sum::<usize>().max(1),
        _ => 1,
    }
}

/// Puts a text in the place of one leaf.
fn tweak(value: &mut Value, mut at: usize, text: &str) {
    let below: Vec<&mut Value> = match value {
        Value::Array(items) if !items.is_empty() => items.iter_mut().collect(),
        Value::Object(members) if !members.is_empty() => members.values_mut().collect(),
        _ => return *value = text.into(),
    };
    for value in below {
        let leaves = leaves(value);
        if at < leaves {
            return tweak(value, at, text);
        }
        at -= leaves;
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

/// As deep as objects may be, in maps and lists in turn.
fn deep(levels: usize) -> Value {
    let turn = |value, level| if level % 2 == 0 { json!({"a": value, "b": "12345"}) } else { json!([value, 1]) };
    let value = (0..levels - 1).fold(json!("1.2.3.4"), turn);
    json!({"metadata": {"name": "deep", "namespace": "shop"}, "spec": value})
}

#[test]
fn the_deepest_objects_are_packed_and_read_on_a_small_stack() {
    let value = deep(kube_indexed_store::object::MAX_DEPTH);
    let run = move || {
        let store = MemoryStore::new();
        for name in ["a", "b", "c", "d"] {
            let mut value = value.clone();
            value["metadata"]["name"] = name.into();
            store.apply(Indexed::new(Object::from_slice(value.to_string().as_bytes()).unwrap()).unwrap()).unwrap();
            check(find(&store.snapshot(), name), &value);
        }
        repack(&store);
        let (a, b) = (find(&store.snapshot(), "a").clone(), find(&store.snapshot(), "b").clone());
        assert_eq!(a.root().member("spec"), b.root().member("spec"));
        let spec = b.root().member("spec").unwrap().to_value();
        assert_eq!(spec.to_string(), value["spec"].to_string());
        // Dropping a `Value` this deep is no harder than reading it.
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn huge_maps_lists_and_texts_read_as_they_were_written() {
    let names =
        |prefix: &str, count: usize| Value::Object((0..count).map(|at| (format!("{prefix}{at}"), json!(at))).collect());
    let contents = [
        names("", 5_000),
        names("a-long-beginning-of-a-name-", 2_000),
        Value::from((0..5_000).map(|at| json!(format!("frontend-{}-{}", at % 7, at % 1_000))).collect::<Vec<_>>()),
        json!(["x-".repeat(1_000_000), "A".repeat(1 << 20), "é".repeat(500_000), "-".repeat(257)]),
        Value::from(vec![json!({}); 5_000]),
        Value::from(vec![json!({"a": {"b": ["c-d-e-f-g-h-i-j", "550e8400-e29b-41d4-a716-446655440000"]}}); 2_000]),
    ];
    let store = MemoryStore::new();
    let named = |name: &str, content: &Value| json!({"kind": "Huge", "metadata": {"name": name, "namespace": "shop"}, "spec": content});
    for round in 0..3 {
        for (at, content) in contents.iter().enumerate() {
            let value = named(&format!("{at}-{round}"), content);
            store.apply(Indexed::new(Object::try_from(value).unwrap()).unwrap()).unwrap();
        }
    }
    let before = store.snapshot();
    repack(&store);
    for snapshot in [before, store.snapshot()] {
        for round in 0..3 {
            for (at, content) in contents.iter().enumerate() {
                let name = format!("{at}-{round}");
                assert!(find(&snapshot, &name).to_value() == named(&name, content), "{name}");
            }
        }
    }
}
