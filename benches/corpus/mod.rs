//! What the API server sends: one JSON text an object, with all that it adds, such as `metadata.managedFields`.
//!
//! `CORPUS=DIR` takes objects of any kind from the files of a folder, for example from
//!
//! ```sh
//! kubectl get pods,ingresses,services,secrets -A -o json --show-managed-fields > folder/dump.json
//! ```
//!
//! Without it, and for kinds that are not there, objects are generated: those of a cluster of about [`Corpus::new`]'s
//! size, with some ten objects of a kind for each application and a hundred for each namespace. The same size gives
//! the same texts everywhere, and any object is made by itself, so that a million need not be kept. In later generations
//! the same applications have other objects, under other names; a folder is divided into generations.

use std::borrow::Cow;
use std::env;
use std::path::PathBuf;

use serde_json::Value;

mod cluster;
mod draft;
mod folder;
mod kinds;
mod random;
mod wire;
mod words;

use cluster::Cluster;
pub use kinds::Kind;
pub use wire::Wire;

const SEED: u64 = 7;
/// How many times all objects can be replaced by those of the next generation.
pub const REPLACEMENTS: usize = 10;

/// Objects of several kinds, as texts.
pub struct Corpus {
    objects: usize,
    folder: folder::Lines,
    cluster: Cluster,
}

impl Corpus {
    /// So many objects of each kind, or as many as the folder has. Of EndpointSlices, which are large, there is a
    /// quarter.
    pub fn new(objects: usize) -> Corpus {
        let folder = env::var_os("CORPUS")
            .map(PathBuf::from)
            .map(|folder| folder::read(&folder).unwrap_or_else(|error| panic!("CORPUS={}: {error}", folder.display())));
        Corpus { objects, folder: folder.unwrap_or_default(), cluster: Cluster::new(SEED, objects) }
    }

    /// The kinds there are: those of the folder, or else those that are generated.
    pub fn kinds(&self) -> Vec<&str> {
        match self.folder.is_empty() {
            true => Kind::ALL.map(Kind::name).into(),
            false => self.folder.keys().map(String::as_str).collect(),
        }
    }

    /// How many objects of a kind were asked for.
    pub fn objects(&self) -> usize {
        self.objects
    }

    pub fn len(&self, kind: &str) -> usize {
        match (self.folder.get(kind), Kind::named(kind)) {
            (Some(lines), _) => lines.len().min(self.objects),
            (None, Some(Kind::EndpointSlice)) => self.objects.div_ceil(4),
            (None, Some(_)) => self.objects,
            (None, None) => 0,
        }
    }

    /// The text of one object, which depends on nothing but the kind, the position and the size of the corpus.
    pub fn line(&self, kind: &str, position: usize) -> Cow<'_, [u8]> {
        match (self.folder.get(kind), Kind::named(kind)) {
            (Some(lines), _) => Cow::Borrowed(&lines[position]),
            (None, Some(kind)) => self.generate(kind, 0, position),
            (None, None) => panic!("there are no objects of kind {kind}"),
        }
    }

    /// How many objects each generation has.
    pub fn generation_len(&self, kind: &str) -> usize {
        match self.folder.get(kind) {
            Some(_) => self.len(kind) / (REPLACEMENTS + 1),
            None => self.len(kind),
        }
    }

    /// The text of an object of a generation.
    pub fn of_generation(&self, generation: usize, kind: &str, position: usize) -> Cow<'_, [u8]> {
        match (self.folder.get(kind), Kind::named(kind)) {
            (None, Some(kind)) => self.generate(kind, generation, position),
            _ => self.line(kind, generation * self.generation_len(kind) + position),
        }
    }

    fn generate(&self, kind: Kind, generation: usize, position: usize) -> Cow<'_, [u8]> {
        let serial = generation * self.objects + position;
        Wire::text(&kind.generate(&self.cluster, position, serial)).into_bytes().into()
    }

    pub fn lines(&self, kind: &str) -> impl Iterator<Item = Cow<'_, [u8]>> {
        (0..self.len(kind)).map(move |position| self.line(kind, position))
    }
}

/// Removes what no reader wants: who wrote which field, and what kubectl applied.
pub fn remove_noise(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    metadata.remove("managedFields");
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}
