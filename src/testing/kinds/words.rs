//! The names people use for kinds: `Secret`, `secrets`, `ing`, `gateways.gateway.networking.k8s.io`.
//!
//! Not here: exact names, in objects (`apiVersion`, `kind`) and in paths (group, version, plural).

use std::sync::Arc;

use super::{Kind, Kinds};

impl Kind {
    /// Whether people mean this kind by a word: its plural, singular, short or own name, with or without `.group`.
    pub(in super::super) fn is_called(&self, word: &str) -> bool {
        let (word, group) = word.split_once('.').unwrap_or((word, ""));
        (group.is_empty() || group.eq_ignore_ascii_case(&self.group))
            && self.words().any(|known| known.eq_ignore_ascii_case(word))
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        [&self.plural, &self.singular, &self.kind].into_iter().chain(&self.short).map(String::as_str)
    }
}

impl Kinds {
    /// The first kind people may mean by a word.
    pub(in super::super) fn named(&self, word: &str) -> Option<&Arc<Kind>> {
        self.iter().find(|kind| kind.is_called(word))
    }

    /// Why there is no kind for a word: what is near, or what may be missing.
    pub(in super::super) fn unknown(&self, word: &str) -> String {
        let near: Vec<_> = self.iter().filter(|kind| kind.is_nearly_called(word)).map(|kind| kind.resource()).collect();
        let why = match near.join(", ") {
            near if near.is_empty() => "is its CustomResourceDefinition missing?".to_owned(),
            near => format!("near it: {near}"),
        };
        format!("the cluster serves no kind that is called {word:?}; {why}")
    }
}

impl Kind {
    /// Whether the word is right but for its group, or for two letters.
    fn is_nearly_called(&self, word: &str) -> bool {
        let (word, _) = word.split_once('.').unwrap_or((word, ""));
        let word = word.to_lowercase();
        let long = |known: &&str| known.len() > 3;
        self.is_called(&word) || self.words().filter(long).any(|known| distance(&known.to_lowercase(), &word) <= 2)
    }
}

/// How many letters are to be changed, added or taken to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for letter in one.chars() {
        let mut diagonal = row[0];
        row[0] += 1;
        for (place, found) in (1..).zip(other.chars()) {
            let changed = diagonal + usize::from(letter != found);
            diagonal = row[place];
            row[place] = changed.min(row[place] + 1).min(row[place - 1] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_each_of_its_words() {
        let kinds = Kinds::new();
        let words = ["Ingress", "ingress", "ingresses", "ing", "INGRESSES", "ingresses.networking.k8s.io"];
        for word in words {
            assert_eq!(kinds.named(word).map(|kind| kind.resource()).as_deref(), Some("ingresses.networking.k8s.io"));
        }
        for word in ["Ingres", "ingresses.apps", "", ".networking.k8s.io"] {
            assert!(kinds.named(word).is_none(), "{word:?}");
        }
    }

    #[test]
    fn distance_counts_letters() {
        for (one, other, expected) in
            [("", "", 0), ("abc", "abc", 0), ("secretz", "secrets", 1), ("pod", "", 3), ("kitten", "sitting", 3)]
        {
            assert_eq!((distance(one, other), distance(other, one)), (expected, expected), "{one} {other}");
        }
    }

    #[test]
    fn a_word_that_names_no_kind_is_told_with_what_is_near() {
        let told = |word| Kinds::new().unknown(word).split_off("the cluster serves no kind that is called ".len());
        assert_eq!(told("Secretz"), "\"Secretz\"; near it: secrets");
        assert_eq!(told("ingresses.apps"), "\"ingresses.apps\"; near it: ingresses.networking.k8s.io");
        assert_eq!(told("x"), "\"x\"; is its CustomResourceDefinition missing?");
    }
}
