//! A fake API server for kubectl and other programs: serves a folder of manifests until ctrl-c.
//!
//! `cargo run --example fake_cluster --features testing -- --help`

use std::path::PathBuf;

use clap::Parser;
use kube_indexed_store::testing::{Clock, FakeCluster};

/// Serves manifests as a Kubernetes API server does, from memory: what is written is gone at the end.
///
/// Whoever reaches the address may read and write everything.
#[derive(Debug, Parser)]
#[command(name = "fake_cluster", disable_version_flag = true)]
struct Options {
    /// The manifests: a file or a folder [default: the small cluster of the example `render`]
    manifests: Option<PathBuf>,

    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8001")]
    listen: String,

    /// Where to write the kubeconfig [default: a file in the folder for temporary ones, named after the port]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Err(error) = serve(Options::parse()).await {
        eprintln!("{error}");
        // What the system said stands behind what was tried.
        error.source().inspect(|source| eprintln!("  {source}"));
        std::process::exit(1);
    }
}

async fn serve(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    // People compare ages with their own clock.
    let cluster = FakeCluster::builder().clock(Clock::system()).build();
    let usual = || concat!(env!("CARGO_MANIFEST_DIR"), "/examples/render/cluster").into();
    let report = cluster.load(options.manifests.unwrap_or_else(usual))?;
    report.refused.iter().for_each(|refusal| eprintln!("refused: {refusal}"));

    let server = cluster.serve(options.listen).await?;
    let usual = || std::env::temp_dir().join(format!("fake-cluster-{}.yaml", server.address().port()));
    let kubeconfig = options.kubeconfig.unwrap_or_else(usual);
    server.write_kubeconfig(&kubeconfig)?;

    let kubeconfig = kubeconfig.display();
    println!("{} objects on {}; ctrl-c ends it. Try:", report.created, server.url());
    println!("  kubectl --kubeconfig {kubeconfig} get services --all-namespaces -o wide");
    println!("  kubectl --kubeconfig {kubeconfig} get configmaps --all-namespaces -o json");
    tokio::signal::ctrl_c().await?;
    server.stop().await;
    Ok(())
}
