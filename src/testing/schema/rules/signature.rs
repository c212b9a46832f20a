//! The functions and operators there are, with the types they take and give.
//!
//! Not here: what they do ([`library`](super::library) and the crate `cel`).

use std::{collections::HashMap, sync::LazyLock};

use super::types::{Type, split};

/// One way to call a function.
#[derive(Debug)]
pub(super) struct Signature {
    /// Whether the first of what it takes stands before the dot.
    pub(super) member: bool,
    pub(super) takes: Vec<Type<'static>>,
    pub(super) gives: Type<'static>,
}

/// Functions of Kubernetes that this crate lacks, and the names of those that begin so.
const LACKING: [&str; 10] = [
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "transformList",
    "transformMap",
    "transformMapEntry",
    "semver",
    "isSemver",
    "format.",
];

/// The ways to call a function of this name; none where there is no such function.
pub(super) fn ways(name: &str) -> &'static [Signature] {
    static TABLE: LazyLock<HashMap<&str, Vec<Signature>>> = LazyLock::new(|| {
        let mut table = HashMap::<_, Vec<_>>::new();
        for line in include_str!("signatures.txt").lines() {
            let (call, gives) = line.rsplit_once(": ").unwrap_or((line, "dyn"));
            let (receiver, call) = call.split_once(" -> ").map_or((None, call), |(of, call)| (Some(of), call));
            let (name, takes) = call.split_once('(').unwrap_or((call, ")"));
            let takes = receiver.into_iter().chain(split(&takes[..takes.len() - 1])).map(Type::read).collect();
            let member = receiver.is_some();
            table.entry(name).or_default().push(Signature { member, takes, gives: Type::read(gives) });
        }
        table
    });
    // All comparisons take the same.
    let name = if ["_<=_", "_>_", "_>=_"].contains(&name) { "_<_" } else { name };
    TABLE.get(name).map(Vec::as_slice).unwrap_or_default()
}

/// Whether a real server has the function, with so many arguments, although it is not here.
pub(super) fn is_lacking(name: &str, arguments: usize) -> bool {
    let taken = !["all", "exists", "exists_one"].contains(&name) || arguments == 3;
    taken && LACKING.iter().any(|lacking| name == *lacking || lacking.ends_with('.') && name.starts_with(lacking))
}
