//! The regular expressions of a schema, made when the first text meets them: most never do.

use std::collections::HashMap;

use parking_lot::Mutex;
use regex::Regex;

#[derive(Debug, Default)]
pub(super) struct Patterns(Mutex<HashMap<String, Option<Regex>>>);

impl Patterns {
    /// Whether a text holds what a pattern says; nothing does that says nothing.
    pub(super) fn found_in(&self, text: &str, pattern: &str) -> bool {
        let mut made = self.0.lock();
        if !made.contains_key(pattern) {
            made.insert(pattern.to_owned(), Regex::new(pattern).ok());
        }
        made.get(pattern).and_then(Option::as_ref).is_some_and(|pattern| pattern.is_match(text))
    }
}
