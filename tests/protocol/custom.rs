//! Custom kinds: they come with their definition, and with its schema.

use serde_json::{Value, json};

use crate::{definition::Definition, ground::Ground, support::failure};

/// A kind with a required name and a size that is filled in, both selectable.
async fn define(ground: &Ground) -> Definition {
    let properties = json!({
        "size": {"type": "integer", "minimum": 1, "default": 3},
        "name": {"type": "string"}
    });
    let schema = json!({"type": "object", "properties": properties, "required": ["name"]});
    let selectable = json!([{"jsonPath": ".spec.name"}, {"jsonPath": ".spec.size"}]);
    Definition::with(ground, &schema, &json!({"selectableFields": selectable})).await
}

pub async fn schemas_prune_and_fill_in(ground: Ground) {
    let custom = define(&ground).await;
    let name = ground.name();
    let object = custom.object(&name, &json!({"name": "x", "unknown": true}));
    let created = ground.post(&custom.all, &object).await;
    assert_eq!((created.code, &created.body["spec"]), (201, &json!({"name": "x", "size": 3})));
    assert_eq!(created.headers["warning"], "299 - \"unknown field \\\"spec.unknown\\\"\"");
    assert_eq!(created.body["metadata"]["generation"], 1);
    custom.forget(&ground).await;
}

pub async fn schemas_refuse_what_they_do_not_allow(ground: Ground) {
    let custom = define(&ground).await;
    let name = ground.name();
    let below = "Invalid value: 0: spec.size in body should be greater than or equal to 1";
    for (spec, field, reason, why) in [
        (json!({"size": 1}), "spec.name", "FieldValueRequired", "Required value"),
        (json!({"name": "x", "size": 0}), "spec.size", "FieldValueInvalid", below),
    ] {
        let refused = ground.post(&custom.all, &custom.object(&name, &spec)).await;
        let kind = format!("Gadget.{}", custom.group);
        let cause = json!({"reason": reason, "message": why, "field": field});
        let details = json!({"name": name, "group": custom.group, "kind": "Gadget", "causes": [cause]});
        let message = format!("{kind} {name:?} is invalid: {field}: {why}");
        assert_eq!(refused.body, failure(422, "Invalid", &message, details));
    }
    custom.forget(&ground).await;
}

pub async fn fields_that_the_definition_names_can_be_selected(ground: Ground) {
    let custom = define(&ground).await;
    let [red, blue] = ground.names(2).try_into().expect("two names");
    for (name, spec) in [(&red, json!({"name": "red"})), (&blue, json!({"name": "blue", "size": 5}))] {
        ground.make(&custom.all, &custom.object(name, &spec)).await;
    }
    for (selector, expected) in [
        ("spec.name%3Dred", vec![&red]),
        ("spec.name%21%3Dred", vec![&blue]),
        // What the schema filled in counts too.
        ("spec.size%3D3", vec![&red]),
        ("spec.name%3Dblue,spec.size%3D5", vec![&blue]),
        ("spec.name%3Dblue,spec.size%3D3", vec![]),
    ] {
        let list = ground.get(&format!("{}?fieldSelector={selector}", custom.all)).await;
        let items = list.body["items"].as_array().expect("items");
        let names: Vec<_> = items.iter().map(|item| item["metadata"]["name"].as_str().expect("a name")).collect();
        assert_eq!((list.code, names), (200, expected.into_iter().map(String::as_str).collect()), "{selector}");
    }
    let refused = ground.get(&format!("{}?fieldSelector=spec.other%3D1", custom.all)).await;
    assert_eq!(refused.body, failure(400, "BadRequest", "field label not supported: spec.other", Value::Null));
    custom.forget(&ground).await;
}
