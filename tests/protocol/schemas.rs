//! Objects of custom kinds, by the schemas of their definitions.

use serde_json::{Value, json};

use crate::{
    definition::{DEFINITIONS, Definition},
    ground::{Answer, Ground},
    support::{served::served, soon},
};

fn unknown(path: &str) -> String {
    format!("299 - \"unknown field \\\"{path}\\\"\"")
}

/// What is said of a spec.
async fn tried(ground: &Ground, definition: &Definition, spec: &Value) -> Answer {
    let path = format!("{}?dryRun=All", definition.all);
    ground.post(&path, &definition.object(&ground.name(), spec)).await
}

/// What is said of a spec that is refused, without the words that say of which object.
async fn refused(ground: &Ground, definition: &Definition, spec: &Value) -> String {
    let (code, message) = tried(ground, definition, spec).await.said();
    assert_eq!(code, 422, "{spec} {message}");
    message.split_once(" is invalid: ").expect("it says which").1.to_owned()
}

pub async fn objects_are_pruned_and_filled_in(ground: Ground) {
    let definition = Definition::new(&ground, &json!({"type": "object", "properties": {
        "height": {"type": "integer", "default": 7},
        "notes": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        "tags": {"type": "object", "additionalProperties": {"type": "string"}},
        "soil": {"type": "object", "default": {}, "properties": {"kind": {"type": "string", "default": "loam"}}},
        "beds": {"type": "array", "items": {"type": "object", "properties": {"size": {"type": "integer", "default": 1}}}},
        "owner": {"type": "string", "nullable": true, "default": "nobody"},
    }}))
    .await;
    for (spec, stored) in [
        (json!({}), json!({"height": 7, "soil": {"kind": "loam"}, "owner": "nobody"})),
        (
            json!({"beds": [{}, {"size": 2}], "height": null, "owner": null}),
            json!({"height": 7, "soil": {"kind": "loam"}, "beds": [{"size": 1}, {"size": 2}], "owner": null}),
        ),
        (
            json!({"height": 3, "width": 4, "notes": {"a": {"b": null}}, "tags": {"x": "1", "y": null}, "soil": {"kind": "clay"}, "owner": "me"}),
            json!({"height": 3, "notes": {"a": {"b": null}}, "tags": {"x": "1"}, "soil": {"kind": "clay"}, "owner": "me"}),
        ),
    ] {
        let created = ground.make(&definition.all, &definition.object(&ground.name(), &spec)).await;
        assert_eq!(created["spec"], stored, "{spec}");
        ground.delete(&definition.all).await;
    }
    let mut object = definition.object(&ground.name(), &json!({"width": 1}));
    object["zone"] = json!({"b": 1});
    let warned = ground.post(&format!("{}?dryRun=All", definition.all), &object).await;
    assert_eq!((warned.code, warned.warnings()), (201, vec![unknown("spec.width"), unknown("zone")]));
    let strict = ground.post(&format!("{}?fieldValidation=Strict", definition.all), &object).await;
    let why = "Gadget in version \"v1\" cannot be handled as a Gadget: strict decoding error: unknown field \
               \"spec.width\", unknown field \"zone\"";
    assert_eq!(strict.said(), (400, why.to_owned()));
    definition.forget(&ground).await;
}

