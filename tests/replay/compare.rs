//! The fixed list of what may differ between two servers by its nature; all else must be equal.
//!
//! By nature differ: uids, times, versions, generated names and page tokens (which [`Bindings`] match), ages in Tables,
//! addresses and ports that the server gives out, hashes, the order of causes, how many bookmarks the clock sends, white
//! space and the order of members in JSON, and the headers that speak of the connection or of caching.

use serde_json::{Map, Value};

use crate::{
    ask::Answered,
    bindings::{Bindings, Of},
    texts::{Quote, given_out, identity, is_age, is_time, is_uid, numbers, uids},
    trace::Answer,
};

/// Members with a time the server chose.
const TIMES: [&str; 7] = [
    "creationTimestamp",
    "deletionTimestamp",
    "time",
    "lastTransitionTime",
    "lastUpdateTime",
    "lastProbeTime",
    "lastPhaseTransitionTime",
];
/// Members with an address or a port the server gives out.
const GIVEN_OUT: [&str; 3] = ["clusterIP", "clusterIPs", "nodePort"];
/// Members that identify a build, a machine or a cache.
const OPAQUE: [&str; 2] = ["storageVersionHash", "serverAddress"];
/// Headers that speak of the connection or of caching.
const OF_TRANSPORT: [&str; 5] = ["content-length", "transfer-encoding", "connection", "etag", "last-modified"];

/// All differences between a recorded answer and the fake's, one a line.
pub fn differences(recorded: &Answer, answered: &Answered, bindings: &mut Bindings) -> Vec<String> {
    let mut comparison = Comparison { bindings, of: Of::Object, partial: false, found: Vec::new() };
    comparison.heads(recorded, answered);
    comparison.bodies(recorded, answered);
    if let Some(end) = recorded.end.filter(|end| *end != answered.end) {
        comparison.differ("end", format!("{end:?}"), format!("{:?}", answered.end));
    }
    comparison.found
}

/// The same where the recording shows only some groups and resources of what was answered.
pub fn differences_of_part(recorded: &Answer, answered: &Answered, bindings: &mut Bindings) -> Vec<String> {
    let mut comparison = Comparison { bindings, of: Of::Object, partial: true, found: Vec::new() };
    comparison.heads(recorded, answered);
    comparison.bodies(recorded, answered);
    comparison.found
}

struct Comparison<'b> {
    bindings: &'b mut Bindings,
    /// Whose version the metadata of the outermost object shows.
    of: Of,
    /// Whether more may be answered than was recorded.
    partial: bool,
    found: Vec<String>,
}

