//! What a render produced, and the folder it is written to. Nothing here knows HAProxy beyond the name of its file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::{fmt, fs, io};

/// The name of the configuration in an output folder.
pub const CONFIGURATION: &str = "haproxy.cfg";

/// Lists the files written beside the configuration, so that a later run knows which of them are its own to remove.
/// HAProxy passes over names with a leading dot.
const LEDGER: &str = ".written-by-render";

/// A configuration and the files it refers to, their contents by path.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Rendered {
    pub configuration: String,
    pub files: BTreeMap<String, String>,
}

impl Rendered {
    /// Ends the configuration with a line break if the template did not: HAProxy takes a missing one for a torn file.
    pub fn new(mut configuration: String, files: BTreeMap<String, String>) -> Self {
        if !configuration.ends_with('\n') {
            configuration.push('\n');
        }
        Self { configuration, files }
    }
}

/// Shows no contents: they hold keys and password hashes.
impl fmt::Debug for Rendered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rendered")
            .field("configuration", &self.configuration.len())
            .field("files", &self.files.keys())
            .finish()
    }
}

/// A folder that follows what was rendered.
///
/// Each file is replaced whole or not at all and is readable by its owner alone. Files that already have their content
/// are left as they are. The configuration comes after the files it refers to, and before stale ones are removed; files
/// that something else put there stay.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

/// What a write changed, as paths inside the folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    pub changed: Vec<String>,
    pub removed: Vec<String>,
}

impl Folder {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Makes the folder what was rendered.
    ///
    /// # Errors
    ///
    /// When a path leads out of the folder, before anything is written; or when the file system refuses, naming the
    /// file, with all files before it written.
    pub fn write(&self, rendered: &Rendered) -> io::Result<Written> {
        if let Some(path) = rendered.files.keys().find(|path| !stays_inside(path)) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{path:?} is not a path inside the output folder"),
            ));
        }
        let mut written = Written::default();
        let current: BTreeSet<&str> = rendered.files.keys().map(String::as_str).collect();
        let earlier = self.ledger()?;
        let known: BTreeSet<&str> = earlier.iter().map(String::as_str).chain(current.iter().copied()).collect();
        self.replace(LEDGER, &list(&known))?;
        for (path, content) in &rendered.files {
            if self.replace(path, content)? {
                written.changed.push(path.clone());
            }
        }
        if self.replace(CONFIGURATION, &rendered.configuration)? {
            written.changed.push(CONFIGURATION.to_owned());
        }
        for path in known.difference(&current) {
            match fs::remove_file(self.root.join(path)) {
                Ok(()) => written.removed.push((*path).to_owned()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(naming(path, error)),
            }
        }
        self.replace(LEDGER, &list(&current))?;
        Ok(written)
    }

    fn ledger(&self) -> io::Result<Vec<String>> {
        match fs::read_to_string(self.root.join(LEDGER)) {
            Ok(text) => Ok(text.lines().filter(|path| stays_inside(path)).map(str::to_owned).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(naming(LEDGER, error)),
        }
    }

    /// Tells whether the file had to be written.
    fn replace(&self, path: &str, content: &str) -> io::Result<bool> {
        let target = self.root.join(path);
        if fs::read(&target).is_ok_and(|present| present == content.as_bytes()) {
            return Ok(false);
        }
        replace_file(&target, content).map_err(|error| naming(path, error))?;
        Ok(true)
    }
}

/// Writes a temporary file beside the target (with a leading dot, mode 0600) and renames it over the target.
fn replace_file(target: &Path, content: &str) -> io::Result<()> {
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".render-").tempfile_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(target)?;
    Ok(())
}

/// Plain relative paths only: no `..`, no root, nothing hidden, no line break, and not the configuration itself.
fn stays_inside(path: &str) -> bool {
    let plain = |component| match component {
        Component::Normal(name) => !name.to_string_lossy().starts_with('.'),
        _ => false,
    };
    !path.is_empty()
        && path != CONFIGURATION
        && !path.contains(|character: char| character.is_control() || character == '\\')
        && Path::new(path).components().all(plain)
}

fn list(paths: &BTreeSet<&str>) -> String {
    paths.iter().map(|path| format!("{path}\n")).collect()
}

fn naming(path: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(configuration: &str, files: &[&str]) -> Rendered {
        let files = files.iter().map(|path| (path.to_string(), format!("key of {path}")));
        Rendered::new(configuration.to_owned(), files.collect())
    }

    fn folder() -> (tempfile::TempDir, Folder) {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().join("out"));
        (root, folder)
    }

    #[test]
    fn a_configuration_ends_with_a_line_break() {
        assert_eq!(rendered("global", &[]).configuration, "global\n");
        assert_eq!(rendered("global\n", &[]).configuration, "global\n");
    }

    #[test]
    fn only_what_changed_is_written_and_stale_files_go() {
        let (_root, folder) = folder();
        let first = folder.write(&rendered("1", &["certs/a.pem", "certs/b.pem"])).unwrap();
        assert_eq!(first.changed, ["certs/a.pem", "certs/b.pem", "haproxy.cfg"]);

        // a later run of the program knows them still
        let folder = Folder::new(&folder.root);
        let second = folder.write(&rendered("1", &["certs/b.pem"])).unwrap();
        assert_eq!(second, Written { changed: vec![], removed: vec!["certs/a.pem".into()] });
        let kept = fs::read_to_string(folder.root.join("certs/b.pem")).unwrap();
        assert_eq!(kept, "key of certs/b.pem");
    }

    #[test]
    fn files_of_others_stay() {
        let (_root, folder) = folder();
        folder.write(&rendered("1", &["certs/a.pem"])).unwrap();
        let other = folder.root.join("certs/other.pem");
        fs::write(&other, "mine").unwrap();
        folder.write(&rendered("2", &[])).unwrap();
        assert!(other.exists());
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_readable_by_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (_root, folder) = folder();
        folder.write(&rendered("1", &["certs/a.pem"])).unwrap();
        let mode = fs::metadata(folder.root.join("certs/a.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let (root, folder) = folder();
        for path in ["../a", "/etc/a", "certs/../../a", "", ".", "certs/.a", "a\nb", "haproxy.cfg", "a\\b"] {
            let error = folder.write(&rendered("1", &["certs/good.pem", path])).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path:?}");
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn debug_output_shows_no_contents() {
        let shown = format!("{:?}", rendered("user a password b", &["certs/a.pem"]));
        assert!(!shown.contains("key of") && !shown.contains("password"), "{shown}");
    }
}
