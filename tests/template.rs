//! What templates can say, and how they are told what is wrong.

use std::collections::BTreeMap;

use kube_indexed_store::template::{Error, Renderer};
use kube_indexed_store::{Indexer, MemoryStore, Object, Snapshot, Store, Write};
use serde_json::{Value, json};

mod support;

use support::random::Random;

fn service(namespace: &str, name: &str, port: u64) -> Value {
    let labels = json!({"app.kubernetes.io/name": name, "tier": if port > 80 { "back" } else { "front" }});
    let annotations = json!({"example.org/weight.of": port.to_string()});
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"namespace": namespace, "name": name, "labels": labels, "annotations": annotations},
        "spec": {"ports": [{"port": port}], "headless": port == 81, "ratio": 80.0, "half": 0.5, "selector": null},
    })
}

fn store(objects: impl IntoIterator<Item = Value>) -> Snapshot {
    let indexer = Indexer::builder().index("by-port", ["spec.ports[*].port"]).build().unwrap();
    let store = MemoryStore::for_indexer(&indexer);
    for object in objects {
        let indexed = indexer.index(&Object::try_from(object).unwrap()).unwrap().matching().unwrap();
        store.write(vec![Write::Apply(indexed)]).unwrap();
    }
    store.snapshot()
}

fn cluster() -> BTreeMap<String, Snapshot> {
    let services = [("shop", "web", 80), ("blog", "web", 80), ("shop", "api", 81), ("shop", "db", 5432)];
    let nodes = [json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}})];
    let services = services.map(|(namespace, name, port)| service(namespace, name, port));
    [("services", store(services)), ("nodes", store(nodes)), ("none", store([]))]
        .map(|(name, snapshot)| (name.to_owned(), snapshot))
        .into()
}

fn try_render(source: &str) -> Result<String, Error> {
    let mut renderer = Renderer::new();
    renderer.add_template("test", source)?;
    renderer.render("test", &cluster())
}

#[track_caller]
fn rendered(source: &str) -> String {
    try_render(source).unwrap_or_else(|error| panic!("{source}\n{error}"))
}

#[track_caller]
fn refused(source: &str) -> String {
    match try_render(source) {
        Ok(text) => panic!("{source}\nrendered {text:?}"),
        Err(error) => error.to_string(),
    }
}

/// The names of what an expression finds.
#[track_caller]
fn found(expression: &str) -> String {
    rendered(&format!(
        "{{% for it in {expression} %}}{{{{ it.metadata.namespace }}}}/{{{{ it.metadata.name }}}} {{% endfor %}}"
    ))
    .trim()
    .to_owned()
}

#[test]
fn a_store_iterates_in_the_order_of_namespace_and_name() {
    assert_eq!(found("resources.services"), "blog/web shop/api shop/db shop/web");
    assert_eq!(found("resources.none"), "");
    assert_eq!(found("resources['services']"), "blog/web shop/api shop/db shop/web");
    assert_eq!(rendered("{{ resources | list }}"), "['nodes', 'none', 'services']");
}

#[test]
fn a_store_counts_slices_and_sorts() {
    assert_eq!(rendered("{{ resources.services | length }} {{ resources.none | length }}"), "4 0");
    assert_eq!(found("resources.services[1:3]"), "shop/api shop/db");
    assert_eq!(found("resources.services[:1]"), "blog/web");
    assert_eq!(found("resources.services[-1:]"), "shop/web");
    assert_eq!(found("resources.services[::-1]"), "shop/web shop/db shop/api blog/web");
    assert_eq!(found("[resources.services[0], resources.services[-1]]"), "blog/web shop/web");
    assert_eq!(found("[resources.services | first, resources.services | last]"), "blog/web shop/web");
    assert_eq!(found("resources.services | sort(attribute='metadata.name')"), "shop/api shop/db blog/web shop/web");
    assert_eq!(found("resources.services | reverse"), "shop/web shop/db shop/api blog/web");
    assert_eq!(
        rendered("{{ resources.services | map(attribute='metadata.name') | unique | join(',') }}"),
        "web,api,db"
    );
    assert_eq!(found("resources.services | selectattr('spec.headless')"), "shop/api");
    assert_eq!(
        rendered("{{ 'some' if resources.services else 'none' }} {{ 'some' if resources.none else 'none' }}"),
        "some none"
    );
    assert_eq!(
        rendered(
            "{% for it in resources.services.get('shop') %}{{ loop.index }}/{{ loop.length }}{{ ',' if not loop.last }}{% endfor %}"
        ),
        "1/3,2/3,3/3"
    );
    assert_eq!(rendered("{% for it in resources.none %}x{% else %}empty{% endfor %}"), "empty");
    assert_eq!(
        rendered(
            "{% for ns, group in resources.services | groupby('metadata.namespace') %}{{ ns }}:{{ group | length }} {% endfor %}"
        ),
        "blog:1 shop:3 "
    );
}

