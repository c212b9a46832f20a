//! Warnings, which a client gets in headers with any answer, also with an error.

use std::collections::HashSet;

use parking_lot::Mutex;

/// How many letters all warnings of an answer have at most.
const MOST: usize = 4096;
/// How many each of them keeps where there are more.
const MOST_OF_ONE: usize = 256;

/// The warnings of one request, in the order in which they came up.
#[derive(Debug, Default)]
pub(super) struct Warnings(Mutex<Vec<String>>);

impl Warnings {
    pub(super) fn add(&self, more: impl IntoIterator<Item = String>) {
        self.0.lock().extend(more);
    }

    /// Each of them once, as far as headers have room: where all together are too long each is cut, and the last are
    /// left out. What no header can hold is left out too.
    pub(super) fn take(&self) -> Vec<String> {
        let mut known = HashSet::new();
        let mut told = std::mem::take(&mut *self.0.lock());
        told.retain(|why| !why.is_empty() && !why.contains(char::is_control) && known.insert(why.clone()));
        let length = |why: &String| why.chars().count();
        if told.iter().map(length).sum::<usize>() <= MOST {
            return told;
        }
        let mut left = MOST;
        let cut = told.into_iter().map(|why| why.chars().take(MOST_OF_ONE).collect());
        let fits = |why: &String| {
            let before = left;
            left = left.saturating_sub(length(why));
            before > 0
        };
        cut.take_while(fits).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(said: impl IntoIterator<Item = String>) -> Vec<String> {
        let warnings = Warnings::default();
        warnings.add(said);
        warnings.take()
    }

    #[test]
    fn a_warning_comes_once_and_not_with_letters_that_no_header_has() {
        assert_eq!(taken(["a", "b", "", "a\n", "a"].map(str::to_owned)), ["a", "b"]);
    }

    #[test]
    fn too_many_are_cut_and_the_last_are_left_out() {
        let long = |first: char| format!("{first}{}", "ä".repeat(999));
        assert_eq!(taken("abcd".chars().map(long)), "abcd".chars().map(long).collect::<Vec<_>>());
        let cut = |first: char| long(first).chars().take(256).collect::<String>();
        assert_eq!(taken("abcde".chars().map(long)), "abcde".chars().map(cut).collect::<Vec<_>>());
        let letters = 'a'..='z';
        assert_eq!(taken(letters.clone().map(long)), letters.take(16).map(cut).collect::<Vec<_>>());
    }
}
