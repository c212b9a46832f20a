//! Objects of custom kinds and the rules in CEL that their definitions have for them.

use serde_json::{Value, json};

use crate::{
    definition::Definition,
    ground::{Answer, Ground},
    support::{failure, soon},
};

/// A schema with rules.
fn ruled(mut schema: Value, rules: Value) -> Value {
    schema["x-kubernetes-validations"] = rules;
    schema
}

fn fields(properties: Value) -> Value {
    json!({"type": "object", "properties": properties})
}

fn list(items: Value) -> Value {
    json!({"type": "array", "maxItems": 10, "items": items})
}

fn text() -> Value {
    json!({"type": "string", "maxLength": 50})
}

/// What a new object of this spec is told: that it is fine, or what is wrong with it and where.
async fn tried(ground: &Ground, definition: &Definition, spec: &Value) -> Vec<String> {
    let path = format!("{}?dryRun=All", definition.all);
    told(ground.post(&path, &definition.object(&ground.name(), spec)).await)
}

/// What an object of one spec is told that takes on another.
async fn changed(ground: &Ground, definition: &Definition, old: &Value, new: &Value) -> Vec<String> {
    let name = ground.name();
    let mut object = ground.make(&definition.all, &definition.object(&name, old)).await;
    object["spec"] = new.clone();
    told(ground.put(&format!("{}/{name}", definition.all), &object).await)
}

fn told(answer: Answer) -> Vec<String> {
    if answer.code < 300 {
        return Vec::new();
    }
    assert_eq!((answer.code, &answer.body["reason"]), (422, &json!("Invalid")), "{answer:?}");
    let causes = answer.body["details"]["causes"].as_array().expect("causes");
    let part = |cause: &Value, name: &str| cause[name].as_str().expect("text").to_owned();
    causes.iter().map(|cause| format!("{}: {}", part(cause, "field"), part(cause, "message"))).collect()
}

pub async fn fields_keep_to_limits_that_others_set(ground: Ground) {
    let [least, most] =
        [["least", "most"], ["min-size", "max-size"], ["from.x", "to/y"], ["a__b", "if"]][ground.below(4)];
    let [low, high] = [
        ["least", "most"],
        ["min__dash__size", "max__dash__size"],
        ["from__dot__x", "to__slash__y"],
        ["a__underscores__b", "__if__"],
    ][["least", "min-size", "from.x", "a__b"].iter().position(|name| *name == least).expect("one of them")];
    let rule = format!("self.{low} <= self.{high}");
    let integer = json!({"type": "integer"});
    let schema = ruled(fields(json!({least: integer, most: integer})), json!([{"rule": rule}]));
    let definition = Definition::new(&ground, &schema).await;
    let number = ground.below(1000) as i64;
    let fine = json!({least: number, most: number});
    assert_eq!(tried(&ground, &definition, &fine).await, [""; 0]);
    let name = ground.name();
    let refused =
        ground.post(&definition.all, &definition.object(&name, &json!({least: number + 1, most: number}))).await;
    let why = format!("Invalid value: failed rule: {rule}");
    let cause = json!({"reason": "FieldValueInvalid", "message": why, "field": "spec"});
    let details = json!({"name": name, "group": definition.group, "kind": "Gadget", "causes": [cause]});
    let message = format!("Gadget.{} {name:?} is invalid: spec: {why}", definition.group);
    assert_eq!(refused.body, failure(422, "Invalid", &message, details));
    let lacking = format!("spec: Invalid value: \"object\": no such key: {high} evaluating rule: {rule}");
    assert_eq!(tried(&ground, &definition, &json!({least: 1})).await, [lacking]);
    definition.forget(&ground).await;
}

