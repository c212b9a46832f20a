//! A corpus from files: `*.ndjson` and `*.jsonl` have an object a line, `*.json` is what `kubectl get -o json` prints.
//!
//! What is kept is the text as it was written, without the space between its tokens: the order of the fields is a part
//! of what is measured. Of objects of one name the first is taken. Folders below are not read.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
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
    #[serde(borrow, default)]
    metadata: Metadata<'l>,
}

#[derive(Default, Deserialize)]
struct Metadata<'l> {
    #[serde(borrow, default)]
    namespace: Cow<'l, str>,
    #[serde(borrow, default)]
    name: Cow<'l, str>,
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    lines: Lines,
    /// Kinds, namespaces and names.
    known: HashSet<(String, String, String)>,
}

pub fn read(folder: &Path) -> Result<Lines, Box<dyn Error>> {
    let mut files = fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<io::Result<Vec<_>>>()?;
    files.sort();
    let mut reading = Reading::default();
    for file in files {
        let in_file = |error: Box<dyn Error>| format!("{}: {error}", file.display());
        let taken = match file.extension().and_then(|extension| extension.to_str()) {
            Some("ndjson" | "jsonl") => {
                let text = fs::read_to_string(&file)?;
                text.lines().filter(|line| !line.trim().is_empty()).try_for_each(|line| reading.take(line))
            }
            Some("json") => reading.take(&fs::read_to_string(&file)?),
            _ => Ok(()),
        };
        taken.map_err(in_file)?;
    }
    Ok(reading.lines)
}

impl Reading {
    /// Takes one object, or the items of a list.
    fn take(&mut self, text: &str) -> Result<(), Box<dyn Error>> {
        let Head { kind, items, metadata } = serde_json::from_str(text)?;
        if let Some(items) = items {
            return items.into_iter().try_for_each(|item| self.take(item.get()));
        }
        if self.known.insert((kind.clone(), metadata.namespace.into(), metadata.name.into())) {
            self.lines.entry(kind).or_default().push(compact(text));
        }
        Ok(())
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
