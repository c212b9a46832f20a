//! The same as definitions that are too simple to be wrong.

use kube_indexed_store::indexer::FieldSelector;
use kube_indexed_store::{FieldPath, Indexer};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::json;

use crate::{
    book::{any_path, keys_by_the_book, left, rules, tree},
    fixtures::{filtered, keys, with},
};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn the_filter_keeps_what_is_named_and_removes_what_is_named_and_touches_nothing_else(
        tree in tree(),
        keep in prop::option::of(prop::collection::vec(any_path(0..1), 0..4)),
        remove in prop::collection::vec(any_path(0..3), 0..4),
    ) {
        let value = with(json!({"spec": tree}));
        let texts = |paths: &[FieldPath]| paths.iter().map(FieldPath::to_string).collect::<Vec<_>>();
        let mut builder = Indexer::builder().remove_fields(texts(&remove));
        if let Some(keep) = &keep {
            builder = builder.keep_fields(texts(keep));
        }
        let identity = ["apiVersion", "kind", "metadata"].map(|path| path.parse().unwrap());
        let keep = keep.map(|keep| [&keep[..], &identity].concat());
        prop_assert_eq!(filtered(builder, &value), left(&value, &[], keep.as_deref(), &remove).unwrap());
    }

    #[test]
    fn keys_of_any_paths_in_any_order_are_those_of_every_consistent_choice_of_positions(
        rules in rules(),
        paths in subsequence(vec![
            "spec.rules[*].host", "spec.rules[*].paths[*].path", "spec.rules[*].paths[*].svc", "spec.rules[*].tags[*]",
            "spec.tags[*]", "spec.one", "spec.rules[0].host", "spec.rules[*].paths[0].svc", "spec.rules[0].paths[*].svc",
        ], 1..5).prop_shuffle(),
    ) {
        let value = with(json!({"spec": rules}));
        let parsed: Vec<FieldPath> = paths.iter().map(|path| path.parse().unwrap()).collect();
        let expected: Vec<_> = keys_by_the_book(&value, &parsed).into_iter().collect();
        prop_assume!(expected.len() <= 256);
        prop_assert_eq!(keys(&paths, &value), expected);
    }

    #[test]
    fn a_field_selector_that_is_printed_parses_to_the_same_selector(
        names in prop::collection::vec("[a!=,.\\\\'\\[\\]*\"é ]{1,4}", 1..4), value in r#"[a!=,\\'"\[\]*.é]{0,6}"#, not: bool, which: Index,
    ) {
        let path = FieldPath::of(names.iter().map(String::as_str));
        let escaped = value.replace('\\', r"\\").replace(',', r"\,").replace('=', r"\=");
        let quoted: String = names.iter().map(|name| format!("['{}']", name.replace('\\', r"\\").replace('\'', r"\'"))).collect();
        let others = ["a=1", "b!=2", ""];
        let text = format!("{quoted}{}{escaped},{}", if not { "!=" } else { "=" }, which.get(&others));
        let selector: FieldSelector = text.parse().unwrap();
        prop_assert_eq!(selector.to_string().parse::<FieldSelector>().unwrap(), selector.clone());
        prop_assert!(selector.to_string().starts_with(&path.to_string()), "{} is not {}", selector, path);
    }
}
