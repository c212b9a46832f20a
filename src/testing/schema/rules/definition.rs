//! What the server refuses in the expressions of a definition, and rules in it that this cluster cannot ask.
//!
//! Not here: the other fields of rules, and what rules would cost.

use serde_json::{Value, json};

use super::{
    expression::Refusal,
    rule::{Rule, Unfit},
    types::Type,
    value::is_resource,
};
use crate::testing::status::Flaw;

const RULES: &str = "x-kubernetes-validations";

/// Looks at all rules of a schema.
#[derive(Debug, Default)]
pub(in crate::testing) struct Inspection {
    pub(in crate::testing) flaws: Vec<Flaw>,
    /// What is said of rules that are not asked.
    pub(in crate::testing) skipped: Vec<String>,
}

impl Inspection {
    pub(in crate::testing) fn of(path: &str, schema: &Value) -> Self {
        let mut inspection = Inspection::default();
        inspection.look(path, schema, true, None);
        inspection
    }

    /// Looks at a schema, which may be in a list or an object that has nothing to do with the one before.
    fn look(&mut self, path: &str, schema: &Value, root: bool, apart: Option<&str>) {
        let mut below = |path: String, schema: &Value, apart: Option<&str>| {
            self.look(&path, schema, is_resource(schema), apart);
        };
        if schema["additionalProperties"].is_object() {
            below(format!("{path}.additionalProperties"), &schema["additionalProperties"], apart);
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            below(format!("{path}.properties[{name}]"), field, apart);
        }
        if schema["items"].is_object() {
            let apart = apart.or((schema["x-kubernetes-list-type"] != "map").then_some(path));
            below(format!("{path}.items"), &schema["items"], apart);
        }
        let Some(this) = Type::of(schema, root) else { return };
        for (index, rule) in schema[RULES].as_array().into_iter().flatten().enumerate() {
            let compiled = Rule::compile(rule, &this, schema);
            self.inspect(&format!("{path}.{RULES}[{index}]"), rule, compiled, apart);
        }
    }

    fn inspect(&mut self, path: &str, rule: &Value, compiled: Result<Option<Rule>, Unfit>, apart: Option<&str>) {
        let mut uses_old = false;
        match compiled {
            Ok(compiled) => uses_old = compiled.is_some_and(|rule| rule.uses_old()),
            Err((field, refusal)) => {
                let prefix = if field == "rule" { "" } else { "messageExpression " };
                let why = match refusal {
                    Refusal::Wrong(why) => format!("{prefix}compilation failed: {why}"),
                    Refusal::OfOtherType if field == "rule" => "cel expression must evaluate to a bool".to_owned(),
                    Refusal::OfOtherType => "messageExpression must evaluate to a string".to_owned(),
                    Refusal::Unknown(why) => {
                        self.skipped.push(format!("{path}: this fake cluster {why}, and skips the rule"));
                        return;
                    }
                };
                self.flaws.push(Flaw::showing(format!("{path}.{field}"), &internal(rule), &why));
            }
        }
        if let (true, Some(apart)) = (uses_old, apart) {
            let why = format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {apart}");
            self.flaws.push(Flaw::invalid(format!("{path}.rule"), rule["rule"].clone(), &why));
        }
        if !uses_old && !rule["optionalOldSelf"].is_null() {
            let why = "may not be set if oldSelf is not used in rule";
            self.flaws.push(Flaw::invalid(format!("{path}.optionalOldSelf"), rule["optionalOldSelf"].clone(), why));
        }
    }
}

/// A rule as the server shows it.
fn internal(rule: &Value) -> String {
    let text = |field: &str| json!(rule[field].as_str().unwrap_or_default()).to_string();
    let shown = format!(
        "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{},\"FieldPath\":{},\"OptionalOldSelf\":{}}}",
        text("rule"),
        text("message"),
        text("messageExpression"),
        rule["reason"],
        text("fieldPath"),
        rule["optionalOldSelf"],
    );
    shown.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}
