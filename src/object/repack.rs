//! Packing all objects of a store anew: what was shared and is not any more goes, and what could be shared is.

use super::digest::{digest, hidden};
use super::pack::{Packer, Role};
use super::record::{Draft, Keys, Record};
use super::sightings::{Counted, Sightings};
use super::value::{Kind, ValueRef};

/// What it was like when all was packed anew.
#[derive(Clone, Copy, Default)]
pub(super) struct Then {
    records: usize,
    /// How many values there were.
    values: usize,
    /// The size of the records, and of the dictionary.
    content: usize,
    bytes: usize,
    /// How often all was packed anew.
    times: usize,
    /// Whether it is to be again, whatever was packed since.
    due: bool,
}

/// With fewer records than that it is not worth it because there are more than there were.
const MIN_RECORDS: usize = 512;
/// By so many bytes the dictionary may have grown in any case.
const MIN_BYTES: usize = 4 << 10;

impl Packer {
    /// Whether it is worth it: there are many more records than there were, or much fewer, or the dictionary has grown by
    /// an eighth, while half as many values were packed as there were, or by a quarter of the size of everything. After a
    /// reset no more are expected soon, and so half as many new ones are enough.
    pub(crate) fn is_due(&self, records: usize, reset: bool) -> bool {
        let then = self.then;
        let few = then.records.max(MIN_RECORDS);
        let grown = records >= if reset { few + few / 2 } else { 4 * few };
        let shrunk = records < then.records / 2 && (then.records > MIN_RECORDS || then.bytes > 4 * MIN_BYTES);
        let swollen = self.size().saturating_sub(then.bytes + MIN_BYTES);
        let paid = self.values > then.values + then.values / 2 || swollen > (then.content + then.bytes) / 4;
        then.due || grown || shrunk || (swollen > then.bytes / 8 && paid)
    }

    /// How often all was packed anew. What was packed before the last time holds a dictionary of its own alive.
    pub(crate) fn renewals(&self) -> usize {
        self.then.times
    }

    /// Lets all be packed anew as soon as possible.
    pub(crate) fn make_due(&mut self) {
        self.then.due = true;
    }

    /// Packs all records anew, with a dictionary of what occurs more than once in them, and nothing else.
    pub(crate) fn repack<'r>(&mut self, records: impl Iterator<Item = &'r mut Record>) {
        let mut records: Vec<&mut Record> = records.collect();
        // What was seen makes room for what is counted.
        self.sightings = Sightings::default();
        let mut fresh = Packer::new(self.dictionary.indexes.iter().cloned());
        let mut counted = Counted::new(self.values);
        for record in &records {
            if let Some(body) = record.body() {
                let content = ValueRef::content(&body.blob);
                fresh.digests.clear();
                digest(&fresh.hasher, &mut fresh.digests, content);
                fresh.count(&mut counted, content, &mut 0, Role::Root);
            }
        }
        fresh.sightings = Sightings::Counted(counted);
        let mut content = 0;
        for record in &mut records {
            **record = fresh.pack_again(record);
            content += record.bytes();
        }
        fresh.sightings = Sightings::beside(fresh.size());
        fresh.then = Then {
            records: records.len(),
            values: fresh.values,
            content,
            bytes: fresh.size(),
            times: self.then.times + 1,
            due: false,
        };
        *self = fresh;
    }

    /// Counts what may enter the dictionary. What contains and was counted before is not looked into again: once in the
    /// dictionary, it is there with all it contains.
    fn count(&self, counted: &mut Counted, value: ValueRef<'_>, at: &mut usize, role: Role) {
        let digest = self.digests[*at];
        let end = *at + digest.values as usize;
        *at += 1;
        let hidden = hidden(value, digest, role == Role::Root);
        match value.kind() {
            Kind::String if role != Role::Payload => {
                counted.count(digest.hash);
            }
            Kind::List | Kind::Map if role == Role::Other && !digest.hides && !counted.count(digest.hash) => *at = end,
            Kind::List => value.items().for_each(|item| self.count(counted, item, at, role.below(b"", hidden))),
            Kind::Map => {
                counted.count(digest.shape);
                value.fields().for_each(|(name, member)| self.count(counted, member, at, role.below(name, hidden)));
            }
            _ => {}
        }
    }

    pub(super) fn pack_again(&mut self, record: &Record) -> Record {
        let (name, version, uid) = (record.name(), record.version(), record.given_uid());
        let keys = |index| match record.absent(index) {
            Some(reason) => Keys::Absent(reason.into()),
            None => Keys::Of(record, index),
        };
        let keys: Vec<Keys<'_>> = (0..record.indexes().len()).map(keys).collect();
        let identity = Some(record.object.blob.identity());
        self.pack(&Draft { name, uid, version: version.as_ref(), keys: &keys, body: record.body(), identity })
    }
}
