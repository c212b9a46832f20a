//! Reads the text of manifests as kubectl does: YAML documents, JSON streams, lists.
//!
//! To load files into a cluster, use [`FakeCluster::load`](super::FakeCluster::load). This module only splits and
//! parses text; nothing is validated beyond "an object, or a list of objects".

use serde_json::{Map, Value};

use super::yaml;

/// One document of a manifest text.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Document {
    /// Its number in the text, from 0, as kubectl counts: empty documents count, but a leading `---` does not start a
    /// second one.
    pub number: usize,
    /// The line its content starts on, counted from 1.
    pub line: usize,
    /// The objects in it: none in an empty document, several in a list, otherwise one.
    pub content: Result<Vec<Value>, Error>,
}

/// Prints the position of the document and the number of its objects, but no content: it may be a Secret.
impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let content = self.content.as_ref().map(|objects| format!("{} objects", objects.len()));
        f.debug_struct("Document")
            .field("number", &self.number)
            .field("line", &self.line)
            .field("content", &content)
            .finish()
    }
}

/// Why a document could not be read.
///
/// [`NotParsed`](Error::NotParsed) ends the text, as kubectl reads no further either; the documents before it are
/// returned. The other errors concern only their own document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not YAML, not JSON, or not UTF-8.
    #[error("line {line}: {problem}")]
    NotParsed {
        /// The line in the text, counted from 1.
        line: usize,
        /// The message of the parser.
        problem: String,
    },
    /// The document is a list or a scalar.
    #[error("line {line}: expected an object with apiVersion and kind, found {found}")]
    NotAnObject {
        /// The line the document starts on.
        line: usize,
        /// What was found instead.
        found: &'static str,
    },
    /// An entry of the list's `items` is not an object.
    #[error("line {line}: items[{index}]: expected an object, found {found}")]
    ItemNotAnObject {
        /// The line the document starts on.
        line: usize,
        /// The index of the entry in `items`.
        index: usize,
        /// What was found instead.
        found: &'static str,
    },
}

/// Splits a text into documents and parses each.
///
/// Text that starts with `{` is a stream of JSON objects; anything else is YAML, with documents separated by lines that
/// start with `---`. Lists (`kind: List`, `kind: ConfigMapList`) are flattened: the result has their items. An item of
/// a `ConfigMapList` without a kind is a ConfigMap, and so on.
///
/// ```
/// use kube_indexed_store::testing::manifests;
///
/// let documents = manifests::read(b"# only a comment\n---\nkind: ConfigMap\nmode: 0644\n");
/// assert_eq!(documents[0].content, Ok(vec![]));
/// assert_eq!(documents[1].content, Ok(vec![serde_json::json!({"kind": "ConfigMap", "mode": 420})]));
/// assert_eq!((documents[1].number, documents[1].line), (1, 3));
/// ```
pub fn read(text: &[u8]) -> Vec<Document> {
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => {
            let line = 1 + text[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            return vec![not_parsed(0, line, "invalid UTF-8")];
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    let (rest, first_line) = if text.trim_start().starts_with('{') { json(text, &mut documents) } else { (text, 1) };
    if let Some(rest) = rest_of_stream(rest, &documents) {
        yaml_documents(rest, first_line, &mut documents);
    }
    documents
}

/// Whether the JSON reader left something for the YAML reader.
fn rest_of_stream<'t>(rest: &'t str, documents: &[Document]) -> Option<&'t str> {
    let stopped = documents.last().is_some_and(|last| matches!(last.content, Err(Error::NotParsed { .. })));
    (!stopped && !rest.is_empty()).then_some(rest)
}

