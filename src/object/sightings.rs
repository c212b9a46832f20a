//! What occurs more than once, and so is worth a place in the dictionary.
//!
//! While objects come one by one, that is what is seen again in other objects. When all objects there are packed anew, it
//! is what was counted before. Both are small tables of hashes in which what falls on the place of
//! another is taken for it, or takes its place: a mistake costs a few bytes and is never wrong.

use super::numbers::OVERHEAD;

pub(super) enum Sightings {
    Seen(Seen),
    Counted(Counted),
}

/// Hashes of what was seen, each with how often, up to 63 times, and a few bits that tell in which object last.
pub(super) struct Seen {
    places: Box<[u32]>,
    /// How many times something was seen for the first time.
    first: usize,
    /// How many places there may be.
    most: usize,
    /// Whether twice is enough for anything: soon all is counted and packed anew, and until then it is to be small.
    eager: bool,
}

/// Hashes of what occurs, each with how often, up to 255 times. What was seen twice keeps its place.
pub(super) struct Counted {
    places: Box<[u32]>,
}

const MIN: usize = 1 << 8;
const MAX: usize = 1 << 18;
/// How many times larger a dictionary is, once there is one.
const BESIDE: usize = 16;
/// How many more first sightings than places there are before the table grows.
const CROWDED: usize = 16;

/// For the first objects of a store.
impl Default for Sightings {
    fn default() -> Sightings {
        Sightings::Seen(Seen::new(MAX, true))
    }
}

impl Sightings {
    /// For a dictionary of so many bytes, beside which this stays small.
    pub(super) fn beside(bytes: usize) -> Sightings {
        Sightings::Seen(Seen::new((bytes / BESIDE / size_of::<u32>()).clamp(MIN, MAX), false))
    }

    /// Whether what is at hand, of about so many bytes, is to enter the dictionary. In a part of the dictionary only
    /// what was counted does.
    pub(super) fn admit(&mut self, hash: u64, object: u8, bytes: usize, in_part: bool) -> bool {
        match self {
            Sightings::Seen(seen) => {
                let count = if in_part { 0 } else { seen.see(hash, object) };
                pays(count, bytes) || (seen.eager && count > 1)
            }
            Sightings::Counted(counted) => pays(counted.get(hash), bytes),
        }
    }

    /// The bytes asked of the allocator.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Sightings::Seen(seen) => size_of_val(&*seen.places),
            Sightings::Counted(counted) => size_of_val(&*counted.places),
        }
    }
}

/// Whether what occurs so often and has about so many bytes is worth its place in the dictionary.
fn pays(count: usize, bytes: usize) -> bool {
    count > 1 && count * bytes > bytes + OVERHEAD
}

impl Seen {
    fn new(most: usize, eager: bool) -> Seen {
        Seen { places: vec![0; MIN].into(), first: 0, most, eager }
    }

    /// How often it was seen by now, not counting one object twice in a row.
    fn see(&mut self, hash: u64, object: u8) -> usize {
        let at = hash as usize & (self.places.len() - 1);
        let (what, object) = ((hash >> 44) as u32, u32::from(object) & 0x3f);
        let place = &mut self.places[at];
        let (other, last, count) = (*place >> 12, *place >> 6 & 0x3f, *place & 0x3f);
        let count = match count {
            1.. if other == what => (count + u32::from(last != object)).min(0x3f),
            _ => 1,
        };
        *place = what << 12 | object << 6 | count;
        if count == 1 {
            self.first += 1;
            if self.first > CROWDED * self.places.len() && 2 * self.places.len() <= self.most {
                // What was seen may be at either of the two places that its old one became.
                self.places = [&*self.places, &*self.places].concat().into();
            }
        }
        count as usize
    }
}

impl Counted {
    /// For objects of so many values, of which most are not worth remembering.
    pub(super) fn new(values: usize) -> Counted {
        Counted { places: vec![0; (values / CROWDED).next_power_of_two().clamp(MIN, MAX)].into() }
    }

    fn at(&self, hash: u64) -> usize {
        hash as usize & (self.places.len() - 1)
    }

    fn get(&self, hash: u64) -> usize {
        let place = self.places[self.at(hash)];
        if place >> 8 == (hash >> 40) as u32 { (place & 0xff) as usize } else { 0 }
    }

    /// Whether this is the first one.
    pub(super) fn count(&mut self, hash: u64) -> bool {
        let at = self.at(hash);
        let what = (hash >> 40) as u32;
        let place = &mut self.places[at];
        let (other, count) = (*place >> 8, *place & 0xff);
        if other == what && count > 0 {
            *place = what << 8 | (count + 1).min(0xff);
            return false;
        }
        if count <= 1 {
            *place = what << 8 | 1;
        }
        true
    }
}
