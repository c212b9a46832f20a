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
}

pub(super) fn text_hash(hasher: &DefaultHashBuilder, text: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// Notes what each value is known by, the containing before the contained.
pub(super) fn digest(hasher: &DefaultHashBuilder, digests: &mut Vec<Digest>, value: ValueRef<'_>) -> u64 {
    let at = digests.len();
    digests.push(Digest::default());
    let kind = value.kind();
    let mut shape = 0;
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
        Kind::String => match value.text_bytes() {
            Some(text) => text_hash(hasher, text),
            None => text_hash(hasher, value.as_str().unwrap_or_default().as_bytes()),
        },
        Kind::List => {
            let mut hash = hash();
            value.items().for_each(|item| hash.write_u64(digest(hasher, digests, item)));
            hash.finish()
        }
        Kind::Map => {
            let (mut hash, mut names) = (hash(), hasher.build_hasher());
            for (name, member) in value.fields() {
                names.write(name);
                // No text has this byte.
                names.write_u8(0xff);
                hash.write_u64(digest(hasher, digests, member));
            }
            shape = names.finish();
            with(hash, shape)
        }
    };
    digests[at] = Digest { hash, shape, values: (digests.len() - at) as u32 };
    hash
}

fn with(mut hasher: impl Hasher, bits: u64) -> u64 {
    hasher.write_u64(bits);
    hasher.finish()
}
