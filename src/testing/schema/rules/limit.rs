//! An end to expressions that take too long: rounds of loops are counted, and the sizes of what functions take and make.
//! After too many, loops end and functions fail.
//!
//! Not here: functions that count by themselves ([`library`](super::library)).

use std::{
    any::Any,
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, operators},
        types::{BOOL_TYPE, CelBool, DYN_TYPE, Kind, Type},
        value::{CowVal, StaticVal, Val},
    },
};

use super::{check::qualified, library};

/// The variable that counts, under a name that nobody can write.
pub(super) const NAME: &str = "@rounds";

/// Counts, and says whether a loop goes on.
const GO_ON: &str = "@go_on";

/// Counts a round and the size of what it was given, and gives it back.
const COUNT: &str = "@count";

/// Counts the size only.
const WEIGH: &str = "@weigh";

/// Functions that take no longer with more.
const QUICK: [&str; 5] = ["size", "hasValue", "first", "last", "dyn"];

pub(super) static TYPE: Type = Type::new_unspecified_type("@rounds");

/// How many rounds of loops are left; ten letters of a text or ten items of a list count as one.
#[derive(Debug, Clone)]
pub(super) struct Rounds(Arc<AtomicU64>);

impl Rounds {
    pub(super) fn new(most: u64) -> Self {
        Rounds(Arc::new(AtomicU64::new(most)))
    }

    /// Whether there were too many.
    pub(super) fn are_over(&self) -> bool {
        self.left() == 0
    }

    /// How many there are still.
    pub(super) fn left(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Counts some; fails where they are the last.
    pub(super) fn spend(&self, rounds: u64) -> Result<(), ExecutionError> {
        let left = self.left().saturating_sub(rounds);
        self.0.store(left, Relaxed);
        if left > 0 { Ok(()) } else { Err(ExecutionError::function_error(COUNT, "too many rounds")) }
    }

    /// The counter that a function was given first or, where it has a receiver, second.
    pub(super) fn of<'a>(arguments: &'a [CowVal<'_, '_>]) -> Result<&'a Self, ExecutionError> {
        let mut found = arguments.iter().take(2).filter_map(|argument| argument.downcast_ref::<Rounds>());
        found.next().ok_or_else(|| ExecutionError::no_such_overload(COUNT, Vec::new()))
    }
}

impl Val for Rounds {
    fn get_type(&self) -> &Type {
        &TYPE
    }

    fn cel_type() -> &'static Type {
        &TYPE
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Rounds {}

/// Adds what counts.
pub(super) fn declare(environment: &mut Env) -> Result<(), DeclarationError> {
    environment.add_overload(GO_ON, GO_ON, vec![TYPE.to_owned(), BOOL_TYPE], |arguments| {
        let goes_on = Rounds::of(&arguments)?.spend(1).is_ok();
        match arguments.into_iter().next_back() {
            Some(condition) if goes_on => Ok(condition),
            _ => Ok(CowVal::owned(CelBool::from(false))),
        }
    })?;
    environment.add_overload(COUNT, COUNT, vec![TYPE.to_owned(), DYN_TYPE], |arguments| weighed(arguments, 1))?;
    environment.add_overload(WEIGH, WEIGH, vec![TYPE.to_owned(), DYN_TYPE], |arguments| weighed(arguments, 0))
}

fn weighed<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>, rounds: u64) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let size = arguments.last().map_or(0, |given| size(&**given));
    Rounds::of(&arguments)?.spend(rounds + size / 10)?;
    arguments.pop().ok_or_else(|| ExecutionError::no_such_overload(COUNT, Vec::new()))
}

/// How many letters a text has, or how many items a list, and they.
fn size(of: &dyn Val) -> u64 {
    match of.get_type().kind() {
        Kind::List => library::items(of).into_iter().map(|item| 1 + size(item)).sum(),
        _ => of.as_sizer().map_or(0, |sizer| u64::try_from(*sizer.size().inner()).unwrap_or_default()),
    }
}

