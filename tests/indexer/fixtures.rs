//! Indexed objects in few words.

use std::error::Error as _;

use kube_indexed_store::indexer::{Error, IndexerBuilder, KeyProblem};
use kube_indexed_store::{IndexKey, Indexed, Indexer, Object};
use serde_json::{Value, json};

pub fn indexed(builder: IndexerBuilder, value: &Value) -> Indexed {
    let indexer = builder.build().unwrap();
    let decoded = indexer.decode(&serde_json::to_vec(value).unwrap()).unwrap().matching().unwrap();
    let converted = indexer.index(&Object::try_from(value.clone()).unwrap()).unwrap().matching().unwrap();
    let shown = |indexed: &Indexed| {
        let keys: Vec<_> =
            indexer.schema().indexes().iter().map(|index| indexed.keys(index.name()).map(<[_]>::to_vec)).collect();
        let problems: Vec<_> = indexed.problems().map(|(index, problem)| (index.to_owned(), problem.clone())).collect();
        (indexed.object().unwrap().to_value(), keys, problems)
    };
    assert_eq!(shown(&decoded), shown(&converted), "both ways into the store are one");
    decoded
}

pub fn filtered(builder: IndexerBuilder, value: &Value) -> Value {
    indexed(builder, value).object().unwrap().to_value()
}

pub fn keys(paths: &[&str], value: &Value) -> Vec<Vec<String>> {
    let indexed = indexed(Indexer::builder().index("i", paths.iter().copied()), value);
    let components = |key: &IndexKey| key.components().map(str::to_owned).collect();
    indexed.keys("i").unwrap().iter().map(components).collect()
}

pub fn problem(paths: &[&str], value: &Value) -> KeyProblem {
    let indexed = indexed(Indexer::builder().index("i", paths.iter().copied()), value);
    assert_eq!(indexed.keys("i"), Some(&[][..]));
    let problems: Vec<_> = indexed.problems().collect();
    let [("i", problem)] = problems[..] else { panic!("{problems:?}") };
    problem.clone()
}

/// An object with a name and these members.
pub fn with(members: Value) -> Value {
    let mut value = json!({"apiVersion": "v1", "kind": "Thing", "metadata": {"namespace": "ns", "name": "web"}});
    value.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    value
}

pub fn message(error: &Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message = format!("{message}: {inner}");
        cause = inner.source();
    }
    message
}
