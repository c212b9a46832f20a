//! The resident form: a compact immutable tree with interned member names. Private to `object`: everything
//! else reads through cursors.

use std::sync::Arc;

/// One value. Fields are sorted by name; containers are shared so that a part can outlive a borrow.
///
/// Equality is that of `serde_json::Value`: an integer is never equal to a float.
#[derive(Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    /// Not negative.
    Unsigned(u64),
    /// Negative.
    Signed(i64),
    Float(f64),
    String(Box<str>),
    List(Arc<[Node]>),
    Map(Arc<Fields>),
}

pub(crate) type Fields = [(Arc<str>, Node)];

/// The position of a member in its map.
pub(super) fn find(members: &Fields, key: &str) -> Result<usize, usize> {
    members.binary_search_by(|(name, _)| (**name).cmp(key))
}
