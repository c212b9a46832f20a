//! The one structure behind every index: an ordered tree with counts whose nodes are shared between snapshots.
//!
//! A [`Tree`] is a B+tree. Cloning it shares everything; a change copies only the nodes on its way that are still
//! shared. Every branch counts what is below it, so that a range is two ranks and its elements have positions.
//! Pure data: no lock, no clock, and nothing about Kubernetes.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

mod iter;
mod node;

pub(crate) use iter::Iter;
use node::{Child, Node, child_with, counted, equal_children, insert, remove, start};

/// Something that a [`Tree`] keeps in order. What order that is, is told with each call: an element may stand for
/// something elsewhere. Clones are expected to be cheap.
pub(crate) trait Item: Clone {
    /// How many positions it takes; 1, unless it stands for several elements of another tree.
    fn weight(&self) -> usize {
        1
    }

    /// How many positions several take.
    fn total(items: &[Self]) -> usize {
        items.len()
    }
}

/// A number of something in a table.
impl Item for u32 {}

#[derive(Clone)]
pub(crate) struct Tree<T> {
    root: Arc<Node<T>>,
}

impl<T> Default for Tree<T> {
    fn default() -> Tree<T> {
        Tree { root: Arc::new(Node::Leaf(Vec::new())) }
    }
}

impl<T: Item> std::fmt::Debug for Tree<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tree({})", self.len())
    }
}

impl<T: Item> Tree<T> {
    /// The number of positions.
    pub(crate) fn len(&self) -> usize {
        self.root.len()
    }

    /// The bytes asked of the allocator for the nodes. O(n).
    pub(crate) fn bytes(&self) -> usize {
        self.root.bytes()
    }

    /// The element at a position. O(log n).
    pub(crate) fn at(&self, mut position: usize) -> Option<&T> {
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(items) => return items.get(position),
                Node::Branch(children) => {
                    let child = child_with(children, position)?;
                    position -= start(children, child);
                    node = &children[child].node;
                }
            }
        }
    }

    /// All elements, whatever their weight.
    pub(crate) fn items(&self) -> Iter<'_, T> {
        Iter::new(&self.root, 0..self.root.count())
    }

    /// The elements at these positions. O(log n) to start, then O(1) each.
    pub(crate) fn range(&self, positions: Range<usize>) -> Iter<'_, T> {
        Iter::new(&self.root, positions)
    }

    /// The positions of the elements that `probe` calls equal; it compares an element with what is looked for.
    pub(crate) fn equal_range(&self, probe: impl Fn(&T) -> Ordering) -> Range<usize> {
        let (mut node, mut before) = (&*self.root, 0);
        loop {
            match node {
                Node::Leaf(items) => {
                    let from = items.partition_point(|item| probe(item).is_lt());
                    let equal = items[from..].partition_point(|item| probe(item).is_eq());
                    let start = before + T::total(&items[..from]);
                    return start..start + T::total(&items[from..from + equal]);
                }
                Node::Branch(children) => {
                    let (from, to) = equal_children(children, &probe);
                    if from != to {
                        // The two ends are below different children from here on.
                        let from =
                            before + start(children, from) + children[from].node.rank(&|item| probe(item).is_lt());
                        let to = before + start(children, to) + children[to].node.rank(&|item| probe(item).is_le());
                        return from..to;
                    }
                    before += start(children, from);
                    node = &children[from].node;
                }
            }
        }
    }

    /// The one element that `probe` calls equal. O(log n).
    pub(crate) fn find(&self, probe: impl Fn(&T) -> Ordering) -> Option<&T> {
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(items) => return items.binary_search_by(probe).ok().map(|at| &items[at]),
                Node::Branch(children) => {
                    let at = children.partition_point(|child| probe(&child.first).is_le()).checked_sub(1)?;
                    node = &children[at].node;
                }
            }
        }
    }
}

impl<T: Item> Tree<T> {
    /// Puts an element where `probe` calls others equal to it; the one that was there before is returned. O(log n).
    pub(crate) fn insert(&mut self, item: T, probe: impl Fn(&T) -> Ordering) -> Option<T> {
        let (replaced, right) = insert(&mut self.root, item, &probe, true);
        if let Some(right) = right {
            let left = std::mem::replace(&mut self.root, Arc::new(Node::Leaf(Vec::new())));
            self.root = Arc::new(Node::Branch(counted([left, right].into_iter().filter_map(Child::new).collect())));
        }
        replaced
    }

    /// Takes out the element that `probe` calls equal. O(log n).
    pub(crate) fn remove(&mut self, probe: impl Fn(&T) -> Ordering) -> Option<T> {
        // First look, so that nothing is copied for what is not there.
        self.find(&probe)?;
        let removed = remove(&mut self.root, &probe);
        while let Node::Branch(children) = &*self.root
            && let [only] = &children[..]
        {
            self.root = Arc::clone(&only.node);
        }
        removed
    }
}

#[cfg(test)]
mod tests;
