//! The cluster that generated objects come from: namespaces, nodes, and the applications that objects belong to.

use serde_json::{Value, json};

use super::random::Random;
use super::words::{ROLES, STAGES, SUBJECTS, TEAMS};

/// How many objects of a kind there are in a namespace, and of an application, on average.
const PER_NAMESPACE: usize = 100;
const PER_APP: usize = 10;
const PODS_PER_NODE: usize = 40;

/// A cluster with about so many objects of each kind.
pub struct Cluster {
    seed: u64,
    nodes: usize,
    apps: Vec<App>,
}

/// An application: what Pods, Services, Ingresses and the rest of one name have in common.
pub struct App {
    pub namespace: String,
    pub name: String,
    pub team: &'static str,
    pub stage: &'static str,
    pub version: String,
    /// Installed by Helm; otherwise by kubectl.
    pub helm: bool,
    pub port: u16,
    /// The hash and the uid of its ReplicaSet.
    pub revision: String,
    pub revision_uid: String,
    pub image: String,
    pub digest: String,
    pub millicores: usize,
    pub mebibytes: usize,
    pub meshed: bool,
    /// The applications it talks to, as positions in [`SUBJECTS`].
    pub peers: Vec<usize>,
}

pub struct Node {
    pub name: String,
    pub address: String,
    pub zone: &'static str,
}

impl Cluster {
    pub fn new(seed: u64, objects: usize) -> Cluster {
        let namespaces = (objects / PER_NAMESPACE).max(1);
        let apps = (0..(objects / PER_APP).max(1)).map(|position| App::new(seed, position, namespaces)).collect();
        Cluster { seed, nodes: (objects / PODS_PER_NODE).max(3), apps }
    }

    /// The stream of random numbers of one object.
    pub fn random(&self, kind: &str, position: usize) -> Random {
        let kind = kind.bytes().fold(0, |hash: u64, byte| hash.wrapping_mul(31) + u64::from(byte));
        Random::new(&[self.seed, kind, position as u64])
    }

    /// The application of an object, and whether the object is its first of the kind and bears its name. The first
    /// objects are one of each application; of the others, some applications have many more.
    pub fn owner(&self, random: &mut Random, position: usize) -> (&App, bool) {
        match self.apps.get(position) {
            Some(app) => (app, true),
            None => (&self.apps[random.below(self.apps.len()).min(random.below(self.apps.len()))], false),
        }
    }

    pub fn node(&self, random: &mut Random) -> Node {
        let number = random.below(self.nodes);
        let mut random = Random::new(&[self.seed, 2, number as u64]);
        let pool = random.pick(&["general", "general", "compute", "memory"]);
        Node {
            name: format!("shop-{pool}-{}-{}.west.nodes.internal", random.hex(8), random.suffix(4)),
            address: format!("10.{}.{}.{}", 16 + number / 60_000, number / 250 % 250, 2 + number % 250),
            zone: ["west-1", "west-2", "west-3"][number % 3],
        }
    }
}

impl App {
    fn new(seed: u64, position: usize, namespaces: usize) -> App {
        let (home, neighbours) = (position % namespaces, position / namespaces);
        let team = TEAMS[home % TEAMS.len()];
        let stage = STAGES[home / TEAMS.len() % STAGES.len()];
        let subject = SUBJECTS[home / TEAMS.len() * 7 % SUBJECTS.len()];
        // The numbers repeat only after all pairs of words, so that names are unique in a namespace.
        let pair = (home * 593 + neighbours * 401) % (SUBJECTS.len() * ROLES.len());
        let name = format!("{}-{}", SUBJECTS[pair % SUBJECTS.len()], ROLES[pair / SUBJECTS.len()]);
        let number = home / (TEAMS.len() * SUBJECTS.len());
        let round = if number == 0 { String::new() } else { format!("-{number}") };

        let mut random = Random::new(&[seed, 1, position as u64]);
        let version = format!("{}.{}.{}", random.below(6), random.below(24), random.below(16));
        App {
            namespace: format!("{team}-{subject}-{stage}{round}"),
            image: format!("images.example.com/{team}/{name}:{version}"),
            digest: random.hex(64),
            name,
            team,
            stage,
            version,
            helm: random.chance(50),
            port: [8080, 8081, 3000, 5000, 9443][random.below(5)],
            revision: random.suffix(10),
            revision_uid: random.uid(),
            millicores: random.within(1..=24) * 50,
            mebibytes: random.within(1..=24) * 96,
            meshed: random.chance(40),
            peers: (0..random.within(2..=12)).map(|_| random.below(SUBJECTS.len())).collect(),
        }
    }

    pub fn labels(&self) -> Value {
        let (name, version) = (&self.name, &self.version);
        if self.helm {
            json!({
                "app.kubernetes.io/instance": name, "app.kubernetes.io/managed-by": "Helm",
                "app.kubernetes.io/name": name, "app.kubernetes.io/version": version,
                "helm.sh/chart": format!("{name}-{version}"), "owner": self.team,
            })
        } else {
            json!({"app": name, "owner": self.team, "stage": self.stage})
        }
    }

    /// The labels by which a Service finds the Pods.
    pub fn selector(&self) -> Value {
        match self.helm {
            true => json!({"app.kubernetes.io/instance": self.name, "app.kubernetes.io/name": self.name}),
            false => json!({"app": self.name}),
        }
    }

    /// The field manager that writes what people declare.
    pub fn installer(&self) -> &'static str {
        if self.helm { "helm" } else { "kubectl-client-side-apply" }
    }
}
