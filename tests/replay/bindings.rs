//! What stands for what: values the recorded server chose, and those the fake chose in their place.
//!
//! A pair is learned from the first answer that shows it, and holds from then on: where the recording shows one version
//! twice, the fake must too, and what came later there must come later here. Requests are asked with the fake's values.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use serde_json::Value;

use crate::exchange::Request;

/// Whose version it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// One object's: each write has its own.
    Object,
    /// The cluster's, as lists and bookmarks show it: it may have moved without a write that the recording shows.
    Cluster,
}

#[derive(Default)]
pub struct Bindings {
    versions: BTreeMap<u64, (u64, Of)>,
    /// uids, generated names and page tokens.
    words: BTreeMap<String, String>,
}

impl Bindings {
    /// Learns or checks which version stands for a recorded one.
    pub fn version(&mut self, recorded: &str, answered: &str, of: Of) -> Result<(), String> {
        let (Ok(recorded), Ok(answered)) = (recorded.parse::<u64>(), answered.parse::<u64>()) else {
            return if recorded == answered { Ok(()) } else { Err("is not such a version".to_owned()) };
        };
        if let Some((known, _)) = self.versions.get(&recorded) {
            return if *known == answered { Ok(()) } else { Err(format!("was {known} before")) };
        }
        let apart = |other: Of| of == Of::Object && other == Of::Object;
        if let Some((earlier, (known, other))) = self.versions.range(..recorded).next_back()
            && (answered < *known || (apart(*other) && answered == *known))
        {
            return Err(format!("must be later than {known}, which stands for {earlier}"));
        }
        if let Some((later, (known, other))) = self.versions.range(recorded..).next()
            && (answered > *known || (apart(*other) && answered == *known))
        {
            return Err(format!("must be earlier than {known}, which stands for {later}"));
        }
        self.versions.insert(recorded, (answered, of));
        Ok(())
    }

    /// Learns or checks which word stands for a recorded one.
    pub fn word(&mut self, recorded: &str, answered: &str) -> Result<(), String> {
        match self.words.get(recorded) {
            Some(known) if known == answered => Ok(()),
            Some(known) => Err(format!("was {known} before")),
            None if self.words.values().any(|known| known == answered) => Err("stands for another".to_owned()),
            None => {
                self.words.insert(recorded.to_owned(), answered.to_owned());
                Ok(())
            }
        }
    }

    /// Page tokens stand for each other if they say the same of where the next page begins.
    pub fn token(&mut self, recorded: &str, answered: &str) -> Result<(), String> {
        if recorded.is_empty() || answered.is_empty() {
            return if recorded == answered { Ok(()) } else { Err("is not such a token".to_owned()) };
        }
        let (there, here) = (token(recorded), token(answered));
        if there["v"] != here["v"] || there["start"] != here["start"] {
            return Err(format!("says {here}, not {there}"));
        }
        self.version(&there["rv"].to_string(), &here["rv"].to_string(), Of::Cluster)?;
        self.word(recorded, answered)
    }

    /// A recorded text with the fake's words in it.
    pub fn translated(&self, recorded: &str) -> String {
        let mut text = recorded.to_owned();
        for (recorded, answered) in &self.words {
            if text.contains(recorded) {
                text = text.replace(recorded, answered);
            }
        }
        text
    }

    /// A recorded request as the fake is to be asked.
    pub fn request(&self, recorded: &Request) -> Request {
        let mut request = recorded.clone();
        if let Some((path, query)) = recorded.target.split_once('?') {
            let pairs: Vec<String> = query.split('&').map(|pair| self.parameter(pair)).collect();
            request.target = format!("{path}?{}", pairs.join("&"));
        }
        request.target = self.translated(&request.target);
        request.body = self.translated(&recorded.body);
        if let Ok(mut body) = serde_json::from_str::<Value>(&request.body)
            && self.versions_in(&mut body)
        {
            request.body = body.to_string();
        }
        request
    }

    fn parameter(&self, pair: &str) -> String {
        match pair.split_once('=') {
            Some(("resourceVersion", version)) => format!("resourceVersion={}", self.own_version(version)),
            _ => pair.to_owned(),
        }
    }

    /// Puts the fake's versions into a body; says whether there were any.
    fn versions_in(&self, value: &mut Value) -> bool {
        match value {
            Value::Object(members) => {
                let of_version = members.get("path").is_some_and(|path| path == "/metadata/resourceVersion");
                let mut found = false;
                for (name, value) in members {
                    if let Value::String(version) = value
                        && (name == "resourceVersion" || (of_version && name == "value"))
                    {
                        let own = self.own_version(version);
                        found |= own != *version;
                        *version = own;
                    } else {
                        found |= self.versions_in(value);
                    }
                }
                found
            }
            Value::Array(items) => items.iter_mut().fold(false, |found, item| self.versions_in(item) | found),
            _ => false,
        }
    }

    fn own_version(&self, recorded: &str) -> String {
        let known = recorded.parse().ok().and_then(|version: u64| self.versions.get(&version));
        known.map_or_else(|| recorded.to_owned(), |(own, _)| own.to_string())
    }
}

fn token(text: &str) -> Value {
    let bytes = BASE64_STANDARD_NO_PAD.decode(text.trim_end_matches('=')).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or(Value::Null)
}
