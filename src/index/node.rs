//! The nodes of a tree: what is below one, and what becomes of them when something is put in or taken out.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Item;

/// The most elements or children a node has; a fuller one is split in two.
pub(super) const MAX: usize = 64;

/// A node with fewer is joined with its neighbour when both fit into one.
pub(super) const MIN: usize = MAX / 4;

#[derive(Clone)]
pub(super) enum Node<T> {
    Leaf(Vec<T>),
    Branch(Vec<Child<T>>),
}

#[derive(Clone)]
pub(super) struct Child<T> {
    /// The first element below.
    pub(super) first: T,
    /// The number of elements below this child and those before it.
    pub(super) end: usize,
    pub(super) node: Arc<Node<T>>,
}

impl<T: Item> Node<T> {
    pub(super) fn len(&self) -> usize {
        match self {
            Node::Leaf(items) => T::total(items),
            Node::Branch(children) => children.last().map_or(0, |child| child.end),
        }
    }

    /// The number of elements, whatever their weight. O(n).
    pub(super) fn count(&self) -> usize {
        match self {
            Node::Leaf(items) => items.len(),
            Node::Branch(children) => children.iter().map(|child| child.node.count()).sum(),
        }
    }

    /// How many elements come first for which `before` holds; after them it holds for none.
    pub(super) fn rank(&self, before: &impl Fn(&T) -> bool) -> usize {
        let (mut node, mut rank) = (self, 0);
        loop {
            match node {
                Node::Leaf(items) => return rank + T::total(&items[..items.partition_point(before)]),
                Node::Branch(children) => {
                    let at = children.partition_point(|child| before(&child.first)).saturating_sub(1);
                    rank += start(children, at);
                    node = &children[at].node;
                }
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        // An `Arc` counts twice.
        let node = 2 * size_of::<usize>() + size_of::<Node<T>>();
        node + match self {
            Node::Leaf(items) => items.capacity() * size_of::<T>(),
            Node::Branch(children) => {
                let below = children.iter().map(|child| child.node.bytes()).sum::<usize>();
                children.capacity() * size_of::<Child<T>>() + below
            }
        }
    }

    /// The number of elements or children.
    pub(super) fn width(&self) -> usize {
        match self {
            Node::Leaf(items) => items.len(),
            Node::Branch(children) => children.len(),
        }
    }
}

impl<T: Item> Node<T> {
    /// Splits an overfull node; the right half is returned. After what was put at the end of the tree more is expected
    /// there, as when it is filled in order, and so the left half stays full.
    fn split(&mut self, at_end: bool) -> Option<Arc<Node<T>>> {
        if self.width() <= MAX {
            return None;
        }
        let left = if at_end { MAX } else { self.width() / 2 };
        Some(Arc::new(match self {
            Node::Leaf(items) => Node::Leaf(split_off(items, left)),
            Node::Branch(children) => {
                let mut right = split_off(children, left);
                let before = start(children, children.len());
                right.iter_mut().for_each(|child| child.end -= before);
                Node::Branch(right)
            }
        }))
    }

    fn append(&mut self, right: &Node<T>) {
        match (self, right) {
            (Node::Leaf(items), Node::Leaf(more)) => {
                items.reserve_exact(more.len());
                items.extend_from_slice(more);
            }
            (Node::Branch(children), Node::Branch(more)) => {
                let before = start(children, children.len());
                children.reserve_exact(more.len());
                children.extend(more.iter().map(|child| child.clone().after(before)));
            }
            _ => unreachable!("siblings are of one height"),
        }
    }
}

impl<T: Item> Child<T> {
    /// A first child; `None` for a node without elements.
    pub(super) fn new(node: Arc<Node<T>>) -> Option<Child<T>> {
        let first = match &*node {
            Node::Leaf(items) => items.first()?.clone(),
            Node::Branch(children) => children.first()?.first.clone(),
        };
        Some(Child { first, end: node.len(), node })
    }

    /// The same child with so many elements before it.
    pub(super) fn after(self, before: usize) -> Child<T> {
        Child { end: before + self.end, ..self }
    }
}

/// The number of elements before a child.
pub(super) fn start<T>(children: &[Child<T>], at: usize) -> usize {
    at.checked_sub(1).map_or(0, |before| children[before].end)
}

/// The child that has the element at a position.
pub(super) fn child_with<T>(children: &[Child<T>], position: usize) -> Option<usize> {
    let at = children.partition_point(|child| child.end <= position);
    (at < children.len()).then_some(at)
}

/// The children in which the elements begin and end that `probe` calls equal.
pub(super) fn equal_children<T>(children: &[Child<T>], probe: &impl Fn(&T) -> Ordering) -> (usize, usize) {
    let from = children.partition_point(|child| probe(&child.first).is_lt()).saturating_sub(1);
    let more = children[from + 1..].partition_point(|child| probe(&child.first).is_le());
    (from, from + more)
}

/// One children after another, the elements of all before each counted.
pub(super) fn counted<T>(mut children: Vec<Child<T>>) -> Vec<Child<T>> {
    let mut before = 0;
    for child in &mut children {
        before += child.end;
        child.end = before;
    }
    children
}

/// Room for some more, not for twice as many: a node is small and written seldom.
fn make_room<T>(items: &mut Vec<T>) {
    if items.len() == items.capacity() {
        items.reserve_exact(MAX / 16);
    }
}

fn split_off<T>(items: &mut Vec<T>, left: usize) -> Vec<T> {
    let right = items.split_off(left);
    items.shrink_to_fit();
    right
}

/// Puts an element below a node, which may be the last one of its height.
pub(super) fn insert<T: Item>(
    node: &mut Arc<Node<T>>,
    item: T,
    probe: &impl Fn(&T) -> Ordering,
    last: bool,
) -> (Option<T>, Option<Arc<Node<T>>>) {
    let node = Arc::make_mut(node);
    let (replaced, at_end) = match node {
        Node::Leaf(items) => match items.binary_search_by(probe) {
            Ok(at) => (Some(std::mem::replace(&mut items[at], item)), false),
            Err(at) => {
                make_room(items);
                items.insert(at, item);
                (None, at + 1 == items.len())
            }
        },
        Node::Branch(children) => {
            let at = children.partition_point(|child| probe(&child.first).is_le()).saturating_sub(1);
            let added = item.weight();
            let below_last = last && at + 1 == children.len();
            let (replaced, right) = insert(&mut children[at].node, item, probe, below_last);
            let before = start(children, at);
            let gone = replaced.as_ref().map_or(0, T::weight);
            children[at + 1..].iter_mut().for_each(|child| child.end = child.end + added - gone);
            let left = Child::new(Arc::clone(&children[at].node)).map(|child| child.after(before));
            let right = right.and_then(Child::new).zip(left.as_ref()).map(|(right, left)| right.after(left.end));
            left.into_iter().for_each(|left| children[at] = left);
            if let Some(right) = right {
                make_room(children);
                children.insert(at + 1, right);
            }
            (replaced, at + 2 == children.len())
        }
    };
    (replaced, node.split(last && at_end))
}

pub(super) fn remove<T: Item>(node: &mut Arc<Node<T>>, probe: &impl Fn(&T) -> Ordering) -> Option<T> {
    match Arc::make_mut(node) {
        Node::Leaf(items) => items.binary_search_by(probe).ok().map(|at| items.remove(at)),
        Node::Branch(children) => {
            let at = children.partition_point(|child| probe(&child.first).is_le()).saturating_sub(1);
            let removed = remove(&mut children[at].node, probe)?;
            children[at + 1..].iter_mut().for_each(|child| child.end -= removed.weight());
            let before = start(children, at);
            match Child::new(Arc::clone(&children[at].node)) {
                Some(child) => {
                    children[at] = child.after(before);
                    join(children, at);
                }
                None => drop(children.remove(at)),
            }
            Some(removed)
        }
    }
}

/// Joins a child that has become small with its neighbour, if both fit into one node.
fn join<T: Item>(children: &mut Vec<Child<T>>, at: usize) {
    let at = at.min(children.len().saturating_sub(2));
    let [left, right, ..] = &mut children[at..] else { return };
    let (a, b) = (left.node.width(), right.node.width());
    if (a < MIN || b < MIN) && a + b <= MAX {
        let right = Arc::clone(&right.node);
        Arc::make_mut(&mut left.node).append(&right);
        left.end += right.len();
        children.remove(at + 1);
    }
}
