//! Loading manifests into a cluster: files and folders, definitions and namespaces first.
//!
//! Not here: how text becomes objects ([`manifests`](super::manifests)), and their validation.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use kube::core::Status;
use serde_json::Value;

use super::{cluster::FakeCluster, doors, manifests, state::State};

/// The result of loading manifests.
#[derive(Debug, Clone, Default)]
#[must_use = "something may have been refused: see `Report::complete`"]
#[non_exhaustive]
pub struct Report {
    /// How many objects were created.
    pub created: usize,
    /// Objects that replaced one of the same name, whether that was loaded or in the cluster before: the last one wins.
    pub replaced: Vec<Origin>,
    /// Documents that could not be read, and objects that were refused.
    pub refused: Vec<Refusal>,
    /// How many documents were empty.
    pub empty: usize,
}

impl Report {
    /// Turns refusals into an error, for tests whose manifests must all load.
    ///
    /// # Errors
    ///
    /// If [`refused`](Report::refused) is not empty.
    pub fn complete(self) -> Result<(), Incomplete> {
        if self.refused.is_empty() { Ok(()) } else { Err(Incomplete(self.refused)) }
    }
}

/// Where an object stands in the manifests, and its kind and name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The file, if it came from one.
    pub file: Option<PathBuf>,
    /// The number of the document in its file or text, counted from 0.
    pub document: usize,
    /// The line the document starts on, counted from 1.
    pub line: usize,
    /// Its kind; empty if it has none.
    pub kind: String,
    /// Its namespace; empty if it has none.
    pub namespace: String,
    /// Its name; empty if it has none.
    pub name: String,
}

/// Prints `file:line: kind namespace/name`, as far as these are known.
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

/// A document or an object that was not loaded, and why.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Refusal {
    /// Where it stands in the manifests.
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

/// Why something was not loaded.
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

/// The error of [`Report::complete`]. It prints everything that was refused, one per line.
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
    /// Loads manifests from text (YAML or JSON), as [`load`](FakeCluster::load) does from files.
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

    /// Loads a file, or all `.yaml`, `.yml` and `.json` files of a folder and its subfolders, in the order of their
    /// paths.
    ///
    /// - CustomResourceDefinitions are loaded first, then Namespaces, then the rest in the order of the files.
    /// - Missing namespaces are created. A namespaced object without a namespace goes to `default`.
    /// - A new object keeps its `metadata.uid`, so that owner references to it stay valid.
    /// - Of several objects with the same name, the last one wins.
    /// - A bad document does not stop the load; it is listed in [`Report::refused`]. After a document that does not
    ///   parse, the rest of its file is skipped.
    ///
    /// # Errors
    ///
    /// If a file or a folder cannot be read. Nothing is loaded then.
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
