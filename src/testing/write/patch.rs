//! The special parts of a patch: it starts from the stored object, and its own warnings.

use kube::core::Status;
use serde_json::{Map, Value};

use super::{
    super::{
        conversion,
        kinds::Kinds,
        patch::{Language, Patch},
        state::Target,
        text,
    },
    Document, Write, decode,
};

/// Applies the patch to the object that is there, and decodes what comes out.
pub(super) fn decode(
    kinds: &Kinds,
    target: &Target,
    live: &Value,
    patch: &Patch,
    write: Write<'_>,
) -> Result<Map<String, Value>, Box<Status>> {
    let kind = &target.kind;
    let api_version = kind.api_version(&target.version);
    let mut document = live.as_object().cloned().unwrap_or_default();
    conversion::show(kind, &target.version, &mut document);
    let mut patched = patch.apply(document, kind.shape(&target.version))?;
    if let (Language::Strategic, Some(object)) = (patch.language, patched.object.as_object_mut()) {
        // The request says what it is about; what the patch says of that goes unread.
        object.insert("kind".to_owned(), kind.kind.clone().into());
        object.insert("apiVersion".to_owned(), api_version.into());
    }
    let whole = |object: &Value| text::patched(kind, object);
    let unknown = std::mem::take(&mut patched.unknown);
    let object = patched.object.clone();
    let document = match patch.language {
        Language::Strategic => Document::Made(object),
        Language::Json | Language::Merge => Document::Value(object),
    };
    decode::decode_patched(kinds, target, document, unknown, write, |why| patched.refused(whole, why))
}
