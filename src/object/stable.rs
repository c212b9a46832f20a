//! A list that only grows: what is in it never moves, so that readers need no lock while one writer adds to it.

use std::sync::OnceLock;

/// The first two chunks have so many places each; each further two have twice as many as the two before.
const FIRST: usize = 16;
const CHUNKS: usize = 40;

type Chunk<T> = Box<[OnceLock<T>]>;

pub(super) struct Stable<T> {
    chunks: [OnceLock<Chunk<T>>; CHUNKS],
}

impl<T> Default for Stable<T> {
    fn default() -> Stable<T> {
        Stable { chunks: [const { OnceLock::new() }; CHUNKS] }
    }
}

impl<T> Stable<T> {
    /// How many there can be.
    pub(super) const LIMIT: usize = 2 * FIRST * ((1 << (CHUNKS / 2)) - 1);

    /// What is at a position; only what was added may be asked for.
    pub(super) fn get(&self, position: usize) -> Option<&T> {
        let (chunk, at) = place(position);
        self.chunks.get(chunk)?.get()?.get(at)?.get()
    }

    /// Puts something at a position, where nothing was before.
    pub(super) fn set(&self, position: usize, value: T) {
        let (chunk, at) = place(position);
        let new = || (0..size(chunk)).map(|_| OnceLock::new()).collect();
        let vacant = self.chunks[chunk].get_or_init(new)[at].set(value).is_ok();
        debug_assert!(vacant);
    }

    /// The bytes asked of the allocator for so many places.
    pub(super) fn bytes(count: usize) -> usize {
        let chunks = if count == 0 { 0 } else { place(count - 1).0 + 1 };
        (0..chunks).map(size).sum::<usize>() * size_of::<OnceLock<T>>()
    }
}

/// The number of places of a chunk.
fn size(chunk: usize) -> usize {
    FIRST << (chunk / 2)
}

/// The chunk of a position, and the place in it.
fn place(position: usize) -> (usize, usize) {
    let pair = (position / (2 * FIRST) + 1).ilog2() as usize;
    let within = position - 2 * FIRST * ((1 << pair) - 1);
    (2 * pair + within / size(2 * pair), within % size(2 * pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_has_a_place_of_its_own_and_bytes_are_what_was_allocated() {
        let list = Stable::default();
        (0..1_000).for_each(|position| list.set(position, position));
        assert!((0..1_000).all(|position| list.get(position) == Some(&position)));
        assert_eq!((list.get(1_000), list.get(10_000_000)), (None, None));
        let allocated: usize =
            list.chunks.iter().filter_map(|chunk| chunk.get()).map(|chunk| size_of_val(&**chunk)).sum();
        assert_eq!(Stable::<usize>::bytes(1_000), allocated);
    }
}
