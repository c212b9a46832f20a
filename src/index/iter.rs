//! Walking a range of a tree in order.

use std::ops::Range;

use super::{Node, child_with, start};

/// The elements of a range of positions.
#[derive(Clone)]
pub(crate) struct Iter<'t, T> {
    /// The branches on the way, each with its children still to come.
    branches: Vec<std::slice::Iter<'t, super::Child<T>>>,
    leaf: std::slice::Iter<'t, T>,
    left: usize,
}

impl<'t, T> Iter<'t, T> {
    pub(super) fn new(root: &'t Node<T>, positions: Range<usize>) -> Iter<'t, T> {
        let mut iter = Iter { branches: Vec::new(), leaf: [].iter(), left: positions.len() };
        iter.descend(root, positions.start);
        iter
    }

    /// Goes down to the leaf that holds the position, counted within `node`.
    fn descend(&mut self, mut node: &'t Node<T>, mut position: usize) {
        loop {
            match node {
                Node::Leaf(items) => {
                    self.leaf = items[position.min(items.len())..].iter();
                    return;
                }
                Node::Branch(children) => {
                    let Some(at) = child_with(children, position) else { return };
                    position -= start(children, at);
                    let (child, rest) = (&children[at], children[at + 1..].iter());
                    self.branches.push(rest);
                    node = &child.node;
                }
            }
        }
    }
}

impl<'t, T> Iterator for Iter<'t, T> {
    type Item = &'t T;

    fn next(&mut self) -> Option<&'t T> {
        self.left = self.left.checked_sub(1)?;
        loop {
            if let Some(item) = self.leaf.next() {
                return Some(item);
            }
            match self.branches.last_mut()?.next() {
                Some(child) => self.descend(&child.node, 0),
                None => {
                    self.branches.pop();
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}
