//! A real API server for tests: etcd and kube-apiserver as child processes, all that is theirs in a temporary folder.
//!
//! The programs lie in the folder that `KUBEBUILDER_ASSETS` names, as envtest has it. Without it there is no server, and
//! tests pass with a notice. Nothing else of a cluster runs: no controllers, no nodes.

use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, PostParams};
use kube::client::ClientBuilder;
use kube::core::GroupVersionKind;
use kube_indexed_store::ResourceVersion;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::util::MapRequestLayer;

/// How long the server may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(120);

/// The server; it stops when this is dropped.
pub struct RealCluster {
    config: kube::Config,
    token: String,
    client: kube::Client,
    // Dropped in this order.
    apiserver: Process,
    etcd: Process,
    _folder: TempDir,
}

impl RealCluster {
    /// Starts a server and waits until it is ready; without one to start it says so.
    pub async fn start() -> Option<RealCluster> {
        let Some(assets) = std::env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty()) else {
            super::skip("real", "no API server; name the folder of etcd and kube-apiserver with KUBEBUILDER_ASSETS");
            return None;
        };
        let assets = PathBuf::from(assets);
        // Another program may have taken a port between the question for a free one and its use.
        for _ in 0..2 {
            match RealCluster::launch(&assets).await {
                Ok(cluster) => return Some(cluster),
                Err(problem) => eprintln!("{problem}; another try"),
            }
        }
        Some(RealCluster::launch(&assets).await.unwrap_or_else(|problem| panic!("{problem}")))
    }

    async fn launch(assets: &Path) -> Result<RealCluster, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str| folder.path().join(name).display().to_string();
        let [etcd_port, peer_port, port] = free_ports();
        let (etcd_url, peer_url) = (format!("http://127.0.0.1:{etcd_port}"), format!("http://127.0.0.1:{peer_port}"));
        let etcd = Process::start(assets, "etcd", folder.path(), |etcd| {
            etcd.args(["--unsafe-no-fsync", "--log-level", "error", "--data-dir", &file("data")])
                .args(["--listen-client-urls", &etcd_url, "--advertise-client-urls", &etcd_url])
                .args(["--listen-peer-urls", &peer_url, "--initial-advertise-peer-urls", &peer_url])
                .args(["--initial-cluster", &format!("default={peer_url}")]);
        });
        let token = random_word(32);
        fs::write(file("tokens.csv"), format!("{token},admin,admin,system:masters\n")).expect("the token file");
        // The server makes its certificate itself. The key of it, made before any key is read, also signs the tokens of
        // service accounts, which no test looks at.
        let (certificates, key) = (file("certs"), file("certs/apiserver.key"));
        let apiserver = Process::start(assets, "kube-apiserver", folder.path(), |server| {
            server
                .args(["--etcd-servers", &etcd_url, "--cert-dir", &certificates])
                .args(["--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1"])
                .args(["--secure-port", &port.to_string(), "--service-cluster-ip-range", "10.0.0.0/16"])
                .args(["--service-account-issuer", "https://kubernetes.default.svc"])
                .args(["--service-account-key-file", &key, "--service-account-signing-key-file", &key])
                .args(["--disable-admission-plugins", "ServiceAccount", "--authorization-mode", "RBAC"])
                .args(["--token-auth-file", &file("tokens.csv")]);
        });
        let mut config = kube::Config::new(format!("https://127.0.0.1:{port}").parse().expect("an address"));
        config.auth_info.token = Some(token.clone().into());
        config.accept_invalid_certs = true;
        let client = kube::Client::try_from(config.clone()).expect("a client");
        let mut cluster = RealCluster { config, token, client, apiserver, etcd, _folder: folder };
        cluster.ready().await.map(|()| cluster)
    }

    async fn ready(&mut self) -> Result<(), String> {
        let started = Instant::now();
        loop {
            self.etcd.running()?;
            self.apiserver.running()?;
            let request = http::Request::get("/readyz").body(Vec::new()).expect("a request");
            if self.client.request_text(request).await.is_ok_and(|answer| answer == "ok") {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(format!(
                    "the API server was not ready within {PATIENCE:?}:{}",
                    self.apiserver.last_words()
                ));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// How programs that read kubeconfigs get to the server.
    pub fn kubeconfig(&self) -> String {
        let cluster = json!({"server": self.config.cluster_url.to_string(), "insecure-skip-tls-verify": true});
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "real", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "real", "context": {"cluster": "real", "user": "admin", "namespace": "default"}}],
            "current-context": "real",
        })
        .to_string()
    }

    /// A client that may do everything.
    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// Such a client, and all that is asked through it.
    pub fn observed_client(&self) -> (kube::Client, Requests) {
        let requests = Requests::default();
        let seen = requests.clone();
        let record = MapRequestLayer::new(move |request: http::Request<kube::client::Body>| {
            seen.0.lock().push(format!("{} {}", request.method(), request.uri()));
            request
        });
        let builder = ClientBuilder::try_from(self.config.clone()).expect("a client");
        (builder.with_layer(&record).build(), requests)
    }

    /// Makes a namespace of a name that no other test has.
    pub async fn namespace(&self, prefix: &str) -> String {
        let name = format!("{prefix}-{}", random_word(8));
        self.create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).await;
        name
    }

    /// Creates an object; returns its version.
    pub async fn create(&self, object: &Value) -> ResourceVersion {
        let created = self.api(object).create(&PostParams::default(), &dynamic(object)).await;
        version(object, created)
    }

    /// Puts an object in the place of the one of its name; returns the new version.
    pub async fn replace(&self, object: &Value) -> ResourceVersion {
        let name = object["metadata"]["name"].as_str().expect("a name");
        let replaced = self.api(object).replace(name, &PostParams::default(), &dynamic(object)).await;
        version(object, replaced)
    }

    /// Deletes the object of that kind and name.
    pub async fn delete(&self, object: &Value) {
        let name = object["metadata"]["name"].as_str().expect("a name");
        let deleted = self.api(object).delete(name, &DeleteParams::default()).await;
        deleted.unwrap_or_else(|error| panic!("{}: {error}", object["metadata"]));
    }

    fn api(&self, object: &Value) -> Api<DynamicObject> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &kind));
        match object["metadata"]["namespace"].as_str() {
            Some(namespace) => Api::namespaced_with(self.client().clone(), namespace, &resource),
            None => Api::all_with(self.client().clone(), &resource),
        }
    }
}

