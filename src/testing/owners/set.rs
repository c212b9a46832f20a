//! Sets of fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::path::{NoStep, Step};

/// A set of paths in a value. A path and what is below it are members on their own: owning `.data` is not owning
/// `.data.a`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::testing) struct FieldSet {
    members: BTreeSet<Step>,
    /// Never an empty set among them.
    children: BTreeMap<Step, FieldSet>,
}

impl FieldSet {
    /// The empty path is no member of any set: nobody owns a whole object.
    pub(in crate::testing) fn insert(&mut self, path: &[Step]) {
        match path {
            [] => {}
            [last] => drop(self.members.insert(last.clone())),
            [first, rest @ ..] => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    /// The set of these paths, each of names of fields.
    pub(in crate::testing) fn of_fields<'p>(paths: impl IntoIterator<Item = &'p [&'p str]>) -> Self {
        let mut set = FieldSet::default();
        for path in paths {
            set.insert(&path.iter().map(|name| Step::field(*name)).collect::<Vec<_>>());
        }
        set
    }

    pub(super) fn insert_member(&mut self, step: Step) {
        self.members.insert(step);
    }

    pub(super) fn insert_below(&mut self, step: Step, below: FieldSet) {
        if !below.is_empty() {
            self.children.insert(step, below);
        }
    }

    pub(in crate::testing) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.is_empty()
    }

    pub(in crate::testing) fn contains(&self, path: &[Step]) -> bool {
        match path {
            [] => false,
            [last] => self.members.contains(last),
            [first, rest @ ..] => self.children.get(first).is_some_and(|below| below.contains(rest)),
        }
    }

    pub(super) fn has_member(&self, step: &Step) -> bool {
        self.members.contains(step)
    }

    pub(super) fn below(&self, step: &Step) -> Option<&FieldSet> {
        self.children.get(step)
    }

    pub(super) fn children(&self) -> impl Iterator<Item = (&Step, &FieldSet)> {
        self.children.iter()
    }

    /// All paths, those of one level before those below.
    pub(in crate::testing) fn paths(&self) -> Vec<Vec<Step>> {
        let mut paths = Vec::new();
        self.collect(&mut Vec::new(), &mut paths);
        paths
    }

    fn collect(&self, prefix: &mut Vec<Step>, paths: &mut Vec<Vec<Step>>) {
        for step in &self.members {
            paths.push(prefix.iter().chain([step]).cloned().collect());
        }
        for (step, below) in &self.children {
            prefix.push(step.clone());
            below.collect(prefix, paths);
            prefix.pop();
        }
    }

    pub(in crate::testing) fn union(&self, other: &FieldSet) -> FieldSet {
        let mut union = self.clone();
        union.extend(other);
        union
    }

    /// Puts the fields of another set in this one.
    pub(super) fn extend(&mut self, other: &FieldSet) {
        self.members.extend(other.members.iter().cloned());
        for (step, below) in &other.children {
            match self.children.get_mut(step) {
                Some(mine) => mine.extend(below),
                None => drop(self.children.insert(step.clone(), below.clone())),
            }
        }
    }

    /// The members themselves, without what is below.
    pub(super) fn shallow(&self) -> FieldSet {
        FieldSet { members: self.members.clone(), children: BTreeMap::new() }
    }

    pub(super) fn is_within(&self, other: &FieldSet) -> bool {
        let children =
            |(step, below): (&Step, &FieldSet)| other.children.get(step).is_some_and(|others| below.is_within(others));
        self.members.is_subset(&other.members) && self.children.iter().all(children)
    }

    pub(in crate::testing) fn intersection(&self, other: &FieldSet) -> FieldSet {
        FieldSet {
            members: self.members.intersection(&other.members).cloned().collect(),
            children: self.non_empty(|step, below| other.children.get(step).map(|other| below.intersection(other))),
        }
    }

    pub(in crate::testing) fn difference(&self, other: &FieldSet) -> FieldSet {
        FieldSet {
            members: self.members.difference(&other.members).cloned().collect(),
            children: self.non_empty(|step, below| {
                Some(other.children.get(step).map_or_else(|| below.clone(), |other| below.difference(other)))
            }),
        }
    }

    /// The difference, with a member of `other` taking all that is below it along.
    pub(in crate::testing) fn without(&self, other: &FieldSet) -> FieldSet {
        FieldSet {
            members: self.members.difference(&other.members).cloned().collect(),
            children: self.non_empty(|step, below| match other.children.get(step) {
                _ if other.members.contains(step) => None,
                Some(other) => Some(below.without(other)),
                None => Some(below.clone()),
            }),
        }
    }

    fn non_empty(&self, child: impl Fn(&Step, &FieldSet) -> Option<FieldSet>) -> BTreeMap<Step, FieldSet> {
        let children = self.children.iter().filter_map(|(step, below)| Some((step.clone(), child(step, below)?)));
        children.filter(|(_, below)| !below.is_empty()).collect()
    }

    /// What stands in `fieldsV1`: a member is `{}`, one with members below it has a member `.` besides theirs.
    pub(in crate::testing) fn to_v1(&self) -> Value {
        let mut object: Map<String, Value> = self.members.iter().map(|step| (step.to_v1(), json!({}))).collect();
        for (step, below) in &self.children {
            let mut below = below.to_v1();
            if self.members.contains(step) {
                below["."] = json!({});
            }
            object.insert(step.to_v1(), below);
        }
        Value::Object(object)
    }

    /// Reads `fieldsV1`. Steps of unknown kinds are left out.
    pub(in crate::testing) fn from_v1(value: &Value) -> Result<Self, NoStep> {
        let mut set = FieldSet::default();
        if !value.is_object() && !value.is_null() {
            return Err(NoStep::value(value));
        }
        for (name, below) in value.as_object().into_iter().flatten().filter(|(name, _)| *name != ".") {
            let Some(step) = Step::from_v1(name)? else { continue };
            let children = FieldSet::from_v1(below)?;
            if children.is_empty() || below.get(".").is_some() {
                set.members.insert(step.clone());
            }
            set.insert_below(step, children);
        }
        Ok(set)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(paths: &[&[&str]]) -> FieldSet {
        FieldSet::of_fields(paths.iter().copied())
    }

    #[test]
    fn members_with_members_below_have_a_dot() {
        let mut set = set(&[&["data"], &["data", "oak"], &["spec", "height"]]);
        set.insert(&[Step::field("spec"), Step::Value(json!("x"))]);
        let v1 = json!({"f:data": {".": {}, "f:oak": {}}, "f:spec": {"f:height": {}, "v:\"x\"": {}}});
        assert_eq!(set.to_v1(), v1);
        assert_eq!(FieldSet::from_v1(&v1), Ok(set));
    }

    #[test]
    fn a_parent_and_its_children_are_members_on_their_own() {
        let (parent, child) = (set(&[&["a"]]), set(&[&["a", "b"]]));
        assert_eq!(parent.difference(&child), parent);
        assert_eq!(child.difference(&parent), child);
        assert_eq!(child.intersection(&parent), FieldSet::default());
        assert_eq!(child.without(&parent), FieldSet::default());
        assert_eq!(parent.without(&child), parent);
    }

    #[test]
    fn paths_of_one_level_come_before_those_below() {
        let shown: Vec<_> = set(&[&["a", "b"], &["c"], &["a"]])
            .paths()
            .iter()
            .map(|path| super::super::path::shown_path(path))
            .collect();
        assert_eq!(shown, [".a", ".c", ".a.b"]);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(FieldSet::from_v1(&json!({"data": {}})).is_err());
        assert_eq!(FieldSet::from_v1(&json!({"f:a": {"z:b": {}}})), Ok(set(&[&["a"]])));
    }

    /// Sets of few names, so that they meet.
    pub(in crate::testing::owners) fn sets() -> impl Strategy<Value = FieldSet> {
        let step = prop_oneof![
            "[a-c]".prop_map(Step::Field),
            (0..3i64).prop_map(|n| Step::Value(json!(n))),
            "[a-c]".prop_map(|name| Step::Key([("name".to_owned(), json!(name))].into())),
        ];
        let paths = proptest::collection::vec(proptest::collection::vec(step, 1..4), 0..8);
        paths.prop_map(|paths| {
            let mut set = FieldSet::default();
            paths.iter().for_each(|path| set.insert(path));
            set
        })
    }

    proptest! {
        #[test]
        fn sets_obey_the_laws_of_sets(a in sets(), b in sets(), c in sets()) {
            prop_assert_eq!(a.union(&b), b.union(&a));
            prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)));
            prop_assert_eq!(a.intersection(&b), a.difference(&a.difference(&b)));
            prop_assert_eq!(a.difference(&b).union(&a.intersection(&b)), a.clone());
            prop_assert_eq!(a.intersection(&b.union(&c)), a.intersection(&b).union(&a.intersection(&c)));
            prop_assert!(a.difference(&b).intersection(&b).is_empty());
            prop_assert_eq!(a.difference(&a), FieldSet::default());
            prop_assert_eq!(a.is_within(&b), a.difference(&b).is_empty());
            prop_assert!(a.is_within(&a.union(&b)));
        }

        #[test]
        fn sets_come_back_from_what_is_kept(set in sets()) {
            prop_assert_eq!(FieldSet::from_v1(&set.to_v1()), Ok(set));
        }

        #[test]
        fn a_set_is_its_paths(set in sets()) {
            let mut again = FieldSet::default();
            for path in set.paths() {
                prop_assert!(set.contains(&path));
                again.insert(&path);
            }
            prop_assert_eq!(again, set);
        }
    }
}
