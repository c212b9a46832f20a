use serde_json::{Value, json};

use super::{
    super::Judgement,
    Inspection, Rules,
    expression::{Expression, Refusal, Scope},
    limit::Rounds,
    types::Type,
    value,
};

/// An object with these fields and a rule.
fn schema(fields: Value, rule: &str) -> Value {
    json!({"type": "object", "properties": fields, "x-kubernetes-validations": [{"rule": rule, "message": "broken"}]})
}

fn judged(schema: &Value, object: Value) -> Judgement {
    Rules::new(schema).judge(&object, None, schema)
}

fn flaws(schema: &Value, object: Value) -> Vec<String> {
    judged(schema, object).flaws.iter().map(|flaw| flaw.told()).collect()
}

#[test]
fn loops_come_to_an_end() {
    let words = json!({"words": {"type": "array", "items": {"type": "string"}}});
    let many = vec!["x"; 300];
    for rule in [
        "self.words.all(a, self.words.all(b, self.words.all(c, a + b + c == 'xxx')))",
        "self.words.exists(a, self.words.exists(b, self.words.exists(c, a + b + c == 'y')))",
        "self.words.map(a, self.words.map(b, self.words.map(c, a + b + c))).size() > 5",
        "self.words.filter(a, self.words.filter(b, self.words.filter(c, true).size() > 0).size() > 0).size() > 0",
        "self.words.exists_one(a, self.words.exists_one(b, self.words.exists_one(c, a + b + c == 'y')))",
    ] {
        let why = "<nil>: Invalid value: \"object\": 'operation cancelled: actual cost limit exceeded': no further \
                   validation rules will be run due to call cost exceeds limit for rule: broken";
        assert_eq!(flaws(&schema(words.clone(), rule), json!({"words": many})), [why], "{rule}");
    }
}

#[test]
fn what_is_made_and_compared_comes_to_an_end() {
    let why = "<nil>: Invalid value: \"object\": 'operation cancelled: actual cost limit exceeded': no further validation \
               rules will be run due to call cost exceeds limit for rule: broken";
    for rule in [
        format!("[self.s]{}.size() > 0", ".map(x, x + x)".repeat(40)),
        format!("[[self.s]]{}.size() > 0", ".map(x, x + x)".repeat(40)),
        format!("[self.s]{}.size() > 0", ".map(x, true, x.replace('', x))".repeat(40)),
        format!("[self.s]{}.size() > 0", ".map(x, x.split('').join(x))".repeat(40)),
        format!("[self.s]{}.size() > 0", ".map(x, '%s%s'.format([x, x]))".repeat(40)),
        format!("[[self.s]]{}.size() > 0", ".map(x, [x, x].flatten())".repeat(40)),
        "lists.range(1000000).map(x, lists.range(1000000)).size() > 0".to_owned(),
        "lists.range(100000).distinct().size() > 0".to_owned(),
        "sets.contains(lists.range(100000), lists.range(100000))".to_owned(),
        "[lists.range(100000)].all(l, l.all(x, !(-1 in l)))".to_owned(),
        "[lists.range(100000)].all(l, l.all(x, l == l))".to_owned(),
    ] {
        assert_eq!(flaws(&schema(json!({"s": {"type": "string"}}), &rule), json!({"s": "xxxx"})), [why], "{rule}");
    }
}

/// So many words, and rules about them.
fn asked(many: usize, rules: Value) -> Vec<String> {
    let mut schema = schema(json!({"words": {"type": "array", "items": {"type": "string"}}}), "true");
    schema["x-kubernetes-validations"] = rules;
    flaws(&schema, json!({"words": vec!["x"; many]}))
}

#[test]
fn each_expression_has_its_own_rounds_and_all_together_have_some() {
    let rule = json!({"rule": "lists.range(900000).size() > 0", "message": "broken"});
    assert_eq!(asked(1, json!(vec![rule.clone(); 5])), [""; 0]);
    let why = "<nil>: Invalid value: \"object\": validation failed due to running out of cost budget, no further \
               validation rules will be run";
    assert_eq!(asked(1, json!(vec![rule; 13])), [why]);
}

#[test]
fn a_message_that_takes_too_long_is_told_and_ends_all() {
    let rules = json!([
        {"rule": "false", "messageExpression": "'x'.replace('x', string(lists.range(999999).distinct().size()))",
            "fieldPath": ".words"},
        {"rule": "false"},
    ]);
    let why = "words: Invalid value: \"object\": no further validation rules will be run due to call cost exceeds limit for \
               messageExpression: \"'x'.replace('x', string(lists.range(999999).distinct().size()))\"";
    assert_eq!(asked(1, rules), [why]);
}

