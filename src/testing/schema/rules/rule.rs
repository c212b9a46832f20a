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

/// A rule that can be asked.
#[derive(Debug)]
pub(super) struct Rule {
    condition: Expression,
    /// What stands for the rule in messages.
    shown: String,
    message: String,
    makes_message: Option<Expression>,
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
    /// It is broken.
    Broken(Flaw),
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
            _ => Some(compile("messageExpression", "string")?),
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

    /// What it says of a value at a path.
    pub(super) fn ask(&self, scope: &Scope<'_>, place: &Place<'_>, path: &str, rounds: &Rounds) -> Verdict {
        let kind = place.schema["type"].as_str().unwrap_or_default();
        let shown = &self.shown;
        let flaw = |why: &str| Flaw::invalid(of_root(path), kind, why);
        match self.condition.evaluate(scope, rounds) {
            Ok(Given::Bool(true)) => Verdict::Holds,
            Ok(Given::Bool(false)) => {
                let made = self.makes_message.as_ref().and_then(|message| made(message, scope, rounds));
                let message = made.unwrap_or_else(|| self.message.clone());
                Verdict::Broken(self.flaw(place.value, kind, path, &message))
            }
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

    fn flaw(&self, value: &Value, kind: &str, path: &str, message: &str) -> Flaw {
        let path = match self.field.as_str() {
            "" => of_root(path).to_owned(),
            field if path.is_empty() => field.to_owned(),
            field => format!("{path}.{field}"),
        };
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

/// The message that an expression makes; nothing where it is none.
fn made(message: &Expression, scope: &Scope<'_>, rounds: &Rounds) -> Option<String> {
    let Ok(Given::String(made)) = message.evaluate(scope, rounds) else { return None };
    let made = made.trim();
    let fits = !made.is_empty() && made.len() <= LONGEST_MESSAGE && !made.contains('\n');
    fits.then(|| made.to_owned())
}

/// How the server calls the path of a whole object.
fn of_root(path: &str) -> &str {
    if path.is_empty() { "<nil>" } else { path }
}
