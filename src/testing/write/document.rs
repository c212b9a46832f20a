//! The body of a write: text, or an object.
//!
//! Not here: the media types of bodies ([`media`](super::super::media)).

use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::Value;

use super::super::{
    protobuf::Envelope,
    shape::{
        Format, Shape, Type,
        decode::{Decoded, Failure, convert, decode},
    },
    yaml::Parsed,
};
use super::syntax;

#[derive(Debug)]
pub(in super::super) enum Document {
    Json(Bytes),
    /// What a text in YAML holds, and the text.
    Yaml(Parsed, Bytes),
    Value(Value),
    Protobuf(Envelope),
    /// What was made of an object without a text in between.
    Made(Value),
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        Document::Value(value)
    }
}

/// What a document says it is.
pub(super) struct Head {
    pub(super) api_version: String,
    pub(super) kind: String,
}

impl Document {
    pub(in super::super) fn decode(self, shape: Shape<'_>, name: &str) -> Result<Decoded, Failure> {
        match self {
            Document::Json(text) => read(&text, shape, name),
            Document::Yaml(Parsed { value, repeated }, _) => {
                let mut decoded = decode(value, shape, name)?;
                decoded.problems.splice(0..0, repetition(&repeated));
                Ok(decoded)
            }
            Document::Value(value) => decode(value, shape, name),
            Document::Made(value) => convert(&value, shape),
            Document::Protobuf(envelope) => {
                let value = envelope.value(shape).map_err(Failure::Mistyped)?;
                decode(&value, shape, name)
            }
        }
    }

    /// Empty where it does not say; a failure says nothing of what else is in the document.
    pub(super) fn head(&self) -> Result<Head, String> {
        static HEAD: LazyLock<Type> = LazyLock::new(|| {
            let text = || Type::Formatted(Format::Text);
            Type::structure().field("apiVersion", text()).field("kind", text())
        });
        if let Some(head) = self.plain_head() {
            return Ok(head);
        }
        let shape = Shape::alone(&HEAD);
        let decoded = match self {
            Document::Protobuf(Envelope { api_version, kind, .. }) => {
                return Ok(Head { api_version: api_version.clone(), kind: kind.clone() });
            }
            Document::Json(text) => read(text, shape, ""),
            Document::Yaml(Parsed { value, .. }, _) | Document::Value(value) => decode(value, shape, ""),
            Document::Made(value) => convert(value, shape),
        };
        match decoded {
            Ok(Decoded { value, .. }) => {
                let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
                Ok(Head { api_version: text("apiVersion"), kind: text("kind") })
            }
            Err(Failure::Mistyped(why)) => Err(why),
            Err(Failure::Unreadable(error)) => Err(syntax::complaint(self.text().unwrap_or_default(), &error)),
        }
    }

    /// What a value says in two texts: nearly all do, and the rest of them need not be looked at.
    fn plain_head(&self) -> Option<Head> {
        let fields = match self {
            Document::Json(_) | Document::Protobuf(_) => return None,
            Document::Yaml(Parsed { value, .. }, _) | Document::Value(value) | Document::Made(value) => {
                value.as_object()?
            }
        };
        let text = |field: &str| Some(fields.get(field)?.as_str()?.to_owned());
        Some(Head { api_version: text("apiVersion")?, kind: text("kind")? })
    }

    /// The text of it, as far as it came as one or can be shown as one.
    pub(super) fn shown(&self) -> String {
        match self {
            Document::Json(text) | Document::Yaml(_, text) => String::from_utf8_lossy(text).into_owned(),
            Document::Value(value) | Document::Made(value) => value.to_string(),
            Document::Protobuf(_) => String::new(),
        }
    }

    /// The text it came as.
    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Document::Json(text) | Document::Yaml(_, text) => Some(text),
            Document::Value(_) | Document::Made(_) | Document::Protobuf(_) => None,
        }
    }
}

/// All keys that are repeated in a text in YAML, as one problem.
pub(super) fn repetition(keys: &[String]) -> Option<String> {
    (!keys.is_empty()).then(|| format!("{REPETITION}  {}", keys.join("\n  ")))
}

/// How that problem begins; each line after it tells of one key.
pub(super) const REPETITION: &str = "yaml: unmarshal errors:\n";

/// Reads a text and what comes after it, which must be nothing.
fn read(text: &[u8], shape: Shape<'_>, name: &str) -> Result<Decoded, Failure> {
    let mut source = serde_json::Deserializer::from_slice(text);
    let decoded = decode(&mut source, shape, name)?;
    source.end()?;
    Ok(decoded)
}

/// How messages show a body: its beginning, in hexadecimal digits where it does not look like an object.
pub(in super::super) fn summary(text: &[u8]) -> String {
    const LONGEST: usize = 30;
    let (shown, more) = text
        .split_at_checked(LONGEST)
        .map_or((text, ""), |(shown, rest)| (shown, if rest.is_empty() { "" } else { " ..." }));
    match text.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(shown)),
        Some(_) => {
            let mut digits = String::new();
            shown.iter().for_each(|byte| digits.push_str(&format!("{byte:02x}")));
            format!("{digits}{more}")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_are_shown_by_their_first_bytes() {
        assert_eq!(summary(b""), "<empty>");
        assert_eq!(summary(b"{\"a\":1"), "{\"a\":1");
        assert_eq!(
            summary(b"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\""),
            "{\"apiVersion\":\"v1\",\"kind\":\"Con ..."
        );
        assert_eq!(summary(b"[1]"), "5b315d");
    }

    #[test]
    fn a_document_says_what_it_is_or_why_not() {
        let head = |text: &'static str| Document::Json(text.into()).head().map(|head| (head.api_version, head.kind));
        let said = |version: &str, kind: &str| Ok((version.to_owned(), kind.to_owned()));
        assert_eq!(head("{\"kind\":\"A\",\"apiVersion\":\"v1\",\"x\":{}}"), said("v1", "A"));
        assert_eq!(head("null"), said("", ""));
        let number = "json: cannot unmarshal number into Go struct field .kind of type string";
        assert_eq!(head("{\"kind\":5}"), Err(number.to_owned()));
        assert_eq!(head("{\"kind\":"), Err("unexpected end of JSON input".to_owned()));
        assert_eq!(head("{} x"), Err("invalid character 'x' after top-level value".to_owned()));
        let list = "json: cannot unmarshal array into Go value of type struct { APIVersion string \
                    \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";
        assert_eq!(Document::Value(json!([])).head().map(|_| ()), Err(list.to_owned()));
    }
}
