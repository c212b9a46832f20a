//! The regular expressions of a schema. Each is compiled when it is first needed; most never are.

use std::collections::HashMap;

use parking_lot::Mutex;
use regex::Regex;

#[derive(Debug, Default)]
pub(in super::super) struct Patterns(Mutex<HashMap<String, Option<Regex>>>);

impl Patterns {
    /// Whether a text holds what a pattern says; nothing does that says nothing.
    pub(super) fn found_in(&self, text: &str, pattern: &str) -> bool {
        self.made(pattern, |made| made.is_some_and(|pattern| pattern.is_match(text)))
    }

    /// Whether a pattern says anything at all.
    pub(in super::super) fn understand(&self, pattern: &str) -> bool {
        self.made(pattern, |made| made.is_some())
    }

    fn made<R>(&self, pattern: &str, look: impl FnOnce(Option<&Regex>) -> R) -> R {
        let mut made = self.0.lock();
        if !made.contains_key(pattern) {
            made.insert(pattern.to_owned(), Regex::new(pattern).ok());
        }
        look(made.get(pattern).and_then(Option::as_ref))
    }
}
