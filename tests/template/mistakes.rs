//! How templates are told what is wrong.

use kube_indexed_store::template::Renderer;

use crate::fixtures::{cluster, refused, rendered, try_render};

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
