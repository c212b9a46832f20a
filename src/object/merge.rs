//! Packing what takes the place of something: most of it is usually as it was, and is taken over in the form it has. This
//! costs less than to look for a form, and finds out on the way whether there is a difference at all.

use std::sync::Arc;

use super::blob::TooLarge;
use super::digest::{Names, hidden_in, text_hash};
use super::pack::{Packer, Role};
use super::record::{Draft, Record};
use super::slot::{Slot, Tag};
use super::target::Target;
use super::value::{Kind, Text, ValueRef};

impl Packer {
    /// A record that keeps what the draft tells, in the place of an old one; `None` if it would look like that one.
    pub(crate) fn pack_over(&mut self, draft: &Draft<'_>, old: &Record) -> Option<Record> {
        let known = old.object.blob.dictionary().is_some_and(|own| Arc::ptr_eq(own, &self.dictionary));
        match old.body().filter(|_| known && draft.body.is_some()) {
            None if old.fits(draft) => None,
            None => Some(self.pack(draft)),
            Some(body) => {
                self.differs = false;
                let record = self.pack_with(draft, Some(ValueRef::content(&body.blob)));
                (self.differs || !old.fits_beside(draft)).then_some(record)
            }
        }
    }

    /// Writes a value that takes the place of an old one.
    pub(super) fn merge(
        &mut self,
        target: &mut Target,
        new: ValueRef<'_>,
        old: ValueRef<'_>,
        role: Role,
    ) -> Result<Slot, TooLarge> {
        let kind = new.kind();
        let taken = match kind {
            _ if kind != old.kind() => {
                self.differs = true;
                None
            }
            Kind::Null | Kind::Bool | Kind::Integer | Kind::Float => {
                self.differs |= new != old;
                Some(target.scalar(new)?)
            }
            Kind::String => match (Text::of(new), Text::of(old)) {
                (Some(text), Some(known)) if text == known => self.take_over(target, known, old.slot(), role)?,
                _ => {
                    self.differs = true;
                    None
                }
            },
            Kind::List | Kind::Map => match old.shared_number() {
                Some(number) => {
                    let identical = new.is_identical(old);
                    self.differs |= !identical && new != old;
                    (role == Role::Other && identical).then(|| Slot::new(Tag::Shared, number))
                }
                None if kind == Kind::List => Some(self.merge_lists(target, new, old, role)?),
                None => Some(self.merge_maps(target, new, old, role)?),
            },
        };
        match taken {
            Some(slot) => {
                self.values += 1;
                Ok(slot)
            }
            None => self.fresh(target, new, role),
        }
    }

    /// A text that is as it was, in the form it has; `None` if it may not have that here.
    fn take_over(
        &mut self,
        target: &mut Target,
        text: Text<'_>,
        slot: Slot,
        role: Role,
    ) -> Result<Option<Slot>, TooLarge> {
        let may_share = role != Role::Payload;
        match text {
            Text::Plain(text) => match slot.tag() {
                Tag::SharedText => Ok(may_share.then_some(slot)),
                _ => target.text(text, text_hash(&self.hasher, text)).map(Some),
            },
            Text::Packed(tag, bytes) => target.builder.packed(tag, bytes).map(Some),
            Text::Joined { start_slot, start, rest } => {
                let start_slot = match start_slot.tag() {
                    Tag::SharedText if may_share => start_slot,
                    _ => target.text(start, text_hash(&self.hasher, start))?,
                };
                target.builder.joined(start_slot, rest).map(Some)
            }
        }
    }

    fn merge_lists(
        &mut self,
        target: &mut Target,
        new: ValueRef<'_>,
        old: ValueRef<'_>,
        role: Role,
    ) -> Result<Slot, TooLarge> {
        self.differs |= new.len() != old.len();
        let first = self.slots.len();
        let mut before = old.items();
        for item in new.items() {
            let slot = match before.next() {
                Some(before) => self.merge(target, item, before, role.below(b"", &[]))?,
                None => self.fresh(target, item, role.below(b"", &[]))?,
            };
            self.slots.push(slot);
        }
        let list = target.builder.list(&self.slots[first..]);
        self.slots.truncate(first);
        list
    }

