//! Whatever is in an object, rendering ends and tells nothing of it in an error.

use std::collections::BTreeMap;

use kube_indexed_store::template::Renderer;
use serde_json::{Value, json};

use crate::fixtures::store;
use crate::support::random::Random;

/// Any JSON.
fn hostile(random: &mut Random, depth: u32) -> Value {
    let mut next = |below: u64| random.next() % below;
    let kind = next(if depth == 0 { 8 } else { 10 });
    match kind {
        0 => Value::Null,
        1 => json!(next(2) == 0),
        2 => json!([u64::MAX, 0, 9_007_199_254_740_993, 1][next(4) as usize]),
        3 => json!([i64::MIN, -1, -9_007_199_254_740_993][next(3) as usize]),
        4 => json!([1e308, -0.0, 5e-324, 9.007_199_254_740_994e15, 0.1][next(5) as usize]),
        5 => json!(""),
        6 => json!(["\u{0}\u{7f}\u{feff}", "{{ x }}", "💥\u{202e}", "=YQ"][next(4) as usize]),
        7 => json!("x".repeat(next(2_000) as usize)),
        8 => (0..next(5)).map(|_| hostile(random, depth - 1)).collect(),
        _ => {
            let keys = ["", "labels", "name", "a.b/c", "data", "0", "items", "length"];
            let count = next(5);
            (0..count)
                .map(|at| (keys[at as usize + 2 * (at as usize % 2)].to_owned(), hostile(random, depth - 1)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
    }
}

#[test]
fn nothing_panics_on_any_object() {
    let mut random = Random::new();
    let sources = [
        "{{ o }}{{ o.spec }}{{ o | tojson }}{{ o ~ '' }}",
        "{{ o | label('a.b/c') }}",
        "{{ o | annotation('') }}",
        "{{ o.spec | b64decode }}",
        "{{ o.spec | b64encode | b64decode }}",
        "{% for x in o.spec %}{{ x }}{{ loop.index }}{% endfor %}",
        "{{ o.spec[0] }}{{ o.spec[-1] }}{{ o.spec[::2] }}",
        "{{ o.spec['0'] }}{{ o.spec[18446744073709551615] }}{{ o.spec[1.5] }}{{ o.spec[none] }}",
        "{{ o.spec | sort }}{{ o.spec | length }}{{ o.spec | first }}{{ o.spec | unique }}",
        "{{ o.spec | items }}{{ o.spec | dictsort }}{{ o.spec | sum }}",
        "{{ o.spec + 1 }}{{ o.spec * 2 }}{{ -o.spec }}{{ o.spec // 0 }}{{ o.spec ** 100 }}",
        "{{ o.spec == o.spec }}{{ o.spec < o.status }}{{ o.spec in o.status }}{{ o == o }}",
        "{{ resources.all.get(o.spec) }}{{ resources.all.where(o.spec) }}",
        "{{ resources.all.fetch(o.spec, o.status) }}{{ resources.all.index(o.spec) }}{{ resources.all.keys(o.spec) }}",
        "{{ required(o.spec, o.status) }}{{ fail(o.spec) }}",
        "{{ resources.all == resources.all }}{{ resources.all | sort }}{{ resources | tojson }}",
    ];
    let mut renderer = Renderer::new();
    for (at, source) in sources.iter().enumerate() {
        renderer.add_template(&at.to_string(), &format!("{{% set o = resources.all[0] %}}{source}")).unwrap();
    }
    let (mut good, mut bad) = (0, 0);
    for _ in 0..400 {
        let metadata = json!({"name": "o", "namespace": "n", "annotations": hostile(&mut random, 2)});
        let object = json!({"kind": "X", "metadata": metadata, "spec": hostile(&mut random, 4), "status": hostile(&mut random, 2)});
        let snapshots = BTreeMap::from([("all".to_owned(), store([object.clone()]))]);
        for at in 0..sources.len() {
            match renderer.render(&at.to_string(), &snapshots) {
                Ok(_) => good += 1,
                Err(error) => {
                    assert_eq!(error.template(), at.to_string());
                    bad += usize::from(!error.to_string().is_empty());
                }
            }
        }
    }
    assert!(good > 500 && bad > 500, "{good} rendered, {bad} refused");
}

#[test]
fn no_error_shows_what_is_in_an_object() {
    let secret = json!({"kind": "Secret", "metadata": {"namespace": "a", "name": "b"}, "data": {"key": "hunter2"}});
    let snapshots = BTreeMap::from([("secrets".to_owned(), store([secret]))]);
    for expression in [
        "x.y.z",
        "x + 1",
        "x | b64decode",
        "x | label('a')",
        "s.data + 1",
        "resources.secrets.get(s.data)",
        "x | int",
        "x()",
        "s.oops",
    ] {
        let mut renderer = Renderer::new();
        let source = format!("{{% set s = resources.secrets[0] %}}{{% set x = s.data.key %}}{{{{ {expression} }}}}");
        renderer.add_template("a", &source).unwrap();
        let error = renderer.render("a", &snapshots).unwrap_err();
        let shown = format!("{error}{error:?}{error:#?}");
        assert!(!shown.contains("hunter2"), "{expression}: {shown}");
    }
}
