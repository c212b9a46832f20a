//! Paths in containers and volumes, and the modes of files.

use serde_json::Value;

use super::super::status::Flaw;

/// A path that leads down from where it begins.
pub(super) fn descending(path: &str, field: &str, flaws: &mut Vec<Flaw>) {
    if path.starts_with('/') {
        flaws.push(Flaw::invalid(field, path, "must be a relative path"));
    }
    forward(path, field, flaws);
}

/// The same, in a folder where the server keeps files of its own.
pub(super) fn of_file(path: &str, field: &str, flaws: &mut Vec<Flaw>) {
    descending(path, field, flaws);
    if path.starts_with("..") && !path.starts_with("../") {
        flaws.push(Flaw::invalid(field, path, "must not start with '..'"));
    }
}

/// A path that never goes back.
pub(super) fn forward(path: &str, field: &str, flaws: &mut Vec<Flaw>) {
    if path.split('/').any(|part| part == "..") {
        flaws.push(Flaw::invalid(field, path, "must not contain '..'"));
    }
}

pub(super) fn mode(mode: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if let Some(mode) = mode.as_i64().filter(|mode| !(0..=0o777).contains(mode)) {
        flaws.push(Flaw::invalid(field, mode, "must be a number between 0 and 0777 (octal), both inclusive"));
    }
}