/// Makes all that may take long in an expression count.
pub(super) fn count(expression: &mut IdedExpr) {
    match &mut expression.expr {
        Expr::Comprehension(comprehension) => {
            let ComprehensionExpr { iter_range, accu_init, loop_cond, loop_step, result, .. } = &mut **comprehension;
            [&mut *iter_range, accu_init, &mut *loop_cond, result].into_iter().for_each(count);
            if matches!(loop_cond.expr, Expr::Literal(_)) {
                count_step(loop_step);
            } else {
                count(loop_step);
                counted(loop_cond, GO_ON);
            }
        }
        Expr::Call(call) => {
            let by = match call.func_name.as_str() {
                operators::ADD => {
                    call.args.iter_mut().for_each(count);
                    return counted(expression, COUNT);
                }
                operators::EQUALS | operators::NOT_EQUALS | operators::IN => Some(WEIGH),
                name if name.starts_with(['_', '!', '-', '@', '?']) || QUICK.contains(&name) => None,
                _ => Some(WEIGH),
            };
            count_call(call, by);
            if by.is_some() && library::grows(&call.func_name) {
                counted(expression, COUNT);
            }
        }
        _ => {
            let parts = below(expression);
            let any = !parts.is_empty();
            parts.into_iter().for_each(count);
            if any && matches!(expression.expr, Expr::List(_)) {
                counted(expression, WEIGH);
            }
        }
    }
}

/// Makes what a call is given count, where that is how long it takes. Functions that count by themselves get the counter.
fn count_call(call: &mut CallExpr, by: Option<&str>) {
    let qualified = qualified(call);
    let heavy = library::is_heavy(qualified.as_deref().unwrap_or(&call.func_name), qualified.is_none());
    let receiver = call.target.as_deref_mut().filter(|_| qualified.is_none());
    for part in receiver.into_iter().chain(&mut call.args) {
        count(part);
        if let Some(by) = by {
            counted(part, by);
        }
    }
    if heavy {
        call.args.insert(0, IdedExpr { id: 0, expr: Expr::Ident(NAME.to_owned()) });
    }
}

/// Makes each round of a loop count that adds to a list. The evaluator is quick with such loops and knows them by what
/// they look like: `list + [part]`, or `condition ? list + [part] : list`.
fn count_step(step: &mut IdedExpr) {
    match &mut step.expr {
        Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
            let mut parts = call.args.iter_mut();
            if let Some(condition) = parts.next() {
                count(condition);
                counted(condition, COUNT);
            }
            parts.for_each(count_step);
        }
        Expr::Call(call) if call.func_name == operators::ADD => call.args.iter_mut().for_each(count_step),
        Expr::List(list) => {
            for part in &mut list.elements {
                count(part);
                counted(part, COUNT);
            }
        }
        _ => count(step),
    }
}

/// The expressions that one is made of.
pub(super) fn below(expression: &mut IdedExpr) -> Vec<&mut IdedExpr> {
    match &mut expression.expr {
        Expr::Call(call) => call.target.as_deref_mut().into_iter().chain(&mut call.args).collect(),
        Expr::List(list) => list.elements.iter_mut().collect(),
        Expr::Map(map) => {
            let entries = map.entries.iter_mut().filter_map(|entry| match &mut entry.expr {
                EntryExpr::MapEntry(entry) => Some([&mut entry.key, &mut entry.value]),
                EntryExpr::StructField(_) => None,
            });
            entries.flatten().collect()
        }
        Expr::Select(select) => vec![&mut select.operand],
        Expr::Comprehension(comprehension) => {
            let ComprehensionExpr { iter_range, accu_init, loop_cond, loop_step, result, .. } = &mut **comprehension;
            vec![iter_range, accu_init, loop_cond, loop_step, result]
        }
        Expr::Struct(_) | Expr::Literal(_) | Expr::Ident(_) | Expr::Unspecified => Vec::new(),
    }
}

fn counted(expression: &mut IdedExpr, by: &str) {
    let id = expression.id;
    let rounds = IdedExpr { id, expr: Expr::Ident(NAME.to_owned()) };
    let args = vec![rounds, mem::take(expression)];
    *expression = IdedExpr { id, expr: Expr::Call(CallExpr { func_name: by.to_owned(), target: None, args }) };
}
