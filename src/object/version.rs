//! The resourceVersion: opaque to most, ordered where the API promises an order.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// A `metadata.resourceVersion`.
///
/// Within one resource type the versions that a Kubernetes API server hands out are decimal numbers of up to 128
/// bits and can be ordered (API conventions; client-go's `resourceversion.CompareResourceVersion`). Anything else
/// is only equal to itself: [`PartialOrd`] answers `None`.
///
/// ```
/// use kube_indexed_store::ResourceVersion;
///
/// let version = |text| ResourceVersion::new(text);
/// assert!(version("99") < version("100"));
/// assert_eq!(version("a").partial_cmp(&version("b")), None);
/// assert_eq!(version("42").to_string(), "42");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResourceVersion(Form);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    /// A decimal number that prints as it was written.
    Number(u64),
    Text(Arc<str>),
}

impl ResourceVersion {
    /// The version as the server wrote it.
    pub fn new(text: &str) -> ResourceVersion {
        let canonical = is_number(text);
        match text.parse() {
            Ok(number) if canonical => ResourceVersion(Form::Number(number)),
            _ => ResourceVersion(Form::Text(text.into())),
        }
    }

    /// A decimal number other than 0.
    pub(super) fn from_number(number: u64) -> ResourceVersion {
        ResourceVersion(Form::Number(number))
    }

    /// The number, if it is one that prints as it was written and is not too large.
    pub(crate) fn number(&self) -> Option<u64> {
        match self.0 {
            Form::Number(number) => Some(number),
            Form::Text(_) => None,
        }
    }

    /// Whether this version is known to come before `other`.
    pub fn is_older_than(&self, other: &ResourceVersion) -> bool {
        self.partial_cmp(other) == Some(Ordering::Less)
    }
}

/// Whether the text is a decimal number without sign or leading zeros, of at most 128 bits.
fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0') && text.parse::<u128>().is_ok()
}

impl PartialOrd for ResourceVersion {
    fn partial_cmp(&self, other: &ResourceVersion) -> Option<Ordering> {
        match (&self.0, &other.0) {
            (Form::Number(a), Form::Number(b)) => Some(a.cmp(b)),
            _ if self == other => Some(Ordering::Equal),
            _ => {
                let (a, b) = (self.to_string(), other.to_string());
                (is_number(&a) && is_number(&b)).then(|| (a.len(), &a).cmp(&(b.len(), &b)))
            }
        }
    }
}

impl From<u64> for ResourceVersion {
    fn from(number: u64) -> ResourceVersion {
        ResourceVersion::new(&number.to_string())
    }
}

impl From<&str> for ResourceVersion {
    fn from(text: &str) -> ResourceVersion {
        ResourceVersion::new(text)
    }
}

impl fmt::Display for ResourceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Number(number) => number.fmt(f),
            Form::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for ResourceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceVersion({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_up_to_128_bits_are_ordered_as_numbers_and_anything_else_is_not() {
        let max = u128::MAX.to_string();
        let compare = |a: &str, b: &str| ResourceVersion::new(a).partial_cmp(&ResourceVersion::new(b));
        assert_eq!(compare("9", "10"), Some(Ordering::Less));
        assert_eq!(compare("18446744073709551616", "18446744073709551615"), Some(Ordering::Greater));
        assert_eq!(compare("10", &max), Some(Ordering::Less));
        assert_eq!(compare("abc", "abc"), Some(Ordering::Equal));
        for odd in ["", "0", "007", "+7", "-7", "7a", "340282366920938463463374607431768211456"] {
            assert_eq!(compare(odd, "8"), None, "{odd:?}");
            assert_eq!(ResourceVersion::new(odd).to_string(), odd);
        }
    }
}
