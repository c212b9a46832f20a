//! Manifests into the cluster: files and folders, definitions and namespaces first.
//!
//! Not here: how text becomes objects ([`manifests`](super::manifests)), and what the server thinks of them.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use kube::core::Status;
use serde_json::Value;

use super::{cluster::FakeCluster, doors, manifests, state::State};

/// What became of the documents of one load.
#[derive(Debug, Clone, Default)]
#[must_use = "something may have been refused: see `Report::complete`"]
#[non_exhaustive]
pub struct Report {
    /// How many objects were created.
    pub created: usize,
    /// Objects that took the place of one of the same name: the last wins.
    pub replaced: Vec<Origin>,
    /// What could not be read or was refused.
    pub refused: Vec<Refusal>,
    /// How many documents held nothing.
    pub empty: usize,
}

impl Report {
    /// The refusals as an error.
    ///
    /// # Errors
    ///
    /// If anything was refused.
    pub fn complete(self) -> Result<(), Incomplete> {
        if self.refused.is_empty() { Ok(()) } else { Err(Incomplete(self.refused)) }
    }
}

/// Where an object came from, and what it calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The file, if it came from one.
    pub file: Option<PathBuf>,
    /// The number of the document, counted from 0.
    pub document: usize,
    /// The line the document starts on, counted from 1.
    pub line: usize,
    /// Its kind, empty where it names none.
    pub kind: String,
    /// Its namespace, empty where it names none.
    pub namespace: String,
    /// Its name, empty where it has none.
    pub name: String,
}

/// Prints `file:line: kind namespace/name`, as far as they are known.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}:{}", file.display(), self.line)?,
            None => write!(f, "line {}", self.line)?,
        }
        if !self.kind.is_empty() {
            let separator = if self.namespace.is_empty() { "" } else { "/" };
            write!(f, ": {} {}{separator}{}", self.kind, self.namespace, self.name)?;
        }
        Ok(())
    }
}

/// A document or an object that is not in the cluster now, and why.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Refusal {
    /// Where it stands.
    pub origin: Origin,
    /// Why it was refused.
    pub reason: Reason,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.reason, &self.origin.file) {
            // It says the line itself.
            (Reason::Unreadable(error), Some(file)) => write!(f, "{}: {error}", file.display()),
            (Reason::Unreadable(error), None) => error.fmt(f),
            (Reason::Refused(_), _) => write!(f, "{}: {}", self.origin, self.reason),
        }
    }
}

/// Why something is not in the cluster.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Reason {
    /// The document could not be read.
    Unreadable(manifests::Error),
    /// The server refused the object.
    Refused(Box<Status>),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Unreadable(error) => error.fmt(f),
            Reason::Refused(status) => f.write_str(&status.message),
        }
    }
}

/// Everything that was refused, one per line.
#[derive(Debug, Clone)]
pub struct Incomplete(Vec<Refusal>);

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} objects were refused", self.0.len())?;
        self.0.iter().try_for_each(|refusal| write!(f, "\n{refusal}"))
    }
}

impl std::error::Error for Incomplete {}

impl FakeCluster {
    /// Loads manifests from text, as [`load`](FakeCluster::load) does from files.
    ///
    /// ```
    /// # use kube_indexed_store::testing::FakeCluster;
    /// let cluster = FakeCluster::new();
    /// let report = cluster.load_yaml("
    /// kind: ConfigMap
    /// apiVersion: v1
    /// metadata: {name: a, namespace: somewhere}
    /// ---
    /// kind: ConfigMap
    /// apiVersion: v1
    /// metadata: {name: B}
    /// ");
    /// assert_eq!((report.created, report.refused.len()), (1, 1));
    /// assert!(report.refused[0].to_string().starts_with("line 6: ConfigMap B: ConfigMap \"B\" is invalid: "));
    /// ```
    pub fn load_yaml(&self, text: &str) -> Report {
        let mut report = Report::default();
        let objects = read(None, text.as_bytes(), &mut report);
        self.load_objects(objects, &mut report);
        report
    }

