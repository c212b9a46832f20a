//! Room on the stack: expressions are read and evaluated in depth, and a caller may have little of it left.

use std::thread;

use cel::common::ast::IdedExpr;

use super::limit;

/// Enough for whatever [`is_small`] and [`is_flat`] let through.
const STACK: usize = 64 << 20;

/// How long a text may be.
const LONGEST: usize = 8000;

/// How many brackets may be open at a time.
const DEEPEST: usize = 90;

/// How many expressions may be in one another.
const DEPTH: usize = 500;

/// Does something where there is room for it; nothing comes of what breaks.
pub(super) fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    thread::scope(|scope| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()?.join().ok())
}

/// Whether a text is short and flat enough to be read as an expression.
pub(super) fn is_small(text: &str) -> bool {
    let (mut open, mut deepest) = (0_usize, 0);
    for letter in text.bytes() {
        match letter {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    text.len() <= LONGEST && deepest <= DEEPEST
}

/// Whether an expression that was read is flat enough to be evaluated.
pub(super) fn is_flat(expression: &mut IdedExpr) -> bool {
    fn within(expression: &mut IdedExpr, depth: usize) -> bool {
        depth > 0 && limit::below(expression).into_iter().all(|part| within(part, depth - 1))
    }
    within(expression, DEPTH)
}
