//! Bodies that are plausible, with a share of nonsense.

use serde_json::{Map, Value, json};

use crate::support::random::Random;

/// All places in a value, as pointers.
pub fn places(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, places: &mut Vec<String>) {
        let mut visit = |name: &str, inner: &Value| {
            let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            places.push(at.clone());
            walk(inner, &at, places);
        };
        match value {
            Value::Object(members) => members.iter().for_each(|(name, inner)| visit(name, inner)),
            Value::Array(items) => items.iter().enumerate().for_each(|(at, inner)| visit(&at.to_string(), inner)),
            _ => {}
        }
    }
    let mut places = Vec::new();
    walk(value, "", &mut places);
    places
}

/// Any value.
pub fn anything(random: &mut Random) -> Value {
    let values = [
        json!(null),
        json!(""),
        json!("x"),
        json!("A_b c"),
        json!("5"),
        json!(0),
        json!(-1),
        json!(7),
        json!(1.5),
        json!(99_999_999_999_i64),
        json!(true),
        json!([]),
        json!({}),
        json!([null]),
        json!(["a", "a"]),
        json!({"a": null}),
        json!({"a": "b"}),
        json!("a".repeat(70)),
    ];
    values[random.below(values.len())].clone()
}

/// Makes a mistake somewhere in an object, other than in what says its kind.
pub fn spoil(value: &mut Value, random: &mut Random) {
    let mut places = places(value);
    places.retain(|place| !["/apiVersion", "/kind", "/metadata", "/metadata/name"].contains(&place.as_str()));
    if places.is_empty() {
        return;
    }
    let place = places[random.below(places.len())].clone();
    let (parent, name) = place.rsplit_once('/').expect("a place");
    let spoilt = match random.below(6) {
        0 => None,
        1 => Some(Value::Null),
        2 | 3 => Some(anything(random)),
        4 => match value.pointer(&place).cloned() {
            Some(Value::Object(mut members)) => {
                members.insert(random.pick(&["zzz", "Name", "name", "a/b"]).to_owned(), anything(random));
                Some(Value::Object(members))
            }
            Some(Value::Array(mut items)) => {
                let again = items.first().cloned();
                items.extend(again);
                Some(Value::Array(items))
            }
            Some(Value::String(text)) => Some(json!(text + random.pick(&["!", "-", "X", " ", "2", "é"]))),
            Some(Value::Number(number)) => Some(json!(-number.as_f64().unwrap_or_default())),
            other => other,
        },
        _ => match value.pointer(&place) {
            Some(Value::String(_)) => Some(json!(random.pick(&["", "a", "B", "1", "-", "a.b/c"]))),
            Some(Value::Number(_)) => Some(json!([0, 1, 2, 65536][random.below(4)])),
            Some(Value::Bool(flag)) => Some(json!(!flag)),
            _ => Some(anything(random)),
        },
    };
    match (value.pointer_mut(parent), spoilt) {
        (Some(Value::Object(members)), None) => {
            members.remove(name);
        }
        (Some(Value::Array(items)), None) => {
            items.pop();
        }
        (_, Some(spoilt)) => *value.pointer_mut(&place).expect("the place") = spoilt,
        _ => {}
    }
}

/// Some of a value: what identifies it stays.
pub fn part(value: &Value, random: &mut Random) -> Value {
    let keeps = |name: &str| ["apiVersion", "kind", "name", "metadata", "type", "containerPort", "key"].contains(&name);
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| keeps(name) || random.percent(75));
            let kept: Vec<(String, Value)> = kept.map(|(name, inner)| (name.clone(), inner.clone())).collect();
            let parts = kept.into_iter().map(|(name, inner)| (name, part(&inner, random)));
            Value::Object(parts.collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let kept: Vec<Value> = items.iter().filter(|_| random.percent(80)).cloned().collect();
            Value::Array(kept.iter().map(|item| part(item, random)).collect())
        }
        other => other.clone(),
    }
}

/// Labels that selectors of the session may find.
pub fn labels(random: &mut Random) -> Value {
    let mut labels = Map::new();
    for (name, values) in [("app", ["a", "b", "c"]), ("tier", ["x", "y", ""])] {
        if random.percent(70) {
            labels.insert(name.to_owned(), json!(random.pick(&values)));
        }
    }
    if random.percent(4) {
        let name = random.pick(&["-a", "a/b/c", "B/x", "a b"]).to_owned();
        labels.insert(name, json!(random.pick(&["v", "v v", "-", "ok"])));
    }
    Value::Object(labels)
}

/// A directive of strategic patches, or what looks like one.
pub fn direct(value: &mut Value, random: &mut Random) {
    let mut places = places(value);
    places.push(String::new());
    let place = &places[random.below(places.len())];
    match value.pointer_mut(place) {
        Some(Value::Object(members)) => {
            let names: Vec<String> = members.keys().cloned().collect();
            let directives = [
                ("$patch".to_owned(), json!(random.pick(&["replace", "delete", "merge", "nonsense"]))),
                ("$retainKeys".to_owned(), json!(names)),
                ("$deleteFromPrimitiveList/finalizers".to_owned(), json!(["example.com/hold"])),
                ("$setElementOrder/containers".to_owned(), json!([{"name": "c"}, {"name": "d"}])),
                ("$setElementOrder/ports".to_owned(), json!([{"port": 80}, {"port": 81}])),
            ];
            let (name, directive) = directives[random.below(directives.len())].clone();
            members.insert(name, directive);
        }
        Some(Value::Array(items)) => items.push(json!({"$patch": random.pick(&["replace", "delete"]), "name": "c"})),
        Some(Value::String(_)) => *value.pointer_mut(place).expect("the place") = Value::Null,
        _ => {}
    }
}

/// A text that is not quite the JSON it was made from.
pub fn garble(text: &str, random: &mut Random) -> String {
    match random.below(9) {
        0 => text.chars().take(random.below(text.len() + 1)).collect(),
        1 => text.replacen('{', r#"{"kind":"Other","#, 1),
        2 => text.replacen(r#""metadata":{"#, r#""metadata":{"name":"twice","#, 1),
        3 => text.replacen(r#""spec":{"#, r#""spec":{"zzz":1,"zzz":2,"#, 1),
        4 => random.pick(&["", "null", "[]", "\"x\"", "5", "{}", "a: b", "{", "\u{0}"]).to_owned(),
        5 => format!("{text}{text}"),
        6 => text.replacen("\"apiVersion\"", "\"apiversion\"", 1),
        7 => text.replacen("\"kind\"", "\"Kind\"", 1),
        _ => text.replacen(r#""metadata""#, r#""Metadata""#, 1),
    }
}
