//! Rules in CEL that a definition cannot have.

use serde_json::{Value, json};

use crate::{
    definition::{DEFINITIONS, Definition},
    ground::Ground,
};

/// What is said of a definition whose `spec` has one rule: the field of the rule, and what is wrong with it.
async fn refused(ground: &Ground, schema: &Value, rule: &Value) -> Vec<String> {
    let mut schema = schema.clone();
    schema["x-kubernetes-validations"] = json!([rule]);
    let (_, object) = Definition::of(ground, &schema, &json!({}));
    let answer = ground.post(&format!("{DEFINITIONS}?dryRun=All"), &object).await;
    if answer.code < 300 {
        return answer.warnings();
    }
    assert_eq!(answer.code, 422, "{answer:?}");
    let causes = answer.body["details"]["causes"].as_array().expect("causes");
    let at = "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].";
    let told = causes.iter().map(|cause| {
        let field = cause["field"].as_str().expect("a field");
        format!("{}: {}", field.strip_prefix(at).unwrap_or(field), cause["message"].as_str().expect("a message"))
    });
    told.collect()
}

fn spec() -> Value {
    json!({"type": "object", "properties": {
        "n": {"type": "integer"}, "s": {"type": "string", "maxLength": 20}, "b": {"type": "boolean"},
        "list": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 20}},
        "map": {"type": "object", "maxProperties": 5, "additionalProperties": {"type": "integer"}},
        "any": {"x-kubernetes-preserve-unknown-fields": true},
    }})
}

pub async fn expressions_that_do_not_parse_are_refused(ground: Ground) {
    const EXPECTING: &str = "expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, \
                             NUM_UINT, STRING, BYTES, IDENTIFIER}";
    let n = ground.below(100);
    let unfinished = format!("self.n == {n} ||");
    let place = unfinished.len() + 1;
    let dots = ".".repeat(place - 1);
    let end = format!(
        "ERROR: <input>:1:{place}: Syntax error: mismatched input '<EOF>' {EXPECTING}\n | {unfinished}\n | {dots}^"
    );
    for (rule, why) in [
        (unfinished.as_str(), end.as_str()),
        (
            "self.n = 1",
            "ERROR: <input>:1:8: Syntax error: token recognition error at: '= '\n | self.n = 1\n | .......^\n\
             ERROR: <input>:1:10: Syntax error: extraneous input '1' expecting <EOF>\n | self.n = 1\n | .........^",
        ),
    ] {
        let shown = json!({"Rule": rule, "Message": "", "MessageExpression": "", "Reason": null, "FieldPath": "", "OptionalOldSelf": null});
        let shown = [
            format!("\"Rule\":{}", shown["Rule"]),
            "\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null"
                .to_owned(),
        ];
        let expected = format!("rule: Invalid value: {{{}}}: compilation failed: {why}", shown.join(","));
        assert_eq!(refused(&ground, &spec(), &json!({"rule": rule})).await, [expected]);
    }
}

pub async fn expressions_that_make_no_sense_are_refused(ground: Ground) {
    for (rule, place, why) in [
        ("self.m > 1", 5, "undefined field 'm'"),
        ("has(self.m)", 4, "undefined field 'm'"),
        ("has(self.any)", 4, "undefined field 'any'"),
        ("other > 1", 1, "undeclared reference to 'other' (in container '')"),
        ("grow(self.n)", 5, "undeclared reference to 'grow' (in container '')"),
        ("self.s.grow()", 12, "undeclared reference to 'grow' (in container '')"),
        ("self.n == 'a'", 8, "found no matching overload for '_==_' applied to '(int, string)'"),
        ("self.n + 1.5 > 2.0", 8, "found no matching overload for '_+_' applied to '(int, double)'"),
        ("self.n.startsWith('a')", 18, "found no matching overload for 'startsWith' applied to 'int.(string)'"),
        ("size(self.n) > 1", 5, "found no matching overload for 'size' applied to '(int)'"),
        ("self.n in [1, 'a']", 15, "expected type 'int' but found 'string'"),
        ("self.list.all(x, x > 1)", 20, "found no matching overload for '_>_' applied to '(string, int)'"),
        ("self.list.exists(x, x)", 21, "expected type 'bool' but found 'string'"),
        ("self.n.m == 1", 7, "type 'int' does not support field selection"),
        (
            "self.n.all(x, x == 1)",
            5,
            "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
        ),
        ("self.b && self.n", 15, "expected type 'bool' but found 'int'"),
        ("self.s.matches('[')", 16, "invalid matches argument"),
        ("duration('long') == duration('1s')", 10, "invalid duration argument"),
    ] {
        let told = refused(&ground, &spec(), &json!({"rule": rule})).await;
        let why =
            format!("compilation failed: ERROR: <input>:1:{place}: {why}\n | {rule}\n | {}^", ".".repeat(place - 1));
        assert!(
            told.len() == 1 && told[0].starts_with("rule: Invalid value: {") && told[0].ends_with(&why),
            "{told:?} {why}"
        );
    }
    for (rule, field, why) in [
        (json!({"rule": "self.n"}), "rule", "cel expression must evaluate to a bool"),
        (
            json!({"rule": "self.b", "messageExpression": "self.n"}),
            "messageExpression",
            "messageExpression must evaluate to a string",
        ),
        (
            json!({"rule": "self.b", "messageExpression": "self.m"}),
            "messageExpression",
            "messageExpression compilation failed: ERROR: <input>:1:5: undefined field 'm'\n | self.m\n | ....^",
        ),
    ] {
        let told = refused(&ground, &spec(), &rule).await;
        assert!(told.len() == 1 && told[0].starts_with(&format!("{field}: ")) && told[0].ends_with(why), "{told:?}");
    }
}

