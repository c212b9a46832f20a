//! What was seen once: a small, forgetful table that tells what is seen again in another object.

/// Hashes of what was seen, each with a few bits that tell in which object. What falls on the place of another takes
/// it, so that nothing grows with what is seen.
#[derive(Default)]
pub(super) struct Sightings {
    places: Box<[u32]>,
}

const MIN: usize = 1 << 8;
const MAX: usize = 1 << 22;

impl Sightings {
    /// Makes room for about as much as is worth remembering for objects of so many bytes. What was seen before the
    /// table grew is forgotten.
    pub(super) fn size_for(&mut self, bytes: usize) {
        let wanted = (bytes / 128).next_power_of_two().clamp(MIN, MAX);
        if wanted > self.places.len() {
            self.places = vec![0; wanted].into();
        }
    }

    /// Whether this was seen before, in another object.
    pub(super) fn see(&mut self, hash: u64, object: u8) -> bool {
        let at = hash as usize & (self.places.len() - 1);
        let what = (hash >> 40) as u32;
        let place = &mut self.places[at];
        let seen = *place >> 8 == what && *place as u8 != object;
        *place = what << 8 | u32::from(object);
        seen
    }

    /// The bytes asked of the allocator.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.places)
    }
}
