//! Functions of lists that Kubernetes adds: whether they are sorted, their sum, the least, the greatest, the first and the
//! last in them, and where something is.

use std::cmp::Ordering;

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        types::{CelBool, CelInt, CelOptional, DYN_TYPE, LIST_TYPE},
        value::{CowVal, Val},
    },
};

use super::{failed, items};

pub(super) fn declare(environment: &mut Env) -> Result<(), DeclarationError> {
    let list = || LIST_TYPE;
    environment.add_member_overload("isSorted", "list_is_sorted", list(), vec![], |arguments| {
        let items = of(&arguments);
        let mut sorted = true;
        for pair in items.windows(2) {
            sorted &= compare(pair[0], pair[1])? != Ordering::Greater;
        }
        Ok(CowVal::owned(CelBool::from(sorted)))
    })?;
    environment.add_member_overload("sum", "list_sum", list(), vec![], |arguments| {
        let items = of(&arguments);
        let Some((first, rest)) = items.split_first() else { return Ok(CowVal::owned(CelInt::from(0))) };
        let mut sum = first.clone_as_boxed();
        for item in rest {
            let adder = sum.as_adder().ok_or_else(misfit)?;
            sum = adder.add(*item)?.into_owned();
        }
        Ok(CowVal::Owned(sum))
    })?;
    environment
        .add_member_overload("min", "list_min", list(), vec![], |arguments| best(&arguments, "min", Ordering::Less))?;
    environment.add_member_overload("max", "list_max", list(), vec![], |arguments| {
        best(&arguments, "max", Ordering::Greater)
    })?;
    environment
        .add_member_overload("first", "list_first", list(), vec![], |arguments| Ok(maybe(of(&arguments).first())))?;
    environment
        .add_member_overload("last", "list_last", list(), vec![], |arguments| Ok(maybe(of(&arguments).last())))?;
    environment.add_member_overload("indexOf", "list_index_of", list(), vec![DYN_TYPE], |arguments| {
        let wanted = arguments.get(1).ok_or_else(misfit)?;
        Ok(place(of(&arguments).iter().position(|item| item.equals(&**wanted))))
    })?;
    environment.add_member_overload("lastIndexOf", "list_last_index_of", list(), vec![DYN_TYPE], |arguments| {
        let wanted = arguments.get(1).ok_or_else(misfit)?;
        Ok(place(of(&arguments).iter().rposition(|item| item.equals(&**wanted))))
    })
}

/// The items of the list that a function is called of.
fn of<'a, 'v>(arguments: &'a [CowVal<'_, 'v>]) -> Vec<&'a (dyn Val + 'v)> {
    arguments.first().map(|list| items(&**list)).unwrap_or_default()
}

/// An item that may be there.
fn maybe<'b, 'v>(item: Option<&&(dyn Val + 'v)>) -> CowVal<'b, 'v> {
    CowVal::owned(item.map_or_else(CelOptional::none, |item| CelOptional::of(item.clone_as_boxed())))
}

fn place<'b, 'v>(place: Option<usize>) -> CowVal<'b, 'v> {
    CowVal::owned(CelInt::from(place.map_or(-1, |place| i64::try_from(place).unwrap_or(i64::MAX))))
}

fn best<'b, 'v>(arguments: &[CowVal<'b, 'v>], name: &str, wanted: Ordering) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let items = of(arguments);
    let (first, rest) = items.split_first().ok_or_else(|| failed(format!("{name} called on empty list")))?;
    let mut best = *first;
    for item in rest {
        if compare(*item, best)? == wanted {
            best = *item;
        }
    }
    Ok(CowVal::Owned(best.clone_as_boxed()))
}

fn compare(one: &dyn Val, other: &dyn Val) -> Result<Ordering, ExecutionError> {
    one.as_comparer().ok_or_else(misfit)?.compare(other)
}

fn misfit() -> ExecutionError {
    ExecutionError::no_such_overload("", Vec::new())
}