pub async fn what_a_rule_says_beside_its_expression_is_checked(ground: Ground) {
    let rule = "self.n > 1";
    for (more, expected) in [
        (json!({"rule": " "}), "rule: Required value: rule is not specified"),
        (json!({"message": " "}), "message: Invalid value: \" \": must be non-empty if specified"),
        (json!({"message": "a\nb"}), "message: Invalid value: \"a\\nb\": must not contain line breaks"),
        (
            json!({"rule": "self.n\n> 1"}),
            "message: Required value: message must be specified if rule contains line breaks",
        ),
        (
            json!({"messageExpression": " "}),
            "messageExpression: Required value: messageExpression must be non-empty if specified",
        ),
        (
            json!({"reason": "Whim"}),
            "reason: Unsupported value: \"Whim\": supported values: \"FieldValueDuplicate\", \"FieldValueForbidden\", \
             \"FieldValueInvalid\", \"FieldValueRequired\"",
        ),
        (json!({"fieldPath": ".m"}), "fieldPath: Invalid value: \".m\": must be a valid path"),
        (json!({"fieldPath": "n"}), "fieldPath: Invalid value: \"n\": must be a valid path"),
        (
            json!({"optionalOldSelf": true}),
            "optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule",
        ),
    ] {
        let mut whole = json!({"rule": rule});
        crate::support::merge(&mut whole, &more);
        assert_eq!(refused(&ground, &spec(), &whole).await, [expected]);
    }
    for path in [".n", ".map.a", ".map['a']", "['n']"] {
        let whole = json!({"rule": rule, "fieldPath": path});
        assert_eq!(refused(&ground, &spec(), &whole).await, [""; 0], "{path}");
    }
}

pub async fn items_that_nothing_tells_apart_have_no_past(ground: Ground) {
    let item = json!({"type": "integer", "x-kubernetes-validations": [{"rule": "self >= oldSelf"}]});
    let at = "spec.validation.openAPIV3Schema.properties[spec].properties[list]";
    let why = format!(
        "{at}.items.x-kubernetes-validations[0].rule: Invalid value: \"self >= oldSelf\": oldSelf cannot be used on the \
         uncorrelatable portion of the schema within {at}"
    );
    let list_type = ground.pick(&["atomic", "set"]);
    let list = json!({"type": "array", "maxItems": 5, "items": item, "x-kubernetes-list-type": list_type});
    let schema = json!({"type": "object", "properties": {"list": list}});
    assert_eq!(refused(&ground, &schema, &json!({"rule": "true"})).await, [why]);
}

pub async fn rules_stand_where_the_structure_is(ground: Ground) {
    let also = ground.pick(&["allOf", "anyOf", "oneOf"]);
    let mut schema = spec();
    schema[also] = json!([{"x-kubernetes-validations": [{"rule": "self.n > 1"}]}]);
    let at = format!("spec.validation.openAPIV3Schema.properties[spec].{also}[0].x-kubernetes-validations");
    let why = format!("{at}: Forbidden: must be empty to be structural");
    assert_eq!(refused(&ground, &schema, &json!({"rule": "true"})).await, [why]);
}
