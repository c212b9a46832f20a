//! Which fields of an object are kept: two sets of paths, compiled to tries that decoding walks along.
//! Evaluating a path for its value is not here.

use std::sync::Arc;

use super::{FieldPath, Step};

/// The fields to keep (none named: all) and, of those, the fields to remove.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mask {
    keep: Option<Trie>,
    remove: Trie,
}

/// A place in a [`Mask`], moved along with the decoder's place in the object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'m> {
    /// What is kept below here; `None`: everything.
    keep: Option<&'m Trie>,
    /// What is removed below here; `None`: nothing.
    remove: Option<&'m Trie>,
}

#[derive(Clone, Debug, Default)]
struct Trie {
    keys: Vec<(Arc<str>, Trie)>,
    positions: Vec<(usize, Trie)>,
    each: Option<Box<Trie>>,
    /// Whether a path ends here.
    end: bool,
}

impl Mask {
    pub(crate) fn new<'p>(keep: Option<&[FieldPath]>, remove: impl IntoIterator<Item = &'p FieldPath>) -> Mask {
        Mask { keep: keep.map(Trie::new), remove: Trie::new(remove) }
    }

    /// The place of the whole object.
    pub(crate) fn root(&self) -> Cursor<'_> {
        Cursor { keep: self.keep.as_ref(), remove: Some(&self.remove) }
    }
}

impl<'m> Cursor<'m> {
    /// The place that keeps everything.
    pub(crate) const ALL: Cursor<'static> = Cursor { keep: None, remove: None };

    /// The place of a member; `None`: it is dropped.
    pub(crate) fn key(self, key: &str) -> Option<Cursor<'m>> {
        self.step(|trie| trie.key(key))
    }

    /// The place of a list element; `None`: it is dropped.
    pub(crate) fn position(self, position: usize) -> Option<Cursor<'m>> {
        self.step(|trie| trie.position(position))
    }

    /// Whether a value that has no members or elements is kept here.
    pub(crate) fn keeps_scalar(self) -> bool {
        self.keep.is_none()
    }

    /// Whether a map may be kept here, as a whole or in part.
    pub(crate) fn keeps_map(self) -> bool {
        self.keep.is_none_or(|trie| !trie.keys.is_empty())
    }

    /// Whether a list may be kept here, as a whole or in part.
    pub(crate) fn keeps_list(self) -> bool {
        self.keep.is_none_or(|trie| trie.each.is_some() || !trie.positions.is_empty())
    }

    fn step(self, child: impl Fn(&'m Trie) -> Option<&'m Trie>) -> Option<Cursor<'m>> {
        let keep = match self.keep {
            None => None,
            Some(trie) => Some(child(trie)?).filter(|below| !below.end),
        };
        let remove = self.remove.and_then(&child);
        match remove {
            Some(below) if below.end => None,
            remove => Some(Cursor { keep, remove }),
        }
    }
}

impl Trie {
    fn new<'p>(paths: impl IntoIterator<Item = &'p FieldPath>) -> Trie {
        let mut trie = Trie::default();
        for path in paths {
            trie.insert(path.steps());
        }
        trie.spread_each();
        trie
    }

    fn insert(&mut self, steps: &[Step]) {
        let Some((first, rest)) = steps.split_first() else {
            self.end = true;
            return;
        };
        let child = match first {
            Step::Key(name) => child_at(&mut self.keys, name),
            Step::Index(index) => child_at(&mut self.positions, index),
            Step::Each => self.each.get_or_insert_default(),
        };
        child.insert(rest);
    }

    /// Adds what holds for every element to what holds for single positions, so that one look-up tells all.
    fn spread_each(&mut self) {
        if let Some(each) = &self.each {
            for (_, child) in &mut self.positions {
                child.merge(each);
            }
        }
        let children = self.keys.iter_mut().map(|(_, child)| child);
        let children = children.chain(self.positions.iter_mut().map(|(_, child)| child));
        for child in children.chain(self.each.as_deref_mut()) {
            child.spread_each();
        }
    }

    fn merge(&mut self, other: &Trie) {
        self.end |= other.end;
        for (name, child) in &other.keys {
            child_at(&mut self.keys, name).merge(child);
        }
        for (position, child) in &other.positions {
            child_at(&mut self.positions, position).merge(child);
        }
        if let Some(each) = &other.each {
            self.each.get_or_insert_default().merge(each);
        }
    }

    fn key(&self, key: &str) -> Option<&Trie> {
        let at = self.keys.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
        Some(&self.keys[at].1)
    }

    fn position(&self, position: usize) -> Option<&Trie> {
        match self.positions.binary_search_by(|(at, _)| at.cmp(&position)) {
            Ok(at) => Some(&self.positions[at].1),
            Err(_) => self.each.as_deref(),
        }
    }
}

fn child_at<'t, K: Ord + Clone>(children: &'t mut Vec<(K, Trie)>, key: &K) -> &'t mut Trie {
    let at = match children.binary_search_by(|(name, _)| name.cmp(key)) {
        Ok(at) => at,
        Err(at) => {
            children.insert(at, (key.clone(), Trie::default()));
            at
        }
    };
    &mut children[at].1
}