/// Reads JSON objects one after the other. Where the text stops being JSON while at most one was read, it
/// may still be YAML: the rest is returned, with the number of its first line.
fn json<'t>(text: &'t str, documents: &mut Vec<Document>) -> (&'t str, usize) {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let (mut line, mut counted) = (1, 0);
    loop {
        let start = values.byte_offset();
        let blank = text[start..].len() - text[start..].trim_start().len();
        line += text[counted..start + blank].matches('\n').count();
        counted = start + blank;
        match values.next() {
            None => return ("", line),
            Some(Ok(value)) => {
                documents.push(Document { number: documents.len(), line, content: objects(value, line) })
            }
            Some(Err(error)) if documents.len() > 1 => {
                documents.push(not_parsed(documents.len(), error.line(), error));
                return ("", line);
            }
            Some(Err(_)) => {
                let rest = &text[start..];
                let rest = match rest.find(|c: char| c == '\n' || !c.is_whitespace()) {
                    Some(end) if rest[end..].starts_with('\n') => &rest[end + 1..],
                    Some(end) => &rest[end..],
                    None => "",
                };
                return (rest, line_at(text, text.len() - rest.len()));
            }
        }
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text[..offset].matches('\n').count()
}

/// Splits at lines that start with `---` before anything is parsed, so that one document cannot swallow
/// the next.
fn yaml_documents(text: &str, first_line: usize, documents: &mut Vec<Document>) {
    let mut chunk = String::new();
    let mut chunk_line = first_line;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let Some(after) = line.strip_prefix("---") else {
            if chunk.is_empty() {
                chunk_line = first_line + index;
            }
            chunk.push_str(line);
            chunk.push('\n');
            continue;
        };
        if !chunk.is_empty() && !yaml_document(&std::mem::take(&mut chunk), chunk_line, documents) {
            return;
        }
        let after = after.trim();
        if !after.is_empty() && !after.starts_with('#') {
            let problem = "only white space or a comment may follow the document separator `---`";
            documents.push(not_parsed(documents.len(), first_line + index, problem));
            return;
        }
    }
    if !chunk.is_empty() {
        yaml_document(&chunk, chunk_line, documents);
    }
}

/// Reads one document; false where the text does not parse and reading must stop.
fn yaml_document(chunk: &str, first_line: usize, documents: &mut Vec<Document>) -> bool {
    let number = documents.len();
    let blank = chunk.lines().take_while(|line| line.trim().is_empty() || line.trim_start().starts_with('#')).count();
    let line = first_line + if blank < chunk.lines().count() { blank } else { 0 };
    match yaml::parse(chunk) {
        Ok(value) => {
            documents.push(Document { number, line, content: objects(value, line) });
            true
        }
        Err(problem) => {
            documents.push(not_parsed(number, first_line + problem.line.unwrap_or(0), problem.message));
            false
        }
    }
}

fn not_parsed(number: usize, line: usize, problem: impl ToString) -> Document {
    Document { number, line, content: Err(Error::NotParsed { line, problem: problem.to_string() }) }
}

/// The objects in a value: itself, or, flattened, the items of a list.
fn objects(value: Value, line: usize) -> Result<Vec<Value>, Error> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Object(object) => {
            let mut found = Vec::new();
            flatten(object, line, &mut found)?;
            Ok(found)
        }
        other => Err(Error::NotAnObject { line, found: name(&other) }),
    }
}

fn flatten(mut object: Map<String, Value>, line: usize, found: &mut Vec<Value>) -> Result<(), Error> {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let item_kind = kind.strip_suffix("List").map(str::to_owned);
    let (Some(item_kind), Some(Value::Array(items))) = (item_kind, object.get_mut("items")) else {
        found.push(Value::Object(object));
        return Ok(());
    };
    let items = std::mem::take(items);
    let api_version = object.remove("apiVersion");
    for (index, item) in items.into_iter().enumerate() {
        let mut item = match item {
            Value::Object(item) => item,
            other => {
                return Err(Error::ItemNotAnObject { line, index, found: name(&other) });
            }
        };
        if !item_kind.is_empty() && !item.contains_key("kind") && !item.contains_key("apiVersion") {
            item.insert("kind".to_owned(), Value::String(item_kind.clone()));
            item.extend(api_version.clone().map(|version| ("apiVersion".to_owned(), version)));
        }
        flatten(item, line, found)?;
    }
    Ok(())
}

fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