    /// Loads a file, or every `.yaml`, `.yml` and `.json` file of a folder and the folders in it, in the
    /// order of their paths.
    ///
    /// CustomResourceDefinitions go first, then Namespaces, then the rest as written. A namespace an object
    /// names is made if it is missing, and an object that needs a namespace and names none goes to `default`.
    /// An object that is new keeps the uid it names, so that owner references keep their meaning. Of objects
    /// of one name the last wins. One bad document stops nothing, except the rest of a file that does not
    /// parse.
    ///
    /// # Errors
    ///
    /// If a file or a folder cannot be read; nothing is loaded then.
    pub fn load(&self, path: impl AsRef<Path>) -> io::Result<Report> {
        let mut report = Report::default();
        let mut objects = Vec::new();
        let mut files = Vec::new();
        collect(path.as_ref(), true, &mut files)?;
        for file in files {
            let text = fs::read(&file).map_err(|error| with_path(&error, &file))?;
            objects.extend(read(Some(&file), &text, &mut report));
        }
        self.load_objects(objects, &mut report);
        Ok(report)
    }

    fn load_objects(&self, mut objects: Vec<(Origin, Value)>, report: &mut Report) {
        objects.sort_by_key(|(origin, _)| match origin.kind.as_str() {
            "CustomResourceDefinition" => 0,
            "Namespace" => 1,
            _ => 2,
        });
        let mut objects = objects.into_iter();
        while !objects.as_slice().is_empty() {
            self.shared.update(|inner| {
                for (origin, object) in objects.by_ref().take(TOGETHER) {
                    match load(&mut inner.state, object) {
                        Ok(false) => report.created += 1,
                        Ok(true) => report.replaced.push(origin),
                        Err(status) => report.refused.push(Refusal { origin, reason: Reason::Refused(status) }),
                    }
                }
            });
        }
    }
}

/// How many objects are loaded before anyone else has a turn.
const TOGETHER: usize = 1_000;

/// Creates or overwrites an object, and the namespace it is in; true where something was replaced.
fn load(state: &mut State, object: Value) -> Result<bool, Box<Status>> {
    let target = doors::target_of(state, &object)?;
    if target.kind.namespaced {
        state.ensure_namespace(&target.namespace)?;
    }
    doors::apply(state, &target, object).map(|outcome| !outcome.created)
}

/// The objects of one text; what cannot be read goes to the report.
fn read(file: Option<&Path>, text: &[u8], report: &mut Report) -> Vec<(Origin, Value)> {
    let mut objects = Vec::new();
    for document in manifests::read(text) {
        let origin = |object: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Origin {
                file: file.map(Path::to_owned),
                document: document.number,
                line: document.line,
                kind: text(&object["kind"]),
                namespace: text(&object["metadata"]["namespace"]),
                name: text(&object["metadata"]["name"]),
            }
        };
        match document.content {
            Ok(found) if found.is_empty() => report.empty += 1,
            Ok(found) => objects.extend(found.into_iter().map(|object| (origin(&object), object))),
            Err(error) => {
                report.refused.push(Refusal { origin: origin(&Value::Null), reason: Reason::Unreadable(error) });
            }
        }
    }
    objects
}

/// The manifests at a path: a file that is named counts whatever it is called.
fn collect(path: &Path, named: bool, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let metadata = fs::metadata(path).map_err(|error| with_path(&error, path))?;
    if metadata.is_dir() {
        let entries = fs::read_dir(path).map_err(|error| with_path(&error, path))?;
        let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        return paths.iter().try_for_each(|path| collect(path, false, files));
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if named || ["yaml", "yml", "json"].contains(&extension) {
        files.push(path.to_owned());
    }
    Ok(())
}

fn with_path(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
