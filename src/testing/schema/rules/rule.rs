//! One rule: its expression, and what is said where a value breaks it.
//!
//! Not here: which values it is asked about ([`rules`](super)).

use cel::Value as Given;
use serde_json::Value;

use super::{
    Place, error,
    expression::{Expression, Refusal, Scope},
    limit::Rounds,
    types::Type,
};
use crate::testing::{schema::field_path, status::Flaw};

/// How long a message may be that an expression makes.
const LONGEST_MESSAGE: usize = 5 * 1024;

/// How many rounds one expression may take.
const ROUNDS: u64 = 200_000;

/// What the server says where all rules about an object together take too long.
const OUT_OF_BUDGET: &str = "failed due to running out of cost budget, no further validation rules will be run";

/// A rule that can be asked.
#[derive(Debug)]
pub(super) struct Rule {
    condition: Expression,
    /// What stands for the rule in messages.
    shown: String,
    message: String,
    makes_message: Option<(Expression, String)>,
    reason: Option<String>,
    /// Below the value, where the flaw is.
    field: String,
    optional_old: bool,
}

/// Why there is no rule: in which of its fields something is wrong, and what.
pub(super) type Unfit = (&'static str, Refusal);

/// What a rule says of a value.
#[derive(Debug)]
pub(super) enum Verdict {
    Holds,
    /// It is broken, and maybe it is the last that is asked.
    Broken {
        flaw: Flaw,
        last: bool,
    },
    /// It cannot be said.
    Fails(Flaw),
    /// It takes too long, and no more rules are asked.
    TakesTooLong(Flaw),
}

impl Rule {
    /// Reads a rule about values of a type and a schema; nothing of a rule that says nothing.
    pub(super) fn compile(said: &Value, this: &Type<'_>, schema: &Value) -> Result<Option<Self>, Unfit> {
        let text = |field: &str| said[field].as_str().unwrap_or_default();
        if text("rule").trim().is_empty() {
            return Ok(None);
        }
        let optional_old = said["optionalOldSelf"] == true;
        let compile = |field: &'static str, gives: &str| {
            Expression::compile(text(field), this, optional_old, gives).map_err(|refusal| (field, refusal))
        };
        let condition = compile("rule", "bool")?;
        let makes_message = match text("messageExpression") {
            "" => None,
            source => Some((compile("messageExpression", "string")?, source.to_owned())),
        };
        let message = text("message").trim();
        let shown = if message.is_empty() { text("rule").trim() } else { message }.to_owned();
        Ok(Some(Rule {
            condition,
            message: if message.is_empty() { format!("failed rule: {shown}") } else { shown.clone() },
            shown,
            makes_message,
            reason: said["reason"].as_str().map(str::to_owned),
            field: field_path::shown(text("fieldPath"), schema).unwrap_or_default(),
            optional_old,
        }))
    }

    /// Whether it looks at the value that there was before.
    pub(super) fn uses_old(&self) -> bool {
        self.condition.uses_old
    }

    /// Whether it is to be asked where there was no value before.
    pub(super) fn wants(&self, old: bool) -> bool {
        old || !self.uses_old() || self.optional_old
    }

    /// What it says of a value at a path, with so many rounds left for all rules.
    pub(super) fn ask(&self, scope: &Scope<'_>, place: &Place<'_>, path: &str, left: &mut u64) -> Verdict {
        let kind = place.schema["type"].as_str().unwrap_or_default();
        let shown = &self.shown;
        let flaw = |why: &str| Flaw::invalid(of_root(path), kind, why);
        let Some(given) = evaluate(&self.condition, scope, left) else {
            return Verdict::TakesTooLong(flaw(&format!("validation {OUT_OF_BUDGET}")));
        };
        match given {
            Ok(Given::Bool(true)) => Verdict::Holds,
            Ok(Given::Bool(false)) => match self.message(scope, left) {
                Ok(message) => Verdict::Broken { flaw: self.flaw(place.value, kind, path, &message), last: false },
                Err(why) => Verdict::Broken { flaw: Flaw::invalid(self.path(path), kind, &why), last: true },
            },
            Err(why) if why == error::TOO_LONG => Verdict::TakesTooLong(flaw(&format!(
                "'{why}': no further validation rules will be run due to call cost exceeds limit for rule: {shown}"
            ))),
            Err(why) if why != error::MISFIT => Verdict::Fails(flaw(&format!("{why} evaluating rule: {shown}"))),
            Ok(_) | Err(_) => Verdict::Fails(flaw(&format!(
                "'{}': call arguments did not match a supported operator, function or macro signature for rule: {shown}",
                error::MISFIT
            ))),
        }
    }

    /// What is said of a value that breaks it; or why that takes too long.
    fn message(&self, scope: &Scope<'_>, left: &mut u64) -> Result<String, String> {
        let Some((expression, source)) = &self.makes_message else { return Ok(self.message.clone()) };
        match evaluate(expression, scope, left) {
            None => Err(format!("messageExpression evaluation {OUT_OF_BUDGET}")),
            Some(Err(why)) if why == error::TOO_LONG => Err(format!(
                "no further validation rules will be run due to call cost exceeds limit for messageExpression: {source:?}"
            )),
            Some(Ok(Given::String(made))) if is_message(made.trim()) => Ok(made.trim().to_owned()),
            Some(_) => Ok(self.message.clone()),
        }
    }

    /// Where the flaw is in a value at a path.
    fn path(&self, path: &str) -> String {
        match self.field.as_str() {
            "" => of_root(path).to_owned(),
            field if path.is_empty() => field.to_owned(),
            field => format!("{path}.{field}"),
        }
    }

    fn flaw(&self, value: &Value, kind: &str, path: &str, message: &str) -> Flaw {
        let path = self.path(path);
        let whole = ["object", "array"].contains(&kind);
        match self.reason.as_deref() {
            Some("FieldValueForbidden") => Flaw::forbidden(path, message),
            Some("FieldValueRequired") => Flaw::required(path, message),
            Some("FieldValueDuplicate") if whole => Flaw::unshown_duplicate(path),
            Some("FieldValueDuplicate") => Flaw::duplicate(path, value.clone()),
            _ if whole => Flaw::unshown(path, message),
            _ => Flaw::invalid(path, value.clone(), message),
        }
    }
}

/// What an expression gives; nothing where it takes more rounds than are left for all.
fn evaluate(expression: &Expression, scope: &Scope<'_>, left: &mut u64) -> Option<Result<Given, String>> {
    let rounds = Rounds::new(ROUNDS);
    let given = expression.evaluate(scope, &rounds);
    let rest = left.checked_sub(ROUNDS - rounds.left());
    *left = rest.unwrap_or_default();
    rest.map(|_| given)
}

/// Whether a text that an expression made can be a message.
fn is_message(made: &str) -> bool {
    !made.is_empty() && made.len() <= LONGEST_MESSAGE && !made.contains('\n')
}

/// How the server calls the path of a whole object.
fn of_root(path: &str) -> &str {
    if path.is_empty() { "<nil>" } else { path }
}
