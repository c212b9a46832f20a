//! What a regular expression finds in a text: `find` and `findAll`.

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        types::{CelInt, CelList, CelString},
        value::Val,
    },
};
use regex::Regex;

use super::failed;

pub(super) fn declare(environment: &mut Env) -> Result<(), DeclarationError> {
    cel::add_member_overload!(environment, fn find: (CelString, CelString) -> Result<CelString>)?;
    cel::add_member_overload!(environment, fn find_all: (CelString, CelString) -> Result<CelList>)?;
    cel::add_member_overload!(environment, fn find_some: (CelString, CelString, CelInt) -> Result<CelList>,
        name = "findAll")
}

fn find(text: &CelString<'_>, pattern: &CelString<'_>) -> Result<CelString<'static>, ExecutionError> {
    let found = read(pattern)?.find(text.inner()).map_or("", |found| found.as_str()).to_owned();
    Ok(found.into())
}

fn find_all(text: &CelString<'_>, pattern: &CelString<'_>) -> Result<CelList<'static>, ExecutionError> {
    found(text, pattern, usize::MAX)
}

fn find_some(text: &CelString<'_>, pattern: &CelString<'_>, most: &CelInt) -> Result<CelList<'static>, ExecutionError> {
    found(text, pattern, usize::try_from(*most.inner()).unwrap_or(usize::MAX))
}

fn found(text: &CelString<'_>, pattern: &CelString<'_>, most: usize) -> Result<CelList<'static>, ExecutionError> {
    let pattern = read(pattern)?;
    let found = pattern.find_iter(text.inner()).take(most);
    let found = found.map(|found| -> Box<dyn Val> { Box::new(CelString::from(found.as_str().to_owned())) });
    Ok(found.collect::<Vec<_>>().into())
}

fn read(pattern: &CelString<'_>) -> Result<Regex, ExecutionError> {
    Regex::new(pattern.inner())
        .map_err(|_| failed(format!("Illegal regex: error parsing regexp: `{}`", pattern.inner())))
}
