//! Member names, kept once per thread instead of once per object. No lock, and bounded: labels and annotations
//! are named by users.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

/// How many names a thread keeps, and how long one may be; others are the object's own.
const MAX_NAMES: usize = 4096;
const MAX_LENGTH: usize = 64;

thread_local! {
    static NAMES: RefCell<HashSet<Arc<str>>> = RefCell::default();
}

pub(super) fn intern(name: &str) -> Arc<str> {
    if name.len() > MAX_LENGTH {
        return name.into();
    }
    NAMES.with_borrow_mut(|names| {
        if let Some(known) = names.get(name) {
            return Arc::clone(known);
        }
        if names.len() >= MAX_NAMES {
            // Names that no object uses any more make room for those to come. If that gains little, start anew:
            // sweeping again at every new name would cost more than sharing gains.
            names.retain(|known| Arc::strong_count(known) > 1);
            if names.len() > MAX_NAMES / 2 {
                names.clear();
            }
        }
        let name: Arc<str> = name.into();
        names.insert(Arc::clone(&name));
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_seen_before_is_shared_and_unused_names_make_room() {
        let first = intern("metadata");
        assert!(Arc::ptr_eq(&first, &intern("metadata")));
        for unique in 0..3 * MAX_NAMES {
            intern(&format!("unique-{unique}"));
        }
        assert!(Arc::ptr_eq(&first, &intern("metadata")));
        assert!(NAMES.with_borrow(HashSet::len) <= MAX_NAMES);
    }
}
