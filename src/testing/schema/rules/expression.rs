//! One expression: how it is read, and how it is evaluated.
//!
//! Not here: what it is asked for ([`rule`](super::rule)).

use cel::{
    Context, Value,
    common::{
        ast::{Expr, IdedExpr, SourceInfo, operators},
        types::CelOptional,
        value::{CowVal, Val},
    },
    context::VariableResolver,
};

use super::{
    check, error,
    library::ENVIRONMENT,
    limit::{self, Rounds},
    room::{is_flat, is_small, with_room},
    types::Type,
};

/// An expression that can be evaluated.
#[derive(Debug)]
pub(super) struct Expression {
    root: IdedExpr,
    /// The same with what `&&` and `||` join turned around: when both sides fail, the evaluator tells of the second, and
    /// the server of the first.
    turned: IdedExpr,
    pub(super) uses_old: bool,
    /// Whether the value of before is one that may be there.
    optional_old: bool,
}

/// Why there is no expression.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// What is wrong, in the words of the server.
    Wrong(String),
    /// It gives something else than it should.
    OfOtherType,
    /// It may be right, but this cluster cannot say.
    Unknown(String),
}

impl Expression {
    /// Reads an expression about values of a type that has to give something of a type.
    pub(super) fn compile(text: &str, this: &Type<'_>, optional_old: bool, gives: &str) -> Result<Self, Refusal> {
        let too_large = || Err(Refusal::Unknown("does not read expressions of this size".to_owned()));
        if !is_small(text) {
            return too_large();
        }
        with_room(|| Expression::read(text, this, optional_old, gives)).flatten().unwrap_or_else(too_large)
    }

    /// The same; nothing of what goes too deep.
    fn read(text: &str, this: &Type<'_>, optional_old: bool, gives: &str) -> Option<Result<Self, Refusal>> {
        let (mut root, source) = match ENVIRONMENT.parser().parse_with_source_info(text) {
            Ok(parsed) => parsed,
            Err(errors) => {
                let places = errors.errors.iter().map(|error| (error.pos, error.msg.as_str()));
                return Some(Err(Refusal::Wrong(told(text, places))));
            }
        };
        is_flat(&mut root).then(|| Expression::checked(root, &source, this, optional_old, gives))
    }

    fn checked(
        mut root: IdedExpr,
        source: &SourceInfo,
        this: &Type<'_>,
        optional_old: bool,
        gives: &str,
    ) -> Result<Self, Refusal> {
        let found = check::check(&root, this, optional_old);
        if let Some(function) = found.lacking {
            return Err(Refusal::Unknown(format!("does not know {function}")));
        }
        if !found.problems.is_empty() {
            let places = found.problems.iter().map(|(at, what)| (place(source, *at), what.as_str()));
            let mut places: Vec<_> = places.collect();
            places.sort_unstable();
            return Err(Refusal::Wrong(told(&source.source, places.into_iter())));
        }
        if !found.gives.is(gives) {
            return Err(Refusal::OfOtherType);
        }
        let uses_old = found.uses_old;
        limit::count(&mut root);
        let mut turned = root.clone();
        turn(&mut turned);
        Ok(Expression { root, turned, uses_old, optional_old })
    }

    /// What it gives; or why it gives nothing, in the words of the server.
    pub(super) fn evaluate(&self, scope: &Scope<'_>, rounds: &Rounds) -> Result<Value, String> {
        let evaluate = |root| {
            let asked = Asked { scope, optional_old: self.optional_old, rounds };
            let mut context = Context::with_env(ENVIRONMENT.clone());
            context.set_variable_resolver(&asked);
            let given = Value::resolve(root, &context);
            if rounds.are_over() {
                Err(error::TOO_LONG.to_owned())
            } else {
                given.map_err(|error| error::words(&error))
            }
        };
        evaluate(&self.root).map_err(|why| match why.as_str() {
            error::TOO_LONG => why,
            _ => evaluate(&self.turned).err().unwrap_or(why),
        })
    }
}

/// Turns around what `&&` and `||` join, wherever they do.
fn turn(expression: &mut IdedExpr) {
    if let Expr::Call(call) = &mut expression.expr
        && [operators::LOGICAL_AND, operators::LOGICAL_OR].contains(&call.func_name.as_str())
    {
        call.args.reverse();
    }
    limit::below(expression).into_iter().for_each(turn);
}

/// What an expression is about.
#[derive(Debug)]
pub(super) struct Scope<'v> {
    this: Box<dyn Val + 'v>,
    old: Option<Box<dyn Val + 'v>>,
    /// The value of before as one that may be there.
    optional: CelOptional<'v>,
}

impl<'v> Scope<'v> {
    /// A value, and what it was before.
    pub(super) fn new(this: Box<dyn Val + 'v>, old: Option<Box<dyn Val + 'v>>) -> Self {
        let optional = old.clone().map_or_else(CelOptional::none, CelOptional::of);
        Scope { this, old, optional }
    }
}

/// One evaluation.
struct Asked<'a, 'v> {
    scope: &'a Scope<'v>,
    optional_old: bool,
    rounds: &'a Rounds,
}

impl VariableResolver for Asked<'_, '_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        match variable {
            "self" => Some(CowVal::Borrowed(&*self.scope.this)),
            "oldSelf" if self.optional_old => Some(CowVal::Borrowed(&self.scope.optional)),
            "oldSelf" => self.scope.old.as_deref().map(CowVal::Borrowed),
            limit::NAME => Some(CowVal::Borrowed(self.rounds)),
            _ => None,
        }
    }
}

/// Line and column of a part of an expression.
fn place(source: &SourceInfo, at: u64) -> (isize, isize) {
    let start = source.offset_for(at).map_or(0, |(start, _)| start as usize);
    let before: String = source.source.chars().take(start).collect();
    let column = before.chars().rev().take_while(|letter| *letter != '\n').count();
    (before.matches('\n').count() as isize + 1, column as isize + 1)
}

/// Problems as the server shows them, with the lines they are in.
fn told<'p>(text: &str, problems: impl Iterator<Item = ((isize, isize), &'p str)>) -> String {
    let shown = problems.map(|((line, column), what)| {
        let source = text.split('\n').nth(usize::try_from(line - 1).unwrap_or_default()).unwrap_or_default();
        let dots = ".".repeat(usize::try_from(column - 1).unwrap_or_default());
        format!("ERROR: <input>:{line}:{column}: {what}\n | {source}\n | {dots}^")
    });
    shown.collect::<Vec<_>>().join("\n")
}
