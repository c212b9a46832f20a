//! What is done to a store, or proposed to a snapshot.

use crate::{Indexed, Object, ObjectName, ResourceVersion};

/// One write.
#[derive(Clone, Debug)]
pub enum Write {
    /// Inserts the object, or replaces the one of its name, wherever that one was indexed.
    Apply(Indexed),
    /// Removes the object of that name.
    Delete {
        /// The object.
        name: ObjectName,
        /// The version of the deletion, if known: an object that is newer stays.
        version: Option<ResourceVersion>,
    },
}

impl From<Indexed> for Write {
    fn from(indexed: Indexed) -> Write {
        Write::Apply(indexed)
    }
}

impl Write {
    /// Applies an object that has no keys beyond its name; `None` when it has no name.
    pub fn apply(object: Object) -> Option<Write> {
        Indexed::new(object).map(Write::Apply)
    }

    /// Removes the object of that name, whatever its version.
    pub fn delete(name: ObjectName) -> Write {
        Write::Delete { name, version: None }
    }

    /// The object written to.
    pub fn name(&self) -> &ObjectName {
        match self {
            Write::Apply(indexed) => indexed.name(),
            Write::Delete { name, .. } => name,
        }
    }
}