impl Comparison<'_> {
    fn differ(&mut self, at: &str, recorded: impl ToString, answered: impl ToString) {
        self.found.push(format!("{at}: recorded {}, answered {}", recorded.to_string(), answered.to_string()));
    }

    fn heads(&mut self, recorded: &Answer, answered: &Answered) {
        if recorded.code != answered.code {
            self.differ("HTTP code", recorded.code, answered.code);
        }
        let mut names: Vec<String> = recorded.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.extend(answered.headers.keys().map(ToString::to_string));
        names.sort();
        names.dedup();
        for name in names.into_iter().filter(|name| !OF_TRANSPORT.contains(&name.as_str())) {
            let there = recorded.header(&name);
            let here: Vec<_> = answered.headers.get_all(&name).iter().filter_map(|value| value.to_str().ok()).collect();
            if there != here {
                self.differ(&name, there.join(" + "), here.join(" + "));
            }
        }
    }

    fn bodies(&mut self, recorded: &Answer, answered: &Answered) {
        let events = recorded.code == 200 && recorded.end.is_some() && !recorded.body.starts_with("{\"kind\"");
        if events {
            return self.events(&recorded.body, &answered.body);
        }
        match (parsed(recorded, &recorded.body), parsed(recorded, &answered.body)) {
            (Some(there), Some(here)) => {
                let collection = ["items", "rows"].iter().any(|of_lists| there.get(*of_lists).is_some());
                self.of = if collection { Of::Cluster } else { Of::Object };
                self.value("", &there, &here);
                let pretty = |text: &str| text.contains('\n');
                if pretty(&recorded.body) != pretty(&answered.body) {
                    self.differ("printed pretty", pretty(&recorded.body), pretty(&answered.body));
                }
            }
            _ => self.text("body", &recorded.body, &answered.body),
        }
    }

    fn events(&mut self, recorded: &str, answered: &str) {
        let of_the_clock =
            |event: &&str| event.starts_with(r#"{"type":"BOOKMARK""#) && !event.contains("initial-events-end");
        let there: Vec<&str> = recorded.lines().filter(|event| !of_the_clock(event)).collect();
        let here: Vec<&str> = answered.lines().filter(|event| !of_the_clock(event)).collect();
        for (number, (there, here)) in there.iter().zip(&here).enumerate() {
            let at = format!("event {}", number + 1);
            match (serde_json::from_str::<Value>(there), serde_json::from_str::<Value>(here)) {
                (Ok(there), Ok(here)) => {
                    self.of = if there["type"] == "BOOKMARK" { Of::Cluster } else { Of::Object };
                    self.value(&at, &there, &here);
                }
                _ => self.text(&at, there, here),
            }
        }
        if there.len() != here.len() {
            self.differ("events", there.len(), here.len());
            let (more, whose) =
                if there.len() > here.len() { (&there, "only recorded") } else { (&here, "only answered") };
            for event in &more[there.len().min(here.len())..] {
                self.found.push(format!("{whose}: {event}"));
            }
        }
    }

    fn value(&mut self, at: &str, recorded: &Value, answered: &Value) {
        match (recorded, answered) {
            (Value::Object(there), Value::Object(here)) => self.members(at, there, here),
            (Value::Array(there), Value::Array(here)) => self.items(at, there, here),
            (Value::String(there), Value::String(here)) => self.text(at, there, here),
            _ if recorded == answered => {}
            _ => self.differ(at, recorded, answered),
        }
    }

    fn members(&mut self, at: &str, recorded: &Map<String, Value>, answered: &Map<String, Value>) {
        let generated = recorded.get("generateName").and_then(Value::as_str).filter(|prefix| !prefix.is_empty());
        // What the server chose first: labels and selectors may repeat it.
        let chosen = recorded.iter().filter(|(name, _)| *name == "uid");
        let rest = recorded.iter().filter(|(name, _)| *name != "uid" && !OPAQUE.contains(&name.as_str()));
        for (name, there) in chosen.chain(rest) {
            let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            match (there, answered.get(name)) {
                (there, None) => self.differ(&at, there, "nothing"),
                (Value::String(there), Some(Value::String(here))) => {
                    let generated = generated.filter(|_| name == "name");
                    let generated =
                        generated.is_some_and(|prefix| here.starts_with(prefix) && here.len() == there.len());
                    let bound = match name.as_str() {
                        "name" if generated => self.bindings.word(there, here),
                        "resourceVersion" => self.bindings.version(there, here, self.of),
                        "continue" => self.bindings.token(there, here),
                        "uid" if there != here && is_uid(there) && is_uid(here) => self.bindings.word(there, here),
                        "message" => {
                            self.message(&at, there, here);
                            Ok(())
                        }
                        "serverRelativeURL" => {
                            let path = |url: &str| url.split('?').next().unwrap_or_default().to_owned();
                            self.text(&at, &path(there), &path(here));
                            Ok(())
                        }
                        name if TIMES.contains(&name) && is_time(there) && is_time(here) => Ok(()),
                        name if GIVEN_OUT.contains(&name) && given_out(there, here) => Ok(()),
                        _ => {
                            self.text(&at, there, here);
                            Ok(())
                        }
                    };
                    if let Err(why) = bound {
                        self.differ(&at, there, format!("{here}, which {why}"));
                    }
                }
                (Value::Number(_), Some(Value::Number(_))) if GIVEN_OUT.contains(&name.as_str()) => {}
                (there, Some(here)) => self.value(&at, there, here),
            }
        }
        let more =
            answered.iter().filter(|(name, _)| !recorded.contains_key(*name) && !OPAQUE.contains(&name.as_str()));
        for (name, here) in more {
            self.differ(&format!("{at}.{name}"), "nothing", here);
        }
    }

    fn items(&mut self, at: &str, recorded: &[Value], answered: &[Value]) {
        if self.partial && recorded.iter().all(|item| identity(item).is_some()) {
            for there in recorded {
                match answered.iter().find(|here| identity(here) == identity(there)) {
                    Some(here) => self.value(&format!("{at}[{}]", identity(there).unwrap_or_default()), there, here),
                    None => self.differ(at, there, "nothing"),
                }
            }
            return;
        }
        let (mut there, mut here): (Vec<_>, Vec<_>) = (recorded.iter().collect(), answered.iter().collect());
        if at.ends_with("causes") {
            let place = |cause: &&Value| format!("{} {}", cause["field"], cause["message"]);
            there.sort_by_key(place);
            here.sort_by_key(place);
        }
        for (number, (there, here)) in there.iter().zip(&here).enumerate() {
            let at = format!("{at}[{number}]");
            match (there.as_str(), here.as_str()) {
                (Some(there), Some(here)) if at.contains(".cells[") && is_age(there) && is_age(here) => {}
                (Some(there), Some(here)) if at.contains("clusterIPs[") && given_out(there, here) => {}
                _ => self.value(&at, there, here),
            }
        }
        if there.len() != here.len() {
            self.differ(&format!("{at}, its length"), there.len(), here.len());
            let (more, whose) =
                if there.len() > here.len() { (&there, "only recorded") } else { (&here, "only answered") };
            for item in &more[there.len().min(here.len())..] {
                self.found.push(format!("{at}, {whose}: {item}"));
            }
        }
    }

    fn text(&mut self, at: &str, recorded: &str, answered: &str) {
        if recorded == answered {
            return;
        }
        let (there, here) = (uids(recorded), uids(answered));
        let bound = there.iter().zip(&here).all(|(there, here)| self.bindings.word(there, here).is_ok());
        if there.len() != here.len() || !bound || self.bindings.translated(recorded) != answered {
            self.differ(at, format!("{recorded:?}"), format!("{answered:?}"));
        }
    }

    /// Messages quote objects, name versions, and list what is wrong in an order that maps decide.
    fn message(&mut self, at: &str, recorded: &str, answered: &str) {
        if let (Some(there), Some(here)) = (Quote::of(recorded), Quote::of(answered)) {
            self.text(at, there.before, here.before);
            self.value(&format!("{at}, quoted"), &there.value, &here.value);
            return self.text(at, there.after, here.after);
        }
        let flaws = |text: &str| {
            let (_, list) = text.split_once("is invalid: [")?;
            let mut flaws: Vec<String> = list.split(", ").map(|flaw| flaw.trim_end_matches(']').to_owned()).collect();
            flaws.sort();
            Some(flaws)
        };
        if let (Some(there), Some(here)) = (flaws(recorded), flaws(answered))
            && there == here
        {
            return;
        }
        if recorded != answered && !self.versions_differ(recorded, answered) {
            self.text(at, recorded, answered);
        }
    }

    /// Whether two messages about versions differ in nothing but these.
    fn versions_differ(&mut self, recorded: &str, answered: &str) -> bool {
        let (there, here) = (numbers(recorded), numbers(answered));
        let about_versions = ["esource version", "esourceVersion"].iter().any(|word| recorded.contains(word));
        let alike = about_versions && there.len() == here.len();
        alike
            && there.iter().zip(&here).all(|(there, here)| {
                let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                // The oldest version that is left depends on what the server has done so far.
                let expired = recorded.starts_with("too old");
                let versions = numeric(there) && numeric(here);
                there == here
                    || (versions && (expired || self.bindings.version(there, here, Of::Cluster).is_ok()))
                    || (!versions && self.bindings.translated(there) == *here)
            })
    }
}

fn parsed(recorded: &Answer, body: &str) -> Option<Value> {
    if recorded.header("content-type").iter().any(|media| media.starts_with("application/yaml")) {
        return serde_saphyr::from_str(body).ok();
    }
    serde_json::from_str(body).ok().filter(Value::is_object)
}
