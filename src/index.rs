//! The one structure behind every index: an ordered tree with counts whose nodes are shared between snapshots.
//!
//! A [`Tree`] is a B+tree. Cloning it shares everything; a change copies only the nodes on its way that are still
//! shared. Every branch counts what is below it, so that a range is two ranks and its elements have positions.
//! Pure data: no lock, no clock, and nothing about Kubernetes.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

mod iter;

pub(crate) use iter::Iter;

/// The most elements or children a node has; a fuller one is split in two.
const MAX: usize = 64;
/// A node with fewer is joined with its neighbour when both fit into one.
const MIN: usize = MAX / 4;

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

#[derive(Clone)]
enum Node<T> {
    Leaf(Vec<T>),
    Branch(Vec<Child<T>>),
}

#[derive(Clone)]
struct Child<T> {
    /// The first element below.
    first: T,
    /// The number of elements below this child and those before it.
    end: usize,
    node: Arc<Node<T>>,
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

impl<T: Item> Node<T> {
    fn len(&self) -> usize {
        match self {
            Node::Leaf(items) => T::total(items),
            Node::Branch(children) => children.last().map_or(0, |child| child.end),
        }
    }

    /// The number of elements, whatever their weight. O(n).
    fn count(&self) -> usize {
        match self {
            Node::Leaf(items) => items.len(),
            Node::Branch(children) => children.iter().map(|child| child.node.count()).sum(),
        }
    }

    /// How many elements come first for which `before` holds; after them it holds for none.
    fn rank(&self, before: &impl Fn(&T) -> bool) -> usize {
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

    fn bytes(&self) -> usize {
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
    fn width(&self) -> usize {
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
    fn new(node: Arc<Node<T>>) -> Option<Child<T>> {
        let first = match &*node {
            Node::Leaf(items) => items.first()?.clone(),
            Node::Branch(children) => children.first()?.first.clone(),
        };
        Some(Child { first, end: node.len(), node })
    }

    /// The same child with so many elements before it.
    fn after(self, before: usize) -> Child<T> {
        Child { end: before + self.end, ..self }
    }
}

/// The number of elements before a child.
fn start<T>(children: &[Child<T>], at: usize) -> usize {
    at.checked_sub(1).map_or(0, |before| children[before].end)
}

/// The child that has the element at a position.
fn child_with<T>(children: &[Child<T>], position: usize) -> Option<usize> {
    let at = children.partition_point(|child| child.end <= position);
    (at < children.len()).then_some(at)
}

/// The children in which the elements begin and end that `probe` calls equal.
fn equal_children<T>(children: &[Child<T>], probe: &impl Fn(&T) -> Ordering) -> (usize, usize) {
    let from = children.partition_point(|child| probe(&child.first).is_lt()).saturating_sub(1);
    let more = children[from + 1..].partition_point(|child| probe(&child.first).is_le());
    (from, from + more)
}

/// One children after another, the elements of all before each counted.
fn counted<T>(mut children: Vec<Child<T>>) -> Vec<Child<T>> {
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
fn insert<T: Item>(
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

fn remove<T: Item>(node: &mut Arc<Node<T>>, probe: &impl Fn(&T) -> Ordering) -> Option<T> {
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

#[cfg(test)]
mod tests;