pub async fn objects_that_break_their_schema_are_refused_for_each_rule(ground: Ground) {
    let definition = Definition::new(
        &ground,
        &json!({"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$"},
            "kind": {"type": "string", "enum": ["tree", "bush"]},
            "age": {"type": "integer", "minimum": 0, "exclusiveMaximum": true, "maximum": 10},
            "share": {"type": "number", "multipleOf": 0.5},
            "beds": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
            "sorts": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "ports": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"],
                "items": {"type": "object", "required": ["port"], "properties": {"port": {"type": "integer"}}},
            },
            "counts": {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 1},
        "sizes": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
        "letter": {"type": "string", "maxLength": 1},
            "size": {"x-kubernetes-int-or-string": true},
            "planted": {"type": "string", "format": "date"},
        }}),
    )
    .await;
    for (field, value, why) in [
        ("name", json!("a"), r#"spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long"#),
        ("name", json!("abcde"), "spec.name: Too long: may not be more than 4 bytes"),
        ("name", json!("A1"), r#"spec.name: Invalid value: "A1": spec.name in body should match '^[a-z]+$'"#),
        (
            "name",
            json!(5),
            r#"spec.name: Invalid value: "integer": spec.name in body must be of type string: "integer""#,
        ),
        ("kind", json!("moss"), r#"spec.kind: Unsupported value: "moss": supported values: "tree", "bush""#),
        ("age", json!(-1), "spec.age: Invalid value: -1: spec.age in body should be greater than or equal to 0"),
        ("age", json!(10), "spec.age: Invalid value: 10: spec.age in body should be less than 10"),
        ("share", json!(0.3), "spec.share: Invalid value: 0.3: spec.share in body should be a multiple of 0.5"),
        ("beds", json!([]), "spec.beds: Invalid value: 0: spec.beds in body should have at least 1 items"),
        ("beds", json!(["a", "b", "c"]), "spec.beds: Too many: 3: must have at most 2 items"),
        (
            "beds",
            json!([null]),
            r#"spec.beds[0]: Invalid value: "null": spec.beds[0] in body must be of type string: "null""#,
        ),
        ("sorts", json!(["a", "a"]), r#"spec.sorts[1]: Duplicate value: "a""#),
        ("ports", json!([{"port": 1}, {"port": 1}]), r#"spec.ports[1]: Duplicate value: {"port":1}"#),
        ("ports", json!([{}]), "spec.ports[0].port: Required value"),
        ("counts", json!({"a": 1, "b": 2}), "spec.counts: Too many: 2: must have at most 1 item"),
        ("sizes", json!({}), "spec.sizes: Invalid value: 0: spec.sizes in body should have at least 1 properties"),
        ("letter", json!("ab"), "spec.letter: Too long: may not be more than 1 byte"),
        (
            "size",
            json!(true),
            r#"spec.size: Invalid value: "boolean": spec.size in body must be of type integer,string: "boolean""#,
        ),
        (
            "planted",
            json!("soon"),
            r#"spec.planted: Invalid value: "soon": spec.planted in body must be of type date: "soon""#,
        ),
    ] {
        let mut spec = json!({"name": "abc"});
        spec[field] = value;
        assert_eq!(refused(&ground, &definition, &spec).await, why, "{spec}");
    }
    assert_eq!(refused(&ground, &definition, &json!({})).await, "spec.name: Required value");
    let several = refused(&ground, &definition, &json!({"name": "a", "age": -1})).await;
    let flaws = [
        "spec.age: Invalid value: -1: spec.age in body should be greater than or equal to 0",
        "spec.name: Invalid value: \"a\": spec.name in body should be at least 2 chars long",
    ];
    // A real server tells them in any order.
    let mut told: Vec<_> = several.trim_matches(['[', ']']).split(", ").collect();
    told.sort_unstable();
    assert_eq!(told, flaws);
    // A refusal comes with its warnings.
    let warned = tried(&ground, &definition, &json!({"age": 9, "wings": 2})).await;
    assert_eq!((warned.code, warned.warnings()), (422, vec![unknown("spec.wings")]));
    definition.forget(&ground).await;
}

pub async fn what_was_wrong_before_its_schema_said_so_may_stay_until_it_changes(ground: Ground) {
    let properties = json!({"age": {"type": "integer", "maximum": 100}, "note": {"type": "string"}});
    let definition = Definition::new(&ground, &json!({"type": "object", "properties": properties})).await;
    let (probe, name) = (definition.object(&ground.name(), &json!({"age": 50})), ground.name());
    let mut object = ground.make(&definition.all, &definition.object(&name, &json!({"age": 50}))).await;
    let path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/age/maximum";
    let patch = json!([{"op": "replace", "path": path, "value": 10}]);
    let changed = ground.ask("PATCH", &definition.path(), Some((crate::subject::JSON, &patch))).await;
    assert_eq!(changed.code, 200, "{changed:?}");
    // The server reads the definition a moment later, which nothing tells of.
    soon(async {
        while ground.post(&format!("{}?dryRun=All", definition.all), &probe).await.code == 201 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    let one = format!("{}/{name}", definition.all);
    object["spec"]["note"] = "old".into();
    let mut object = ground.put(&one, &object).await.body;
    assert_eq!(object["spec"], json!({"age": 50, "note": "old"}));
    object["spec"]["age"] = 51.into();
    let why = "spec.age: Invalid value: 51: spec.age in body should be less than or equal to 10";
    let message = format!("Gadget.{} {name:?} is invalid: {why}", definition.group);
    assert_eq!(ground.put(&one, &object).await.said(), (422, message));
    definition.forget(&ground).await;
}

pub async fn new_finalizers_that_do_not_say_whose_they_are_are_warned_of(ground: Ground) {
    let definition = Definition::new(&ground, &json!({"type": "object"})).await;
    let name = ground.name();
    let mut object = definition.object(&name, &json!({}));
    object["metadata"]["finalizers"] = json!(["gate", "example.com/gate", "orphan"]);
    let created = ground.post(&definition.all, &object).await;
    let warning = |name: &str, more: &str| {
        format!(
            "299 - \"metadata.finalizers: \\\"{name}\\\": prefer a domain-qualified finalizer name{more} to avoid \
             accidental conflicts with other finalizer writers\""
        )
    };
    assert_eq!((created.code, created.warnings()), (201, vec![warning("gate", "")]));
    let path = format!("{}/{name}", definition.all);
    let patch = json!({"metadata": {"finalizers": ["gate", "a.example"]}});
    let patched = ground.merge(&path, &patch).await;
    assert_eq!((patched.code, patched.warnings()), (200, vec![warning("a.example", " including a path (/)")]));
    ground.merge(&path, &json!({"metadata": {"finalizers": null}})).await;
    definition.forget(&ground).await;
}

pub async fn configurations_merge_as_the_schema_says(ground: Ground) {
    let bed = json!({"type": "object", "required": ["row"], "properties": {
        "row": {"type": "integer"}, "plant": {"type": "string"}, "wet": {"type": "boolean"},
    }});
    let beds = json!({
        "type": "array", "items": bed, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["row"],
    });
    let tools = json!({"type": "array", "items": {"type": "string"}});
    let schema = json!({"type": "object", "properties": {"beds": beds, "tools": tools}});
    let definition = Definition::new(&ground, &schema).await;
    let name = ground.name();
    let apply = async |manager: &str, spec: Value| {
        let path = format!("{}/{name}?fieldManager={manager}", definition.all);
        ground.ask("PATCH", &path, Some((crate::owners::APPLY, &definition.object(&name, &spec)))).await
    };
    apply("rake", json!({"beds": [{"row": 1, "plant": "mint"}], "tools": ["rake"]})).await;
    let more = apply("hose", json!({"beds": [{"row": 1, "wet": true}, {"row": 2, "plant": "fern"}]})).await;
    let beds = json!([{"row": 1, "plant": "mint", "wet": true}, {"row": 2, "plant": "fern"}]);
    assert_eq!((more.code, &more.body["spec"]), (200, &json!({"beds": beds, "tools": ["rake"]})));
    let conflict = "Apply failed with 1 conflict: conflict with \"rake\": .spec.tools";
    assert_eq!(apply("hose", json!({"tools": ["hose"]})).await.said(), (409, conflict.to_owned()));
    let why = format!(
        "failed to create typed patch object ({}/{name}; {}/v1, Kind=Gadget): .spec.walls: field not declared in schema",
        "", definition.group
    );
    assert_eq!(apply("rake", json!({"walls": 4})).await.said(), (500, why));
    definition.forget(&ground).await;
}

pub async fn a_status_that_is_written_apart_is_looked_at_by_itself(ground: Ground) {
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let (definition, mut object) = Definition::of(&ground, &any, &json!({"subresources": {"status": {}}}));
    object["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"] = json!({
        "type": "object", "required": ["feet"], "properties": {
            "feet": {"type": "integer", "maximum": 3},
            "songs": {"type": "array", "items": {"type": "object", "properties": {"key": {"type": "string"}}}},
            "wings": {"type": "integer", "anyOf": [{"minimum": 2}, {"multipleOf": 5}]},
        },
    });
    ground.make(DEFINITIONS, &object).await;
    served(&ground.client, &definition.name(), &definition.all).await;
    let name = ground.name();
    ground.make(&definition.all, &definition.object(&name, &json!({}))).await;
    let one = format!("{}/{name}", definition.all);
    for (status, flaw) in [
        (json!({"songs": []}), "status.feet: Required value"),
        (json!({"feet": 4}), "status.feet: Invalid value: 4: feet in body should be less than or equal to 3"),
        (
            json!({"feet": 2, "songs": [{}, {"key": 1}]}),
            r#"status.songs[1].key: Invalid value: "integer": songs[1].key in body must be of type string: "integer""#,
        ),
        (json!("none"), r#"status: Invalid value: "string":  in body must be of type object: "string""#),
        (
            json!({"feet": 2, "wings": 1}),
            r#"[status: Invalid value: "": "wings" must validate at least one schema (anyOf), status.wings: Invalid value: 1: wings in body should be greater than or equal to 2]"#,
        ),
    ] {
        let refused = ground.merge(&format!("{one}/status"), &json!({"status": status})).await;
        let head = format!("Gadget.{} {name:?} is invalid: ", definition.group);
        assert_eq!(refused.said(), (422, format!("{head}{flaw}")));
    }
    let told = ground.merge(&format!("{one}/status"), &json!({"status": {"feet": 2}})).await;
    assert_eq!((told.code, &told.body["status"]), (200, &json!({"feet": 2})));
    definition.forget(&ground).await;
}
