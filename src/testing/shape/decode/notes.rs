//! The place a reader has reached in a body, and the unknown and duplicate fields it has met.
//!
//! Not here: Go's names for types ([`words`](super::words)).

use crate::testing::shape::{Format, Type};

/// How many problems of one body are told at most.
const MOST: usize = 100;

/// The one structure without a name.
const HEAD: &str =
    "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";

/// Where the reader is, and what it met on the way.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) path: Vec<Step>,
    pub(super) problems: Vec<String>,
    /// The first value of a wrong type; reading goes on, for the text may be broken further down.
    pub(super) mistyped: Option<String>,
    /// The first value that a type which reads itself does not want: with that Go stops, whatever was wrong before.
    pub(super) refused: Option<String>,
    /// The structure the last field of the path is in.
    pub(super) structure: String,
    /// Whether it converts values rather than to read text.
    pub(super) converts: bool,
}

pub(super) enum Step {
    /// A field, and the structure it stands in within its own.
    Field(String, Option<&'static str>),
    Entry(String),
    Item(usize),
}

impl Notes {
    pub(super) fn problem(&mut self, what: &str, name: &str) {
        if self.problems.len() < MOST {
            let mut path = String::new();
            for step in &self.path {
                match step {
                    Step::Field(name, _) | Step::Entry(name) if path.is_empty() => path.push_str(name),
                    Step::Field(name, _) | Step::Entry(name) => path.extend([".", name]),
                    Step::Item(index) => path.push_str(&format!("[{index}]")),
                }
            }
            let dot = if path.is_empty() { "" } else { "." };
            let problem = format!("{what} field \"{path}{dot}{name}\"");
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    /// A value that is there although something else should be.
    pub(super) fn mistyped(&self, found: &str, wanted: &str) -> String {
        let fields = self.path.iter().flat_map(|step| match step {
            Step::Field(name, within) => [*within, Some(name.as_str())],
            Step::Entry(_) | Step::Item(_) => [None, None],
        });
        let path = fields.flatten().collect::<Vec<_>>().join(".");
        match (path.is_empty(), self.structure.is_empty()) {
            (false, _) => {
                format!(
                    "json: cannot unmarshal {found} into Go struct field {}.{path} of type {wanted}",
                    self.structure
                )
            }
            (true, false) => format!("json: cannot unmarshal {found} into Go value of type v1.{}", self.structure),
            (true, true) => format!("json: cannot unmarshal {found} into Go value of type {HEAD}"),
        }
    }

    pub(super) fn wrong(&mut self, ty: &Type, why: String) {
        let reads_itself =
            |format: &Format| matches!(format, Format::Time | Format::MicroTime | Format::Quantity | Format::IntOrText);
        match ty {
            Type::Formatted(format) if reads_itself(format) && !self.converts => self.refused.get_or_insert(why),
            _ => self.mistyped.get_or_insert(why),
        };
    }
}
