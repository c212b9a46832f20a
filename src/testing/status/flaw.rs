//! One validation error of a field, with the API server's message.
//!
//! Not here: the validation itself ([`validation`](crate::testing::validation)).

use kube::core::response::StatusCause;
use serde_json::Value;

use crate::testing::quoted::quoted;

/// One thing wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testing) struct Flaw {
    field: String,
    reason: &'static str,
    message: String,
}

impl Flaw {
    pub(in crate::testing) fn required(field: impl Into<String>, why: &str) -> Self {
        let message = if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
        Flaw { field: field.into(), reason: "FieldValueRequired", message }
    }

    pub(in crate::testing) fn invalid(field: impl Into<String>, value: impl Into<Value>, why: &str) -> Self {
        Flaw::showing(field, &shown(&value.into()), why)
    }

    /// The same with a value that the server shows in its own way.
    pub(in crate::testing) fn showing(field: impl Into<String>, value: &str, why: &str) -> Self {
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        let message = format!("Invalid value: {value}{why}");
        Flaw { field: field.into(), reason: "FieldValueInvalid", message }
    }

    /// A value that the server does not show.
    pub(in crate::testing) fn unshown(field: impl Into<String>, why: &str) -> Self {
        Flaw { field: field.into(), reason: "FieldValueInvalid", message: format!("Invalid value: {why}") }
    }

    /// The flaw of a value that is itself at this path.
    pub(in crate::testing) fn below(self, path: &str) -> Self {
        // What is of no field is of the whole value.
        let field = if self.field == "<nil>" { "" } else { self.field.as_str() };
        let dot = if field.is_empty() || field.starts_with('[') { "" } else { "." };
        Flaw { field: format!("{path}{dot}{field}"), ..self }
    }

    /// A value of another type than it should be.
    pub(in crate::testing) fn mistyped(field: impl Into<String>, value: impl Into<Value>, why: &str) -> Self {
        Flaw { reason: "FieldValueTypeInvalid", ..Flaw::invalid(field, value, why) }
    }

    pub(in crate::testing) fn too_many(field: impl Into<String>, items: u64, most: u64) -> Self {
        let word = if most == 1 { "item" } else { "items" };
        let message = format!("Too many: {items}: must have at most {most} {word}");
        Flaw { field: field.into(), reason: "FieldValueTooMany", message }
    }

    pub(in crate::testing) fn unsupported(
        field: impl Into<String>,
        value: impl Into<Value>,
        supported: &[&str],
    ) -> Self {
        Flaw::unsupported_as(field, &shown(&value.into()), supported)
    }

    /// The same with a value that the server shows in its own way.
    pub(in crate::testing) fn unsupported_as(field: impl Into<String>, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|value| format!("{value:?}")).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", supported.join(", "));
        Flaw { field: field.into(), reason: "FieldValueNotSupported", message }
    }

    pub(in crate::testing) fn forbidden(field: impl Into<String>, why: impl Into<String>) -> Self {
        Flaw { field: field.into(), reason: "FieldValueForbidden", message: format!("Forbidden: {}", why.into()) }
    }

    pub(in crate::testing) fn duplicate(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Flaw::duplicate_as(field, &shown(&value.into()))
    }

    /// The same with a value that the server shows in its own way.
    pub(in crate::testing) fn duplicate_as(field: impl Into<String>, value: &str) -> Self {
        Flaw { field: field.into(), reason: "FieldValueDuplicate", message: format!("Duplicate value: {value}") }
    }

    /// The same of a value that the server does not show.
    #[cfg(feature = "testing-cel")]
    pub(in crate::testing) fn unshown_duplicate(field: impl Into<String>) -> Self {
        Flaw { field: field.into(), reason: "FieldValueDuplicate", message: "Duplicate value".to_owned() }
    }

    pub(in crate::testing) fn not_found(field: impl Into<String>, value: impl Into<Value>) -> Self {
        let message = format!("Not found: {}", shown(&value.into()));
        Flaw { field: field.into(), reason: "FieldValueNotFound", message }
    }

    pub(in crate::testing) fn too_long(field: impl Into<String>, bytes: usize) -> Self {
        let word = if bytes == 1 { "byte" } else { "bytes" };
        let message = format!("Too long: may not be more than {bytes} {word}");
        Flaw { field: field.into(), reason: "FieldValueTooLong", message }
    }

    /// Whether rules in CEL cannot be asked about an object that has it.
    pub(in crate::testing) fn keeps_from_rules(&self) -> bool {
        const REASONS: [&str; 5] = [
            "FieldValueNotSupported",
            "FieldValueRequired",
            "FieldValueTooLong",
            "FieldValueTooMany",
            "FieldValueTypeInvalid",
        ];
        REASONS.contains(&self.reason)
    }

    /// The field, and what is wrong with it.
    pub(in crate::testing) fn told(&self) -> String {
        format!("{}: {}", self.field, self.message)
    }
}

impl From<Flaw> for StatusCause {
    fn from(flaw: Flaw) -> Self {
        StatusCause { reason: flaw.reason.to_owned(), message: flaw.message, field: flaw.field }
    }
}

/// All flaws in one text, each of them once.
pub(in crate::testing) fn problems(flaws: &[Flaw]) -> String {
    let mut problems: Vec<String> = Vec::new();
    for flaw in flaws {
        let problem = flaw.told();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    match <[String; 1]>::try_from(problems) {
        Ok([only]) => only,
        Err(several) => format!("[{}]", several.join(", ")),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}
