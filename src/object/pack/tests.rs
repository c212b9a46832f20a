//! Whatever is packed is unpacked as it was.

use super::*;
use crate::ResourceVersion;
use crate::object::digest::LAST_APPLIED;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{0,6}",
        Just("10.0.0.1".to_owned()),
        Just("010.0.0.1".to_owned()),
        Just("2025-02-28T23:59:59Z".to_owned()),
        Just("2025-02-28T23:59:60Z".to_owned()),
        Just("2025-02-30T00:00:00Z".to_owned()),
        Just("1969-12-31T23:59:59Z".to_owned()),
        Just("2106-02-07T06:28:16Z".to_owned()),
        Just("2025-02-28 23:59:59Z".to_owned()),
        Just("550e8400-e29b-41d4-a716-446655440000".to_owned()),
        Just("550E8400-e29b-41d4-a716-446655440000".to_owned()),
        Just("550e8400-e29b-41d4-a716-44665544000-".to_owned()),
        Just("aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz8/".to_owned()),
        Just("aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz8=".to_owned()),
        Just("aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz9=".to_owned()),
        any::<String>(),
    ]
}

pub(in crate::object) fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof![Just(0u64), Just((1 << 28) - 1), Just(1 << 28), Just(u64::MAX)].prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(text(), inner, 0..5).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

pub(in crate::object) fn object(at: usize, kind: &str, content: &Value) -> Object {
    let named = json!({
        "kind": kind, "metadata": {"name": format!("o-{at}"), "namespace": "n", "resourceVersion": "7"},
        "data": content, "spec": content,
    });
    Object::try_from(named).unwrap()
}

/// Packs objects, each with others between that have the same content.
fn pack_all(packer: &mut Packer, values: &[Value]) -> Vec<Record> {
    let mut records = Vec::new();
    for copy in 0..3 {
        for (at, value) in values.iter().enumerate() {
            let mut value = value.clone();
            value["metadata"]["name"] = format!("o-{at}-{copy}").into();
            let object = Object::from_slice(value.to_string().as_bytes()).unwrap();
            let name = object.name().unwrap();
            let draft = Draft {
                name: name.as_name_ref(),
                uid: None,
                version: None,
                keys: &[],
                body: Some(&object),
                identity: None,
            };
            records.push(packer.pack(&draft));
        }
    }
    records
}

/// Makes everything in the dictionary look as if it had the hash of each value of an object.
fn collide(packer: &mut Packer, value: ValueRef<'_>) {
    let mut digests = Vec::new();
    digest(&packer.hasher, &mut digests, value);
    for Digest { hash, shape, .. } in digests {
        packer.texts.collide(hash);
        packer.parts.collide(hash);
        packer.shapes.collide(shape);
    }
}

#[test]
fn what_has_the_hash_of_something_else_is_not_taken_for_it() {
    let content = |a: &str| json!({"spec": {a: [a, "a-text"], "b": {"c": "10.0.0.1", "d": a}}});
    let mut packer = Packer::new([]);
    let known = [content("something"), content("else"), content("entirely")];
    pack_all(&mut packer, &known);
    let other = json!({"spec": {"or": ["other", "a-text"], "b": {"x": "10.0.0.1", "d": "a-test"}}});
    collide(&mut packer, Object::try_from(other.clone()).unwrap().root());
    let records = pack_all(&mut packer, std::slice::from_ref(&other));
    for record in &records {
        assert_eq!(record.body().unwrap().to_value()["spec"], other["spec"]);
    }
}

/// Whether these bytes are anywhere in the dictionary.
fn knows(packer: &Packer, needle: &[u8]) -> bool {
    let within = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let Dictionary { texts, parts, shapes, .. } = &*packer.dictionary;
    (0..).map_while(|at| texts.get(at)).any(|text| within(text.as_bytes()))
        || (0..).map_while(|at| parts.get(at)).any(|part| within(part))
        || (0..)
            .map_while(|at| shapes.get(at))
            .any(|shape| (0..shape.len()).any(|at| within(shape.name(at).as_bytes())))
}

