//! Settings, which the environment names.

use std::env;

/// `cargo test --benches` only asks whether it works.
pub fn measuring() -> bool {
    env::args().any(|argument| argument == "--bench")
}

/// The number in a variable, or else the usual one, or a smaller one where nothing is measured.
pub fn number(name: &str, usual: usize, tested: usize) -> usize {
    match env::var(name) {
        Ok(number) => number.parse().unwrap_or_else(|_| panic!("{name} is a number")),
        Err(_) if measuring() => usual,
        Err(_) => tested,
    }
}
