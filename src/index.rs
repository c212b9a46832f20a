//! The one structure behind every index: an ordered tree with counts whose nodes are shared between snapshots.
//!
//! A [`Tree`] is a B+tree. Cloning it shares everything; a change copies only the nodes on its way that are still
//! shared. Every branch counts what is below it, so that a range is two ranks and its elements have positions.
//! Pure data: no lock, no clock, and nothing about Kubernetes.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

mod diff;
mod iter;

pub(crate) use iter::Iter;

/// The most elements or children a node has; a fuller one is split in two.
const MAX: usize = 64;
/// A node with fewer is joined with its neighbour when both fit into one.
const MIN: usize = MAX / 4;

/// Something that a [`Tree`] keeps in order. Clones are expected to be cheap.
pub(crate) trait Item: Clone {
    /// The place among the others; equal means the same place.
    fn order(&self, other: &Self) -> Ordering;

    /// Whether a difference of trees passes over this pair, which has the same place.
    fn unchanged(&self, other: &Self) -> bool;

    /// How many positions it takes; 1, unless it stands for several elements of another tree.
    fn weight(&self) -> usize {
        1
    }

    /// How many positions several take.
    fn total(items: &[Self]) -> usize {
        items.len()
    }
}

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
    /// A tree of elements that are in order, each at a place of its own. O(n).
    pub(crate) fn from_sorted(items: Vec<T>) -> Tree<T> {
        let mut nodes: Vec<Arc<Node<T>>> = chunks(items).map(|items| Arc::new(Node::Leaf(items))).collect();
        while nodes.len() > 1 {
            let children: Vec<Child<T>> = nodes.into_iter().filter_map(Child::new).collect();
            nodes = chunks(children).map(|children| Arc::new(Node::Branch(counted(children)))).collect();
        }
        nodes.pop().map_or_else(Tree::default, |root| Tree { root })
    }

    /// Puts an element at its place; the one that was there before is returned. O(log n).
    pub(crate) fn insert(&mut self, item: T) -> Option<T> {
        let (replaced, right) = insert(&mut self.root, item);
        if let Some(right) = right {
            let left = std::mem::replace(&mut self.root, Arc::new(Node::Leaf(Vec::new())));
            self.root = Arc::new(Node::Branch(counted([left, right].into_iter().filter_map(Child::new).collect())));
        }
        replaced
    }

    /// Takes out the element that `probe` calls equal. O(log n).
    pub(crate) fn remove(&mut self, probe: &impl Fn(&T) -> Ordering) -> Option<T> {
        // First look, so that nothing is copied for what is not there.
        self.find(probe)?;
        let removed = remove(&mut self.root, probe);
        while let Node::Branch(children) = &*self.root
            && let [only] = &children[..]
        {
            self.root = Arc::clone(&only.node);
        }
        removed
    }

    /// The places at which two trees differ, in order: the old element and the new one. What they share is skipped,
    /// so the cost follows the number of differences.
    pub(crate) fn diff<'t>(&'t self, older: &'t Tree<T>) -> impl Iterator<Item = (Option<&'t T>, Option<&'t T>)> {
        diff::Diff::new(&older.root, &self.root)
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
    /// Splits an overfull node; the right half is returned.
    fn split(&mut self) -> Option<Arc<Node<T>>> {
        if self.width() <= MAX {
            return None;
        }
        Some(Arc::new(match self {
            Node::Leaf(items) => Node::Leaf(split_off_half(items)),
            Node::Branch(children) => {
                let mut right = split_off_half(children);
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

fn split_off_half<T>(items: &mut Vec<T>) -> Vec<T> {
    let right = items.split_off(items.len() / 2);
    items.shrink_to_fit();
    right
}

/// Cuts into vectors of about equal length, as full as a node is on average after it grew.
fn chunks<T>(items: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let count = items.len().div_ceil(MAX);
    let (short, longer) = (items.len() / count.max(1), items.len() % count.max(1));
    let mut items = items.into_iter();
    (0..count).map(move |at| items.by_ref().take(short + usize::from(at < longer)).collect())
}

fn insert<T: Item>(node: &mut Arc<Node<T>>, item: T) -> (Option<T>, Option<Arc<Node<T>>>) {
    let node = Arc::make_mut(node);
    let replaced = match node {
        Node::Leaf(items) => match items.binary_search_by(|other| other.order(&item)) {
            Ok(at) => Some(std::mem::replace(&mut items[at], item)),
            Err(at) => {
                make_room(items);
                items.insert(at, item);
                None
            }
        },
        Node::Branch(children) => {
            let at = children.partition_point(|child| child.first.order(&item).is_le()).saturating_sub(1);
            let added = item.weight();
            let (replaced, right) = insert(&mut children[at].node, item);
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
            replaced
        }
    };
    (replaced, node.split())
}

fn remove<T: Item>(node: &mut Arc<Node<T>>, probe: &impl Fn(&T) -> Ordering) -> Option<T> {
    match Arc::make_mut(node) {
        Node::Leaf(items) => {
            let at = items.binary_search_by(probe).ok()?;
            Some(items.remove(at))
        }
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Item for (u32, u32) {
        fn order(&self, other: &Self) -> Ordering {
            self.0.cmp(&other.0)
        }

        fn unchanged(&self, other: &Self) -> bool {
            self == other
        }
    }

    /// A letter that stands for as many elements as its number says.
    #[derive(Clone, Debug, PartialEq)]
    struct Group(u32, usize);

    impl Item for Group {
        fn order(&self, other: &Self) -> Ordering {
            self.0.cmp(&other.0)
        }

        fn unchanged(&self, other: &Self) -> bool {
            self == other
        }

        fn weight(&self) -> usize {
            self.1
        }

        fn total(groups: &[Self]) -> usize {
            groups.iter().map(Group::weight).sum()
        }
    }

    type Model = std::collections::BTreeMap<u32, u32>;

    fn check(tree: &Tree<(u32, u32)>, model: &Model) {
        let items = model.iter().map(|(key, value)| (*key, *value)).collect::<Vec<_>>();
        assert_eq!(tree.len(), items.len());
        assert_eq!(tree.range(0..tree.len()).copied().collect::<Vec<_>>(), items);
        for (position, item) in items.iter().enumerate().step_by(7) {
            assert_eq!(tree.at(position), Some(item));
            assert_eq!(tree.equal_range(|other| other.0.cmp(&item.0)), position..position + 1);
            let group = |key: u32| key / 100;
            let first = items.partition_point(|other| group(other.0) < group(item.0));
            let last = items.partition_point(|other| group(other.0) <= group(item.0));
            assert_eq!(tree.equal_range(|other| group(other.0).cmp(&group(item.0))), first..last);
            let end = items.len().min(position + 90);
            assert_eq!(tree.range(position..end).copied().collect::<Vec<_>>(), items[position..end]);
        }
        assert_eq!(tree.at(items.len()), None);
        assert_eq!(tree.equal_range(|_| Ordering::Less), items.len()..items.len());
        assert_eq!(tree.equal_range(|_| Ordering::Greater), 0..0);
        assert_eq!(tree.equal_range(|_| Ordering::Equal), 0..items.len());
        balanced(&tree.root, true);
    }

    /// The height below a node, which must be the same everywhere; every stored count and first element is right.
    fn balanced(node: &Arc<Node<(u32, u32)>>, root: bool) -> usize {
        assert!(root || (1..=MAX).contains(&node.width()));
        match &**node {
            Node::Leaf(_) => 0,
            Node::Branch(children) => {
                assert!(children.len() > 1 || !root);
                let heights: Vec<_> = children.iter().map(|child| balanced(&child.node, false)).collect();
                assert!(heights.iter().all(|height| *height == heights[0]));
                let mut before = 0;
                for child in children {
                    let fresh = Child::new(Arc::clone(&child.node)).unwrap().after(before);
                    assert_eq!((fresh.first, fresh.end), (child.first, child.end));
                    before = child.end;
                }
                heights[0] + 1
            }
        }
    }

    fn changes() -> impl Strategy<Value = Vec<(bool, u32, u32)>> {
        prop::collection::vec((prop::bool::weighted(0.6), 0..2_000u32, 0..4u32), 0..3_000)
    }

    fn run(tree: &mut Tree<(u32, u32)>, model: &mut Model, changes: &[(bool, u32, u32)]) {
        for &(put, key, value) in changes {
            if put {
                assert_eq!(tree.insert((key, value)), model.insert(key, value).map(|old| (key, old)));
            } else {
                let removed = tree.remove(&|item: &(u32, u32)| item.0.cmp(&key));
                assert_eq!(removed, model.remove(&key).map(|old| (key, old)));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_tree_holds_what_an_ordered_map_holds_and_a_kept_clone_never_changes(
            before in changes(), after in changes(),
        ) {
            let (mut tree, mut model) = (Tree::default(), Model::new());
            run(&mut tree, &mut model, &before);
            check(&tree, &model);
            let (kept, kept_model) = (tree.clone(), model.clone());
            run(&mut tree, &mut model, &after);
            check(&tree, &model);
            check(&kept, &kept_model);

            let expected: Vec<_> = (0..2_000)
                .map(|key| (kept_model.get(&key), model.get(&key), key))
                .filter(|(old, new, _)| old != new)
                .map(|(old, new, key)| (old.map(|old| (key, *old)), new.map(|new| (key, *new))))
                .collect();
            let differences: Vec<_> =
                tree.diff(&kept).map(|(old, new)| (old.copied(), new.copied())).collect();
            prop_assert_eq!(differences, expected);
        }
    }

    proptest! {
        #[test]
        fn what_stands_for_several_elements_takes_their_positions(
            changes in prop::collection::vec((0..400u32, 0..5usize), 0..1_500),
        ) {
            let (mut tree, mut model) = (Tree::default(), std::collections::BTreeMap::new());
            for (key, weight) in changes {
                if weight == 0 {
                    tree.remove(&|group: &Group| group.0.cmp(&key));
                    model.remove(&key);
                } else {
                    tree.insert(Group(key, weight));
                    model.insert(key, weight);
                }
            }
            prop_assert!(tree.items().map(|group| (group.0, group.1)).eq(model.iter().map(|(key, weight)| (*key, *weight))));
            prop_assert_eq!(tree.len(), model.values().sum::<usize>());
            for key in 0..400 {
                let start: usize = model.range(..key).map(|(_, weight)| weight).sum();
                let end = start + model.get(&key).copied().unwrap_or_default();
                prop_assert_eq!(tree.equal_range(|group| group.0.cmp(&key)), start..end);
            }
        }
    }

    #[test]
    fn a_large_tree_filled_in_order_and_emptied_stays_balanced() {
        let (mut tree, mut model) = (Tree::default(), Model::new());
        for key in 0..20_000 {
            run(&mut tree, &mut model, &[(true, key, 0)]);
        }
        check(&tree, &model);
        for key in 0..19_990 {
            run(&mut tree, &mut model, &[(false, key, 0)]);
        }
        check(&tree, &model);
    }

    fn leaves(node: &Node<(u32, u32)>) -> Vec<usize> {
        match node {
            Node::Leaf(items) => vec![items.len()],
            Node::Branch(children) => children.iter().flat_map(|child| leaves(&child.node)).collect(),
        }
    }

    #[test]
    fn a_leaf_that_has_become_small_is_joined_with_its_neighbour_if_both_fit_into_one() {
        let (mut tree, mut model) = (Tree::default(), Model::new());
        (0..97).for_each(|key| run(&mut tree, &mut model, &[(true, key * 10, 0)]));
        assert_eq!(leaves(&tree.root), [32, 32, 33]);
        let mut crowded = (tree.clone(), model.clone());

        // From the left, and from the right.
        for (keys, left) in
            [(0..16, vec![16, 32, 33]), (16..17, vec![47, 33]), (80..97, vec![47, 16]), (79..80, vec![62])]
        {
            keys.for_each(|key| run(&mut tree, &mut model, &[(false, key * 10, 0)]));
            assert_eq!(leaves(&tree.root), left);
            check(&tree, &model);
        }

        let (tree, model) = (&mut crowded.0, &mut crowded.1);
        (32..50).for_each(|key| run(tree, model, &[(true, key * 10 + 5, 0)]));
        for (keys, left) in [(0..17, vec![15, 50, 33]), (17..18, vec![64, 33])] {
            keys.for_each(|key| run(tree, model, &[(false, key * 10, 0)]));
            assert_eq!(leaves(&tree.root), left);
            check(tree, model);
        }
    }

    #[test]
    fn a_difference_skips_what_two_trees_share() {
        use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
        static COMPARED: AtomicUsize = AtomicUsize::new(0);

        #[derive(Clone)]
        struct Counted(u32);
        impl Item for Counted {
            fn order(&self, other: &Self) -> Ordering {
                COMPARED.fetch_add(1, Relaxed);
                self.0.cmp(&other.0)
            }

            fn unchanged(&self, other: &Self) -> bool {
                std::ptr::eq(self, other)
            }
        }

        let mut tree = Tree::default();
        (0..100_000).for_each(|key| {
            tree.insert(Counted(key));
        });
        let older = tree.clone();
        tree.insert(Counted(50_000));
        tree.insert(Counted(200_000));
        COMPARED.store(0, Relaxed);
        let keys: Vec<_> =
            tree.diff(&older).filter_map(|(_, new)| Some(new?.0)).filter(|key| *key % 50_000 == 0).collect();
        assert_eq!(keys, [50_000, 200_000]);
        let compared = COMPARED.load(Relaxed);
        assert!(compared < 2_000, "{compared} comparisons for two changes");

        // One walk stands before a shared node while the other is still before it.
        let Node::Branch(children) = &*older.root else { panic!("a tree of one leaf") };
        let next = children[1].first.0;
        let mut tree = older.clone();
        (next - 40..next).for_each(|key| {
            tree.remove(&|item: &Counted| item.0.cmp(&key));
        });
        for (newer, older) in [(&tree, &older), (&older, &tree)] {
            COMPARED.store(0, Relaxed);
            let gone_or_new = newer.diff(older).filter(|(old, new)| old.is_none() || new.is_none());
            assert_eq!(gone_or_new.count(), 40);
            let compared = COMPARED.load(Relaxed);
            assert!(compared < 500, "{compared} comparisons for forty changes");
        }
    }
}
