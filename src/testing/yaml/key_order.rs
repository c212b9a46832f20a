//! The order of keys: `a2` before `a10`, and everything else before letters.
//!
//! Not here: what a key means; keys are text.

/// Sorts keys as Go's YAML library does.
///
/// Its comparison runs in circles for some (`a1b`, `a2`, `a10`), which the sorts of the standard library may answer with
/// a panic. This one takes whatever it is told.
pub(super) fn sorted(mut keys: Vec<&str>) -> Vec<&str> {
    if keys.len() < 2 {
        return keys;
    }
    let right = keys.split_off(keys.len() / 2);
    let mut left = sorted(keys).into_iter().peekable();
    let mut right = sorted(right).into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        merged.extend(if precedes(second, first) { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

/// Decides at the first difference: numbers that begin there go by value, then by length.
fn precedes(a: &str, b: &str) -> bool {
    let shared: usize = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (before, a, b) = (&a[..shared], &a[shared..], &b[shared..]);
    let (Some(first), Some(second)) = (a.chars().next(), b.chars().next()) else {
        return a.len() < b.len();
    };
    match (first.is_alphabetic(), second.is_alphabetic()) {
        (true, true) => return first < second,
        (false, false) => {}
        (_, letter) => return letter,
    }
    // A zero that continues a number is a digit of it; one that begins a number is not.
    let leading = before.bytes().rev().take_while(u8::is_ascii_digit).any(|digit| digit != b'0');
    let start = i64::from(leading && (first == '0' || second == '0'));
    let number = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit);
        digits.fold((start, 0), |(value, length), digit| {
            (value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')), length + 1)
        })
    };
    (number(a), first) < (number(b), second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_natural_order() {
        let expected =
            ["", "-", "_", "1", "01", "2", "10", "A", "Z", "a", "a-b", "a.b", "a1", "a01", "a2", "a10", "ab", "ä"];
        let mut keys = expected.to_vec();
        keys.sort_unstable();
        assert_eq!(sorted(keys), expected);
    }

    #[test]
    fn keys_whose_order_runs_in_circles_are_kept() {
        let keys: Vec<String> =
            (0..200).flat_map(|n| [format!("a{n}"), format!("a{n}b"), format!("a{n}.0"), format!("a0{n}")]).collect();
        let mut result = sorted(keys.iter().map(String::as_str).collect());
        result.sort_unstable();
        let mut expected: Vec<&str> = keys.iter().map(String::as_str).collect();
        expected.sort_unstable();
        assert_eq!(result, expected);
    }
}
