//! Lists as sets: `sets.contains`, `sets.equivalent` and `sets.intersects`.

use cel::{
    DeclarationError, Env,
    common::{
        functions::Function,
        types::{CelBool, LIST_TYPE},
        value::{CowVal, Val},
    },
};

use super::items;

pub(super) fn declare(environment: &mut Env) -> Result<(), DeclarationError> {
    let functions: [(&str, Function); 3] = [
        ("sets.contains", |lists| Ok(told(contains(&of(&lists, 0), &of(&lists, 1))))),
        ("sets.equivalent", |lists| {
            let (one, other) = (of(&lists, 0), of(&lists, 1));
            Ok(told(contains(&one, &other) && contains(&other, &one)))
        }),
        ("sets.intersects", |lists| {
            let (one, other) = (of(&lists, 0), of(&lists, 1));
            Ok(told(other.iter().any(|item| is_in(*item, &one))))
        }),
    ];
    functions
        .into_iter()
        .try_for_each(|(name, function)| environment.add_overload(name, name, vec![LIST_TYPE, LIST_TYPE], function))
}

fn of<'a, 'v>(lists: &'a [CowVal<'_, 'v>], place: usize) -> Vec<&'a (dyn Val + 'v)> {
    lists.get(place).map(|list| items(&**list)).unwrap_or_default()
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
