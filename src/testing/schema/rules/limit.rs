//! An end to loops: each round of a loop is counted, and when there were too many, all loops end.
//!
//! Not here: how long texts may become.

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
        types::{BOOL_TYPE, CelBool, DYN_TYPE, Type},
        value::{CowVal, StaticVal, Val},
    },
};

/// The variable that counts, under a name that nobody can write.
pub(super) const NAME: &str = "@rounds";

/// Counts, and says whether a loop goes on.
const GO_ON: &str = "@go_on";

/// Counts, and gives back what it was given.
const COUNT: &str = "@count";

static TYPE: Type = Type::new_unspecified_type("@rounds");

/// How many rounds of loops are left.
#[derive(Debug, Clone)]
pub(super) struct Rounds(Arc<AtomicU64>);

impl Rounds {
    pub(super) fn new(most: u64) -> Self {
        Rounds(Arc::new(AtomicU64::new(most)))
    }

    /// Whether there were too many.
    pub(super) fn are_over(&self) -> bool {
        self.0.load(Relaxed) == 0
    }

    fn next(&self) -> bool {
        let left = self.0.load(Relaxed).saturating_sub(1);
        self.0.store(left, Relaxed);
        left > 0
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
        let goes_on = arguments.first().and_then(|rounds| rounds.downcast_ref::<Rounds>()).is_some_and(Rounds::next);
        match arguments.into_iter().next_back() {
            Some(condition) if goes_on => Ok(condition),
            _ => Ok(CowVal::owned(CelBool::from(false))),
        }
    })?;
    environment.add_overload(COUNT, COUNT, vec![TYPE.to_owned(), DYN_TYPE], |arguments| {
        let goes_on = arguments.first().and_then(|rounds| rounds.downcast_ref::<Rounds>()).is_some_and(Rounds::next);
        let given = arguments.into_iter().next_back().filter(|_| goes_on);
        given.ok_or_else(|| ExecutionError::function_error(COUNT, "too many rounds"))
    })
}

/// Makes all loops of an expression count.
pub(super) fn count(expression: &mut IdedExpr) {
    below(expression).into_iter().for_each(count);
    if let Expr::Comprehension(comprehension) = &mut expression.expr {
        let ComprehensionExpr { loop_cond, loop_step, .. } = &mut **comprehension;
        if !matches!(loop_cond.expr, Expr::Literal(_)) {
            counted(loop_cond, GO_ON);
        } else if let Some(part) = growing(loop_step) {
            // The evaluator is quick with loops that only add to a list; it knows them by their condition.
            counted(part, COUNT);
        }
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

/// The part of `list + [part]`, or of `part ? more : list`, that each round evaluates.
fn growing(step: &mut IdedExpr) -> Option<&mut IdedExpr> {
    let Expr::Call(call) = &mut step.expr else { return None };
    match (call.func_name.as_str(), call.args.as_mut_slice()) {
        (operators::CONDITIONAL, [condition, ..]) => Some(condition),
        (operators::ADD, [_, IdedExpr { expr: Expr::List(added), .. }]) => added.elements.first_mut(),
        _ => None,
    }
}

fn counted(expression: &mut IdedExpr, by: &str) {
    let id = expression.id;
    let rounds = IdedExpr { id, expr: Expr::Ident(NAME.to_owned()) };
    let args = vec![rounds, mem::take(expression)];
    *expression = IdedExpr { id, expr: Expr::Call(CallExpr { func_name: by.to_owned(), target: None, args }) };
}
