//! A tree of numbered places, all at one height.

use std::sync::Arc;

/// The places or children of a node.
const WIDTH: usize = 1 << BITS;
const BITS: u32 = 5;

#[derive(Clone)]
pub(super) struct Trie<T> {
    root: Option<Arc<Node<T>>>,
    /// How many levels of branches there are.
    height: u32,
}

#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "both are of one size for what is as large as a pointer")]
enum Node<T> {
    Leaf([Option<T>; WIDTH]),
    Branch([Child<T>; WIDTH]),
}

type Child<T> = Option<Arc<Node<T>>>;

/// What two tries have at one place.
type Difference<'t, T> = (Option<&'t T>, Option<&'t T>);

impl<T> Default for Trie<T> {
    fn default() -> Trie<T> {
        Trie { root: None, height: 0 }
    }
}

/// Where a place is among the children of a node of that height.
fn step(place: usize, height: u32) -> usize {
    place >> (BITS * height) & (WIDTH - 1)
}

impl<T: Clone> Trie<T> {
    /// Whether a place is beyond all there are.
    fn is_beyond(&self, place: usize) -> bool {
        place >> (BITS * self.height) >= WIDTH
    }

    pub(super) fn get(&self, place: usize) -> Option<&T> {
        let (mut node, mut height) = (self.root.as_deref()?, self.height);
        if self.is_beyond(place) {
            return None;
        }
        loop {
            match node {
                Node::Leaf(values) => return values[step(place, 0)].as_ref(),
                Node::Branch(children) => {
                    node = children[step(place, height)].as_deref()?;
                    height -= 1;
                }
            }
        }
    }

    /// Puts something into a place, or nothing; returns what was there.
    pub(super) fn set(&mut self, place: usize, value: Option<T>) -> Option<T> {
        while self.is_beyond(place) {
            if let Some(root) = self.root.take() {
                let mut children = [const { None }; WIDTH];
                children[0] = Some(root);
                self.root = Some(Arc::new(Node::Branch(children)));
            }
            self.height += 1;
        }
        set(&mut self.root, self.height, place, value)
    }

    pub(super) fn iter_mut(&mut self) -> Box<dyn Iterator<Item = &mut T> + '_> {
        match &mut self.root {
            Some(root) => Arc::make_mut(root).iter_mut(),
            None => Box::new(std::iter::empty()),
        }
    }

    /// Where two tries have something else, in order: what the older one has there, and this one.
    pub(super) fn diff<'t>(&'t self, older: &'t Trie<T>, same: impl Fn(&T, &T) -> bool) -> Vec<Difference<'t, T>> {
        let mut found = Vec::new();
        diff((&older.root, older.height), (&self.root, self.height), &same, &mut found);
        found
    }

    pub(super) fn bytes(&self) -> usize {
        self.root.as_ref().map_or(0, |root| root.bytes())
    }
}

impl<T: Clone> Node<T> {
    fn iter_mut(&mut self) -> Box<dyn Iterator<Item = &mut T> + '_> {
        match self {
            Node::Leaf(values) => Box::new(values.iter_mut().flatten()),
            Node::Branch(children) => {
                Box::new(children.iter_mut().flatten().flat_map(|child| Arc::make_mut(child).iter_mut()))
            }
        }
    }

    fn bytes(&self) -> usize {
        // An `Arc` counts twice.
        let node = 2 * size_of::<usize>() + size_of::<Node<T>>();
        node + match self {
            Node::Leaf(_) => 0,
            Node::Branch(children) => children.iter().flatten().map(|child| child.bytes()).sum(),
        }
    }
}

fn set<T: Clone>(node: &mut Child<T>, height: u32, place: usize, value: Option<T>) -> Option<T> {
    let node = match node {
        Some(node) => node,
        // Nothing is taken from where nothing is.
        None if value.is_none() => return None,
        None if height == 0 => node.insert(Arc::new(Node::Leaf([const { None }; WIDTH]))),
        None => node.insert(Arc::new(Node::Branch([const { None }; WIDTH]))),
    };
    match Arc::make_mut(node) {
        Node::Leaf(values) => std::mem::replace(&mut values[step(place, 0)], value),
        Node::Branch(children) => set(&mut children[step(place, height)], height.saturating_sub(1), place, value),
    }
}

/// Compares two nodes of these heights, the older one first.
fn diff<'t, T: Clone>(
    (old, old_height): (&'t Child<T>, u32),
    (new, new_height): (&'t Child<T>, u32),
    same: &impl Fn(&T, &T) -> bool,
    found: &mut Vec<Difference<'t, T>>,
) {
    if old.as_ref().map(Arc::as_ptr) == new.as_ref().map(Arc::as_ptr) {
        return;
    }
    let height = old_height.max(new_height);
    if height == 0 {
        for (old, new) in values(old).zip(values(new)).take(WIDTH) {
            match (old, new) {
                (None, None) => {}
                (Some(old), Some(new)) if same(old, new) => {}
                differ => found.push(differ),
            }
        }
        return;
    }
    // A lower one is what the first child of a higher one would be.
    for at in 0..WIDTH {
        let old = child(old, old_height, height, at);
        let new = child(new, new_height, height, at);
        diff(old, new, same, found);
    }
}

fn values<T>(leaf: &Child<T>) -> impl Iterator<Item = Option<&T>> {
    let values: &[Option<T>] = match leaf.as_deref() {
        Some(Node::Leaf(values)) => values,
        _ => &[],
    };
    values.iter().map(Option::as_ref).chain(std::iter::repeat(None))
}

/// The child of a node as if it were at a height.
fn child<T>(node: &Child<T>, own: u32, height: u32, at: usize) -> (&Child<T>, u32) {
    match node.as_deref() {
        _ if own < height => (if at == 0 { node } else { &None }, own.min(height - 1)),
        Some(Node::Branch(children)) => (&children[at], height - 1),
        _ => (&None, height - 1),
    }
}
