//! What the server refuses in the schemas of custom kinds: missing types, and keywords that do not fit the type.
//!
//! Not here: limits of what schemas cost.

use serde_json::Value;

use super::{
    super::{
        schema::{self, Patterns},
        status::Flaw,
    },
    rule,
};

/// Where in a schema another one stands.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Field,
    Item,
}

/// Looks through a schema and all in it.
pub(super) fn check(path: &str, schema: &Value, flaws: &mut Vec<Flaw>) {
    let known = flaws.len();
    look(path, schema, Level::Root, &Patterns::default(), flaws);
    if flaws.len() == known {
        flaws.extend(schema::Inspection::of(path, schema).flaws);
    }
}

fn look(path: &str, schema: &Value, level: Level, patterns: &Patterns, flaws: &mut Vec<Flaw>) {
    let said = schema["type"].as_str().unwrap_or_default();
    let below = |name: &str| format!("{path}.{name}");
    kind_of(path, schema, level, flaws);
    if said == "array" && schema["items"].is_null() {
        flaws.push(Flaw::required(below("items"), "must be specified"));
    }
    if let Some(pattern) = schema["pattern"].as_str().filter(|pattern| !patterns.understand(pattern)) {
        let parsing = "must be a valid regular expression, but isn't: error parsing regexp";
        let unclosed = pattern.matches('(').count() > pattern.matches(')').count();
        let why = if unclosed { format!("{parsing}: missing closing ): `{pattern}`") } else { parsing.to_owned() };
        flaws.push(Flaw::invalid(below("pattern"), pattern, &why));
    }
    if schema["uniqueItems"] == true {
        let why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        flaws.push(Flaw::forbidden(below("uniqueItems"), why));
    }
    let fields = schema["properties"].as_object().filter(|fields| !fields.is_empty());
    if fields.is_some() && !schema["additionalProperties"].is_null() {
        let why = "additionalProperties and properties are mutual exclusive";
        flaws.push(Flaw::forbidden(below("additionalProperties"), why));
    }
    list(path, schema, said, flaws);
    rule::check(path, schema, flaws);
    if let Some(default) = schema.get("default").filter(|default| !default.is_null()) {
        let found = schema::flaws(default, None, schema, patterns);
        flaws.extend(found.into_iter().map(|flaw| flaw.below(&below("default"))));
    }
    for (name, field) in fields.into_iter().flatten() {
        look(&format!("{path}.properties[{name}]"), field, Level::Field, patterns, flaws);
    }
    if schema["items"].is_object() {
        look(&below("items"), &schema["items"], Level::Item, patterns, flaws);
    }
    if schema["additionalProperties"].is_object() {
        look(&below("additionalProperties"), &schema["additionalProperties"], Level::Field, patterns, flaws);
    }
}

/// The type a schema says, or does not.
fn kind_of(path: &str, schema: &Value, level: Level, flaws: &mut Vec<Flaw>) {
    const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
    let field = format!("{path}.type");
    let says = |flag: &str| schema[flag] == true;
    match schema["type"].as_str().unwrap_or_default() {
        "" if says("x-kubernetes-embedded-resource") => {
            flaws.push(Flaw::required(field, "must be object if x-kubernetes-embedded-resource is true"));
        }
        "" if says("x-kubernetes-int-or-string") || says("x-kubernetes-preserve-unknown-fields") => {}
        "" => {
            let why = match level {
                Level::Root => "must not be empty at the root",
                Level::Field => "must not be empty for specified object fields",
                Level::Item => "must not be empty for specified array items",
            };
            flaws.push(Flaw::required(field, why));
        }
        said if level == Level::Root && said != "object" => {
            flaws.push(Flaw::invalid(field, said, "must be object at the root"));
        }
        said if !TYPES.contains(&said) => flaws.push(Flaw::unsupported(field, said, &TYPES)),
        _ => {}
    }
    if level == Level::Root && !schema["additionalProperties"].is_null() {
        flaws.push(Flaw::forbidden(format!("{path}.additionalProperties"), "must not be used at the root"));
    }
}

/// How a list says its items differ.
fn list(path: &str, schema: &Value, said: &str, flaws: &mut Vec<Flaw>) {
    let Some(kind) = schema["x-kubernetes-list-type"].as_str() else { return };
    match said {
        "array" => {}
        "" => {
            flaws.push(Flaw::required(format!("{path}.type"), "must be array if x-kubernetes-list-type is specified"))
        }
        _ => {
            let why = "must be array if x-kubernetes-list-type is specified";
            flaws.push(Flaw::invalid(format!("{path}.type"), said, why));
        }
    }
    let field = format!("{path}.x-kubernetes-list-map-keys");
    let keys = schema["x-kubernetes-list-map-keys"].as_array().is_some_and(|keys| !keys.is_empty());
    match kind {
        "map" if !keys => {
            flaws.push(Flaw::required(field, "must not be empty if x-kubernetes-list-type is map"));
        }
        "atomic" | "set" | "map" => {}
        _ => {
            let field = format!("{path}.x-kubernetes-list-type");
            flaws.push(Flaw::unsupported(field, kind, &["atomic", "set", "map"]));
        }
    }
}
