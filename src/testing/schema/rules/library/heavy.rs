//! Functions that do or make far more than they are given: they count it before they do it.
//!
//! Not here: sets ([`sets`](super::sets)).

use std::slice;

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        types::{CelInt, CelList, CelString, INT_TYPE, LIST_TYPE, STRING_TYPE},
        value::{CowVal, Val},
    },
};

use super::{ENVIRONMENT, failed, items};
use crate::testing::schema::rules::limit::{self, Rounds};

/// Whether a function takes the counter before its arguments.
pub(in crate::testing::schema::rules) fn is_heavy(name: &str, member: bool) -> bool {
    match member {
        true => ["distinct", "join", "replace"].contains(&name),
        false => name == "lists.range" || name.starts_with("sets."),
    }
}

/// Whether what a function gives is counted too.
pub(in crate::testing::schema::rules) fn grows(name: &str) -> bool {
    ["range", "join", "split", "replace", "format", "flatten", "findAll"].contains(&name)
}

pub(super) fn declare(environment: &mut Env) -> Result<(), DeclarationError> {
    let rounds = || limit::TYPE.to_owned();
    let (list, text) = (|| LIST_TYPE, || STRING_TYPE);
    environment.add_overload("lists.range", "counted_range", vec![rounds(), INT_TYPE], range)?;
    environment.add_member_overload("distinct", "counted_distinct", list(), vec![rounds()], distinct)?;
    environment.add_member_overload("join", "counted_join", list(), vec![rounds()], join)?;
    environment.add_member_overload("join", "counted_join_by", list(), vec![rounds(), text()], join)?;
    environment.add_member_overload("replace", "counted_replace", text(), vec![rounds(), text(), text()], replace)?;
    let some = vec![rounds(), text(), text(), INT_TYPE];
    environment.add_member_overload("replace", "counted_replace_some", text(), some, replace)
}

fn range<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let wanted =
        arguments.last().and_then(|wanted| wanted.downcast_ref::<CelInt>()).map_or(0, |wanted| *wanted.inner());
    Rounds::of(&arguments)?.spend(u64::try_from(wanted).unwrap_or_default() / 10)?;
    let wanted = arguments.pop().ok_or_else(misfit)?;
    ENVIRONMENT.find_overload("lists.range", slice::from_ref(&wanted)).ok_or_else(misfit)?(vec![wanted])
}

fn distinct<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let rounds = Rounds::of(&arguments)?;
    let mut found: Vec<&(dyn Val + 'v)> = Vec::new();
    for item in arguments.first().map(|list| items(&**list)).unwrap_or_default() {
        rounds.spend(found.len() as u64 / 4)?;
        if !found.iter().any(|earlier| item.equals(*earlier)) {
            found.push(item);
        }
    }
    Ok(CowVal::owned(CelList::from(found.into_iter().map(|item| item.clone_as_boxed()).collect::<Vec<_>>())))
}

fn join<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let between = if arguments.len() > 2 { text(&arguments, 2)? } else { "" };
    let items = arguments.first().map(|list| items(&**list)).unwrap_or_default();
    Rounds::of(&arguments)?.spend(between.len() as u64 * items.len() as u64 / 10)?;
    let texts = items.into_iter().map(|item| item.downcast_ref::<CelString>().map(|text| text.inner()));
    let texts: Option<Vec<&str>> = texts.collect();
    Ok(CowVal::owned(CelString::from(texts.ok_or_else(misfit)?.join(between))))
}

fn replace<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let (whole, old, new) = (text(&arguments, 0)?, text(&arguments, 2)?, text(&arguments, 3)?);
    let most = arguments.get(4).and_then(|most| most.downcast_ref::<CelInt>());
    let most = most.and_then(|most| usize::try_from(*most.inner()).ok()).unwrap_or(usize::MAX);
    let times = whole.matches(old).take(most).count();
    Rounds::of(&arguments)?.spend(times as u64 * new.len() as u64 / 10)?;
    Ok(CowVal::owned(CelString::from(whole.replacen(old, new, most))))
}

fn text<'a>(arguments: &'a [CowVal<'_, '_>], place: usize) -> Result<&'a str, ExecutionError> {
    let text = arguments.get(place).and_then(|text| text.downcast_ref::<CelString>());
    text.map(|text| text.inner()).ok_or_else(misfit)
}

fn misfit() -> ExecutionError {
    failed("no such overload")
}
