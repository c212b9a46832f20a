//! Reading YAML, with errors that name the way out.

use serde_saphyr::Error as YamlError;

use super::{Config, Error};

pub(super) fn read(text: &str) -> Result<Config, Error> {
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map(|location| location.line()).filter(|line| *line > 0);
        let message = match error.without_snippet() {
            YamlError::SerdeUnknownField { field, expected, .. } => unknown("field", field, expected),
            YamlError::SerdeUnknownVariant { variant, expected, .. } => unknown("value", variant, expected),
            other => plain(&other.to_string()),
        };
        Error::Syntax { file: None, line, message }
    })
}

/// Names what there is instead: the nearest, or everything if nothing is near.
fn unknown(what: &str, found: &str, expected: &[&str]) -> String {
    let distance = |known: &&str| strsim::damerau_levenshtein(&found.to_lowercase(), &known.to_lowercase());
    let nearest = expected.iter().copied().min_by_key(distance);
    match nearest.filter(|nearest| distance(nearest) <= nearest.len() / 3 + 1) {
        Some(nearest) => format!("unknown {what} `{found}`: did you mean `{nearest}`?"),
        None => format!("unknown {what} `{found}`: there are {}", expected.join(", ")),
    }
}

/// The message without the place, which is told once and first.
fn plain(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let end = first.find(" at line ").unwrap_or(first.len());
    first[..end].to_owned()
}
