//! A cluster of a few Services, and what templates make of it.

use std::collections::BTreeMap;

use kube_indexed_store::template::{Error, Renderer};
use kube_indexed_store::{Indexer, MemoryStore, Object, Snapshot, Store, Write};
use serde_json::{Value, json};

pub fn service(namespace: &str, name: &str, port: u64) -> Value {
    let labels = json!({"app.kubernetes.io/name": name, "tier": if port > 80 { "back" } else { "front" }});
    let annotations = json!({"example.org/weight.of": port.to_string()});
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"namespace": namespace, "name": name, "labels": labels, "annotations": annotations},
        "spec": {"ports": [{"port": port}], "headless": port == 81, "ratio": 80.0, "half": 0.5, "selector": null},
    })
}

pub fn store(objects: impl IntoIterator<Item = Value>) -> Snapshot {
    let indexer = Indexer::builder().index("by-port", ["spec.ports[*].port"]).build().unwrap();
    let store = MemoryStore::for_indexer(&indexer);
    for object in objects {
        let indexed = indexer.index(&Object::try_from(object).unwrap()).unwrap().matching().unwrap();
        store.write(vec![Write::Apply(indexed)]).unwrap();
    }
    store.snapshot()
}

pub fn cluster() -> BTreeMap<String, Snapshot> {
    let services = [("shop", "web", 80), ("blog", "web", 80), ("shop", "api", 81), ("shop", "db", 5432)];
    let nodes = [json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}})];
    let services = services.map(|(namespace, name, port)| service(namespace, name, port));
    [("services", store(services)), ("nodes", store(nodes)), ("none", store([]))]
        .map(|(name, snapshot)| (name.to_owned(), snapshot))
        .into()
}

pub fn try_render(source: &str) -> Result<String, Error> {
    let mut renderer = Renderer::new();
    renderer.add_template("test", source)?;
    renderer.render("test", &cluster())
}

#[track_caller]
pub fn rendered(source: &str) -> String {
    try_render(source).unwrap_or_else(|error| panic!("{source}\n{error}"))
}

#[track_caller]
pub fn refused(source: &str) -> String {
    match try_render(source) {
        Ok(text) => panic!("{source}\nrendered {text:?}"),
        Err(error) => error.to_string(),
    }
}

/// The names of what an expression finds.
#[track_caller]
pub fn found(expression: &str) -> String {
    rendered(&format!(
        "{{% for it in {expression} %}}{{{{ it.metadata.namespace }}}}/{{{{ it.metadata.name }}}} {{% endfor %}}"
    ))
    .trim()
    .to_owned()
}
