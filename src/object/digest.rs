//! What values are known by before they are compared: hashes, of an object all at once.

use std::hash::{BuildHasher, Hasher};

use hashbrown::DefaultHashBuilder;

use super::value::{Kind, ValueRef};

/// What a value is known by.
#[derive(Clone, Copy, Default)]
pub(super) struct Digest {
    pub(super) hash: u64,
    /// Of a map: what its names are known by.
    pub(super) shape: u64,
    /// How many values it is made of, itself included.
    pub(super) values: u32,
    /// Whether something in it is never shared.
    pub(super) hides: bool,
}

/// What a Secret hides.
const SECRET: &[&str] = &["data", "stringData"];
/// Holds a whole object as a text, be it a Secret.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The names of the members that are never shared, of a map that may be an object as a whole.
pub(super) fn hidden(map: ValueRef<'_>, digest: Digest, root: bool) -> &'static [&'static str] {
    if digest.hides || root { hidden_in(map, root) } else { &[] }
}

/// The same where it is not known whether something in it is never shared.
pub(super) fn hidden_in(map: ValueRef<'_>, root: bool) -> &'static [&'static str] {
    match map.member("kind") {
        Some(kind) => hidden_by(kind),
        // Whoever left it out may have written a Secret.
        None if root => SECRET,
        None => &[],
    }
}

/// The names of the members that are never shared in what is of that kind.
fn hidden_by(kind: ValueRef<'_>) -> &'static [&'static str] {
    match kind.string_bytes().as_deref() {
        Some(b"Secret") => SECRET,
        Some(b"SecretList") => &["items"],
        _ => &[],
    }
}

pub(super) fn text_hash(hasher: &DefaultHashBuilder, text: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// Notes what each value is known by, the containing before the contained.
pub(super) fn digest(hasher: &DefaultHashBuilder, digests: &mut Vec<Digest>, value: ValueRef<'_>) -> Digest {
    let at = digests.len();
    digests.push(Digest::default());
    let kind = value.kind();
    let (mut shape, mut hides) = (0, false);
    let hash = || {
        let mut hasher = hasher.build_hasher();
        hasher.write_u8(kind as u8);
        hasher
    };
    let hash = match kind {
        Kind::Null => hash().finish(),
        Kind::Bool => with(hash(), u64::from(value.as_bool() == Some(true))),
        // The same bits are one number as one of the two only.
        Kind::Integer => match value.as_u64() {
            Some(number) => with(hash(), number),
            None => !with(hash(), value.as_i64().unwrap_or_default() as u64),
        },
        Kind::Float => with(hash(), value.as_f64().unwrap_or_default().to_bits()),
        Kind::String => text_hash(hasher, &value.string_bytes().unwrap_or_default()),
        Kind::List => {
            let mut hash = hash();
            for item in value.items() {
                let item = digest(hasher, digests, item);
                hash.write_u64(item.hash);
                hides |= item.hides;
            }
            hash.finish()
        }
        Kind::Map => {
            let (mut hash, mut names) = (hash(), Names::new(hasher));
            for (name, member) in value.fields() {
                names.add(name);
                let told = digest(hasher, digests, member);
                hash.write_u64(told.hash);
                hides |= told.hides || name == LAST_APPLIED.as_bytes();
                hides |= name == b"kind" && !hidden_by(member).is_empty();
            }
            shape = names.finish();
            with(hash, shape)
        }
    };
    // An object has fewer values than bytes.
    let digest = Digest { hash, shape, values: (digests.len() - at) as u32, hides };
    digests[at] = digest;
    digest
}

/// What the names of a map are known by, told one by one.
pub(super) struct Names(<DefaultHashBuilder as BuildHasher>::Hasher);

impl Names {
    pub(super) fn new(hasher: &DefaultHashBuilder) -> Names {
        Names(hasher.build_hasher())
    }

    pub(super) fn add(&mut self, name: &[u8]) {
        self.0.write(name);
        // No text has this byte.
        self.0.write_u8(0xff);
    }

    pub(super) fn finish(&self) -> u64 {
        self.0.finish()
    }
}

fn with(mut hasher: impl Hasher, bits: u64) -> u64 {
    hasher.write_u64(bits);
    hasher.finish()
}