/// The requests of one [observed client](RealCluster::observed_client) so far, as `GET /api/v1/secrets?limit=500`.
#[derive(Clone, Default)]
pub struct Requests(Arc<Mutex<Vec<String>>>);

impl Requests {
    /// Takes out what was asked since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock())
    }
}

/// Lower-case letters and digits that nothing else has.
pub fn random_word(length: usize) -> String {
    let mut word = String::new();
    while word.len() < length {
        write!(word, "{:016x}", RandomState::new().build_hasher().finish()).expect("text");
    }
    word.truncate(length);
    word
}

fn dynamic(object: &Value) -> DynamicObject {
    serde_json::from_value(object.clone()).expect("an object")
}

fn version(object: &Value, written: kube::Result<DynamicObject>) -> ResourceVersion {
    let written = written.unwrap_or_else(|error| panic!("{} {}: {error}", object["kind"], object["metadata"]));
    ResourceVersion::new(&written.metadata.resource_version.expect("a version"))
}

fn free_ports<const N: usize>() -> [u16; N] {
    // All are held until the last is found, so that they differ.
    let held = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    held.map(|listener| listener.local_addr().expect("its address").port())
}

/// A child process that writes to a log, and is stopped when this is dropped.
struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    fn start(assets: &Path, name: &'static str, folder: &Path, arguments: impl FnOnce(&mut Command)) -> Process {
        let program = assets.join(name);
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log).expect("a log");
        let errors = output.try_clone().expect("a log");
        let mut command = Command::new(&program);
        arguments(&mut command);
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Process { name, child, log }
    }

    fn running(&mut self) -> Result<(), String> {
        match self.child.try_wait().expect("a child process") {
            None => Ok(()),
            Some(status) => Err(format!("{} stopped, {status}:{}", self.name, self.last_words())),
        }
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].iter().map(|line| format!("\n  {line}")).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
