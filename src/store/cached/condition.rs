//! What a query asks of a body.

use crate::selector::LabelSelector;
use crate::store::{Body, Query};

/// What a query asks of a body, which may have changed since its reference was found.
pub(super) struct Condition {
    index: String,
    prefix: Vec<String>,
    labels: Option<LabelSelector>,
}

impl Condition {
    pub(super) fn of(query: &Query<'_>) -> Condition {
        Condition {
            index: query.index.to_owned(),
            prefix: query.prefix.iter().map(|&component| component.to_owned()).collect(),
            labels: query.labels.cloned(),
        }
    }

    pub(super) fn fits(&self, body: &Body) -> bool {
        let prefix: Vec<&str> = self.prefix.iter().map(String::as_str).collect();
        let labels = self.labels.as_ref();
        labels.is_none_or(|labels| labels.matches(|key| body.object().label(key))) && body.has_key(&self.index, &prefix)
    }
}
