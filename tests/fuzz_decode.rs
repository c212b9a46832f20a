//! Texts that chance has made of real ones, decoded and stored, against what `serde_json` says of them.
//!
//! A few thousand rounds as a test; `FUZZ_SECONDS=600` goes on for so long, and `SEED=...` repeats a run.

use std::time::{Duration, Instant};

use kube_indexed_store::{Indexed, MemoryStore, Object, Store, StoreExt, Write};
use serde_json::Value;

#[path = "store/random.rs"]
mod random;

use random::Random;

const SEEDS: &[&str] = &[
    r#"{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"web-7d4b9c6f5d","namespace":"shop","uid":"550e8400-e29b-41d4-a716-446655440000","resourceVersion":"123456","creationTimestamp":"2025-02-28T23:59:59Z","labels":{"app.kubernetes.io/name":"web","app.kubernetes.io/instance":"web-frontend-blue"},"annotations":{"haproxy.org/timeout":"5s"}},"spec":{"ingressClassName":"haproxy","rules":[{"host":"a.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web-frontend-blue","port":{"number":80}}}},{"path":"/api","pathType":"Exact","backend":{"service":{"name":"web-frontend-green","port":{"number":8080}}}}]}}],"tls":[{"hosts":["a.example.com"],"secretName":"tls"}]},"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.1"}]}}}"#,
    r#"{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/tls","metadata":{"name":"tls","namespace":"shop","resourceVersion":"a"},"data":{"tls.crt":"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUM=","tls.key":"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCg=="},"stringData":{"a":"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUM="}}"#,
    r#"{"addressType":"IPv4","apiVersion":"discovery.k8s.io/v1","endpoints":[{"addresses":["10.1.2.3"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"worker-node-17","targetRef":{"kind":"Pod","name":"web-frontend-7d4b9c6f5d-x7k2p","namespace":"shop","uid":"123e4567-e89b-12d3-a456-426614174000"}},{"addresses":["10.1.2.4"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"worker-node-18","targetRef":{"kind":"Pod","name":"web-frontend-7d4b9c6f5d-zzzzz","namespace":"shop","uid":"123e4567-e89b-12d3-a456-426614174001"}}],"kind":"EndpointSlice","metadata":{"name":"web-abc","namespace":"shop"},"ports":[{"name":"http","port":8080,"protocol":"TCP"},{"name":"","port":268435456}]}"#,
    r#"{"metadata":{"name":"odd","resourceVersion":null,"resourceVersion":"7","labels":{"":"","a":"b"}},"n":[0,-0,-0.0,1e3,1E-7,18446744073709551615,-9223372036854775808,268435455,268435456,5e-324,1.7976931348623157e308],"s":["\u0000\u001f\"\\\/\b\f\n\r\t","\ud83d\ude00é€","abc","abcd",""],"e":[{},[],[[]],{"a":{}},null,true,false]}"#,
    r#"{"kind":"List","metadata":{"name":"list"},"items":[{"kind":"Secret","data":{"password":"aHVudGVyMmh1bnRlcjJodW50ZXIy"}},{"kind":"Secret","data":{"password":"aHVudGVyMmh1bnRlcjJodW50ZXIy"}}],"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}"#,
];

/// What is put in as it is, because chance alone would not find it.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "0",
    "-",
    "1e999",
    "-0.0",
    "268435456",
    "18446744073709551616",
    "\"metadata\":",
    "\"resourceVersion\":\"8\",",
    "\"resourceVersion\":8,",
    "\"name\":\"x\",",
    "\"kind\":\"Secret\",",
    "\"kind\":\"SecretList\",",
    "\"data\":",
    "{\"a\":1,\"a\":2}",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":",
    "\"10.0.0.1\"",
    "\"010.0.0.1\"",
    "\"2016-12-31T23:59:60Z\"",
    "\"1969-12-31T23:59:59Z\"",
    "\"2106-02-07T06:28:16Z\"",
    "\"550E8400-e29b-41d4-a716-446655440000\"",
    "\"AAAAAAAAAAAAAAAAAAAAAA==\"",
    "\"AAAAAAAAAAAAAAAAAAAAAB==\"",
    "\\u0000",
    "\\ud800",
    "\\ud83d\\ude00",
    "\\",
    "\u{7f}",
    "é",
    "😀",
    "web-frontend-7d4b9c6f5d-",
    "--------",
    "\t",
    " ",
];

/// Another text, by bytes: most are no JSON any more.
fn by_bytes(random: &mut Random, text: &mut Vec<u8>) {
    let at = random.below(text.len() + 1);
    let most = 1 << random.below(7);
    let end = text.len().min(at + 1 + random.below(most));
    match random.below(6) {
        0 => drop(text.splice(at..end, [])),
        1 => {
            let piece = text[at..end].to_vec();
            let to = random.below(text.len() + 1);
            drop(text.splice(to..to, piece));
        }
        2 | 3 => drop(text.splice(at..at, random.pick(PIECES).bytes())),
        4 if at < text.len() => text[at] ^= 1 << random.below(8),
        _ => drop(text.splice(at..at, [random.next() as u8])),
    }
}