    fn merge_maps(
        &mut self,
        target: &mut Target,
        new: ValueRef<'_>,
        old: ValueRef<'_>,
        role: Role,
    ) -> Result<Slot, TooLarge> {
        let hidden = hidden_in(new, role == Role::Root);
        let first = self.slots.len();
        let mut same_names = true;
        let mut before = old.fields().peekable();
        for (name, member) in new.fields() {
            let role = role.below(name, hidden);
            while before.next_if(|(other, _)| *other < name).is_some() {
                same_names = false;
            }
            let slot = match before.next_if(|(other, _)| *other == name) {
                Some((_, before)) => self.merge(target, member, before, role)?,
                None => {
                    same_names = false;
                    self.fresh(target, member, role)?
                }
            };
            self.slots.push(slot);
        }
        same_names &= before.next().is_none();
        self.differs |= !same_names;
        let map = match old.shape_number().filter(|_| same_names) {
            Some(shape) => target.builder.shaped(shape, &self.slots[first..]),
            None => {
                let mut names = Names::new(&self.hasher);
                new.fields().for_each(|(name, _)| names.add(name));
                self.map(target, new, names.finish(), first)
            }
        };
        self.slots.truncate(first);
        map
    }
}

#[cfg(test)]
mod tests {
    use super::super::pack::tests::{object, value};
    use super::super::record::Keys;
    use super::super::{IndexKey, Object};
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Packs an object in the place of an old record, or by itself.
    fn pack(packer: &mut Packer, body: &Object, keys: &[IndexKey], old: Option<&Record>) -> Option<Record> {
        let name = body.name().unwrap();
        let (keys, version) = ([Keys::Found(keys)], body.resource_version());
        let draft = Draft {
            name: name.as_name_ref(),
            uid: None,
            version: version.as_ref(),
            keys: &keys,
            body: Some(body),
            identity: None,
        };
        match old {
            Some(old) => packer.pack_over(&draft, old),
            None => Some(packer.pack(&draft)),
        }
    }

    /// The same with some values somewhere exchanged for others.
    fn edited(value: &Value, edits: &mut impl Iterator<Item = (u8, Value)>) -> Value {
        match (edits.next(), value) {
            (Some((0, other)), _) => other,
            (Some((1, other)), Value::Object(map)) => {
                let mut map = map.clone();
                map.insert("added".into(), other);
                map.into()
            }
            (Some((2, _)), Value::Object(map)) => map.clone().into_iter().skip(1).collect(),
            (Some((1, other)), Value::Array(list)) => [other].into_iter().chain(list.clone()).collect(),
            (Some((2, _)), Value::Array(list)) => list.iter().skip(1).cloned().collect(),
            (_, Value::Object(map)) => map.iter().map(|(name, value)| (name.clone(), edited(value, edits))).collect(),
            (_, Value::Array(list)) => list.iter().map(|value| edited(value, edits)).collect(),
            (_, value) => value.clone(),
        }
    }

    proptest! {
        #[test]
        fn what_is_packed_in_the_place_of_something_reads_as_what_it_was_and_is_none_if_nothing_differs(
            contents in prop::collection::vec(value(), 1..4),
            edits in prop::collection::vec((0..30u8, value()), 0..60),
            kinds in prop::array::uniform2(prop_oneof![Just("Secret"), Just("ConfigMap")]),
            keys in prop::array::uniform2("[a-c]{1,9}"),
        ) {
            let mut packer = Packer::new([("by-key".into(), 1)]);
            let mut edits = edits.into_iter();
            let keys = keys.map(|key| [IndexKey::new([key])]);
            for at in 0..3 * contents.len() {
                let content = &contents[at % contents.len()];
                let old = pack(&mut packer, &object(at, kinds[0], content), &keys[0], None).unwrap();
                let new = object(at, kinds[1], &edited(content, &mut edits));
                let merged = pack(&mut packer, &new, &keys[1], Some(&old));
                let same = kinds[0] == kinds[1] && old.body() == Some(&new) && keys[0] == keys[1];
                prop_assert_eq!(merged.is_none(), same);
                let Some(merged) = merged else { continue };
                prop_assert_eq!(merged.body(), Some(&new));
                prop_assert_eq!(merged.body().unwrap().to_value(), new.to_value());
                prop_assert_eq!(merged.index_key(0, 0), keys[1][0].clone());
                let alone = pack(&mut packer, &new, &keys[1], None).unwrap();
                prop_assert!(merged.looks_like(&alone) && alone.looks_like(&merged));
                prop_assert!(pack(&mut packer, &new, &keys[1], Some(&merged)).is_none());
            }
        }
    }

