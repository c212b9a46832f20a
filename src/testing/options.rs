//! The parameters of requests: read, and refused where the server refuses them.
//!
//! `sendInitialEvents` is refused as by a server whose WatchList feature is off.

use kube::core::Status;

use super::status::{Flaw, bad_request, invalid_as};

/// The parameters of lists and watches.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) watch: bool,
    pub(super) limit: i64,
    pub(super) token: String,
    pub(super) version: String,
    pub(super) version_match: String,
    pub(super) labels: String,
    pub(super) fields: String,
    pub(super) bookmarks: bool,
    pub(super) timeout: Option<i64>,
    initial_events: Option<bool>,
}

impl Options {
    pub(super) fn read(query: &[(String, String)]) -> Result<Self, Box<Status>> {
        let mut options = Options::default();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in query {
            // Of a repeated parameter the first counts.
            if seen.contains(&name.as_str()) {
                continue;
            }
            seen.push(name);
            let value = value.clone();
            match name.as_str() {
                "watch" => options.watch = boolean(&value),
                "limit" => options.limit = integer(&value)?,
                "continue" => options.token = value,
                "resourceVersion" => options.version = value,
                "resourceVersionMatch" => options.version_match = value,
                "labelSelector" => options.labels = value,
                "fieldSelector" => options.fields = value,
                "allowWatchBookmarks" => options.bookmarks = boolean(&value),
                "timeoutSeconds" => options.timeout = Some(integer(&value)?),
                "sendInitialEvents" => options.initial_events = Some(boolean(&value)),
                _ => {}
            }
        }
        Ok(options)
    }

    /// Refuses combinations that mean nothing.
    pub(super) fn check(&self) -> Result<(), Box<Status>> {
        let flaws = if self.watch { self.watch_flaws() } else { self.list_flaws() };
        if flaws.is_empty() { Ok(()) } else { Err(invalid_as("meta.k8s.io", "ListOptions", "", flaws)) }
    }

    fn watch_flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let matching = self.version_match.as_str();
        if self.initial_events.is_some() {
            if matching != "NotOlderThan" {
                let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
                flaws.push(Flaw::forbidden(MATCH, why));
            } else {
                let why = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
                flaws.push(Flaw::forbidden("sendInitialEvents", why));
            }
        } else if !matching.is_empty() {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            flaws.push(Flaw::forbidden(MATCH, why));
        }
        if !matching.is_empty() && matching != "NotOlderThan" {
            flaws.push(Flaw::unsupported(MATCH, matching, &["NotOlderThan"]));
        }
        if !self.token.is_empty() {
            flaws.push(Flaw::forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided"));
        }
        flaws
    }

    fn list_flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let matching = self.version_match.as_str();
        if !matching.is_empty() {
            if self.version.is_empty() {
                flaws.push(Flaw::forbidden(
                    MATCH,
                    "resourceVersionMatch is forbidden unless resourceVersion is provided",
                ));
            }
            if !self.token.is_empty() {
                flaws.push(Flaw::forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided"));
            }
            if !["Exact", "NotOlderThan"].contains(&matching) {
                flaws.push(Flaw::unsupported(MATCH, matching, &["Exact", "NotOlderThan", ""]));
            }
            if matching == "Exact" && self.version == "0" {
                let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                flaws.push(Flaw::forbidden(MATCH, why));
            }
        }
        if self.initial_events.is_some() {
            flaws.push(Flaw::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
        flaws
    }
}

const MATCH: &str = "resourceVersionMatch";

/// Whether a write is only tried; `options` is what its parameters are called.
pub(super) fn dry_run(said: Option<&str>, options: &str) -> Result<bool, Box<Status>> {
    match said {
        None | Some("") => Ok(false),
        Some("All") => Ok(true),
        Some(other) => {
            let flaw = Flaw::unsupported("dryRun", vec![other], &["All"]);
            Err(invalid_as("meta.k8s.io", options, "", vec![flaw]))
        }
    }
}

/// What to do about fields that mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

impl FieldValidation {
    pub(super) fn read(said: Option<&str>, options: &str) -> Result<Self, Box<Status>> {
        match said {
            None | Some("" | "Warn") => Ok(FieldValidation::Warn),
            Some("Ignore") => Ok(FieldValidation::Ignore),
            Some("Strict") => Ok(FieldValidation::Strict),
            Some(other) => {
                let flaw = Flaw::unsupported("fieldValidation", other, &["", "Ignore", "Strict", "Warn"]);
                Err(invalid_as("meta.k8s.io", options, "", vec![flaw]))
            }
        }
    }
}

/// Everything but an explicit no is a yes.
fn boolean(text: &str) -> bool {
    !["0", "false"].contains(&text)
}

fn integer(text: &str) -> Result<i64, Box<Status>> {
    text.parse().map_err(|_| bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax")))
}

/// A resourceVersion as a number, nothing where it is unset; else the server's complaint.
pub(super) fn revision(text: &str) -> Result<Option<u64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let why = if digits { "value out of range" } else { "invalid syntax" };
    match text.parse() {
        Ok(revision) if digits => Ok(Some(revision)),
        _ => Err(format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: {why}")),
    }
}
