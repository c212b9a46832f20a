//! Chance that can be repeated.

use std::hash::{BuildHasher, RandomState};

pub struct Random(u64);

impl Random {
    /// From a [seed](Random::seed) that is printed, which shows when the test fails.
    pub fn new() -> Random {
        let seed = Random::seed();
        println!("SEED={seed}");
        Random(seed)
    }

    /// `SEED`, or another one each time.
    pub fn seed() -> u64 {
        let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        seed.unwrap_or_else(|| RandomState::new().hash_one(()))
    }

    /// From a number that is known.
    pub fn seeded(seed: u64) -> Random {
        Random(seed)
    }

    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub fn pick<'a, T: ?Sized>(&mut self, among: &[&'a T]) -> &'a T {
        among[self.below(among.len())]
    }

    pub fn shuffled<T>(&mut self, items: impl IntoIterator<Item = T>) -> Vec<T> {
        let mut items: Vec<T> = items.into_iter().collect();
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
        items
    }

    /// A name that nothing else has.
    pub fn word(&mut self) -> String {
        format!("n{:x}", self.next())
    }

    /// A name as Kubernetes allows it: short, so that one is often the beginning of another.
    pub fn name(&mut self) -> String {
        let first = self.pick(&["a", "b", "web", "x0"]).to_owned();
        (0..self.below(4)).fold(first, |name, _| name + self.pick(&["-a", "a", ".b", "-0", "9", "z"]))
    }
}