    /// What is in the dictionary of the members of an object's data.
    fn shared(record: &Record) -> Vec<bool> {
        let data = record.body().unwrap().root().member("data").unwrap();
        let slot = |name: &str| data.member(name).unwrap().slot().tag();
        let list = data.member("list").unwrap();
        vec![data.shared_number().is_some() || list.shared_number().is_some(), slot("password") == Tag::SharedText]
    }

    #[test]
    fn what_stays_the_same_keeps_its_form_and_what_was_open_is_not_taken_over_where_it_is_hidden() {
        let content = |at: usize| {
            let text = "an-open-secret-of-everybody";
            json!({"password": text, "list": [{"a": "a-text-of-some-length"}], "joined": format!("{text}-{at}"), "at": at})
        };
        let mut packer = Packer::new([("by-key".into(), 1)]);
        let of = |at: usize, kind: &str| object(at, kind, &content(at));
        let records: Vec<Record> =
            (0..9).map(|at| pack(&mut packer, &of(at, "ConfigMap"), &[], None).unwrap()).collect();
        let old = &records[8];
        assert_eq!(shared(old), [true, true]);
        let open = pack(&mut packer, &of(8, "Other"), &[], Some(old)).unwrap();
        let hidden = pack(&mut packer, &of(8, "Secret"), &[], Some(old)).unwrap();
        assert_eq!((shared(&open), shared(&hidden)), (vec![true, true], vec![false, false]));
        let joined = |record: &Record| {
            let data = record.body().unwrap().root().member("data").unwrap();
            Text::of(data.member("joined").unwrap()).map(|text| match text {
                Text::Joined { start_slot, .. } => start_slot.tag() == Tag::SharedText,
                _ => false,
            })
        };
        assert_eq!((joined(&open), joined(&hidden)), (joined(old), Some(false)));
        let back = pack(&mut packer, &of(8, "ConfigMap"), &[], Some(&hidden)).unwrap();
        assert_eq!(back.body().unwrap().to_value(), old.body().unwrap().to_value());
    }

    #[test]
    fn zeros_of_different_signs_are_equal_and_print_as_they_were_written() {
        let mut packer = Packer::new([("by-key".into(), 1)]);
        let of = |at: usize, zero: f64, more: usize| {
            object(
                at,
                "Other",
                &json!({"a-list-of-some-length": [zero, zero, zero, "a-text", zero], "at": at, "more": more}),
            )
        };
        let records: Vec<Record> = (0..9).map(|at| pack(&mut packer, &of(at, 0.0, 0), &[], None).unwrap()).collect();
        let list = |record: &Record| {
            record.body().unwrap().root().member("data").unwrap().member("a-list-of-some-length").unwrap().share()
        };
        assert!(list(&records[8]).value().shared_number().is_some());
        let new = pack(&mut packer, &of(8, -0.0, 1), &[], Some(&records[8])).unwrap();
        assert_eq!(list(&new).value().to_value().to_string(), r#"[-0.0,-0.0,-0.0,"a-text",-0.0]"#);
        assert!(pack(&mut packer, &of(8, -0.0, 0), &[], Some(&records[8])).is_none());
    }
}
