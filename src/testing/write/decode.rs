//! The first stage of a write: what a document holds, as an object of the kind the request is about.

use kube::core::Status;
use serde_json::{Map, Value};

use super::{
    super::{
        conversion,
        kinds::{Kind, Kinds},
        options::FieldValidation,
        quoted::quoted,
        schema::Schema,
        shape::{Shape, Shapes, decode::Decoded},
        state::Target,
        status::{self, Flaw},
    },
    Write,
    document::{Document, Head, REPETITION, repetition, summary},
    metadata, text,
};

/// Why a document cannot be read as an object of a kind.
pub(super) struct Unreadable {
    /// What it says it is: `Secret in version "v1"`.
    said: String,
    pub(super) why: String,
}

impl Unreadable {
    fn new(kind: &str, version: &str, why: impl Into<String>) -> Self {
        Unreadable { said: format!("{kind} in version {}", quoted(version)), why: why.into() }
    }

    fn refused(self, kind: &Kind) -> Box<Status> {
        status::bad_request(format!("{} cannot be handled as a {}: {}", self.said, kind.kind, self.why))
    }
}

/// The object a document holds, with kind, stored apiVersion and the namespace of the request.
pub(super) fn decode(
    kinds: &Kinds,
    target: &Target,
    document: Document,
    write: Write<'_>,
) -> Result<Map<String, Value>, Box<Status>> {
    let kind = &target.kind;
    let head = head(kind, &document)?;
    same_version(target, &head)?;
    let Decoded { value, problems } = read(kinds, target, document, &head).map_err(|error| error.refused(kind))?;
    told(problems, write).map_err(|why| Unreadable::new(&kind.kind, &target.version, why).refused(kind))?;
    placed(target, &head, value)
}

/// The same for what a patch made of an object. `unknown` is what in the patch meant nothing; `refused` tells of a
/// patch that cannot be.
pub(super) fn decode_patched(
    kinds: &Kinds,
    target: &Target,
    document: Document,
    unknown: Vec<String>,
    write: Write<'_>,
    refused: impl Fn(&str) -> Box<Status>,
) -> Result<Map<String, Value>, Box<Status>> {
    let unclear = |why: String| refused(&format!("couldn't get version/kind; json parse error: {why}"));
    let head = document.head().map_err(unclear)?;
    if target.kind.custom && head.kind.is_empty() {
        return Err(refused(&format!("Object 'Kind' is missing in '{}'", document.shown())));
    }
    // A patch may make it an object of another version of its kind. A custom kind refuses that, but not here.
    let other = target.kind.versions.iter().find(|version| target.kind.api_version(&version.name) == head.api_version);
    let target = &match other {
        Some(other) if !target.kind.custom => Target { version: other.name.clone(), ..target.clone() },
        Some(_) => target.clone(),
        None => {
            same_version(target, &head)?;
            target.clone()
        }
    };
    if head.api_version.is_empty() && !target.kind.custom {
        return internal(target, document, unknown, write, refused);
    }
    let Decoded { value, problems } = read(kinds, target, document, &head).map_err(|error| refused(&error.why))?;
    let problems = unknown.into_iter().chain(problems).collect();
    told(problems, write).map_err(|why| refused(&why))?;
    placed(target, &head, value)
}

/// What lost its apiVersion is taken for an object of one of the server's internal types. Their fields have other names,
/// so nothing of it can be read.
fn internal(
    target: &Target,
    document: Document,
    mut unknown: Vec<String>,
    write: Write<'_>,
    refused: impl Fn(&str) -> Box<Status>,
) -> Result<Map<String, Value>, Box<Status>> {
    let Decoded { value, .. } =
        document.decode(Shape::deduced(), "").map_err(|failure| refused(&failure.to_string()))?;
    let fields = value.as_object().into_iter().flat_map(Map::keys);
    let fields = fields.filter(|field| !["apiVersion", "kind"].contains(&field.as_str()));
    let mut fields: Vec<_> = fields.map(|field| format!("unknown field {field:?}")).collect();
    fields.sort();
    unknown.extend(fields);
    told(unknown, write).map_err(|why| refused(&why))?;
    placed(target, &Head { api_version: String::new(), kind: String::new() }, Value::Null)
}

