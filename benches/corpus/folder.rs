//! A corpus from files: `*.ndjson` and `*.jsonl` have an object a line, `*.json` is what `kubectl get -o json` prints.
//!
//! What is kept is the text as it was written, without the space between its tokens: the order of the fields is a part
//! of what is measured. Folders below are not read.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{fs, io};

use serde::Deserialize;
use serde_json::value::RawValue;

/// The lines of every kind, in the order of the files by name.
pub type Lines = BTreeMap<String, Vec<Box<[u8]>>>;

#[derive(Deserialize)]
struct Head<'l> {
    kind: String,
    #[serde(borrow)]
    items: Option<Vec<&'l RawValue>>,
}

pub fn read(folder: &Path) -> Result<Lines, Box<dyn Error>> {
    let mut files = fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<io::Result<Vec<_>>>()?;
    files.sort();
    let mut lines = Lines::new();
    for file in files {
        let in_file = |error: Box<dyn Error>| format!("{}: {error}", file.display());
        let taken = match file.extension().and_then(|extension| extension.to_str()) {
            Some("ndjson" | "jsonl") => {
                let text = fs::read_to_string(&file)?;
                text.lines().filter(|line| !line.trim().is_empty()).try_for_each(|line| take(line, &mut lines))
            }
            Some("json") => take(&fs::read_to_string(&file)?, &mut lines),
            _ => Ok(()),
        };
        taken.map_err(in_file)?;
    }
    Ok(lines)
}

/// Takes one object, or the items of a list.
fn take(text: &str, lines: &mut Lines) -> Result<(), Box<dyn Error>> {
    let head: Head<'_> = serde_json::from_str(text)?;
    match head.items {
        Some(items) => items.into_iter().try_for_each(|item| take(item.get(), lines)),
        None => {
            lines.entry(head.kind).or_default().push(compact(text));
            Ok(())
        }
    }
}

/// JSON without the space between its tokens.
fn compact(text: &str) -> Box<[u8]> {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |byte: &u8| {
        let keep = in_string || !byte.is_ascii_whitespace();
        if escaped {
            escaped = false;
        } else {
            escaped = in_string && *byte == b'\\';
            in_string ^= *byte == b'"';
        }
        keep
    };
    text.bytes().filter(keep).collect()
}
