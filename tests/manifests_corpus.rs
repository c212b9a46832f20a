//! Manifests of public projects are read and judged as kubectl and a real API server do.
//!
//! The folder is named by `CORPUS_MANIFESTS`, or lies beside the repository; without it these tests pass
//! with a notice.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use kube_indexed_store::testing::{FakeCluster, manifests};
use serde_json::Value;

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let folder = std::env::var_os("CORPUS_MANIFESTS").map_or(beside, PathBuf::from);
    if !folder.join("index.jsonl").is_file() {
        eprintln!("skipped: no manifests at {}; name their folder with CORPUS_MANIFESTS", folder.display());
        return None;
    }
    Some(folder)
}

/// What the index tells of every document, by file.
fn index(folder: &Path) -> BTreeMap<String, Vec<Value>> {
    let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in fs::read_to_string(folder.join("index.jsonl")).expect("the index").lines() {
        let entry: Value = serde_json::from_str(line).expect("a line of the index");
        files.entry(entry["file"].as_str().expect("a file").to_owned()).or_default().push(entry);
    }
    files
}

#[test]
fn every_document_is_read_as_kubectl_reads_it() {
    let Some(folder) = corpus() else { return };
    for (file, entries) in index(&folder) {
        let documents = manifests::read(&fs::read(folder.join(&file)).expect("a file"));
        let read: Vec<Value> = documents
            .iter()
            .flat_map(|document| match document.content.as_deref() {
                Ok([]) => {
                    vec![serde_json::json!({"file": file, "doc": document.number, "empty": true})]
                }
                Ok(objects) => objects.iter().map(|object| described(&file, document.number, object)).collect(),
                Err(error) => panic!("{file}: document {}: {error}", document.number),
            })
            .collect();
        let expected: Vec<Value> = entries
            .into_iter()
            .map(|mut entry| {
                entry.as_object_mut().expect("an entry").remove("server");
                entry
            })
            .collect();
        assert_eq!(read, expected, "{file}");
    }
}

fn described(file: &str, number: usize, object: &Value) -> Value {
    let mut entry = serde_json::json!({"file": file, "doc": number});
    for (field, value) in [
        ("apiVersion", &object["apiVersion"]),
        ("kind", &object["kind"]),
        ("ns", &object["metadata"]["namespace"]),
        ("name", &object["metadata"]["name"]),
    ] {
        if !value.is_null() && value != "" {
            entry[field] = value.clone();
        }
    }
    entry
}

/// What a real server refuses and the fake does not, for it gives out no addresses.
const NOT_IMITATED: [&str; 4] = [
    "this cluster is not configured for dual-stack services",
    "failed to allocate IP",
    "IPv6 is not configured on this cluster",
    "spec.ipFamilyPolicy",
];

#[test]
fn every_document_is_accepted_or_refused_as_by_a_real_server() {
    let Some(folder) = corpus() else { return };
    let cluster = FakeCluster::new();
    let index = index(&folder);
    for file in index.keys() {
        let documents = manifests::read(&fs::read(folder.join(file)).expect("a file"));
        let objects = documents.into_iter().flat_map(|document| document.content.unwrap_or_default());
        for object in objects.filter(|object| object["kind"] == "CustomResourceDefinition") {
            let served = object["apiVersion"] == "apiextensions.k8s.io/v1";
            assert_eq!(cluster.apply(&object).is_ok(), served, "{file}");
        }
    }
    let mut differences = Vec::new();
    for (file, entries) in &index {
        let documents = manifests::read(&fs::read(folder.join(file)).expect("a file"));
        let objects = documents.into_iter().flat_map(|document| {
            let number = document.number;
            document.content.unwrap_or_default().into_iter().map(move |object| (number, object))
        });
        for (number, object) in objects {
            let entry =
                entries.iter().find(|entry| entry["doc"] == number && entry["name"] == object["metadata"]["name"]);
            let Some(server) = entry.and_then(|entry| entry["server"].as_str()).filter(|server| *server != "empty")
            else {
                continue;
            };
            cluster.namespace(object["metadata"]["namespace"].as_str().unwrap_or("default"));
            let answer = match cluster.apply(&object) {
                Ok(_) => "accepted".to_owned(),
                Err(status) if status.code == 404 => "404 unknown kind".to_owned(),
                Err(status) => format!("{} {}", status.code, status.message),
            };
            let accepted_here = answer == "accepted" && NOT_IMITATED.iter().any(|reason| server.contains(reason));
            // The index keeps the beginning of long messages.
            if !(accepted_here || answer == server || (server.len() > 150 && answer.starts_with(server))) {
                differences.push(format!("{file} {number}\n  server: {server}\n  fake:   {answer}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn the_whole_folder_loads_and_every_refusal_names_its_place() {
    let Some(folder) = corpus() else { return };
    let cluster = FakeCluster::new();
    let report = cluster.load(&folder).expect("a readable folder");
    let documents: usize = index(&folder).values().map(Vec::len).sum();
    let held = report.created + report.replaced.len() + report.refused.len() + report.empty;
    assert_eq!(held, documents);
    assert!(report.created > 300 && report.replaced.len() > 100 && report.refused.len() > 300, "{report:?}");
    for refusal in &report.refused {
        let place = refusal.to_string();
        assert!(place.contains(".y") && refusal.origin.line > 0, "{place}");
    }
    let again = FakeCluster::new();
    let once_more = again.load(&folder).expect("a readable folder");
    assert_eq!(once_more.refused.len(), report.refused.len());
    assert_eq!(again.objects("Ingress").len(), cluster.objects("Ingress").len());
}