#[test]
fn objects_are_found_by_key_prefix_in_every_index() {
    assert_eq!(found("resources.services.get('shop')"), "shop/api shop/db shop/web");
    assert_eq!(found("resources.services.list('shop', 'db')"), "shop/db");
    assert_eq!(found("resources.services.get()"), found("resources.services"));
    assert_eq!(found("resources.services.get('nowhere')"), "");
    assert_eq!(found("resources.services.index('by-port').get(80)"), "blog/web shop/web");
    assert_eq!(found("resources.services.index('by-port').get('80')"), "blog/web shop/web");
    assert_eq!(found("resources.services.index('by-port').get(80.0)"), "blog/web shop/web");
    assert_eq!(found("resources.services.index('by-port')"), "blog/web shop/api shop/db shop/web");
    assert_eq!(rendered("{{ resources.services.keys() | length }}"), "4");
    assert_eq!(rendered("{{ resources.services.keys('blog') }}"), "[['blog', 'web']]");
    assert_eq!(
        rendered("{% for key in resources.services.index('by-port').keys() %}{{ key[0] }} {% endfor %}"),
        "5432 80 81 "
    );
}

#[test]
fn labels_select_before_and_after_a_key() {
    for expression in [
        "resources.services.where('tier=back').get('shop')",
        "resources.services.get('shop').where('tier=back')",
        "resources.services.where('tier').where('tier!=front').get('shop')",
        "resources.services.get('shop').where('tier in (back, side)')",
    ] {
        assert_eq!(found(expression), "shop/api shop/db", "{expression}");
    }
    assert_eq!(
        found("resources.services.index('by-port').get(80).where('app.kubernetes.io/name=web')"),
        "blog/web shop/web"
    );
    assert_eq!(found("resources.services.get('shop').where('tier=front')"), "shop/web");
    assert_eq!(found("resources.services.where('tier=front').index('by-port').get(81)"), "");
    assert_eq!(rendered("{{ resources.services.where('tier=back').single('shop', 'web') is defined }}"), "false");
    assert_eq!(rendered("{{ resources.services.where('tier=back').fetch('shop', 'web') is defined }}"), "false");
}

#[test]
fn single_objects_are_fetched_by_name_and_missing_is_undefined() {
    assert_eq!(rendered("{{ resources.services.fetch('shop', 'db').spec.ports[0].port }}"), "5432");
    assert_eq!(rendered("{{ resources.nodes.fetch('node-1').metadata.name }}"), "node-1");
    assert_eq!(rendered("{{ resources.services.single('blog').metadata.name }}"), "web");
    for missing in [
        "resources.services.fetch('shop', 'x')",
        "resources.services.single('x')",
        "resources.services[4]",
        "resources.services[-5]",
        "resources.services.fetch('shop', 'db').spec.x",
        "resources.services.fetch('shop', 'db').spec.ports[1]",
        "resources.services.fetch('shop', 'db') | label('x')",
    ] {
        assert_eq!(
            rendered(&format!("{{{{ {missing} is defined }}}} {{{{ {missing} is none }}}}")),
            "false false",
            "{missing}"
        );
        assert_eq!(rendered(&format!("{{{{ {missing} | default('d') }}}}")), "d", "{missing}");
        assert!(refused(&format!("{{{{ {missing} }}}}")).contains("undefined value"), "{missing}");
        assert!(refused(&format!("{{% if {missing} %}}{{% endif %}}")).contains("undefined value"), "{missing}");
        assert!(refused(&format!("{{% for x in {missing} %}}{{% endfor %}}")).contains("undefined value"), "{missing}");
    }
    assert_eq!(rendered("{{ resources.services.fetch('shop', 'db').spec.selector is none }}"), "true");
}

