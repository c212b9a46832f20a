//! Reads: what a query finds.

use std::cmp::Ordering;
use std::ops::Range;

use super::State;
use crate::indexer::KeyProblem;
use crate::snapshot::entry::Posting;
use crate::snapshot::{Error, List, Query};
use crate::{IndexKey, NameRef};

impl State {
    pub(in crate::snapshot) fn list(&self) -> List {
        self.named(0..self.len())
    }

    fn named(&self, range: Range<usize>) -> List {
        List::names(self.entries.clone(), self.names.clone(), range)
    }

    pub(in crate::snapshot) fn get(&self, query: &Query<'_>) -> Result<List, Error> {
        let position = self.check(query)?;
        let list = match query.prefix {
            [] => self.list(),
            [namespace] if self.is_by_name(position) => self.named(self.namespace(namespace)),
            [namespace, name] if self.is_by_name(position) => {
                List::one(self.entry(NameRef::new(namespace, name)).cloned())
            }
            prefix => {
                let tree = &self.indexes[position][prefix.len() - 1];
                List::postings(self.entries.clone(), tree.clone(), tree.equal_range(self.prefixed(position, prefix)))
            }
        };
        match query.labels.filter(|labels| !labels.is_empty()) {
            None => Ok(list),
            Some(labels) if self.schema.drops_labels() => Err(Error::NoLabels { selector: labels.to_string() }),
            Some(labels) if !self.schema.keeps_labels() => Err(Error::LabelsElsewhere { selector: labels.to_string() }),
            Some(labels) => {
                Ok(list.filtered(|entry| entry.object().is_some_and(|object| labels.matches(|key| object.label(key)))))
            }
        }
    }

    pub(in crate::snapshot) fn keys(&self, query: &Query<'_>) -> Result<Vec<IndexKey>, Error> {
        let position = self.check(query)?;
        if self.is_by_name(position) {
            let names = self.get(&Query { labels: None, ..*query })?;
            return Ok(names
                .iter()
                .map(|entry| IndexKey::new([entry.name().namespace(), entry.name().name()]))
                .collect());
        }
        let Some(tree) = self.indexes[position].last() else { return Ok(Vec::new()) };
        let Range { mut start, end } = tree.equal_range(self.prefixed(position, query.prefix));
        let mut keys = Vec::new();
        while start < end {
            let Some(Posting { number, key }) = tree.at(start) else { break };
            let Some(entry) = self.entries.get(*number) else { break };
            let found = entry.index_key(position, (*key).into());
            let components: Vec<&str> = found.components().collect();
            start = tree.equal_range(self.prefixed(position, &components)).end;
            keys.push(found);
        }
        Ok(keys)
    }

    /// Compares the first components of a posting in an index with a prefix; one that starts with it is equal to it.
    fn prefixed<'p>(&'p self, index: usize, prefix: &'p [&str]) -> impl Fn(&Posting) -> Ordering + 'p {
        move |posting| {
            let entry = self.entries.get(posting.number);
            let own = entry.into_iter().flat_map(|entry| entry.key(index, posting.key.into(), prefix.len()));
            own.cmp(prefix.iter().map(|component| component.as_bytes()))
        }
    }

    pub(in crate::snapshot) fn unindexed(
        &self,
        index: &str,
    ) -> Result<impl Iterator<Item = (NameRef<'_>, KeyProblem)>, Error> {
        let position = self.position(index)?;
        let by_name = self.is_by_name(position);
        let entries = self.range(0..if by_name { 0 } else { self.len() });
        Ok(entries.filter_map(move |entry| Some((entry.name(), entry.problem(position)?))))
    }

    fn is_by_name(&self, position: usize) -> bool {
        self.schema.indexes()[position].is_by_name()
    }

    pub(super) fn position(&self, index: &str) -> Result<usize, Error> {
        let unknown = || Error::UnknownIndex { index: index.to_owned(), known: self.schema.names() };
        self.schema.position(index).ok_or_else(unknown)
    }

    fn check(&self, query: &Query<'_>) -> Result<usize, Error> {
        let position = self.position(query.index)?;
        let (given, declared) = (query.prefix.len(), self.schema.indexes()[position].components());
        if given > declared {
            return Err(Error::TooManyComponents { index: query.index.to_owned(), given, declared });
        }
        Ok(position)
    }
}
