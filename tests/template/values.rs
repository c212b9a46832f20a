//! How values are printed and read.

use kube_indexed_store::template::Renderer;

use crate::fixtures::{cluster, refused, rendered};

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
fn a_context_is_seen_beside_the_resources() {
    let mut renderer = Renderer::new();
    renderer.add_template("a", "{{ extra.port }} {{ resources.services | length }}").unwrap();
    let context = minijinja::context! { extra => minijinja::context! { port => 8080 } };
    assert_eq!(renderer.render_with("a", &cluster(), context).unwrap(), "8080 4");
}
