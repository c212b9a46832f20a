//! Fields that an apply would take from their owners.

use std::fmt;

use super::{
    entry::{Entry, Operation},
    path::{Step, shown_path},
    set::FieldSet,
};

/// One field and its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testing) struct Conflict {
    identity: String,
    owner: String,
    path: Vec<Step>,
}

impl Conflict {
    pub(super) fn new(entry: &Entry, path: Vec<Step>) -> Self {
        let mut owner = format!("{:?}", entry.manager);
        if !entry.subresource.is_empty() {
            owner += &format!(" with subresource {:?}", entry.subresource);
        }
        if entry.operation == Operation::Update {
            owner += &format!(" using {}", entry.api_version);
        }
        Conflict { identity: entry.identity(), owner, path }
    }

    /// What the cause of the Status says: `conflict with "helm" using v1`. Its reason is `FieldManagerConflict`.
    pub(in crate::testing) fn message(&self) -> String {
        format!("conflict with {}", self.owner)
    }

    /// What the cause of the Status names: `.data.a`.
    pub(in crate::testing) fn field(&self) -> String {
        shown_path(&self.path)
    }
}

/// All such fields, at least one, by owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testing) struct Conflicts(Vec<Conflict>);

impl Conflicts {
    /// Fails if there are any.
    pub(super) fn none(conflicts: impl IntoIterator<Item = Conflict>) -> Result<(), Self> {
        let mut conflicts: Vec<Conflict> = conflicts.into_iter().collect();
        conflicts.sort_by(|a, b| a.identity.cmp(&b.identity));
        if conflicts.is_empty() { Ok(()) } else { Err(Conflicts(conflicts)) }
    }

    pub(in crate::testing) fn iter(&self) -> impl Iterator<Item = &Conflict> {
        self.0.iter()
    }

    /// Fails if any are left without these fields.
    pub(super) fn without(self, fields: &FieldSet) -> Result<(), Self> {
        Conflicts::none(self.0.into_iter().filter(|conflict| !fields.contains(&conflict.path)))
    }
}

/// The message of the Status.
impl fmt::Display for Conflicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = &self.0[..] {
            return write!(f, "Apply failed with 1 conflict: {}: {}", only.message(), only.field());
        }
        write!(f, "Apply failed with {} conflicts: ", self.0.len())?;
        for (at, of_one) in self.0.chunk_by(|a, b| a.identity == b.identity).enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}conflicts with {}:", of_one[0].owner)?;
            of_one.iter().try_for_each(|conflict| write!(f, "\n- {}", conflict.field()))?;
        }
        Ok(())
    }
}

impl std::error::Error for Conflicts {}
