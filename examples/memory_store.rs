//! A `MemoryStore` without a cluster or a client: objects with keys made by hand, snapshots, differences, overlays.
//!
//! `cargo run --example memory_store`

use kube_indexed_store::{Indexed, MemoryStore, Object, ObjectName, Query, Store, StoreExt, Write};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The default index is by namespace and name; this one has two components, which we make ourselves.
    let store = MemoryStore::builder().index("by-issuer", 2).build();
    for (name, issuer, expires) in
        [("web", "letsencrypt", "2026-12"), ("api", "letsencrypt", "2027-01"), ("old", "self", "2020-01")]
    {
        store.apply(certificate(name, issuer)?.key("by-issuer", [issuer, expires]))?;
    }

    println!("all objects, ordered by namespace and name:");
    let before = store.snapshot();
    before.list().iter().for_each(|entry| println!("  {}", entry.name()));

    println!("by the first component of a key:");
    let issued = before.get(&Query::index("by-issuer").with_prefix(&["letsencrypt"]))?;
    issued.iter().for_each(|entry| println!("  {} {:?}", entry.name(), entry.keys("by-issuer").unwrap_or_default()));

    println!("all keys:");
    before.keys(&Query::index("by-issuer"))?.iter().for_each(|key| println!("  {key}"));

    // Applying again replaces the object in all indexes; deleting takes a name.
    store.apply(certificate("old", "letsencrypt")?.key("by-issuer", ["letsencrypt", "2027-02"]))?;
    store.delete(&ObjectName::new("shop", "api"))?;
    println!("changes since the snapshot: {}", store.snapshot().diff(&before));
    println!("the snapshot still has {} objects, the store now has {}", before.len(), store.len());

    // What if this were applied? The store does not change.
    let proposed =
        store.snapshot().with([Write::Apply(certificate("new", "self")?.key("by-issuer", ["self", "2030-01"]))])?;
    println!("proposed: {}; the store still has {}", proposed.diff(&store.snapshot()), store.len());

    // The error says how to correct the mistake, and nothing of the batch is applied.
    let mistake = certificate("wrong", "self")?.key("by-issuer", ["self"]);
    if let Err(error) = store.apply(mistake) {
        println!("refused: {error}");
    }
    Ok(())
}

fn certificate(name: &str, issuer: &str) -> Result<Indexed, Box<dyn std::error::Error>> {
    let object = Object::try_from(json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"namespace": "shop", "name": name}, "spec": {"issuerRef": {"name": issuer}},
    }))?;
    Ok(Indexed::new(object).ok_or("a certificate has a name")?)
}