#[test]
fn values_print_as_kubernetes_writes_them() {
    let spec = "resources.services.fetch('shop', 'api').spec";
    let value = |field: &str| rendered(&format!("{{{{ {spec}.{field} }}}}"));
    assert_eq!(
        (&*value("headless"), &*value("selector"), &*value("ratio"), &*value("half")),
        ("true", "none", "80", "0.5")
    );
    assert_eq!(value("ports"), r#"[{"port":81}]"#);
    assert_eq!(rendered("{{ true }} {{ false }} {{ none }} {{ 1 == 1 }}"), "true false none true");
    assert_eq!(rendered(&format!("{{{{ {spec}.ports | tojson }}}}")), r#"[{"port": 81}]"#);
    assert_eq!(rendered("{{ '<&>' }}"), "<&>");
    assert_eq!(
        rendered(&format!("{{% for key in {spec} %}}{{{{ key }}}} {{% endfor %}}")),
        "half headless ports ratio selector "
    );
    assert_eq!(
        rendered(&format!(
            "{{% for key, value in {spec}.ports[0] | items %}}{{{{ key }}}}={{{{ value }}}}{{% endfor %}}"
        )),
        "port=81"
    );
    assert_eq!(rendered(&format!("{{{{ 'ports' in {spec} }}}} {{{{ 'x' in {spec} }}}}")), "true false");
}

#[test]
fn lines_of_statements_leave_no_lines_behind() {
    assert_eq!(rendered("a\n  {% if true %}\nb\n  {% endif %}\n{# note #}\nc\n"), "a\nb\nc\n");
}

#[test]
fn labels_and_annotations_have_dots_and_slashes() {
    let api = "resources.services.fetch('shop', 'api')";
    assert_eq!(rendered(&format!("{{{{ {api} | label('app.kubernetes.io/name') }}}}")), "api");
    assert_eq!(rendered(&format!("{{{{ {api} | annotation('example.org/weight.of') }}}}")), "81");
    assert_eq!(rendered(&format!("{{{{ {api}.metadata.labels['app.kubernetes.io/name'] }}}}")), "api");
    let node = "resources.nodes[0]";
    assert_eq!(rendered(&format!("{{{{ {node} | label('a') | default('-') }}}}")), "-");
    for wrong in ["'text'", "none", "3", "[1]", "resources.services"] {
        let told = refused(&format!("{{{{ {wrong} | label('a') }}}}"));
        assert!(told.contains("labels are of objects"), "{told}");
    }
}

#[test]
fn base64_goes_both_ways_and_its_errors_tell_no_content() {
    assert_eq!(rendered("{{ 'ä€𝄞' | b64encode | b64decode }} {{ '' | b64encode | b64decode }}"), "ä€𝄞 ");
    assert_eq!(rendered("{{ '//79' | b64decode | b64encode }}"), "//79");
    assert_eq!(rendered("{{ ' YQ==\n' | b64decode }}"), "a");
    for secret in ["c2VjcmV0*", "c2VjcmV0c", "c2VjcmV0=", "hunter2!"] {
        let told = refused(&format!("{{% set text = '{secret}' %}}{{{{ text | b64decode }}}}"));
        assert!(told.starts_with("test, line 1: invalid operation: b64decode: this is not base64: "), "{told}");
        assert!(!told.contains(secret) && !told.contains("c2V") && !told.contains("hunter"), "{told}");
    }
    assert_eq!(refused("{{ 3 | b64decode }}"), "test, line 1: invalid operation: b64decode takes a text, not number");
}

#[test]
fn a_template_can_refuse() {
    assert_eq!(refused("a\n{{ fail('no certificate') }}"), "test, line 2: invalid operation: no certificate");
    for empty in ["missing", "none", "''", "resources.services.fetch('a', 'b')"] {
        assert_eq!(
            refused(&format!("{{{{ required({empty}, 'needed') }}}}")),
            "test, line 1: invalid operation: needed"
        );
    }
    assert_eq!(
        rendered("{{ required('x', 'needed') }}{{ required(0, 'needed') }}{{ required(false, 'needed') }}"),
        "x0false"
    );
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    for (source, told) in [
        (
            "{{ resources.servces | length }}",
            "undefined value: no store is named \"servces\": there are nodes, none, services",
        ),
        (
            "{{ resources.services.gte('shop') }}",
            "unknown method: a store has no method gte: there are get, fetch, single, index, where and keys",
        ),
        (
            "{{ resources.services.index('by-prot') }}",
            "invalid operation: store \"services\": no index is named \"by-prot\": this store has default, by-port",
        ),
        (
            "{{ resources.services.get('a', 'b', 'c') }}",
            "invalid operation: store \"services\": the query gives 3 components, but index \"default\" has 2: leave out the last",
        ),
        (
            "{{ resources.services.get(none) }}",
            "invalid operation: store \"services\": argument 1 of get is none, not a text",
        ),
        (
            "{{ resources.services.fetch() }}",
            "invalid operation: store \"services\": fetch takes a namespace and a name, or a name of cluster scope",
        ),
        ("{{ resources.services.index() }}", "invalid operation: store \"services\": index takes one argument, not 0"),
        (
            "{{ resources.services.single('shop') }}",
            "invalid operation: store \"services\": single found 3 objects, shop/api and shop/db among them: give more of the key, or use get",
        ),
    ] {
        assert_eq!(refused(&format!("\n\n{source}")), format!("test, line 3: {told}"));
    }
    let told = refused("{{ resources.services.where('a in (b') }}");
    assert!(told.starts_with("test, line 1: invalid operation: store \"services\": label selector"), "{told}");
}

#[test]
fn errors_name_the_object_at_hand() {
    let source = "{% for service in resources.services %}\n{{ service.metadata.name }}\n{{ service.spec.ports[0].port // (service.spec.ports[0].port - 81) }}\n{% endfor %}";
    let error = try_render(source).unwrap_err();
    assert_eq!((error.template(), error.line(), error.object()), ("test", Some(3), Some("services shop/api")));
    let told = refused("{% for service in resources.services %}{{ service.spec.oops }}{% endfor %}");
    assert!(told.starts_with("test, line 1, at services blog/web: undefined value"), "{told}");
}

#[test]
fn errors_in_other_templates_name_the_innermost_place() {
    let mut renderer = Renderer::new();
    for (name, source) in [
        ("macros", "{% macro port(service) %}\n\n{{ service.spec.oops.deeper }}\n{% endmacro %}"),
        ("part", "\n{{ resources.services[0].oops }}"),
        ("includes", "a\n\n\n{% include 'part' %}"),
        ("imports", "a\n{% from 'macros' import port %}{{ port(resources.services[0]) }}"),
        ("child", "{% extends 'parent' %}{% block body %}\n\n\n{{ missing }}{% endblock %}"),
        ("parent", "{% block body %}{% endblock %}"),
        ("nowhere", "\n{% include 'no-such' %}"),
    ] {
        renderer.add_template(name, source).unwrap();
    }
    for (name, place) in [
        ("includes", "part, line 2, at services blog/web: undefined value"),
        ("imports", "macros, line 3, at services blog/web: undefined value"),
        ("child", "child, line 4: undefined value"),
    ] {
        let told = renderer.render(name, &cluster()).unwrap_err().to_string();
        assert!(told.starts_with(place), "{name}: {told}");
    }
    let told = renderer.render("nowhere", &cluster()).unwrap_err().to_string();
    assert!(told.starts_with("nowhere, line 2: ") && told.contains("no-such"), "{told}");
    let told = renderer.render("no-such", &cluster()).unwrap_err().to_string();
    assert!(told.contains("no-such"), "{told}");
}

#[test]
fn a_source_that_is_no_template_is_told_and_the_one_before_stays() {
    let mut renderer = Renderer::new();
    renderer.add_template("a", "old").unwrap();
    let error = renderer.add_template("a", "\n{% for %}").unwrap_err();
    assert_eq!((error.template(), error.line()), ("a", Some(2)));
    assert!(error.to_string().starts_with("a, line 2: syntax error: "), "{error}");
    assert_eq!(renderer.render("a", &cluster()).unwrap(), "old");
}

#[test]
fn a_context_is_seen_beside_the_resources() {
    let mut renderer = Renderer::new();
    renderer.add_template("a", "{{ extra.port }} {{ resources.services | length }}").unwrap();
    let context = minijinja::context! { extra => minijinja::context! { port => 8080 } };
    assert_eq!(renderer.render_with("a", &cluster(), context).unwrap(), "8080 4");
}

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
