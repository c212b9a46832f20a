//! The ways in which the same can be said.

use std::time::Duration;

use kube_indexed_store::config::{Config, StoreKind};

use crate::fixtures::{EXAMPLE, accepted, refused, with};

#[test]
fn camel_case_says_the_same_as_snake_case() {
    let snake = "
watched_resources_ignore_fields: [metadata.generation]
watched_resources:
  a:
    api_version: v1
    resources: secrets
    index_by: [metadata.name]
    remove_fields: [data]
    keep_fields: [type]
    cache_ttl: 15m
    cache_size: 3
    own_namespace: true
    label_selector: app
    field_selector: type=a
    server_field_selector: type=b
    enable_validation_webhook: true
    debounce: 250ms
";
    let words: Vec<String> = snake
        .split_inclusive(':')
        .map(|word| {
            let at = word.rfind([' ', '\n']).map_or(0, |at| at + 1);
            let (before, word) = word.split_at(at);
            let mut parts = word.split('_');
            let mut camel = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                camel.push_str(&part[..1].to_uppercase());
                camel.push_str(&part[1..]);
            }
            format!("{before}{camel}")
        })
        .collect();
    let camel = words.concat();
    assert!(camel.contains("serverFieldSelector:") && camel.contains("watchedResourcesIgnoreFields:"), "{camel}");
    let read = Config::from_yaml(snake).unwrap();
    assert_eq!(read, Config::from_yaml(&camel).unwrap());
    let resource = &read.watched_resources["a"];
    assert_eq!(resource.cache_ttl, Some(Duration::from_secs(900)));
    assert_eq!((resource.debounce, resource.store), (Some(Duration::from_millis(250)), StoreKind::Full));
}

#[test]
fn durations_are_written_as_go_has_them() {
    for (text, milliseconds) in [("15m", 900_000), ("2m10s", 130_000), ("250ms", 250), ("1.5s", 1_500), ("0s", 0)] {
        let config = accepted(&with(&format!("debounce: {text}")));
        assert_eq!(config.watched_resources["a"].debounce, Some(Duration::from_millis(milliseconds)));
    }
}

#[test]
fn namespaces_are_said_in_one_way() {
    let told = "watched_resources.a: namespace, namespaces and own_namespace exclude each other: keep one of them";
    for lines in
        ["namespace: a\nnamespaces: [b]", "namespace: a\nown_namespace: true", "namespaces: [b]\nown_namespace: true"]
    {
        assert_eq!(refused(&with(lines)), told);
    }
    accepted(&with("namespace: ''"));
    accepted(&with("namespaces: []"));
}

#[test]
fn what_does_nothing_here_is_accepted_with_a_notice() {
    for line in ["enable_validation_webhook: true", "enableValidationWebhook: false"] {
        assert_eq!(
            accepted(&with(line)).notices(),
            ["watched_resources.a: enable_validation_webhook does nothing here; it can be removed"],
        );
    }
    assert!(accepted(EXAMPLE).notices().is_empty());
}
