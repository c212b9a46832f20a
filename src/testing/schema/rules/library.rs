//! What expressions can call: what the crate `cel` has, and what Kubernetes adds.
//!
//! Not here: which types functions take ([`signature`](super::signature)).

mod cidr;
mod heavy;
mod ip;
mod lists;
mod quantity;
mod search;
mod sets;
mod url;

use std::{
    slice,
    sync::{Arc, LazyLock},
};

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        types::CelString,
        value::{CowVal, Val},
    },
    extensions,
};

pub(super) use self::heavy::{grows, is_heavy};
use super::limit;

/// Adds some of it.
type Part = fn(&mut Env) -> Result<(), DeclarationError>;

/// All there is.
pub(super) static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut environment = Env::stdlib();
    let parts: [Part; 11] = [
        extensions::strings,
        extensions::lists,
        cidr::declare,
        heavy::declare,
        ip::declare,
        lists::declare,
        quantity::declare,
        search::declare,
        sets::declare,
        url::declare,
        limit::declare,
    ];
    for part in parts {
        environment.add_extension(part).expect("each function is declared once");
    }
    Arc::new(environment)
});

/// What a function of one text makes of it.
pub(super) fn converted<'v>(by: &str, text: String) -> Option<Box<dyn Val + 'v>> {
    let text: CowVal<'_, 'v> = CowVal::owned(CelString::from(text));
    let function = ENVIRONMENT.find_overload(by, slice::from_ref(&text))?;
    function(vec![text]).ok().map(CowVal::into_owned)
}

/// A failure that is told in these words.
fn failed(why: impl Into<String>) -> ExecutionError {
    ExecutionError::function_error("", why.into())
}

/// All items of a list.
pub(super) fn items<'b, 'v>(list: &'b (dyn Val + 'v)) -> Vec<&'b (dyn Val + 'v)> {
    let mut items = Vec::new();
    if let Some(list) = list.as_iterable() {
        let mut rest = list.iter();
        while let Some(item) = rest.next() {
            items.push(item);
        }
    }
    items
}