pub async fn a_rule_says_where_what_and_why(ground: Ground) {
    let most = ground.below(100) as i64;
    let number = || json!({"type": "integer"});
    let with = |schema: Value, rest: Value| {
        let mut rule = json!({"rule": format!("self.n <= {most}")});
        crate::support::merge(&mut rule, &rest);
        ruled(schema, json!([rule]))
    };
    let object = || fields(json!({"n": number(), "of": text()}));
    let scalar = |rest: Value| {
        let mut schema = with(number(), rest);
        schema["x-kubernetes-validations"][0]["rule"] = format!("self <= {most}").into();
        schema
    };
    let schema = fields(json!({
        "said": with(object(), json!({"message": " keep it small "})),
        "made": with(object(), json!({"messageExpression": format!("'no more than {most} of ' + self.of")})),
        "unmade": with(object(), json!({"messageExpression": "self.of.substring(60)", "message": "too much"})),
        "placed": with(object(), json!({"fieldPath": ".n", "reason": "FieldValueForbidden"})),
        "needed": with(object(), json!({"reason": "FieldValueRequired"})),
        "double": with(object(), json!({"reason": "FieldValueDuplicate"})),
        "shown": scalar(json!({"reason": "FieldValueInvalid"})),
        "again": scalar(json!({"reason": "FieldValueDuplicate"})),
    }));
    let definition = Definition::new(&ground, &schema).await;
    let n = most + 1 + ground.below(100) as i64;
    let rule = format!("failed rule: self.n <= {most}");
    for (field, value, expected) in [
        ("said", json!({"n": n}), "spec.said: Invalid value: keep it small".to_owned()),
        ("made", json!({"n": n, "of": "moss"}), format!("spec.made: Invalid value: no more than {most} of moss")),
        ("unmade", json!({"n": n, "of": "moss"}), "spec.unmade: Invalid value: too much".to_owned()),
        ("placed", json!({"n": n}), format!("spec.placed.n: Forbidden: {rule}")),
        ("needed", json!({"n": n}), format!("spec.needed: Required value: {rule}")),
        ("double", json!({"n": n}), "spec.double: Duplicate value".to_owned()),
        ("shown", json!(n), format!("spec.shown: Invalid value: {n}: failed rule: self <= {most}")),
        ("again", json!(n), format!("spec.again: Duplicate value: {n}")),
    ] {
        assert_eq!(tried(&ground, &definition, &json!({field: value})).await, [expected]);
    }
    let fine = json!({"said": {"n": most}, "made": {"n": most}, "shown": most});
    assert_eq!(tried(&ground, &definition, &fine).await, [""; 0]);
    definition.forget(&ground).await;
}

pub async fn rules_about_change_are_asked_when_something_changes(ground: Ground) {
    let schema = fields(json!({
        "frozen": ruled(text(), json!([{"rule": "self == oldSelf", "message": "it is frozen"}])),
        "first": ruled(text(), json!([{
            "rule": "oldSelf.hasValue() || self == 'seed'", "optionalOldSelf": true, "message": "begin with a seed",
        }])),
        "kept": ruled(fields(json!({"a": text(), "b": text()})), json!([{"rule": "!has(oldSelf.a) || has(self.a)"}])),
        "tags": ruled(
            json!({"type": "array", "maxItems": 5, "items": text(), "x-kubernetes-list-type": "set"}),
            json!([{"rule": "self == oldSelf"}]),
        ),
    }));
    let definition = Definition::new(&ground, &schema).await;
    let [one, other] = ground.names(2).try_into().expect("two names");
    let (one, other) = (one[..10].to_owned() + "1", other[..10].to_owned() + "2");
    let frozen = format!("spec.frozen: Invalid value: {other:?}: it is frozen");
    let kept = "spec.kept: Invalid value: failed rule: !has(oldSelf.a) || has(self.a)".to_owned();
    let tags = "spec.tags: Invalid value: failed rule: self == oldSelf".to_owned();
    for (old, new, expected) in [
        (json!({"frozen": one}), json!({"frozen": other}), Some(frozen)),
        (json!({"frozen": one}), json!({"frozen": one, "first": "seed"}), None),
        (json!({"frozen": one}), json!({}), None),
        (json!({}), json!({"frozen": one}), None),
        (json!({"first": "seed"}), json!({"first": other}), None),
        (json!({}), json!({"first": one}), Some(format!("spec.first: Invalid value: {one:?}: begin with a seed"))),
        (json!({"kept": {"a": one}}), json!({"kept": {"b": one}}), Some(kept)),
        (json!({"kept": {"b": one}}), json!({"kept": {"a": one}}), None),
        (json!({"tags": [one, other]}), json!({"tags": [other, one]}), None),
        (json!({"tags": [one, other]}), json!({"tags": [other]}), Some(tags)),
    ] {
        assert_eq!(changed(&ground, &definition, &old, &new).await, Vec::from_iter(expected), "{old} {new}");
    }
    let unseeded = format!("spec.first: Invalid value: {one:?}: begin with a seed");
    assert_eq!(tried(&ground, &definition, &json!({"first": one, "frozen": one})).await, [unseeded]);
    definition.forget(&ground).await;
}

