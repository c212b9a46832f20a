//! Texts: in a few bytes, from the dictionary, or as they are.

use super::{Packer, Role};
use crate::object::blob::TooLarge;
use crate::object::digest::text_hash;
use crate::object::packed::pack;
use crate::object::slot::{Slot, Tag};
use crate::object::target::Target;

/// How long the start of a text is that may be shared: shorter ones are not worth it.
const MIN_START: usize = 8;

/// How long a text is, at most, of which that is tried: as long as a name.
const MAX_JOINED: usize = 256;

impl Packer {
    /// A text that is compared, and so is kept as it is.
    pub(super) fn plain_text(&mut self, target: &mut Target, text: &str) -> Result<Slot, TooLarge> {
        self.text(target, text.as_bytes(), self.text_hash(text.as_bytes()), Role::Identity)
    }

    pub(super) fn text_hash(&self, text: &[u8]) -> u64 {
        text_hash(&self.hasher, text)
    }

    pub(super) fn text(&mut self, target: &mut Target, text: &[u8], hash: u64, role: Role) -> Result<Slot, TooLarge> {
        if let Some(slot) = Slot::short(text) {
            return Ok(slot);
        }
        if role != Role::Identity
            && let Some(tag) = pack(text, &mut self.packed)
        {
            return target.builder.packed(tag, &self.packed);
        }
        if role == Role::Payload {
            return target.text(text, hash);
        }
        if let Some(number) = self.find_text(text, hash) {
            return Ok(Slot::new(Tag::SharedText, number));
        }
        if self.sightings.admit(hash, self.object, text.len(), target.part)
            && let Some(number) = self.add_text(hash, text)
        {
            return Ok(Slot::new(Tag::SharedText, number));
        }
        if role == Role::Other
            && let Some(slot) = self.joined(target, text)?
        {
            return Ok(slot);
        }
        target.text(text, hash)
    }

    /// A text that begins as others do: up to the last `-`, as the names of what is generated.
    pub(super) fn joined(&mut self, target: &mut Target, text: &[u8]) -> Result<Option<Slot>, TooLarge> {
        let dash = || text.iter().rposition(|byte| *byte == b'-');
        let end = (text.len() <= MAX_JOINED).then(dash).flatten().filter(|end| *end >= MIN_START);
        let Some((start, rest)) = end.map(|end| text.split_at(end + 1)) else { return Ok(None) };
        let hash = self.text_hash(start);
        let slot = match self.find_text(start, hash) {
            Some(number) => Slot::new(Tag::SharedText, number),
            None if target.begins(start, hash) => target.text(start, hash)?,
            None => return Ok(None),
        };
        target.builder.joined(slot, rest).map(Some)
    }

    /// The name of a member, which is shared like a text, but never in the slot itself.
    pub(super) fn name(&mut self, target: &mut Target, name: &[u8]) -> Result<Slot, TooLarge> {
        let hash = self.text_hash(name);
        match name.len() {
            ..=Slot::MAX_SHORT => target.name(name, hash),
            _ => self.text(target, name, hash, Role::Identity),
        }
    }
}
