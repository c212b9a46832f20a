//! Comparing two trees, skipping the nodes they share.
//!
//! Both trees are walked in order, opening a node only where needed: two walks that stand before the same node
//! skip it together, and a node whose first element is beyond the other walk's element stays closed meanwhile.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Child, Item, Node};

pub(super) struct Diff<'t, T> {
    old: Walk<'t, T>,
    new: Walk<'t, T>,
}

struct Walk<'t, T> {
    /// What is still to come, the nearest last.
    pending: Vec<Pending<'t, T>>,
}

enum Pending<'t, T> {
    Items(&'t [T]),
    /// Children, and the height of each.
    Children(&'t [Child<T>], usize),
}

/// What a walk stands before.
enum Next<'t, T> {
    Item(&'t T),
    Child(&'t Child<T>, usize),
}

impl<'t, T: Item> Diff<'t, T> {
    pub(super) fn new(old: &'t Arc<Node<T>>, new: &'t Arc<Node<T>>) -> Diff<'t, T> {
        if Arc::ptr_eq(old, new) {
            return Diff { old: Walk { pending: Vec::new() }, new: Walk { pending: Vec::new() } };
        }
        Diff { old: Walk::new(old), new: Walk::new(new) }
    }
}

impl<'t, T: Item> Iterator for Diff<'t, T> {
    type Item = (Option<&'t T>, Option<&'t T>);

    fn next(&mut self) -> Option<Self::Item> {
        use Next::{Child, Item};
        let Diff { old, new } = self;
        loop {
            match (old.next(), new.next()) {
                (None, None) => return None,
                (Some(Child(..)), None) => old.open(),
                (None, Some(Child(..))) => new.open(),
                (Some(Item(gone)), None) => {
                    old.skip();
                    return Some((Some(gone), None));
                }
                (None, Some(Item(added))) => {
                    new.skip();
                    return Some((None, Some(added)));
                }
                (Some(Child(a, a_height)), Some(Child(b, b_height))) => {
                    if Arc::ptr_eq(&a.node, &b.node) {
                        old.skip();
                        new.skip();
                        continue;
                    }
                    let order = a.first.order(&b.first);
                    if order.is_lt() || (order.is_eq() && a_height >= b_height) {
                        old.open();
                    }
                    if order.is_gt() || (order.is_eq() && b_height >= a_height) {
                        new.open();
                    }
                }
                (Some(Item(a)), Some(Child(b, _))) => {
                    if a.order(&b.first).is_lt() {
                        old.skip();
                        return Some((Some(a), None));
                    }
                    new.open();
                }
                (Some(Child(a, _)), Some(Item(b))) => {
                    if b.order(&a.first).is_lt() {
                        new.skip();
                        return Some((None, Some(b)));
                    }
                    old.open();
                }
                (Some(Item(a)), Some(Item(b))) => {
                    let order = a.order(b);
                    if order.is_le() {
                        old.skip();
                    }
                    if order.is_ge() {
                        new.skip();
                    }
                    match order {
                        Ordering::Less => return Some((Some(a), None)),
                        Ordering::Greater => return Some((None, Some(b))),
                        Ordering::Equal if a.unchanged(b) => {}
                        Ordering::Equal => return Some((Some(a), Some(b))),
                    }
                }
            }
        }
    }
}

impl<'t, T> Walk<'t, T> {
    fn new(root: &'t Node<T>) -> Walk<'t, T> {
        let mut height = 0;
        let mut node = root;
        while let Node::Branch(children) = node
            && let Some(first) = children.first()
        {
            height += 1;
            node = &first.node;
        }
        let mut walk = Walk { pending: Vec::new() };
        walk.push(root, height);
        walk
    }

    fn push(&mut self, node: &'t Node<T>, height: usize) {
        self.pending.push(match node {
            Node::Leaf(items) => Pending::Items(items),
            Node::Branch(children) => Pending::Children(children, height.saturating_sub(1)),
        });
    }

    fn next(&mut self) -> Option<Next<'t, T>> {
        loop {
            match self.pending.last()? {
                Pending::Items([item, ..]) => return Some(Next::Item(item)),
                Pending::Children([child, ..], height) => return Some(Next::Child(child, *height)),
                _ => self.pending.pop(),
            };
        }
    }

    /// Leaves behind what the walk stands before.
    fn skip(&mut self) {
        match self.pending.last_mut() {
            Some(Pending::Items(items)) => *items = items.get(1..).unwrap_or_default(),
            Some(Pending::Children(children, _)) => *children = children.get(1..).unwrap_or_default(),
            None => {}
        }
    }

    /// Opens the node the walk stands before.
    fn open(&mut self) {
        if let Some(Next::Child(child, height)) = self.next() {
            self.skip();
            self.push(&child.node, height);
        }
    }
}
