//! What the memory of this crate may come to, for the generated objects: more than that is a step back.

use crate::footprint::Footprint;
use crate::replacement::Replacement;

/// How much of its text an object of a kind may take.
const SHARES: [(&str, f64); 6] = [
    ("Pod", 0.20),
    ("Ingress", 0.40),
    ("Service", 0.28),
    ("EndpointSlice", 0.27),
    ("ConfigMap", 0.92),
    ("Secret", 0.68),
];
/// How much larger a dictionary may be after ten replacements of all objects.
const GROWTH: f64 = 1.3;
/// How many times what this crate takes a reflector is to take, on average.
const TIMES: f64 = 12.0;
/// How much may be held during the first list, and during another one, of what is held after it.
const PEAKS: [f64; 2] = [1.4, 1.4];

/// What does not hold, in words.
#[derive(Debug, Default)]
pub struct Gate {
    pub misses: Vec<String>,
}

impl Gate {
    fn at_most(&mut self, what: String, is: f64, limit: f64) {
        if is > limit {
            self.misses.push(format!("{what}: {is:.3}, and may be {limit} at most"));
        }
    }

    pub fn footprint(&mut self, kind: &str, footprint: &Footprint) {
        if let Some((_, limit)) = SHARES.iter().find(|(limited, _)| *limited == kind) {
            self.at_most(format!("{kind}, share of the text"), footprint.share(), *limit);
        }
        let [first, another] = footprint.peaks();
        self.at_most(format!("{kind}, peak during the first list"), first, PEAKS[0]);
        self.at_most(format!("{kind}, peak during another list"), another, PEAKS[1]);
    }

    pub fn replacement(&mut self, kind: &str, replacement: &Replacement) {
        self.at_most(format!("{kind}, dictionary after replacements"), replacement.growth(), GROWTH);
    }

    /// How many times what this crate takes a reflector takes.
    pub fn times(&mut self, times: f64) {
        if times < TIMES {
            self.misses.push(format!("a reflector takes {times:.1} times as much, and should at least {TIMES}"));
        }
    }
}
