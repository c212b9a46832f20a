//! A template over every Ingress, the map of a proxy from hosts and paths to backends, in the same environment over
//!
//! - the crate's lazy views of the objects;
//! - minijinja's own values, converted once and kept, which is as fast as it gets and takes the memory of all objects
//!   twice, and work with every change;
//! - such values converted for each render from what the literal port answers, as one who keeps objects and wants to
//!   render must.
//!
//! All three give the same text; the first run of each is compared.

use std::collections::BTreeMap;

use criterion::Criterion;
use kube_indexed_store::Store;
use kube_indexed_store::template::Renderer;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::peers::{Literal, Memory};
use crate::{at_each_size, id};

const TEMPLATE: &str = "\
{% for ingress in resources.ingresses if ingress.spec.ingressClassName is defined %}
{% set metadata = ingress.metadata %}
{% set timeout = ingress | annotation('haproxy.org/timeout-server') | default('50s') %}
# {{ metadata.namespace }}/{{ metadata.name }}
{% for rule in ingress.spec.rules if rule.http is defined %}
{% for path in rule.http.paths %}
{{ rule.host }}{{ path.path }} {{ metadata.namespace }}_{{ path.backend.service.name }}_{{ path.backend.service.port.number }} {{ timeout }}
{% endfor %}
{% endfor %}
{% endfor %}
";

/// Of more objects, which take seconds to convert, it is known what it comes to.
const CONVERTED: usize = 20_000;

/// Objects as values of minijinja's own.
fn converted(literal: &Literal) -> Value {
    let ingresses: Value = literal.get(&[]).iter().map(|object| Value::from(Serde(&**object))).collect();
    context! { resources => context! { ingresses } }
}

pub fn render(criterion: &mut Criterion) {
    let mut renderer = Renderer::new();
    renderer.add_template("routes", TEMPLATE).expect("a template");
    let environment = renderer.environment_mut().clone();
    let plain = |values: &Value| {
        let template = environment.get_template("routes").expect("it was added");
        template.render(values).expect("it renders")
    };

    at_each_size(criterion, "render", "Ingress", |group, sample| {
        let store = sample.store::<Memory>().store;
        let snapshots = || BTreeMap::from([("ingresses".to_owned(), store.snapshot())]);
        let lazily = || renderer.render("routes", &snapshots()).expect("it renders");
        let expected = lazily();
        assert!(expected.lines().count() >= sample.names.len());
        group.bench_function(id(sample, "lazy views"), |bencher| bencher.iter(lazily));
        drop(store);
        if !sample.fits_peers() {
            return;
        }

        let literal: Literal = sample.store();
        let values = converted(&literal);
        assert_eq!(plain(&values), expected);
        group.bench_function(id(sample, "values kept converted"), |bencher| bencher.iter(|| plain(&values)));
        drop(values);
        if sample.len() > CONVERTED {
            return;
        }

        assert_eq!(plain(&converted(&literal)), expected);
        group.bench_function(id(sample, "literal port, values converted each time"), |bencher| {
            bencher.iter(|| plain(&converted(&literal)));
        });
    });
}
