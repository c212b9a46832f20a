//! Any JSON as it may be written.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::texts::{number, text};

/// JSON as it is written, which says more than a `Value`: duplicates, escapes, and how numbers look.
#[derive(Clone, Debug)]
pub enum Json {
    /// null, booleans, numbers.
    Plain(String),
    Text(String, Escapes),
    List(Vec<Json>),
    Map(Vec<(String, Escapes, Json)>),
}

#[derive(Clone, Copy, Debug)]
pub enum Escapes {
    Few,
    All,
}

impl Json {
    pub fn write(&self, to: &mut String) {
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

    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    pub fn value(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }
}

impl Escapes {
    pub fn write(self, text: &str, to: &mut String) {
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

pub fn escapes() -> impl Strategy<Value = Escapes> {
    prop_oneof![3 => Just(Escapes::Few), 1 => Just(Escapes::All)]
}

pub fn name() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] =
        &["", "a", "b", "c", "kind", "data", "metadata", "resourceVersion", "name", "labels", "items", "a.b/c"];
    prop_oneof![4 => select(KNOWN).prop_map(str::to_owned), 1 => text()]
}

/// Any JSON.
pub fn json() -> impl Strategy<Value = Json> {
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

pub fn members(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Vec<(String, Escapes, Json)>> {
    prop::collection::vec((name(), escapes(), value), 0..6)
}

pub fn map(members: impl IntoIterator<Item = (&'static str, Json)>) -> Json {
    Json::Map(members.into_iter().map(|(name, member)| (name.to_owned(), Escapes::Few, member)).collect())
}

pub fn plain(value: &Value) -> Json {
    Json::Plain(value.to_string())
}
