//! The query parameters of requests: parsed, and refused where the server refuses them.

use std::{
    collections::HashSet,
    num::{IntErrorKind, ParseIntError},
};

use kube::core::Status;

use super::{
    quoted::quoted,
    requests::Request,
    selection,
    status::{Flaw, bad_request, invalid_as},
};

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
    pub(super) initial_events: Option<bool>,
}

impl Options {
    pub(super) fn read(query: &[(String, String)]) -> Result<Self, Box<Status>> {
        let mut options = Options::default();
        let (mut limit, mut timeout) = (None, None);
        let mut seen = HashSet::new();
        for (name, value) in query {
            // Of a repeated parameter the first counts.
            if !seen.insert(name) {
                continue;
            }
            let value = value.clone();
            match name.as_str() {
                "watch" => options.watch = boolean(&value),
                "limit" => limit = Some(value),
                "continue" => options.token = value,
                "resourceVersion" => options.version = value,
                "resourceVersionMatch" => options.version_match = value,
                "labelSelector" => options.labels = value,
                "fieldSelector" => options.fields = value,
                "allowWatchBookmarks" => options.bookmarks = boolean(&value),
                "timeoutSeconds" => timeout = Some(value),
                "sendInitialEvents" => options.initial_events = Some(boolean(&value)),
                _ => {}
            }
        }
        options.timeout = timeout.as_deref().map(integer).transpose()?;
        options.limit = limit.as_deref().map(integer).transpose()?.unwrap_or_default();
        selection::check_syntax(&options.labels, &options.fields)?;
        Ok(options)
    }

    /// Refuses combinations that mean nothing, and streamed lists where there are none.
    pub(super) fn check(&self, watch_list: bool) -> Result<(), Box<Status>> {
        let flaws = if self.watch { self.watch_flaws(watch_list) } else { self.list_flaws() };
        if flaws.is_empty() { Ok(()) } else { Err(invalid_as("meta.k8s.io", "ListOptions", "", flaws)) }
    }

