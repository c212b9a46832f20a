//! Random numbers that are the same on every machine and in every run, and the texts a cluster makes of such.

use std::ops::RangeInclusive;

/// SplitMix64: one word of state, no dependency, and good enough for made-up clusters.
pub struct Random(u64);

/// What the API server makes name suffixes of: no vowels, so no words, and no digits that look like letters.
const SUFFIX: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Random {
    /// A stream of its own for every path of numbers, so that any object can be made without those before it.
    pub fn new(path: &[u64]) -> Random {
        let mut random = Random(0);
        for step in path {
            random.0 = random.word() ^ step;
        }
        random
    }

    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number under a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.word() % bound as u64) as usize
    }

    pub fn within(&mut self, range: RangeInclusive<usize>) -> usize {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    /// As likely between 10 and 20 as between 50 and 100: sizes are like that.
    pub fn size(&mut self, range: RangeInclusive<usize>) -> usize {
        let (low, high) = (*range.start() as f64, *range.end() as f64);
        let unit = (self.word() >> 11) as f64 / (1_u64 << 53) as f64;
        (low * (high / low).powf(unit)) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'t, T: ?Sized>(&mut self, texts: &[&'t T]) -> &'t T {
        texts[self.below(texts.len())]
    }

    fn letters(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }

    /// A suffix as controllers append it to the names they generate.
    pub fn suffix(&mut self, length: usize) -> String {
        self.letters(SUFFIX, length)
    }

    pub fn hex(&mut self, length: usize) -> String {
        self.letters(b"0123456789abcdef", length)
    }

    pub fn uid(&mut self) -> String {
        let variant = self.pick(&["8", "9", "a", "b"]);
        let (head, low, version) = (self.hex(8), self.hex(4), self.hex(3));
        format!("{head}-{low}-4{version}-{variant}{}-{}", self.hex(3), self.hex(12))
    }

    /// Base64 of so many bytes that nothing can be guessed of.
    pub fn base64(&mut self, bytes: usize) -> String {
        let mut text = self.letters(BASE64, bytes / 3 * 4);
        // The last sign before the padding has its low bits zero.
        let (signs, step, padding) = [(0, 1, ""), (1, 16, "=="), (2, 4, "=")][bytes % 3];
        if signs > 0 {
            text += &self.letters(BASE64, signs);
            text.push(char::from(BASE64[self.below(64 / step) * step]));
            text += padding;
        }
        text
    }

    /// A moment of the last two years.
    pub fn time(&mut self) -> String {
        let (year, month, day) = (self.within(2025..=2026), self.within(1..=12), self.within(1..=28));
        format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", self.below(24), self.below(60), self.below(60))
    }
}

/// The suffix that belongs to a number: another one for each of the first fourteen million.
pub fn distinct_suffix(number: usize) -> String {
    // Prime to 27, so that neighbours get suffixes that have nothing in common.
    let mut rest = number * 7_654_321 % 27_usize.pow(5);
    let mut text = String::new();
    for _ in 0..5 {
        text.push(char::from(SUFFIX[rest % 27]));
        rest /= 27;
    }
    text
}
