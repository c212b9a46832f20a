//! What groups need of a corpus beside the objects themselves: names to ask for, and objects that change.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use crate::corpus::Corpus;
use crate::peers::Peer;

/// How many objects are decoded and written in turn; more would only take memory.
const TURNS: usize = 1_000;
/// A namespace is asked for that has so many.
const MEMBERS: usize = 100;
/// More objects are asked of this crate alone: an Ingress takes 20 KB in the other stores.
const PEERS: usize = 200_000;

/// The objects of one kind.
pub struct Sample<'c> {
    corpus: &'c Corpus,
    kind: &'c str,
    /// Namespaces and names, in an order that has nothing to do with theirs.
    pub names: Vec<(String, String)>,
    /// A namespace of a hundred objects, and how many it has: fewer if no namespace has so many.
    pub namespace: (String, usize),
    /// Where the objects are in the corpus. A few are left out for that namespace to have no more.
    positions: Vec<usize>,
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
        // The smallest that has enough, or else the largest; of those that are as large the first by name, so that every
        // run takes the same.
        let chosen = namespaces.into_iter().min_by_key(|(name, members)| match members.checked_sub(MEMBERS) {
            Some(more) => (false, more, *name),
            None => (true, MEMBERS - members, *name),
        });
        let namespace = chosen.map(|(name, members)| (name.to_owned(), members.min(MEMBERS)));
        let namespace = namespace.expect("there are objects");

        let mut members = 0;
        let taken = |position: &usize| {
            members += usize::from(names[*position].0 == namespace.0);
            names[*position].0 != namespace.0 || members <= MEMBERS
        };
        let positions: Vec<usize> = (0..names.len()).filter(taken).collect();
        names = positions.iter().map(|position| std::mem::take(&mut names[*position])).collect();
        let length = names.len();
        (0..length).for_each(|position| names.swap(position, (position * 7919 + 13) % length));
        Sample { corpus, kind, names, namespace, positions }
    }

    /// How many objects were asked for.
    pub fn len(&self) -> usize {
        self.corpus.len(self.kind)
    }

    /// Whether the stores of the peers fit into the memory of a usual machine.
    pub fn fits_peers(&self) -> bool {
        self.len() <= PEERS
    }

    /// The texts of all of them.
    pub fn all(&self) -> impl Iterator<Item = Cow<'c, [u8]>> {
        self.positions.iter().map(|position| self.corpus.line(self.kind, *position))
    }

    /// A store with all of them.
    pub fn store<P: Peer>(&self) -> P {
        P::filled(self.kind, self.all())
    }

    /// Objects from everywhere in the corpus.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        let step = (self.positions.len() / TURNS).max(1);
        let positions = self.positions.iter().step_by(step);
        positions.map(|position| self.corpus.line(self.kind, *position).into_owned()).collect()
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
