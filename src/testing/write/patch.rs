//! What is particular to patches: that they start from the object that is there, and what they tell of themselves.

use kube::core::Status;
use serde_json::{Map, Value};

use super::{
    super::{
        kinds::Kinds,
        options::FieldValidation,
        patch::{Language, Patch},
        shape::Shapes,
        state::Target,
        text,
    },
    decode::{self, Unreadable},
};

/// What a patch makes of the object that is there.
pub(super) struct Decoded {
    pub(super) object: Map<String, Value>,
    pub(super) warnings: Vec<String>,
}

/// Applies the patch to the object that is there, and decodes what comes out.
pub(super) fn decode(kinds: &Kinds, target: &Target, live: &Value, patch: &Patch) -> Result<Decoded, Box<Status>> {
    let kind = &target.kind;
    let api_version = kind.api_version(&target.version);
    let mut document = live.as_object().cloned().unwrap_or_default();
    document.insert("apiVersion".to_owned(), api_version.clone().into());
    let shape = Shapes::built_in().kind(&api_version, &kind.kind);
    let mut patched = patch.apply(document, shape)?;
    let whole = |object: &Value| text::patched(kind, object);
    if let (Language::Strategic, Some(object)) = (patch.language, patched.object.as_object_mut()) {
        // The request says what it is about; what the patch says of that goes unread.
        object.insert("kind".to_owned(), kind.kind.clone().into());
        object.insert("apiVersion".to_owned(), api_version.into());
    }
    if let Some(Unreadable { why, .. }) = decode::unreadable(kinds, target, &patched.object) {
        return Err(patched.refused(whole, &why));
    }
    let mut warnings = std::mem::take(&mut patched.unknown);
    let fields = patched.object.as_object().filter(|_| !kind.custom).into_iter().flatten();
    let undeclared: Vec<_> =
        fields.map(|(name, _)| name).filter(|name| shape.member(name).is_none()).cloned().collect();
    warnings.extend(undeclared.iter().map(|name| format!("unknown field {name:?}")));
    match patch.validation {
        FieldValidation::Strict if !warnings.is_empty() => {
            return Err(patched.refused(whole, &format!("strict decoding error: {}", warnings.join(", "))));
        }
        FieldValidation::Ignore => warnings.clear(),
        _ => {}
    }
    let mut object = decode::decode(kinds, target, patched.object)?;
    undeclared.iter().for_each(|name| drop(object.remove(name)));
    Ok(Decoded { object, warnings })
}