/// The same for what a configuration made of an object. `refused` tells of what cannot be converted.
pub(super) fn converted(
    kinds: &Kinds,
    target: &Target,
    merged: Value,
    write: Write<'_>,
    refused: impl Fn(&str) -> Box<Status>,
) -> Result<Map<String, Value>, Box<Status>> {
    if target.kind.custom {
        return decode(kinds, target, Document::Made(merged), write.unasked());
    }
    let document = Document::Made(merged);
    let head = head(&target.kind, &document)?;
    let Decoded { value, .. } = read(kinds, target, document, &head).map_err(|error| refused(&error.why))?;
    placed(target, &head, value)
}

/// Refuses or warns of what could be read although it is wrong.
fn told(problems: Vec<String>, write: Write<'_>) -> Result<(), String> {
    match write.validation {
        FieldValidation::Strict if !problems.is_empty() => {
            return Err(format!("strict decoding error: {}", problems.join(", ")));
        }
        FieldValidation::Ignore => {}
        FieldValidation::Strict | FieldValidation::Warn => {
            write.warn(problems.iter().flat_map(|problem| each(problem)))
        }
    }
    Ok(())
}

/// Tells of keys that are repeated in a configuration as [`told`] does.
pub(super) fn told_twice(keys: &[String], write: Write<'_>) -> Result<(), Box<Status>> {
    let Some(problem) = repetition(keys) else { return Ok(()) };
    match write.validation {
        FieldValidation::Strict => {
            return Err(status::bad_request(format!(
                "error strict decoding YAML: error converting YAML to JSON: {problem}"
            )));
        }
        FieldValidation::Ignore => {}
        FieldValidation::Warn => write.warn(each(&problem)),
    }
    Ok(())
}

/// A problem as it is warned about: each repeated key by itself.
fn each(problem: &str) -> impl Iterator<Item = String> {
    let lines = problem.strip_prefix(REPETITION);
    let whole = lines.is_none().then(|| problem.to_owned());
    lines.into_iter().flat_map(str::lines).map(|line| line.trim().to_owned()).chain(whole)
}

/// What the document says it is. Only texts of custom kinds have to say.
fn head(kind: &Kind, document: &Document) -> Result<Head, Box<Status>> {
    let unrecognized = |why: &str| {
        let text = document.text().unwrap_or_default();
        // What a Secret holds stays out of the message.
        let shown =
            if kind.is_core("secrets") && !text.is_empty() { String::new() } else { format!(" ({})", summary(text)) };
        status::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): {why}{shown}",
            kind.kind
        ))
    };
    let head =
        document.head().map_err(|why| unrecognized(&format!("couldn't get version/kind; json parse error: {why}")))?;
    if head.api_version.matches('/').count() > 1 {
        return Err(unrecognized(&format!("unexpected GroupVersion string: {}", head.api_version)));
    }
    match document.text().filter(|_| kind.custom && head.kind.is_empty()) {
        Some(text) => Err(unrecognized(&format!("Object 'Kind' is missing in '{}'", String::from_utf8_lossy(text)))),
        None => Ok(head),
    }
}

/// Refuses an object of another version than the request is about. One of a built-in kind may leave it out, and one that
/// is of another kind besides is told so later.
fn same_version(target: &Target, Head { api_version, kind }: &Head) -> Result<(), Box<Status>> {
    let expected = target.kind.api_version(&target.version);
    let of_kind = |kind: &Kind| kind.versions.iter().any(|version| kind.api_version(&version.name) == *api_version);
    let compared = target.kind.custom || (*kind == target.kind.kind && of_kind(&target.kind));
    if !compared || *api_version == expected {
        return Ok(());
    }
    Err(status::bad_request(format!(
        "the API version in the data ({api_version}) does not match the expected API version ({expected})"
    )))
}

fn read(kinds: &Kinds, target: &Target, document: Document, head: &Head) -> Result<Decoded, Unreadable> {
    let Target { kind, version, .. } = target;
    match kind.version(version).and_then(|version| version.schema.as_deref()) {
        Some(schema) => custom(document, schema).map_err(|why| Unreadable::new(&kind.kind, version, why)),
        None => built_in(kinds, target, document, head),
    }
}

