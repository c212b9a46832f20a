//! Lists as sets: `sets.contains`, `sets.equivalent` and `sets.intersects`.

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        functions::Function,
        types::{CelBool, LIST_TYPE},
        value::{CowVal, Val},
    },
};

use super::items;
use crate::testing::schema::rules::limit::{self, Rounds};

pub(super) fn declare(environment: &mut Env) -> Result<(), DeclarationError> {
    let functions: [(&str, Function); 3] = [
        ("sets.contains", |lists| {
            let (one, other) = two(&lists)?;
            Ok(told(contains(&one, &other)))
        }),
        ("sets.equivalent", |lists| {
            let (one, other) = two(&lists)?;
            Ok(told(contains(&one, &other) && contains(&other, &one)))
        }),
        ("sets.intersects", |lists| {
            let (one, other) = two(&lists)?;
            Ok(told(other.iter().any(|item| is_in(*item, &one))))
        }),
    ];
    functions.into_iter().try_for_each(|(name, function)| {
        environment.add_overload(name, name, vec![limit::TYPE.to_owned(), LIST_TYPE, LIST_TYPE], function)
    })
}

/// Items of a list.
type Items<'a, 'v> = Vec<&'a (dyn Val + 'v)>;

/// Both lists, where there are rounds left to compare all their items.
fn two<'a, 'v>(lists: &'a [CowVal<'_, 'v>]) -> Result<(Items<'a, 'v>, Items<'a, 'v>), ExecutionError> {
    let of = |place: usize| lists.get(place).map(|list| items(&**list)).unwrap_or_default();
    let (one, other) = (of(1), of(2));
    Rounds::of(lists)?.spend(one.len() as u64 * other.len() as u64 / 4)?;
    Ok((one, other))
}

fn told<'b, 'v>(truth: bool) -> CowVal<'b, 'v> {
    CowVal::owned(CelBool::from(truth))
}

fn contains(list: &[&dyn Val], other: &[&dyn Val]) -> bool {
    other.iter().all(|item| is_in(*item, list))
}

fn is_in(item: &dyn Val, list: &[&dyn Val]) -> bool {
    list.iter().any(|other| other.equals(item))
}
