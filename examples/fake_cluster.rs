//! A fake Kubernetes API server for kubectl and other programs: it serves a folder of manifests until ctrl-c.
//!
//! `cargo run --example fake_cluster --features testing -- --help`

use std::path::PathBuf;

use clap::Parser;
use kube_indexed_store::testing::{Clock, FakeCluster};

/// Serves a folder of manifests as a Kubernetes API server does, from memory. Nothing is saved when it ends.
///
/// Anyone who can reach the address may read and write everything.
#[derive(Debug, Parser)]
#[command(name = "fake_cluster", disable_version_flag = true)]
struct Options {
    /// A file or a folder of manifests [default: the small cluster of the example `render`]
    manifests: Option<PathBuf>,

    /// The address to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:6443")]
    listen: String,

    /// Where to write the kubeconfig [default: fake-cluster-PORT.yaml in the folder for temporary files]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Err(error) = serve(Options::parse()).await {
        eprintln!("{error}");
        // The error of the operating system is the source of ours.
        error.source().inspect(|source| eprintln!("  {source}"));
        std::process::exit(1);
    }
}

async fn serve(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    // kubectl computes ages with the clock of this machine.
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
