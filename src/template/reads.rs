//! What a render has read, to tell whether a change concerns it.

use std::collections::{HashMap, HashSet};

use crate::snapshot::{Diff, Entry};

/// What was asked of one store.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads {
    /// Key prefixes by index; the empty one is everything.
    prefixes: HashMap<String, HashSet<Vec<String>>>,
    names: HashSet<(String, String)>,
}

impl Reads {
    pub(super) fn prefix(&mut self, index: &str, prefix: &[String]) {
        match self.prefixes.get_mut(index) {
            Some(known) if known.contains(prefix) => {}
            Some(known) => {
                known.insert(prefix.to_vec());
            }
            None => {
                self.prefixes.insert(index.to_owned(), HashSet::from([prefix.to_vec()]));
            }
        }
    }

    pub(super) fn name(&mut self, namespace: &str, name: &str) {
        self.names.insert((namespace.to_owned(), name.to_owned()));
    }

    /// Whether an answer is another after these changes.
    pub(super) fn concerned_by(&self, diff: &Diff) -> bool {
        let entries = diff.changes().iter().flat_map(|change| [change.old(), change.new()]);
        entries.flatten().any(|entry| self.concerned_by_entry(entry))
    }

    fn concerned_by_entry(&self, entry: &Entry) -> bool {
        let name = (entry.name().namespace().to_owned(), entry.name().name().to_owned());
        let under = |(index, prefixes): (&String, &HashSet<Vec<String>>)| {
            prefixes.contains(&Vec::new())
                || entry.keys(index).into_iter().flatten().any(|key| {
                    let components: Vec<String> = key.components().map(str::to_owned).collect();
                    (1..=components.len()).any(|length| prefixes.contains(&components[..length]))
                })
        };
        self.names.contains(&name) || self.prefixes.iter().any(under)
    }
}
