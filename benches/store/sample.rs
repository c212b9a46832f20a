//! What groups need of a corpus beside the objects themselves: names to ask for, and objects that change.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use crate::corpus::Corpus;
use crate::peers::Peer;

/// How many objects are decoded and written in turn; more would only take memory.
const TURNS: usize = 1_000;
/// A namespace is asked for that is closest to this.
const MEMBERS: usize = 100;

/// The objects of one kind.
pub struct Sample<'c> {
    corpus: &'c Corpus,
    kind: &'c str,
    /// Namespaces and names, in an order that has nothing to do with theirs.
    pub names: Vec<(String, String)>,
    /// A namespace of about a hundred objects, and how many it has.
    pub namespace: (String, usize),
}

#[derive(Deserialize)]
struct Named<'l> {
    #[serde(borrow)]
    metadata: Name<'l>,
}

#[derive(Deserialize)]
struct Name<'l> {
    #[serde(borrow, default)]
    namespace: Cow<'l, str>,
    #[serde(borrow)]
    name: Cow<'l, str>,
}

impl<'c> Sample<'c> {
    pub fn new(corpus: &'c Corpus, kind: &'c str) -> Sample<'c> {
        let mut names: Vec<(String, String)> = corpus
            .lines(kind)
            .map(|line| {
                let Named { metadata } = serde_json::from_slice(&line).expect("an object that has a name");
                (metadata.namespace.into(), metadata.name.into())
            })
            .collect();
        let mut namespaces: HashMap<&str, usize> = HashMap::new();
        names.iter().for_each(|(namespace, _)| *namespaces.entry(namespace).or_default() += 1);
        // Of those that are as close, the first by name, so that every run takes the same.
        let closest = namespaces.into_iter().min_by_key(|(name, members)| (members.abs_diff(MEMBERS), *name));
        let (namespace, members) = closest.expect("there are objects");
        let namespace = (namespace.to_owned(), members);
        let length = names.len();
        (0..length).for_each(|position| names.swap(position, (position * 7919 + 13) % length));
        Sample { corpus, kind, names, namespace }
    }

    /// A store with all of them.
    pub fn store<P: Peer>(&self) -> P {
        P::filled(self.kind, self.corpus.lines(self.kind))
    }

    /// Objects from everywhere in the corpus.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        let length = self.names.len();
        let step = (length / TURNS).max(1);
        (0..length).step_by(step).map(|position| self.corpus.line(self.kind, position).into_owned()).collect()
    }

    /// The same objects with another content, and again with another: each is a change to a store that is given them
    /// in turn.
    pub fn edits(&self) -> Vec<Vec<u8>> {
        let lines = self.lines();
        ["one", "another"].iter().flat_map(|edit| lines.iter().map(|line| edited(line, edit))).collect()
    }
}

/// With a text of one's own in a field that nobody sets any more.
fn edited(line: &[u8], edit: &str) -> Vec<u8> {
    // In a string of an object the quotes would be escaped.
    const METADATA: &[u8] = br#""metadata":{"#;
    let found = line.windows(METADATA.len()).position(|window| window == METADATA).expect("an object has metadata");
    let (before, after) = line.split_at(found + METADATA.len());
    [before, format!(r#""selfLink":"{edit}","#).as_bytes(), after].concat()
}
