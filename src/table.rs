//! What the numbers in indexes stand for: a table whose nodes are shared between snapshots.
//!
//! Indexes keep numbers, so that copying one of their nodes touches no object, and a change of an object that keeps its
//! keys changes nothing but this table. Pure data: no lock, no clock, and nothing about Kubernetes.

mod trie;

use trie::Trie;

/// So many vacant places are no matter.
const FEW: usize = 1_024;

/// Values by number. Cloning shares everything; a change copies the few nodes on its way that are still shared.
#[derive(Clone)]
pub(crate) struct Table<T> {
    values: Trie<T>,
    /// One more than the largest number that was ever given.
    end: usize,
    /// The numbers below it that were given back, as a stack.
    vacant: Trie<u32>,
    vacancies: usize,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { values: Trie::default(), end: 0, vacant: Trie::default(), vacancies: 0 }
    }
}

impl<T> std::fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({})", self.end - self.vacancies)
    }
}

impl<T: Clone> Table<T> {
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.values.get(number as usize)
    }

    /// Gives a number to a value. Numbers end long after memory does.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let reused = self.vacancies.checked_sub(1).and_then(|top| Some((top, *self.vacant.get(top)?)));
        let number = match reused {
            Some((top, number)) => {
                self.vacant.set(top, None);
                self.vacancies = top;
                number
            }
            None => {
                self.end += 1;
                (self.end - 1) as u32
            }
        };
        self.values.set(number as usize, Some(value));
        number
    }

    /// Puts another value in the place of the one of a number.
    pub(crate) fn replace(&mut self, number: u32, value: T) {
        self.values.set(number as usize, Some(value));
    }

    /// Takes a value out. Its number may be given to another one.
    pub(crate) fn remove(&mut self, number: u32) {
        if self.values.set(number as usize, None).is_some() {
            self.vacant.set(self.vacancies, Some(number));
            self.vacancies += 1;
        }
    }

    /// Whether so many places are vacant that it is worth it to number all anew: most of them, and not just a few.
    pub(crate) fn is_sparse(&self) -> bool {
        self.vacancies > (self.end / 2).max(FEW)
    }

    /// All values, in the order of their numbers.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.values.iter_mut()
    }

    /// The numbers under which two tables have something else, or one of them nothing: what the older one has there, and
    /// this one. What they share is skipped, so the cost follows the number of differences.
    pub(crate) fn diff<'t>(
        &'t self,
        older: &'t Table<T>,
        same: impl Fn(&T, &T) -> bool,
    ) -> Vec<(Option<&'t T>, Option<&'t T>)> {
        self.values.diff(&older.values, same)
    }

    /// The bytes asked of the allocator for the nodes. O(n).
    pub(crate) fn bytes(&self) -> usize {
        self.values.bytes() + self.vacant.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Model = BTreeMap<u32, u64>;

    fn check(table: &Table<u64>, model: &Model) {
        let end = table.end as u32;
        assert_eq!((0..end + 99).filter_map(|number| Some((number, *table.get(number)?))).collect::<Model>(), *model);
        assert_eq!(table.vacancies, table.end - model.len());
        assert!(table.clone().iter_mut().map(|value| *value).eq(model.values().copied()));
    }

    fn run(table: &mut Table<u64>, model: &mut Model, changes: &[(u8, u32, u64)]) {
        for &(what, number, value) in changes {
            match model.keys().nth(number as usize % model.len().max(1)).copied() {
                Some(number) if what == 0 => {
                    table.remove(number);
                    model.remove(&number);
                }
                Some(number) if what == 1 => {
                    table.replace(number, value);
                    model.insert(number, value);
                }
                _ => assert_eq!(model.insert(table.insert(value), value), None),
            }
        }
    }

    fn changes() -> impl Strategy<Value = Vec<(u8, u32, u64)>> {
        prop::collection::vec((0..4u8, any::<u32>(), 0..9u64), 0..2_000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_table_holds_what_was_put_into_it_and_a_kept_clone_never_changes(before in changes(), after in changes()) {
            let (mut table, mut model) = (Table::default(), Model::new());
            run(&mut table, &mut model, &before);
            check(&table, &model);
            let (kept, kept_model) = (table.clone(), model.clone());
            run(&mut table, &mut model, &after);
            check(&table, &model);
            check(&kept, &kept_model);
            prop_assert_eq!(table.is_sparse(), table.vacancies > FEW && model.len() < table.end.div_ceil(2));

            let differences = |new: &Model, old: &Model| {
                let both = (0..4_000).map(|number| (old.get(&number).copied(), new.get(&number).copied()));
                both.filter(|(old, new)| old != new).collect::<Vec<_>>()
            };
            for (new, new_model, old, old_model) in
                [(&table, &model, &kept, &kept_model), (&kept, &kept_model, &table, &model)]
            {
                let told = new.diff(old, u64::eq).into_iter().map(|(old, new)| (old.copied(), new.copied()));
                prop_assert_eq!(told.collect::<Vec<_>>(), differences(new_model, old_model));
            }
        }
    }

    #[test]
    fn a_difference_skips_what_two_tables_share() {
        let mut table = Table::default();
        for value in 0..100_000u64 {
            assert_eq!(u64::from(table.insert(value)), value);
        }
        let older = table.clone();
        table.replace(50_000, 1);
        table.insert(2);
        let compared = std::cell::Cell::new(0);
        let same = |a: &u64, b: &u64| {
            compared.set(compared.get() + 1);
            a == b
        };
        assert_eq!(table.diff(&older, same), [(Some(&50_000), Some(&1)), (None, Some(&2))]);
        assert!(compared.get() < 100, "{} values compared for two changes", compared.get());
    }
}