    fn watch_flaws(&self, watch_list: bool) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let matching = self.version_match.as_str();
        if self.initial_events.is_some() {
            if matching != "NotOlderThan" {
                let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
                flaws.push(Flaw::forbidden(MATCH, why));
            }
            if !watch_list {
                flaws.push(watch_list_is_off());
            }
        } else if !matching.is_empty() {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            flaws.push(Flaw::forbidden(MATCH, why));
        }
        if !matching.is_empty() && matching != "NotOlderThan" {
            flaws.push(Flaw::unsupported(MATCH, matching, &["NotOlderThan"]));
        }
        // A watch of the state of now is a streamed list of the same state, with a match that nobody named.
        let streams = watch_list && self.initial_events.is_none() && ["", "0"].contains(&self.version.as_str());
        if !self.token.is_empty() && (streams || !matching.is_empty()) {
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

fn watch_list_is_off() -> Flaw {
    let why = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
    Flaw::forbidden("sendInitialEvents", why)
}

/// The refusal of a watch that is well asked by a server that does not stream lists.
pub(super) fn no_watch_list() -> Box<Status> {
    invalid_as("meta.k8s.io", "ListOptions", "", vec![watch_list_is_off()])
}

/// How a create, a replacement or a patch is meant, as the parameters say.
pub(super) struct WriteOptions {
    /// Who writes: the `fieldManager`, or how the client calls itself.
    pub(super) manager: String,
    pub(super) dry_run: bool,
    pub(super) validation: FieldValidation,
    /// Whether an apply takes what others own.
    pub(super) force: bool,
}

impl WriteOptions {
    /// `name` is what such parameters are called together, `agent` the client's `User-Agent`.
    pub(super) fn read(request: &Request, name: &str, agent: &[u8]) -> Result<Self, Box<Status>> {
        Self::check(request, name, agent, Vec::new())
    }

    /// The same for a patch, which alone may name `force`, and has to name its manager where it is an apply.
    pub(super) fn of_patch(request: &Request, applies: bool, agent: &[u8]) -> Result<Self, Box<Status>> {
        let mut flaws = Vec::new();
        if applies && request.param("fieldManager").unwrap_or_default().is_empty() {
            flaws.push(Flaw::required("fieldManager", "is required for apply patch"));
        }
        if !applies && request.param("force").is_some() {
            flaws.push(Flaw::forbidden("force", "may not be specified for non-apply patch"));
        }
        Self::check(request, "PatchOptions", agent, flaws)
    }

    fn check(request: &Request, name: &str, agent: &[u8], mut flaws: Vec<Flaw>) -> Result<Self, Box<Status>> {
        let manager = request.param("fieldManager").unwrap_or_default();
        flaws.extend(manager_flaws(manager));
        let dry_run = dry_run(request.param("dryRun")).map_err(|flaw| flaws.push(flaw));
        let validation = FieldValidation::read(request.param("fieldValidation")).map_err(|flaw| flaws.push(flaw));
        let (Ok(dry_run), Ok(validation), true) = (dry_run, validation, flaws.is_empty()) else {
            return Err(invalid_as("meta.k8s.io", name, "", flaws));
        };
        let manager = if manager.is_empty() { manager_of(agent) } else { manager.to_owned() };
        Ok(WriteOptions { manager, dry_run, validation, force: request.param("force").is_some_and(boolean) })
    }
}

/// The longest name of a field manager, in bytes.
const LONGEST_MANAGER: usize = 128;

fn manager_flaws(manager: &str) -> impl Iterator<Item = Flaw> {
    let long = (manager.len() > LONGEST_MANAGER).then(|| Flaw::too_long("fieldManager", LONGEST_MANAGER));
    // Each tells the whole name: of one that is far too long not all are told.
    let unprintable = manager.char_indices().filter(|(_, letter)| !printable(*letter)).take(16);
    let unprintable = unprintable.map(move |(at, letter)| {
        let why = format!("invalid character U+{:04X} (at position {at})", u32::from(letter));
        Flaw::invalid("fieldManager", manager, &why)
    });
    long.into_iter().chain(unprintable)
}

/// What a client calls itself: its `User-Agent` up to a slash, as far as that can be printed.
fn manager_of(agent: &[u8]) -> String {
    let agent = String::from_utf8_lossy(agent);
    let mut manager = String::new();
    for letter in agent.split('/').next().unwrap_or_default().chars().filter(|letter| printable(*letter)) {
        if manager.len() + letter.len_utf8() > LONGEST_MANAGER {
            break;
        }
        manager.push(letter);
    }
    manager
}

/// Letters, marks, numbers, signs, and of all spaces the usual one.
fn printable(letter: char) -> bool {
    // What cannot be printed is escaped, and so are marks that have no letter before them.
    letter == ' '
        || !letter.is_whitespace() && !letter.is_control() && !format!("{:?}", format!("a{letter}")).contains("\\u{")
}

/// Whether a write is only tried.
fn dry_run(said: Option<&str>) -> Result<bool, Flaw> {
    match said {
        None => Ok(false),
        Some("All") => Ok(true),
        Some(other) => Err(Flaw::unsupported("dryRun", vec![other], &["All"])),
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
    fn read(said: Option<&str>) -> Result<Self, Flaw> {
        match said {
            None | Some("" | "Warn") => Ok(FieldValidation::Warn),
            Some("Ignore") => Ok(FieldValidation::Ignore),
            Some("Strict") => Ok(FieldValidation::Strict),
            Some(other) => Err(Flaw::unsupported("fieldValidation", other, &["", "Ignore", "Strict", "Warn"])),
        }
    }
}

/// Everything but an explicit no is a yes.
fn boolean(text: &str) -> bool {
    !["0", "false"].contains(&text)
}

pub(super) fn integer(text: &str) -> Result<i64, Box<Status>> {
    text.parse().map_err(|error: ParseIntError| {
        let why = match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        bad_request(format!("strconv.ParseInt: parsing {}: {why}", quoted(text)))
    })
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
        _ => {
            let text = quoted(text);
            Err(format!("resourceVersion: Invalid value: {text}: strconv.ParseUint: parsing {text}: {why}"))
        }
    }
}
