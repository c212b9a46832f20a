//! An index against a map of the standard library.

use super::node::MAX;
use super::*;
use proptest::prelude::*;

impl Item for (u32, u32) {}

/// A letter that stands for as many elements as its number says.
#[derive(Clone, Debug, PartialEq)]
struct Group(u32, usize);

impl Item for Group {
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
            assert_eq!(
                tree.insert((key, value), |item| item.0.cmp(&key)),
                model.insert(key, value).map(|old| (key, old))
            );
        } else {
            let removed = tree.remove(|item| item.0.cmp(&key));
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
                tree.remove(|group: &Group| group.0.cmp(&key));
                model.remove(&key);
            } else {
                tree.insert(Group(key, weight), |group| group.0.cmp(&key));
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

fn leaves(node: &Node<(u32, u32)>) -> Vec<usize> {
    match node {
        Node::Leaf(items) => vec![items.len()],
        Node::Branch(children) => children.iter().flat_map(|child| leaves(&child.node)).collect(),
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

#[test]
fn what_is_filled_in_order_is_full() {
    let (mut tree, mut model) = (Tree::default(), Model::new());
    (0..8_000).for_each(|key| run(&mut tree, &mut model, &[(true, key, 0)]));
    let Node::Branch(branches) = &*tree.root else { panic!("a tree of one leaf") };
    let widths: Vec<usize> = branches.iter().map(|branch| branch.node.width()).collect();
    assert_eq!(widths, [MAX, 8_000 / MAX - MAX]);
    assert!(branches.iter().flat_map(|branch| leaves(&branch.node)).all(|leaf| leaf == MAX));
    check(&tree, &model);
}

#[test]
fn what_is_filled_backwards_after_a_full_leaf_is_not_a_leaf_each() {
    let (mut tree, mut model) = (Tree::default(), Model::new());
    (0..20 * MAX as u32).for_each(|key| run(&mut tree, &mut model, &[(true, key * 1_000, 0)]));
    let gap = (MAX as u32 - 1) * 1_000;
    (1..1_000).rev().for_each(|key| run(&mut tree, &mut model, &[(true, gap + key, 0)]));
    check(&tree, &model);
    let leaves = leaves(&tree.root);
    assert!(leaves.len() <= 20 + 2 * 1_000 / MAX + 1, "{leaves:?}");
}

#[test]
fn a_leaf_that_has_become_small_is_joined_with_its_neighbour_if_both_fit_into_one() {
    let (mut tree, mut model) = (Tree::default(), Model::new());
    // None but the first is put at the end.
    [96].into_iter().chain(0..96).for_each(|key| run(&mut tree, &mut model, &[(true, key * 10, 0)]));
    assert_eq!(leaves(&tree.root), [32, 32, 33]);
    let mut crowded = (tree.clone(), model.clone());

    // From the left, and from the right.
    for (keys, left) in [(0..16, vec![16, 32, 33]), (16..17, vec![47, 33]), (80..97, vec![47, 16]), (79..80, vec![62])]
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
