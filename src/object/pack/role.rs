//! Where a value stands in an object, on which depends what may be shared of it.

use crate::object::digest::LAST_APPLIED;

/// Where a value stands in an object, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::object) enum Role {
    /// The object, and its metadata: never shared, because the identity is in them.
    Root,
    Metadata,
    /// Namespace and name, which are compared more often than anything else.
    Identity,
    /// What a Secret hides, wherever it is, which is never shared.
    Payload,
    Other,
}

impl Role {
    /// The role of a member, or of an element, of a map of which the members with these names are hidden.
    pub(in crate::object) fn below(self, name: &[u8], hidden: &[&str]) -> Role {
        match (self, name) {
            (Role::Payload, _) => Role::Payload,
            _ if name == LAST_APPLIED.as_bytes() || hidden.iter().any(|other| other.as_bytes() == name) => {
                Role::Payload
            }
            (Role::Root, b"metadata") => Role::Metadata,
            (Role::Metadata, b"name" | b"namespace") => Role::Identity,
            _ => Role::Other,
        }
    }
}