#[test]
fn what_secrets_hide_never_enters_the_dictionary_wherever_they_are() {
    const OPEN: &str = "an open secret, told to everybody";
    let payload = || json!({"password": "aHVudGVyMmh1bnRlcjJodW50ZXIy", "plain": "hunter2hunter2", "deep": [{"a": "hunter2hunter2"}]});
    let secret =
        || json!({"kind": "Secret", "data": payload(), "stringData": payload(), "metadata": {"labels": {"of": OPEN}}});
    let last_applied = json!({LAST_APPLIED: secret().to_string(), "open": OPEN});
    let values = [
        secret(),
        json!({"data": payload(), "stringData": payload()}),
        json!({"kind": "List", "items": [secret(), secret(), {"kind": "ConfigMap", "data": {"a": OPEN}}]}),
        json!({"kind": "SecretList", "items": [{"data": payload()}, {"stringData": payload()}]}),
        json!({"kind": "Template", "spec": {"forProvider": {"manifest": secret()}, "same": {"a": OPEN}}}),
        json!({"kind": "AdmissionReview", "request": {"object": secret(), "oldObject": secret()}}),
        json!({"kind": "Secret", "metadata": {"annotations": last_applied}}),
        json!({"kind": "Other", "spec": {"metadata": {"annotations": last_applied}}}),
    ];
    let mut shared = 0;
    for value in &values {
        let mut packer = Packer::new([]);
        let check = |packer: &Packer, records: &[Record], when: &str| {
            let raw = b"hunter2".as_slice();
            for needle in [raw, b"aHVudGVyMmh1bnRlcjJodW50ZXIy"] {
                assert!(!knows(packer, needle), "{when}: {value}");
            }
            for record in records {
                let mut told = record.body().unwrap().to_value();
                let mut expected = value.clone();
                told["metadata"]["name"] = Value::Null;
                expected["metadata"]["name"] = Value::Null;
                assert_eq!(told, expected);
            }
        };
        let mut records = pack_all(&mut packer, std::slice::from_ref(value));
        check(&packer, &records, "packed");
        shared += usize::from(knows(&packer, OPEN.as_bytes()));
        packer.repack(records.iter_mut());
        check(&packer, &records, "packed anew");
        packer.repack(records.iter_mut());
        check(&packer, &records, "from a dictionary");
        // From a store that knows it, because it is no Secret there.
        let mut open = value.clone();
        open["kind"] = "ConfigMap".into();
        let mut other = Packer::new([]);
        pack_all(&mut other, &[open]);
        records.iter_mut().for_each(|record| *record = other.pack_again(record));
        packer.repack(records.iter_mut());
        check(&packer, &records, "from another dictionary");
    }
    // All the same, what is open is shared, but for what is overlooked by chance.
    assert!(shared >= 2, "{shared} of seven");
    let open = || {
        let mut packer = Packer::new([]);
        pack_all(&mut packer, &[json!({"kind": "ConfigMap", "data": payload()})]);
        knows(&packer, b"hunter2hunter2")
    };
    assert!((0..20).any(|_| open()));
}

proptest! {
    #[test]
    fn what_is_packed_reads_as_what_it_was(contents in prop::collection::vec(value(), 1..6), secret: bool) {
        let mut packer = Packer::new([("by-spec".into(), 2)]);
        let kind = if secret { "Secret" } else { "ConfigMap" };
        // Three times in other objects, so that everything enters the dictionary that may.
        for at in 0..3 * contents.len() {
            let object = object(at, kind, &contents[at % contents.len()]);
            let keys = [IndexKey::new(["10.0.0.1", "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91Pz8="]), IndexKey::new(["", "a"])];
            let name = object.name().unwrap();
            let text = ResourceVersion::new("text");
            let draft = Draft {
                name: name.as_name_ref(),
                uid: Some("1").filter(|_| at % 2 == 1),
                version: Some(&text).filter(|_| at % 3 == 0),
                keys: &[if at % 5 == 0 { Keys::Absent("m".into()) } else { Keys::Found(&keys) }],
                body: Some(&object).filter(|_| at % 7 != 6),
                identity: None,
            };
            let record = packer.pack(&draft);
            prop_assert!(record.fits(&draft) && record.looks_like(&packer.pack(&draft)));
            prop_assert_eq!(record.name(), name.as_name_ref());
            prop_assert_eq!(record.version(), draft.version.cloned());
            for version in [Some("text-2"), None, Some("3"), Some("text-4")].map(|text| text.map(ResourceVersion::new)) {
                let renewed = record.renewed(version.as_ref());
                prop_assert!(renewed.looks_like(&record) || draft.body.is_none());
                prop_assert_eq!(renewed.version(), version);
                prop_assert_eq!(renewed.key_count(0), if at % 5 == 0 { 0 } else { 2 });
            }
            let Some(packed) = record.body() else { continue };
            prop_assert!(packed == &object && packed.ptr_eq(&object));
            let mut expected = object.to_value();
            expected["metadata"].as_object_mut().unwrap().remove("resourceVersion");
            let renewed = record.renewed(None);
            prop_assert_eq!(renewed.body().unwrap().to_value(), expected.clone());
            prop_assert_eq!(renewed.body().unwrap().parse::<Value>().unwrap(), expected);
        }
    }
}
