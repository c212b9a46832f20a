//! Which store for which kind? Lists everything once, prints how much memory a `MemoryStore` and a `CachedStore` need
//! for each kind, and advises one of them.
//!
//! `cargo run --example memory_vs_cached -- --help`

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use kube::discovery::{ApiResource, Discovery, verbs};
use kube_indexed_store::store::{Memory, Scope};
use kube_indexed_store::testing::FakeCluster;
use kube_indexed_store::watcher::{Resource, Watcher};
use kube_indexed_store::{CachedStore, Indexed, MemoryStore, Store};

type Error = Box<dyn std::error::Error>;

/// Prints how much memory each kind needs, in full and on demand, and advises one of the two.
#[derive(Debug, Parser)]
#[command(name = "memory_vs_cached", disable_version_flag = true)]
struct Options {
    /// Ask a real cluster: the current context of your kubeconfig, or the one this pod runs in
    ///
    /// It only reads: it lists everything it is allowed to, including Secrets, and prints no content.
    #[arg(long)]
    cluster: bool,

    /// Read a folder of manifests instead [default: the small cluster of the example `render`]
    #[arg(long, value_name = "DIR", conflicts_with = "cluster")]
    manifests: Option<PathBuf>,

    /// Compute for N times as many objects of each kind
    ///
    /// Data that objects share is counted N times too, so the result is rather too large than too small.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
}

/// Below this size, a kind may as well be kept in full.
const SMALL: usize = 1 << 20;
/// Objects that take more than this each are large.
const LARGE: usize = 8 << 10;
/// Kinds of which few objects are read, by name, because other objects refer to them.
const READ_BY_NAME: [&str; 2] = ["Secret", "ConfigMap"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let options = Options::parse();
    let client = match options.cluster {
        true => kube::Client::try_default().await?,
        false => {
            let cluster = FakeCluster::new();
            let usual = || concat!(env!("CARGO_MANIFEST_DIR"), "/examples/render/cluster").into();
            let report = cluster.load(options.manifests.clone().unwrap_or_else(usual))?;
            report.refused.iter().for_each(|refusal| eprintln!("refused: {refusal}"));
            cluster.client()
        }
    };
    println!("{:24} {:>9} {:>10} {:>10}  store", "kind", "objects", "full", "on-demand");
    for kind in kinds(&client).await? {
        match measure(&client, &kind).await {
            Ok((full, _)) if full.objects == 0 => {}
            Ok((full, references)) => {
                let times = options.times as usize;
                let [full_bytes, reference_bytes] = [full, references].map(|memory| of_many(memory, times));
                let objects = full.objects * times;
                let advice = advice(&kind.kind, objects, full_bytes, reference_bytes);
                let [full, references] = [full_bytes, reference_bytes].map(size);
                println!("{:24} {objects:>9} {full:>10} {references:>10}  {advice}", kind.kind);
            }
            Err(error) => eprintln!("{}: {error}", kind.kind),
        }
    }
    Ok(())
}

/// All kinds that can be listed and watched, in the version that the server prefers.
async fn kinds(client: &kube::Client) -> Result<Vec<ApiResource>, Error> {
    let discovery = Discovery::new(client.clone()).run().await?;
    let resources = discovery.groups().flat_map(|group| group.recommended_resources());
    let watched = resources
        .filter(|(_, capable)| capable.supports_operation(verbs::LIST) && capable.supports_operation(verbs::WATCH));
    let mut kinds: Vec<ApiResource> = watched.map(|(kind, _)| kind).collect();
    kinds.sort_by(|a, b| (&a.kind, &a.group).cmp(&(&b.kind, &b.group)));
    Ok(kinds)
}

/// The memory of all objects of a kind, and of references to them.
async fn measure(client: &kube::Client, kind: &ApiResource) -> Result<(Memory, Memory), Error> {
    let watcher = Watcher::builder(client.clone(), Resource::new(&kind.api_version, &kind.plural));
    let cached = CachedStore::builder(watcher.fetcher()).build();
    let watcher = watcher.start()?;
    watcher.wait_until_synced(Duration::from_secs(60)).await?;
    let mut references = cached.reset(Scope::All);
    for entry in &watcher.store().snapshot().list() {
        references.push(Indexed::reference(entry.name().to_owned(), entry.version()))?;
    }
    references.commit(None);
    Ok((watcher.store().memory(), cached.memory()))
}

/// The bytes for this many times as many objects. An empty store takes some bytes too.
fn of_many(memory: Memory, times: usize) -> usize {
    let empty = MemoryStore::new().memory().total();
    empty + memory.total().saturating_sub(empty) * times
}

/// Which store, and why.
fn advice(kind: &str, objects: usize, full: usize, references: usize) -> String {
    let each = full / objects.max(1);
    if full < SMALL {
        format!("full: all objects take only {}", size(full))
    } else if READ_BY_NAME.contains(&kind) {
        let saved = size(full.saturating_sub(references));
        format!("on-demand: few are read, by name; this saves {saved} for the others")
    } else if each > LARGE {
        format!("on-demand, unless you read all of them: an object takes {}", size(each))
    } else {
        "full: reading all of them on demand would fetch each one".to_owned()
    }
}

/// Bytes in a readable unit.
fn size(bytes: usize) -> String {
    match bytes {
        ..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
