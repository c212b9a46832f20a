//! What a reset replaces.

use crate::ObjectName;

/// What a reset replaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The whole store.
    All,
    /// One namespace.
    Namespace(String),
    /// One object.
    Name(ObjectName),
}

impl Scope {
    /// Whether an object is in it.
    pub fn covers(&self, name: &ObjectName) -> bool {
        match self {
            Scope::All => true,
            Scope::Namespace(namespace) => name.namespace() == namespace,
            Scope::Name(only) => name == only,
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Scope::All => f.write_str("the whole store"),
            Scope::Namespace(namespace) => write!(f, "namespace {namespace}"),
            Scope::Name(name) => write!(f, "object {name}"),
        }
    }
}
