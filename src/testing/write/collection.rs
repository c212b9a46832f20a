//! Deletions of all objects of a list.

use kube::core::Status;

use super::super::{
    listing::{self, List},
    options::{DeleteOptions, Options},
    selection::Selection,
    state::{State, Target},
    text::Form,
};

impl State {
    /// Deletes the objects the selectors choose, one after the other. Answers the list as it was before.
    pub(in super::super) fn delete_collection(
        &mut self,
        target: &Target,
        options: &Options,
        selection: &Selection,
        deletion: &DeleteOptions,
    ) -> Result<List, Box<Status>> {
        let list = listing::list(self, target, options, Form::Whole)?;
        for (namespace, name) in listing::names(self, target, selection) {
            let target = Target { namespace, ..target.clone() };
            self.delete(&target, &name, &deletion.preconditions, deletion.dry_run)?;
        }
        Ok(list)
    }
}
