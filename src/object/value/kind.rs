//! What values are.

use std::fmt;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// An integer of the range of `i64` or `u64`.
    Integer,
    /// A number written with a fraction or exponent, or beyond the integers' range.
    Float,
    /// A text.
    String,
    /// A list.
    List,
    /// A map with texts as names.
    Map,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Integer => "an integer",
            Kind::Float => "a number",
            Kind::String => "a string",
            Kind::List => "a list",
            Kind::Map => "a map",
        })
    }
}