/// Another value, with what JSON allows anywhere.
fn by_structure(random: &mut Random, value: &mut Value, donor: &Value) {
    let deeper = match value {
        Value::Array(items) if !items.is_empty() => {
            let at = random.below(items.len());
            items.get_mut(at)
        }
        Value::Object(members) if !members.is_empty() => {
            let at = random.below(members.len());
            members.values_mut().nth(at)
        }
        _ => None,
    };
    if let Some(deeper) = deeper.filter(|_| random.below(100) < 75) {
        return by_structure(random, deeper, donor);
    }
    let other = part(random, donor);
    match (random.below(8), value) {
        (0, Value::Array(items)) => items.truncate(random.below(items.len() + 1)),
        (1, Value::Array(items)) => items.extend(std::iter::repeat_n(other, random.below(200))),
        (2, Value::Object(members)) => members.retain(|_, _| random.percent(70)),
        (3, Value::Object(members)) => {
            let name = random.pick(&["metadata", "resourceVersion", "kind", "data", "", "name", "a", "zzzz"]);
            members.insert(name.to_owned(), other);
        }
        (4, Value::String(text)) => {
            let at = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect::<Vec<_>>();
            text.insert_str(
                at[random.below(at.len())],
                random.pick(&["-", "0", "=", "Z", "A", "é", "frontend-", ".1"]),
            );
        }
        (5, Value::String(text)) => drop(text.pop()),
        (6, value @ Value::Number(_)) => *value = random.next().into(),
        (_, value) => *value = other,
    }
}

fn part(random: &mut Random, of: &Value) -> Value {
    let below: Vec<&Value> = match of {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    };
    if below.is_empty() || random.percent(30) {
        return of.clone();
    }
    let at = random.below(below.len());
    part(random, below[at])
}

/// Holds one text against its value, and puts it into a store if there is a place for it.
fn check(random: &mut Random, store: &MemoryStore, held: &mut [Option<Value>], text: &[u8]) -> bool {
    let expected = serde_json::from_slice::<Value>(text).ok().filter(Value::is_object);
    let decoded = Object::from_slice(text);
    let (Some(expected), Ok(object)) = (&expected, &decoded) else {
        assert!(expected.is_none() && decoded.is_err(), "{decoded:?}, but {expected:?}");
        return false;
    };
    let printed = expected.to_string();
    let same = |object: &Object| {
        assert_eq!(object.to_value().to_string(), printed);
        assert_eq!(serde_json::to_string(object).unwrap(), printed);
    };
    same(object);
    assert_eq!(object, &Object::try_from(expected.clone()).unwrap());
    assert_eq!(object.parse::<Value>().unwrap().to_string(), printed);

    // Under several names, so that much is seen again, in the places of others.
    let mut write = Vec::new();
    for _ in 0..1 + random.below(3) {
        let at = random.below(held.len());
        let mut value = expected.clone();
        let Some(members) = value.as_object_mut() else { break };
        let metadata = members.entry("metadata").or_insert_with(|| serde_json::json!({}));
        if !metadata.is_object() {
            *metadata = serde_json::json!({});
        }
        metadata["name"] = format!("o-{at:04}").into();
        metadata.as_object_mut().unwrap().remove("namespace");
        // So that no write is late.
        metadata.as_object_mut().unwrap().remove("resourceVersion");
        let indexed = Indexed::new(Object::try_from(value.clone()).unwrap()).unwrap();
        write.push(Write::Apply(indexed.key("by", [printed.get(..9).unwrap_or("short")])));
        held[at] = Some(value);
    }
    store.write(write).unwrap();
    // One that was written now or before.
    let at = random.below(held.len());
    if let Some(value) = &held[at] {
        let snapshot = store.snapshot();
        let object = snapshot.entry("", &format!("o-{at:04}")).unwrap().object().unwrap();
        assert_eq!(object.to_value().to_string(), value.to_string());
        assert_eq!(object, &Object::try_from(value.clone()).unwrap());
    }
    true
}

/// Everything that is held, in its order.
fn check_all(store: &MemoryStore, held: &[Option<Value>]) {
    let snapshot = store.snapshot();
    let told = snapshot.list();
    let expected: Vec<&Value> = held.iter().flatten().collect();
    assert_eq!(told.len(), expected.len());
    for (object, value) in told.objects().zip(expected) {
        assert_eq!(object.to_value().to_string(), value.to_string());
    }
}

#[test]
fn no_text_is_misread_or_makes_anything_panic() {
    let mut random = Random::new();
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let goes_on = |round: usize| end.map_or(round < 2_500, |end| Instant::now() < end);
    let store = MemoryStore::builder().index("by", 1).build();
    let mut held: Vec<Option<Value>> = vec![None; 300];
    let mut texts: Vec<Vec<u8>> = SEEDS.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    let (mut rounds, mut decoded, mut most) = (0, 0, 0);
    while goes_on(rounds) {
        let mut text = texts[random.below(texts.len())].clone();
        if random.percent(60)
            && let Ok(mut value) = serde_json::from_slice::<Value>(&text)
        {
            let donor = serde_json::from_slice(&texts[random.below(texts.len())]).unwrap_or(Value::Null);
            (0..1 + random.below(4)).for_each(|_| by_structure(&mut random, &mut value, &donor));
            text = value.to_string().into_bytes();
        }
        if random.percent(50) {
            (0..1 + random.below(4)).for_each(|_| by_bytes(&mut random, &mut text));
        }
        if check(&mut random, &store, &mut held, &text) {
            decoded += 1;
            // What is JSON is a beginning for others, if it is not too long.
            if text.len() < 8_000 && random.percent(20) {
                let at = random.below(200);
                if at < texts.len() && at >= SEEDS.len() {
                    texts[at] = text
                } else {
                    texts.push(text)
                }
                texts.truncate(200);
            }
        }
        rounds += 1;
        if rounds % 1_000 == 0 {
            check_all(&store, &held);
            most = most.max(store.memory().total());
        }
    }
    println!("{rounds} rounds, {decoded} texts decoded, at most {most} bytes");
    assert!(decoded > rounds / 20, "most texts were no JSON");
    // Whatever the texts were: as many objects of the longest would be as large.
    assert!(most < 64 << 20, "{most}");
    assert!(!store.is_empty() || rounds < 100);
}
