//! The cluster that is watched: a small one in this process, one filled from manifests, or a real one.

use kube_indexed_store::ResourceVersion;
use kube_indexed_store::config::Config;
use kube_indexed_store::testing::{FakeCluster, Report};

use crate::Error;
use crate::changes::Operation;
use crate::options::Options;

/// The documents of the small cluster.
const DOCUMENTS: [&str; 5] = [
    include_str!("cluster/ingress.yaml"),
    include_str!("cluster/certificates.yaml"),
    include_str!("cluster/shop.yaml"),
    include_str!("cluster/blog.yaml"),
    include_str!("cluster/monitoring.yaml"),
];

pub struct Cluster {
    client: kube::Client,
    /// The server, if it is in this process.
    embedded: Option<FakeCluster>,
    /// The plural names of what is watched.
    watched: Vec<String>,
}

impl Cluster {
    pub async fn open(options: &Options, config: &Config) -> Result<Cluster, Error> {
        let watched = config.watched_resources.values().map(|resource| resource.resources.clone()).collect();
        if options.cluster {
            let client = kube::Client::try_default().await?;
            return Ok(Cluster { client, embedded: None, watched });
        }
        let embedded = FakeCluster::new();
        match &options.manifests {
            Some(folder) => say(&embedded.load(folder)?),
            None => {
                for documents in DOCUMENTS {
                    embedded.load_yaml(documents).complete()?;
                }
            }
        }
        Ok(Cluster { client: embedded.client(), embedded: Some(embedded), watched })
    }

    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// Makes a change in the embedded cluster; returns the resourceVersion after it.
    pub async fn play(&self, operation: &Operation) -> Result<ResourceVersion, Error> {
        let embedded = self.embedded.as_ref().ok_or("changes are played in the small cluster only")?;
        for resource in &self.watched {
            embedded.watch_established(resource).await;
        }
        match operation {
            Operation::Apply(documents) => {
                embedded.load_yaml(documents).complete()?;
            }
            Operation::Delete { kind, namespace, name } => {
                embedded.delete(kind, namespace, name)?;
            }
        }
        embedded.watches().bookmark();
        Ok(ResourceVersion::from(embedded.revision()))
    }
}

/// Prints which objects of the manifests were refused, and which replaced another one.
fn say(report: &Report) {
    for origin in &report.replaced {
        eprintln!("replaces an object of the same name: {origin}");
    }
    for refusal in &report.refused {
        eprintln!("refused: {refusal}");
    }
    eprintln!(
        "loaded {} objects ({} replaced, {} refused, {} empty documents)",
        report.created,
        report.replaced.len(),
        report.refused.len(),
        report.empty
    );
}
