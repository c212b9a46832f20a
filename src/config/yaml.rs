//! Reading YAML, with errors that name the way out.

use serde_saphyr::Error as YamlError;

use super::{Config, Error};

pub(super) fn read(text: &str) -> Result<Config, Error> {
    if text.lines().all(|line| matches!(line.trim().bytes().next(), None | Some(b'#'))) {
        let message = "there is nothing in it: write at least `watched_resources: {}`".to_owned();
        return Err(Error::Syntax { file: None, line: None, message });
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map(|location| location.line());
        let message = match error.without_snippet() {
            YamlError::SerdeUnknownField { field, expected, .. } => unknown("field", field, expected),
            YamlError::SerdeUnknownVariant { variant, expected, .. } => unknown("value", variant, expected),
            other => plain(&other.to_string(), line.and_then(|line| key(text, line))),
        };
        Error::Syntax { file: None, line, message }
    })
}

/// Names what there is instead: the nearest, or everything if nothing is near.
fn unknown(what: &str, found: &str, expected: &[&str]) -> String {
    // Each field is known in two spellings; the answer is in that of the question.
    let camel = |text: &str| text.contains(|c: char| c.is_ascii_uppercase());
    let spelt = |known: &&str| !camel(known) || (camel(found) && !found.contains('_'));
    let bare = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let distance = |known: &&str| (strsim::damerau_levenshtein(&bare(found), &bare(known)), !camel(known));
    let nearest = expected.iter().copied().filter(spelt).min_by_key(distance);
    match nearest.filter(|nearest| distance(nearest).0 <= nearest.len() / 3 + 1) {
        Some(nearest) => format!("unknown {what} `{found}`: did you mean `{nearest}`?"),
        None => {
            let known: Vec<_> = expected.iter().copied().filter(|known| !camel(known)).collect();
            format!("unknown {what} `{found}`: there are {}", known.join(", "))
        }
    }
}

/// The key at the beginning of a line, which a wrong value most likely belongs to.
fn key(text: &str, line: u64) -> Option<&str> {
    let line = text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let (key, _) = line.trim_start_matches([' ', '-', '{']).split_once(':')?;
    (!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')).then_some(key)
}

/// The message in the words of a configuration, without the place, which is told once and first.
fn plain(message: &str, key: Option<&str>) -> String {
    let first = message.lines().next().unwrap_or_default();
    let first = &first[..first.find(" at line ").unwrap_or(first.len())];
    if let Some(key) = first.strip_prefix("duplicate mapping key: ") {
        let key = key.split_once(", set ").map_or(key, |(key, _)| key);
        return format!("`{key}` is there twice: remove one of them");
    }
    let expected = match first {
        "expected sequence start" => "a list",
        "expected mapping start" => "a mapping, such as `name: value`",
        "expected string scalar" => "a text",
        "invalid boolean" => "true or false",
        "invalid u64" | "invalid usize" => "a whole number",
        "unexpected value for unit enum variant" | "externally tagged enum expected scalar or mapping" => {
            "a single word"
        }
        _ if first.starts_with("multiple YAML documents") => {
            return "there are several documents: only one is read".to_owned();
        }
        _ => return first.to_owned(),
    };
    match key {
        Some(key) => format!("`{key}`: expected {expected}"),
        None => format!("expected {expected}"),
    }
}
