//! What a template finds in a store, and in which order.

use crate::fixtures::{found, refused, rendered};

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