/// Reads an object of a built-in kind, which may say that it is of another kind or version.
fn built_in(kinds: &Kinds, target: &Target, document: Document, head: &Head) -> Result<Decoded, Unreadable> {
    let Target { kind, version, .. } = target;
    let expected = kind.api_version(version);
    let said = |said: &str, otherwise: &str| if said.is_empty() { otherwise.to_owned() } else { said.to_owned() };
    let (said_kind, said_version) = (said(&head.kind, &kind.kind), said(&head.api_version, &expected));
    let short = said_version.rsplit('/').next().unwrap_or_default();
    let unreadable = |why: String| Unreadable::new(&said_kind, short, why);
    let read = |api_version: &str, kind: &str| {
        let shape = Shapes::built_in().kind(api_version, kind);
        document.decode(shape, kind).map_err(|failure| unreadable(failure.to_string()))
    };
    if said_kind == kind.kind && said_version == expected {
        return read(&expected, &kind.kind);
    }
    let package = kind.group.split('.').next().filter(|group| !group.is_empty()).unwrap_or("core");
    let converting = || format!("converting ({short}.{said_kind}) to ({package}.{}): unknown conversion", kind.kind);
    Err(match kinds.of_object(&said_version, &said_kind) {
        Some((other, _)) => {
            if !other.custom {
                read(&said_version, &said_kind)?;
            }
            unreadable(converting())
        }
        // A list of anything is of no group, but registered.
        None if (&*said_version, &*said_kind) == ("v1", "List") => unreadable(converting()),
        None => unreadable(format!(
            "no kind {} is registered for version {} in scheme \"pkg/runtime/scheme.go:111\"",
            quoted(&said_kind),
            quoted(&said_version)
        )),
    })
}

/// Reads an object of a custom kind: its metadata as that of any, the rest by its schema.
fn custom(document: Document, schema: &Schema) -> Result<Decoded, String> {
    // Who applies nulls means them.
    let applied = matches!(document, Document::Made(_));
    let Decoded { mut value, mut problems } =
        document.decode(Shape::deduced(), "").map_err(|failure| failure.to_string())?;
    if let Some(found) = value.get_mut("metadata") {
        let shape = Shapes::built_in().named("ObjectMeta");
        let read = Document::Value(found.take()).decode(shape, "ObjectMeta").map_err(|failure| failure.to_string())?;
        *found = read.value;
        // The metadata of custom objects is written anew as it is read, and an empty list of owners is not written.
        if let Some(metadata) = found.as_object_mut()
            && metadata.get("managedFields").and_then(Value::as_array).is_some_and(Vec::is_empty)
        {
            metadata.remove("managedFields");
        }
        problems.extend(read.problems.iter().map(|problem| problem.replacen("field \"", "field \"metadata.", 1)));
    }
    let unknown = schema.prune(&mut value)?;
    if !applied {
        schema.forget_nulls(&mut value);
    }
    problems.extend(unknown.iter().map(|path| format!("unknown field \"{path}\"")));
    schema.fill_in(&mut value);
    Ok(Decoded { value, problems })
}

/// The object under its kind, in the version it is stored in, and in the namespace of the request.
fn placed(target: &Target, head: &Head, value: Value) -> Result<Map<String, Value>, Box<Status>> {
    let kind = &target.kind;
    let mut object = match value {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    let expected = kind.api_version(&target.version);
    let said = [("kind", &head.kind, &kind.kind), ("apiVersion", &head.api_version, &expected)];
    let wrong = said.into_iter().filter(|(_, said, expected)| kind.custom && !said.is_empty() && said != expected);
    let flaws: Vec<_> = wrong
        .map(|(field, said, expected)| Flaw::invalid(field, said.as_str(), &format!("must be {expected}")))
        .collect();
    if !flaws.is_empty() {
        let name = object.get("metadata").and_then(|metadata| metadata["name"].as_str()).unwrap_or_default();
        return Err(status::invalid_as(&kind.group, &head.kind, name, flaws));
    }
    object.insert("kind".to_owned(), kind.kind.clone().into());
    conversion::store(kind, &target.version, &mut object);
    let metadata = metadata(&mut object);
    match text(metadata, "namespace") {
        _ if !kind.namespaced => drop(metadata.remove("namespace")),
        Some(other) if other != target.namespace => {
            return Err(status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        _ => drop(metadata.insert("namespace".to_owned(), target.namespace.clone().into())),
    }
    Ok(object)
}