pub async fn rules_hold_for_each_item_and_each_value(ground: Ground) {
    let most = 3 + ground.below(50) as i64;
    let number = || json!({"type": "integer"});
    let grows = json!([{"rule": "self.size >= oldSelf.size"}]);
    let mut bed = ruled(fields(json!({"row": number(), "size": number()})), grows);
    bed["required"] = json!(["row"]);
    let mut beds = list(bed);
    beds["x-kubernetes-list-type"] = "map".into();
    beds["x-kubernetes-list-map-keys"] = json!(["row"]);
    let small = |schema: Value| ruled(schema, json!([{"rule": format!("self <= {most}")}]));
    let counts = json!({"type": "object", "maxProperties": 9, "additionalProperties": small(number())});
    let schema = fields(json!({
        "beds": beds,
        "sizes": list(small(number())),
        "counts": counts,
        "words": ruled(list(text()), json!([{"rule": "self.all(word, word.startsWith('a'))"}])),
        "names": ruled(list(fields(json!({"name": text()}))), json!([{
            "rule": "self.all(x, self.exists_one(y, x.name == y.name))", "message": "names differ",
        }])),
    }));
    let definition = Definition::new(&ground, &schema).await;
    let n = most + 1;
    let broken = format!("Invalid value: {n}: failed rule: self <= {most}");
    for (spec, expected) in [
        (
            json!({"sizes": [most, n, 0, n]}),
            vec![format!("spec.sizes[1]: {broken}"), format!("spec.sizes[3]: {broken}")],
        ),
        (json!({"counts": {"a.b": most, "c/d": n}}), vec![format!("spec.counts[c/d]: {broken}")]),
        (json!({"words": ["a", "ab"]}), vec![]),
        (
            json!({"words": ["a", "b"]}),
            vec!["spec.words: Invalid value: failed rule: self.all(word, word.startsWith('a'))".to_owned()],
        ),
        (json!({"names": [{"name": "x"}, {"name": "y"}]}), vec![]),
        (json!({"names": [{"name": "x"}, {"name": "x"}]}), vec!["spec.names: Invalid value: names differ".to_owned()]),
    ] {
        assert_eq!(tried(&ground, &definition, &spec).await, expected, "{spec}");
    }
    let old = json!({"beds": [{"row": 1, "size": n}, {"row": 2, "size": 1}]});
    let shrunk = json!({"beds": [{"row": 3, "size": 0}, {"row": 2, "size": 5}, {"row": 1, "size": most}]});
    let why = "spec.beds[2]: Invalid value: failed rule: self.size >= oldSelf.size";
    assert_eq!(changed(&ground, &definition, &old, &shrunk).await, [why]);
    definition.forget(&ground).await;
}

