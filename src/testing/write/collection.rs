//! Deletions of all objects of a list (deletecollection).

use kube::core::Status;
use serde_json::Value;

use super::super::{
    deletion::Deletion,
    listing::{self, List},
    options::Options,
    state::{State, Target},
    text::Form,
};

impl State {
    /// Deletes the objects of a list, one after the other. Answers the list as it was before.
    pub(in super::super) fn delete_collection(
        &mut self,
        target: &Target,
        options: &Options,
        deletion: &Deletion,
        form: Form,
    ) -> Result<List, Box<Status>> {
        // The server reads pages, of which nobody sees the ends.
        let pages = Options { limit: if options.limit == 0 { i64::MAX } else { options.limit }, ..options.clone() };
        let list = listing::list(self, target, &pages, form)?;
        let listed: Value = serde_json::from_slice(&list.text()).unwrap_or_default();
        for item in listed["items"].as_array().into_iter().flatten() {
            let text = |field: &str| item["metadata"][field].as_str().unwrap_or_default().to_owned();
            let target = Target { namespace: text("namespace"), ..target.clone() };
            match self.delete(&target, &text("name"), deletion) {
                Err(refusal) if refusal.code != 404 => return Err(refusal),
                _ => {}
            }
        }
        Ok(list)
    }
}