#[test]
fn quantities_and_urls_are_read_as_strictly_as_the_server_reads_them() {
    for rule in ["!isQuantity(' 1 ')", "isQuantity('1')", "!isURL('https://a/%+f')", "isURL('https://a/%2f')"] {
        assert_eq!(flaws(&schema(json!({}), rule), json!({})), [""; 0], "{rule}");
    }
}

#[test]
fn parts_of_a_query_come_in_order() {
    let rule = "url('https://a/?d=1&b=2&e=3&a=4&c=5').getQuery().map(name, name) == ['a', 'b', 'c', 'd', 'e']";
    assert_eq!(flaws(&schema(json!({}), rule), json!({})), [""; 0]);
}

#[test]
fn loops_with_too_few_arguments_are_refused() {
    let inspection = Inspection::of("spec", &schema(json!({}), "[1].all(true)"));
    assert_eq!((inspection.flaws.len(), inspection.skipped), (1, vec![]));
}

#[test]
fn types_of_keys_do_not_grow() {
    let rule = format!("[1]{}.size() > 0", ".map(x, {x: x})".repeat(60));
    assert_eq!(Inspection::of("spec", &schema(json!({}), &rule)).skipped, [""; 0]);
}

#[test]
fn what_goes_too_deep_is_not_read() {
    let deep = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    for rule in [
        deep("(", "true", ")", 5000),
        deep("[true].all(x, ", "x", ")", 500),
        deep("[", "", "]", 200) + " == []",
        deep("", "1", "+1", 3000) + " > 0",
        deep("(true ? ", "true", " : true)", 1000),
        deep("'a' == '", &"b".repeat(9000), "'", 1),
        deep("", "self.s", ".trim()", 1000) + " == ''",
    ] {
        let schema = schema(json!({"s": {"type": "string"}}), &rule);
        let inspection = Inspection::of("spec", &schema);
        let why = "spec.x-kubernetes-validations[0]: this fake cluster does not read expressions of this size, and skips \
                   the rule";
        assert_eq!((inspection.flaws, inspection.skipped), (vec![], vec![why.to_owned()]));
        assert_eq!(flaws(&schema, json!({"s": "x"})), [""; 0]);
    }
    // What is less deep is read, and evaluated on any stack.
    for rule in
        [deep("(", "true", ")", 80), deep("[self.s].all(x, ", "true", ")", 80), deep("", "1", "+1", 400) + " > 0"]
    {
        let schema = schema(json!({"s": {"type": "string"}}), &rule);
        assert_eq!(Inspection::of("spec", &schema).skipped, [""; 0]);
        assert_eq!(flaws(&schema, json!({"s": "x"})), [""; 0]);
    }
}

#[test]
fn the_keys_of_maps_come_in_order() {
    let of = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    let mut schema = schema(json!({"m": of}), "self.m.all(key, self.m[key] == 0) || self.m == {'a': 1}");
    schema["x-kubernetes-validations"][0]["messageExpression"] = "self.m.map(key, key).join(' ')".into();
    let many = json!({"m": {"f": 1, "b": 2, "e": 3, "a": 4, "d": 5, "c": 6}});
    assert_eq!(flaws(&schema, many), ["<nil>: Invalid value: a b c d e f"]);
    assert_eq!(flaws(&schema, json!({"m": {"a": 1}})), [""; 0]);
}

#[test]
fn a_rule_that_calls_what_is_not_here_is_skipped_with_a_warning() {
    let texts = json!({"s": {"type": "string"}, "l": {"type": "array", "items": {"type": "string"}}});
    for (rule, function) in [
        ("semver('1.0.0').isLessThan(semver(self.s))", "semver"),
        ("!format.dns1123Label().validate(self.s).hasValue()", "dns1123Label"),
        ("self.l.all(i, v, v == 'a')", "all"),
        ("self.l.transformList(i, v, v).size() > 0", "transformList"),
    ] {
        let schema = schema(texts.clone(), rule);
        let inspection = Inspection::of("spec", &schema);
        let why =
            format!("spec.x-kubernetes-validations[0]: this fake cluster does not know {function}, and skips the rule");
        assert_eq!((inspection.flaws, inspection.skipped), (vec![], vec![why]));
        assert_eq!(flaws(&schema, json!({"s": "b", "l": ["b"]})), [""; 0]);
    }
}