pub async fn rules_see_what_the_schema_says_it_is(ground: Ground) {
    let schema = fields(json!({
        "share": ruled(json!({"type": "number"}), json!([{"rule": "self * 2.0 <= 1.0"}])),
        "size": ruled(json!({"x-kubernetes-int-or-string": true, "maxLength": 9}), json!([{
            "rule": "type(self) == int ? self < 5 : self.endsWith('%')",
        }])),
        "wait": ruled(text(), json!([{"rule": "duration(self) > duration('1s')"}])),
        "planted": ruled(json!({"type": "string", "format": "date"}), json!([{"rule": "self.getFullYear() > 2000"}])),
        "memory": ruled(text(), json!([{"rule": "quantity(self).isLessThan(quantity('1Gi'))"}])),
        "seed": ruled(json!({"type": "string", "format": "byte", "maxLength": 50}), json!([{"rule": "self == b'ab'"}])),
        "host": ruled(text(), json!([{"rule": "self.split('.').size() == 2 && self.matches('^[a-z.]+$')"}])),
        "range": ruled(text(), json!([{"rule": "cidr(self).containsIP('10.0.0.1')"}])),
        "page": ruled(text(), json!([{"rule": "isURL(self) && url(self).getHostname() == 'a.b'"}])),
        "words": ruled(list(text()), json!([{"rule": "sets.contains(['a', 'b'], self) && self.isSorted()"}])),
        "maybe": ruled(fields(json!({"a": text()})), json!([{"rule": "self.?a.orValue('x') == 'x'"}])),
        "null": ruled(fields(json!({"a": {"type": "string", "nullable": true}})), json!([{"rule": "!has(self.a)"}])),
        "plan": ruled(
            json!({"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true}),
            json!([{"rule": "self.kind == 'Plan' && self.metadata.name != 'b'"}]),
        ),
        "namespace": text(),
    }));
    let schema = ruled(schema, json!([{"rule": "self.?__namespace__.orValue('a') == 'a'", "message": "not here"}]));
    let definition = Definition::new(&ground, &schema).await;
    let plan = |name: &str| json!({"apiVersion": "v1", "kind": "Plan", "metadata": {"name": name}, "more": 1});
    for (field, fine, broken) in [
        ("share", json!(0.5), json!(1)),
        ("size", json!(4), json!(5)),
        ("size", json!("5%"), json!("5")),
        ("wait", json!("1001ms"), json!("1s")),
        ("planted", json!("2001-01-01"), json!("1999-12-31")),
        ("memory", json!("1023Mi"), json!("1024Mi")),
        ("seed", json!("YWI="), json!("YWE=")),
        ("host", json!("a.b"), json!("a.b.c")),
        ("range", json!("10.0.0.0/24"), json!("10.0.1.0/24")),
        ("page", json!("https://a.b:80/c"), json!("https://a.c")),
        ("words", json!(["a", "b"]), json!(["b", "a"])),
        ("words", json!([]), json!(["c"])),
        ("maybe", json!({}), json!({"a": "y"})),
        ("null", json!({"a": null}), json!({"a": ""})),
        ("plan", plan("a"), plan("b")),
        ("namespace", json!("a"), json!("b")),
    ] {
        assert_eq!(tried(&ground, &definition, &json!({field: fine})).await, [""; 0], "{field} {fine}");
        let told = tried(&ground, &definition, &json!({field: broken})).await;
        assert!(told.len() == 1 && told[0].starts_with("spec"), "{field} {broken} {told:?}");
    }
    definition.forget(&ground).await;
}

pub async fn a_rule_that_cannot_be_asked_says_why(ground: Ground) {
    let either = json!({"x-kubernetes-int-or-string": true, "maxLength": 9});
    let number = json!({"type": "integer"});
    let object = fields(json!({"a": number, "b": number}));
    let rules = [
        ("divided", number.clone(), "10 / self > 1"),
        ("left", number.clone(), "10 % self > 1"),
        ("great", number.clone(), "self * 9223372036854775807 > 1"),
        ("item", list(text()), "self[2] == 'a'"),
        ("either", either, "self < 5"),
        ("read", text(), "int(self) > 1"),
        ("wait", text(), "duration(self) > duration('1s')"),
        ("part", text(), "self.substring(3) == ''"),
        ("both", object, "self.a > 1 && self.b > 1"),
    ];
    let schemas =
        rules.iter().map(|(field, schema, rule)| ((*field).to_owned(), ruled(schema.clone(), json!([{"rule": rule}]))));
    let definition = Definition::new(&ground, &fields(schemas.collect())).await;
    let misfit = "'no such overload': call arguments did not match a supported operator, function or macro signature";
    for (field, value, kind, why) in [
        ("divided", json!(0), "integer", "division by zero evaluating"),
        ("left", json!(0), "integer", "modulus by zero evaluating"),
        ("great", json!(2), "integer", "integer overflow evaluating"),
        ("item", json!(["a"]), "array", "index out of bounds: 2 evaluating"),
        ("either", json!("x"), "", &format!("{misfit} for")),
        ("read", json!("x"), "string", "type conversion error from 'string' to 'int' evaluating"),
        ("wait", json!("x"), "string", "type conversion error from 'string' to 'google.protobuf.Duration' evaluating"),
        ("part", json!("ab"), "string", "index out of range: 3 evaluating"),
        ("both", json!({}), "object", "no such key: a evaluating"),
    ] {
        let rule = rules.iter().find(|(name, ..)| *name == field).expect("a rule").2;
        let expected = format!("spec.{field}: Invalid value: {kind:?}: {why} rule: {rule}");
        assert_eq!(tried(&ground, &definition, &json!({field: value})).await, [expected]);
    }
    definition.forget(&ground).await;
}

pub async fn rules_wait_for_what_lacks_or_does_not_fit(ground: Ground) {
    let mut schema = ruled(
        fields(
            json!({"a": {"type": "integer"}, "b": {"type": "string", "maxLength": 2}, "c": {"type": "integer", "minimum": 5}}),
        ),
        json!([{"rule": "self.a > 1", "message": "small"}]),
    );
    schema["required"] = json!(["a"]);
    let definition = Definition::new(&ground, &schema).await;
    let unchecked = "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; \
                     correct the existing errors to complete validation";
    for (spec, expected) in [
        (json!({}), vec!["spec.a: Required value", unchecked]),
        (json!({"a": 1, "b": "long"}), vec!["spec.b: Too long: may not be more than 2 bytes", unchecked]),
        (
            json!({"a": "x"}),
            vec![r#"spec.a: Invalid value: "string": spec.a in body must be of type integer: "string""#, unchecked],
        ),
        // What is merely too small keeps no rule from being asked.
        (
            json!({"a": 1, "c": 1}),
            vec![
                "spec.c: Invalid value: 1: spec.c in body should be greater than or equal to 5",
                "spec: Invalid value: small",
            ],
        ),
    ] {
        assert_eq!(tried(&ground, &definition, &spec).await, expected, "{spec}");
    }
    definition.forget(&ground).await;
}

pub async fn a_status_obeys_rules_too(ground: Ground) {
    let status = ruled(
        fields(json!({"ready": {"type": "integer"}, "phase": text()})),
        json!([{"rule": "!has(self.phase) || self.phase != 'Lost'", "fieldPath": ".phase"}]),
    );
    let (definition, mut object) = Definition::of(&ground, &fields(json!({"size": {"type": "integer"}})), &json!({}));
    let version = &mut object["spec"]["versions"][0];
    version["subresources"] = json!({"status": {}});
    let root = &mut version["schema"]["openAPIV3Schema"];
    root["properties"]["status"] = status;
    root["x-kubernetes-validations"] = json!([
        {"rule": "!has(self.status) || !has(self.status.ready) || self.status.ready <= self.spec.size", "message": "too many"},
        {"rule": "self.metadata.name != 'forbidden' && self.kind == 'Gadget'", "message": "of this name"},
    ]);
    ground.make(crate::definition::DEFINITIONS, &object).await;
    crate::support::served::served(&ground.client, &definition.name(), &definition.all).await;
    let refused = ground.post(&definition.all, &definition.object("forbidden", &json!({"size": 1}))).await;
    assert_eq!(told(refused), ["<nil>: Invalid value: of this name"]);
    let (name, size) = (ground.name(), 2 + ground.below(9) as i64);
    let path = format!("{}/{name}", definition.all);
    ground.make(&definition.all, &definition.object(&name, &json!({"size": size}))).await;
    for (status, expected) in [
        (
            json!({"phase": "Lost"}),
            vec!["status.phase: Invalid value: failed rule: !has(self.phase) || self.phase != 'Lost'"],
        ),
        (json!({"ready": size + 1}), vec!["<nil>: Invalid value: too many"]),
        (json!({"ready": size}), vec![]),
    ] {
        let answer = ground.merge(&format!("{path}/status"), &json!({"status": status})).await;
        assert_eq!(told(answer), expected, "{status}");
    }
    assert_eq!(
        told(ground.merge(&path, &json!({"spec": {"size": size - 1}})).await),
        ["<nil>: Invalid value: too many"]
    );
    let applied = definition.object(&name, &json!({"size": size - 1}));
    let apply = format!("{path}?fieldManager=hoe&force=true");
    let answer = ground.ask("PATCH", &apply, Some((crate::owners::APPLY, &applied))).await;
    assert_eq!(told(answer), ["<nil>: Invalid value: too many"]);
    definition.forget(&ground).await;
}

pub async fn what_broke_a_rule_before_there_was_one_may_stay_until_it_changes(ground: Ground) {
    let number = || json!({"type": "integer"});
    let schema = fields(json!({"a": fields(json!({"n": number(), "m": number()})), "other": number()}));
    let definition = Definition::new(&ground, &schema).await;
    let name = ground.name();
    let n = 10 + ground.below(90) as i64;
    let object = definition.object(&name, &json!({"a": {"n": n, "m": 1}, "other": 1}));
    ground.make(&definition.all, &object).await;
    let at = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/a/x-kubernetes-validations";
    let rules = json!([{"op": "add", "path": at, "value": [{"rule": "self.n < 10"}]}]);
    let given = ground.ask("PATCH", &definition.path(), Some((crate::subject::JSON, &rules))).await;
    assert_eq!(given.code, 200, "{given:?}");
    // The server reads the definition a moment later, which nothing tells of.
    soon(async {
        while tried(&ground, &definition, &json!({"a": {"n": n}})).await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    let path = format!("{}/{name}", definition.all);
    let why = "spec.a: Invalid value: failed rule: self.n < 10";
    let stays = ground.merge(&path, &json!({"spec": {"other": 2}})).await;
    assert_eq!((stays.code, stays.warnings()), (200, vec![format!("299 - \"{why}\"")]));
    assert_eq!(told(ground.merge(&path, &json!({"spec": {"a": {"m": 2}}})).await), [why]);
    let mended = ground.merge(&path, &json!({"spec": {"a": {"n": 9}}})).await;
    assert_eq!((mended.code, mended.warnings()), (200, vec![]));
    definition.forget(&ground).await;
}
