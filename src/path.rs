//! The path language: how index, filter and selector settings name a field of an object.
//!
//! A [`FieldPath`] is parsed once and then followed without looking at text again. Following it is the object's
//! work ([`crate::Object::get`]); recursion (`..`), filters (`[?(..)]`), slices and negative positions are
//! deliberately not part of the language.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

mod mask;
mod parse;

pub(crate) use mask::{Cursor, Mask};

/// A parsed path to a field, or, with `[*]`, to every such field of a list.
///
/// | written | names |
/// |---|---|
/// | `metadata.name` | the member `name` of `metadata` |
/// | `metadata.labels['app.kubernetes.io/name']` | a member whose name holds dots |
/// | `metadata.labels.app\.kubernetes\.io/name` | the same |
/// | `spec.rules[0].host` | the host of the first rule |
/// | `spec.rules[*].host` | the host of every rule |
///
/// A leading `.` or `$.` and surrounding `{...}`, as JSONPath and kubectl write them, are accepted.
///
/// # Examples
///
/// ```
/// use kube_indexed_store::FieldPath;
///
/// let path: FieldPath = "{.metadata.labels['kubernetes.io/service-name']}".parse()?;
/// assert_eq!(path, r"metadata.labels.kubernetes\.io/service-name".parse()?);
/// assert_eq!(path.to_string(), "metadata.labels['kubernetes.io/service-name']");
///
/// let error = "spec.rules[one]".parse::<FieldPath>().unwrap_err();
/// assert_eq!(error.to_string(), "\
/// invalid path: expected a position, `*` or a quoted name in the brackets
///   spec.rules[one]
///              ^");
/// # Ok::<(), kube_indexed_store::path::Error>(())
/// ```
#[doc(alias = "JSONPath")]
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath {
    steps: Arc<[Step]>,
}

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The member of that name.
    Key(Arc<str>),
    /// The list element at that position, counted from 0.
    Index(usize),
    /// Every element of a list.
    Each,
}

/// A text that is not a path: what was expected, and where.
///
/// `Display` shows the text with a caret under the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    text: String,
    offset: usize,
    expected: &'static str,
}

impl FieldPath {
    /// The steps, outermost first; never empty.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether the path can name more than one field, that is, has a `[*]`.
    pub fn is_multi_valued(&self) -> bool {
        self.steps.contains(&Step::Each)
    }

    /// The path that follows these member names, whatever characters they hold.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kube_indexed_store::FieldPath;
    /// let path = FieldPath::of(["metadata", "labels", "a.b/c"]);
    /// assert_eq!(path.to_string(), "metadata.labels['a.b/c']");
    /// ```
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> FieldPath {
        FieldPath { steps: names.into_iter().map(|name| Step::Key(name.into())).collect() }
    }

    /// Whether removing `self` may remove what `other` names: it names the same or something around it.
    /// `[*]` and a position meet.
    pub(crate) fn covers(&self, other: &FieldPath) -> bool {
        self.steps.len() <= other.steps.len() && self.steps.iter().zip(&*other.steps).all(|(a, b)| a.meets(b))
    }

    /// Whether keeping `self` keeps all that `other` names.
    pub(crate) fn keeps(&self, other: &FieldPath) -> bool {
        let keeps = |(kept, asked): (&Step, &Step)| kept == asked || (*kept == Step::Each && asked.is_position());
        self.steps.len() <= other.steps.len() && self.steps.iter().zip(&*other.steps).all(keeps)
    }

    /// Whether removing `self` takes an element out of a list of which `other` names one by position.
    pub(crate) fn moves(&self, other: &FieldPath) -> bool {
        let Some((last, list)) = self.steps.split_last() else { return false };
        last.is_position()
            && other.steps.get(list.len()).is_some_and(Step::is_position)
            && list.iter().zip(&*other.steps).all(|(a, b)| a.meets(b))
    }

    /// The path with every position widened to `[*]`.
    pub(crate) fn widened(&self) -> FieldPath {
        let widen = |step: &Step| if step.is_position() { Step::Each } else { step.clone() };
        FieldPath { steps: self.steps.iter().map(widen).collect() }
    }
}

impl Step {
    fn meets(&self, other: &Step) -> bool {
        match (self, other) {
            (Step::Each, Step::Index(_)) | (Step::Index(_), Step::Each) => true,
            (a, b) => a == b,
        }
    }

    fn is_position(&self) -> bool {
        matches!(self, Step::Index(_))
    }
}

impl FromStr for FieldPath {
    type Err = Error;

    fn from_str(text: &str) -> Result<FieldPath, Error> {
        parse::parse(text).map(|steps| FieldPath { steps: steps.into() })
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(name) if parse::is_plain(name) => {
                    if position > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(name)?;
                }
                Step::Key(name) => write!(f, "['{}']", name.replace('\\', r"\\").replace('\'', r"\'"))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Each => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldPath({self})")
    }
}

impl Error {
    /// The text that was to be a path.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte offset in [`text`](Error::text) at which parsing stopped.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.text[..self.offset].chars().count();
        let shown = self.text.replace(|c: char| c.is_control(), " ");
        write!(f, "invalid path: {}\n  {shown}\n  {:column$}^", self.expected, "")
    }
}

impl std::error::Error for Error {}

impl serde::Serialize for FieldPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