/// An expression of a type of a signature.
fn sample(of: &Type<'_>) -> String {
    let Type::Named(name, of) = of else { return "1".to_owned() };
    match (*name, of.as_slice()) {
        ("bool", _) => "true".to_owned(),
        ("uint", _) => "1u".to_owned(),
        ("double", _) => "1.5".to_owned(),
        ("string", _) => "string(1)".to_owned(),
        ("bytes", _) => "b'a'".to_owned(),
        ("list", [item]) => format!("[{}]", sample(item)),
        ("map", _) => "{1: 1}".to_owned(),
        ("optional_type", [inner]) => format!("optional.of({})", sample(inner)),
        ("google.protobuf.Timestamp", _) => "timestamp(1)".to_owned(),
        ("google.protobuf.Duration", _) => "duration('1s')".to_owned(),
        ("kubernetes.Quantity", _) => "quantity('1')".to_owned(),
        ("kubernetes.URL", _) => "url('https://a.b')".to_owned(),
        ("net.IP", _) => "ip('10.0.0.1')".to_owned(),
        ("net.CIDR", _) => "cidr('10.0.0.0/8')".to_owned(),
        _ => "1".to_owned(),
    }
}

#[test]
fn every_function_with_a_signature_is_there() {
    let lines = include_str!("signatures.txt").lines().filter(|line| !line.starts_with(['_', '!', '-', '@']));
    for line in lines.filter(|line| !line.contains('@')) {
        let (call, _) = line.rsplit_once(": ").expect("a call and what it gives");
        let (receiver, call) = call.split_once(" -> ").map_or((None, call), |(receiver, call)| (Some(receiver), call));
        let (name, takes) = call.strip_suffix(')').and_then(|call| call.split_once('(')).expect("a call");
        let given: Vec<String> = super::types::split(takes).map(|of| sample(&Type::read(of))).collect();
        let receiver = receiver.map(|of| format!("{}.", sample(&Type::read(of)))).unwrap_or_default();
        let call = format!("{receiver}{name}({})", given.join(", "));
        let this = Type::simple("int");
        let expression = Expression::compile(&format!("{call} == {call}"), &this, false, "bool");
        let expression = expression.unwrap_or_else(|refusal| panic!("{line} {call} {refusal:?}"));
        let (value, schema) = (json!(1), json!({"type": "integer"}));
        let given = expression.evaluate(&Scope::new(value::seen(&value, &schema, false, None), None), &Rounds::new(9));
        let known = given.as_ref().is_ok()
            || given.as_ref().is_err_and(|why| !why.contains("overload") && !why.contains("eference"));
        assert!(known, "{line} {call} {given:?}");
    }
}

#[test]
fn nonsense_is_refused_and_breaks_nothing() {
    let this = Type::simple("int");
    for text in [
        "",
        "\0",
        "'",
        "\"\"\"",
        "r'",
        "b'\\xff'",
        "0x",
        "1e999 > 1.0",
        "9223372036854775808 > 1",
        "-9223372036854775808 < 0",
        "self.?",
        "[?1]",
        "{?1: 2}",
        "a.b.c{}",
        "self{x: 1}",
        ".self == 1",
        "self[",
        "é == 1",
        "'\u{1F600}'.charAt(9) == ''",
        "has(self)",
        "has(1)",
        "[1].all(1, true)",
        "[1].map()",
        "in",
        "self in",
        "true ? 1",
        "`a` == 1",
        "self.`a-b` == 1",
        "duration('99999999999h') == duration('1s')",
        "timestamp(9223372036854775807) > timestamp(0)",
        "1 / 0 == 1",
        "-(-9223372036854775807 - 1) == 1",
        "'a'.substring(-1) == ''",
        "'a'.split('', -5).size() == 1",
        "lists.range(-1) == []",
        "'%d %s %f %e %x %q'.format([1]) == ''",
        "'%.99999f'.format([1.0]) == ''",
        "'a'.matches('(((((((((((') == true",
        "[1, 2].slice(5, 1) == []",
        "[[1]].flatten(-1) == []",
        "cidr('10.0.0.0/99') == cidr('1/1')",
        "int('') == 1",
        "uint(-1) == 1u",
        "int(1e300) == 1",
        "string(b'\\xff') == ''",
        "'x'.indexOf('y', 99) == 1",
        "[].min() == 1",
    ] {
        let compiled = Expression::compile(text, &this, false, "bool");
        assert!(!matches!(compiled, Err(Refusal::Unknown(_))), "{text} {compiled:?}");
        let (value, schema) = (json!(1), json!({"type": "integer"}));
        let scope = Scope::new(value::seen(&value, &schema, false, None), None);
        let _ = compiled.map(|expression| expression.evaluate(&scope, &Rounds::new(9)));
    }
}
