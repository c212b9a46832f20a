//! What is refused, and in which words.

use kube_indexed_store::config::{Config, Error};

use crate::fixtures::{EXAMPLE, accepted, refused, with};

#[test]
fn what_is_about_fetched_objects_is_refused_where_none_are_fetched() {
    for field in ["cache_ttl: 15m", "cache_size: 256"] {
        let name = field.split(':').next().unwrap();
        assert_eq!(
            refused(&with(field)),
            format!("watched_resources.a: {name} is for store: on-demand: leave it out, or write store: on-demand")
        );
    }
}

#[test]
fn unknown_fields_and_values_are_told_with_their_line_and_the_nearest_there_is() {
    for (line, told) in [
        ("resource: x", "unknown field `resource`: did you mean `resources`?"),
        ("indexby: [a]", "unknown field `indexby`: did you mean `index_by`?"),
        ("index-by: [a]", "unknown field `index-by`: did you mean `index_by`?"),
        ("labelSelektor: a", "unknown field `labelSelektor`: did you mean `labelSelector`?"),
        ("nm: x", "unknown field `nm`: did you mean `name`?"),
        ("rsrces: x", "unknown field `rsrces`: did you mean `resources`?"),
        ("Optional: true", "unknown field `Optional`: did you mean `optional`?"),
        ("store: ful", "unknown value `ful`: did you mean `full`?"),
        ("store: on_demand", "unknown value `on_demand`: did you mean `on-demand`?"),
        ("store: memory", "unknown value `memory`: there are full, on-demand"),
    ] {
        assert_eq!(refused(&with(line)), format!("line 5: {told}"));
        assert_eq!(refused(&with(&format!("optional: true\n{line}"))), format!("line 6: {told}"));
    }
    assert_eq!(
        refused("watched_resorces: {}"),
        "line 1: unknown field `watched_resorces`: did you mean `watched_resources`?"
    );
    assert_eq!(
        refused("watched_resources: {}\nxyzzy: 1"),
        "line 2: unknown field `xyzzy`: there are watched_resources, watched_resources_ignore_fields",
    );
}

#[test]
fn values_of_the_wrong_type_are_told_with_their_field_and_line() {
    for (line, told) in [
        ("index_by: metadata.name", "`index_by`: expected a list"),
        ("cache_size: many", "`cache_size`: expected a whole number"),
        ("cache_size: -1", "`cache_size`: expected a whole number"),
        ("optional: maybe", "`optional`: expected true or false"),
        ("label_selector: {a: b}", "`label_selector`: expected a text"),
        ("indexes: [a]", "`indexes`: expected a mapping, such as `name: value`"),
        ("store: [full]", "`store`: expected a single word"),
        ("store: {full: true}", "`store`: expected a single word"),
        // What is no plain word is not shown.
        ("\"optional\": maybe", "expected true or false"),
        ("debounce: 5", "\"5\" is no duration: write a number and a unit, such as 250ms, 15m or 1h30m"),
        ("debounce: -5s", "\"-5s\" is no duration: write a number and a unit, such as 250ms, 15m or 1h30m"),
        (
            "cache_ttl: 99999999999999999999h",
            "\"99999999999999999999h\" is no duration: write a number and a unit, such as 250ms, 15m or 1h30m",
        ),
    ] {
        assert_eq!(refused(&with(line)), format!("line 5: {told}"));
    }
}

#[test]
fn fields_that_an_index_reads_or_a_store_needs_cannot_be_dropped() {
    for (lines, told) in [
        (
            "remove_fields: [data]\nindexes: {by: [data.x]}",
            "index \"by\" reads data.x, which remove_fields drops with data: keep that field, or index by another",
        ),
        (
            "keep_fields: [type]\nindexes: {by: [data.x]}",
            "index \"by\" reads data.x, which keep_fields does not name: keep that field, or index by another",
        ),
        (
            "remove_fields: [metadata.name]",
            "remove_fields names metadata.name, which would remove name: a store cannot do without it",
        ),
        ("index_by: []", "index \"default\" has no paths: name at least one field to index by"),
        ("indexes: {default: [type]}", "index \"default\" is declared twice: give one of them another name"),
    ] {
        assert_eq!(refused(&with(lines)), format!("watched_resources.a: {told}"));
    }
    let ignored = "watched_resources_ignore_fields: [data]\n".to_owned() + &with("indexes: {by: [data.x]}");
    assert!(refused(&ignored).contains("which remove_fields drops with data"));
}

#[test]
fn selectors_and_paths_that_do_not_parse_are_told_with_their_resource() {
    for (lines, what) in [
        ("label_selector: 'app in (a'", "label_selector: label selector \"app in (a\""),
        ("field_selector: type", "the field selector does not parse"),
        ("indexes: {by: ['a.b[c']}", "index \"by\" has a path that does not parse"),
    ] {
        let told = refused(&with(lines));
        assert!(told.starts_with("watched_resources.a: ") && told.contains(what), "{told}");
    }
}

#[test]
fn what_is_empty_or_no_yaml_or_there_twice_is_told_plainly() {
    for empty in ["", "\n \n", "# a comment\n"] {
        assert_eq!(refused(empty), "there is nothing in it: write at least `watched_resources: {}`");
    }
    assert_eq!(accepted("watched_resources: {}").watched_resources.len(), 0);
    for (text, told) in [
        ("text", "line 1: expected a mapping, such as `name: value`"),
        ("watched_resources: {a: {api_version: v1}}", "line 1: missing field `resources`"),
        (
            "---\nwatched_resources: {}\n---\nwatched_resources: {}\n",
            "line 4: there are several documents: only one is read",
        ),
    ] {
        assert_eq!(refused(text), told);
    }
    assert!(refused("watched_resources: {a: [}").starts_with("line 1: "));
    assert_eq!(refused(&with("resources: pods")), "line 5: `resources` is there twice: remove one of them");
    let twice = with("optional: true") + "  a: {api_version: v1, resources: pods}\n";
    assert_eq!(refused(&twice), "line 6: `a` is there twice: remove one of them");
}

#[test]
fn errors_of_a_file_name_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    let shown = path.display();
    let told = |path: &std::path::Path| Config::from_file(path).unwrap_err();
    assert!(matches!(told(&path), Error::Read { .. }));
    assert!(told(&path).to_string().starts_with(&format!("{shown} cannot be read: ")));
    std::fs::write(&path, with("store: ful")).unwrap();
    assert_eq!(told(&path).to_string(), format!("{shown}, line 5: unknown value `ful`: did you mean `full`?"));
    std::fs::write(&path, "").unwrap();
    assert!(told(&path).to_string().starts_with(&format!("{shown}: there is nothing in it")));
    std::fs::write(&path, EXAMPLE).unwrap();
    assert_eq!(Config::from_file(&path).unwrap(), Config::from_yaml(EXAMPLE).unwrap());
}
