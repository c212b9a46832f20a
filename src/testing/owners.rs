//! Sets of fields, and the values that have them.

mod check;
mod merge;
mod path;
mod set;
mod typed;

pub(super) use check::{Problems, check};
pub(super) use merge::merge;
pub(super) use path::{Step, shown_path};
pub(super) use set::FieldSet;
pub(super) use typed::{Comparison, compare, remove, set_of};
