//! Lists.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{
    ground::{Ground, text},
    support::failure,
};

fn names(list: &Value) -> Vec<String> {
    list["items"].as_array().expect("items").iter().map(|item| text(&item["metadata"]["name"])).collect()
}

pub async fn items_come_in_the_order_of_their_names(ground: Ground) {
    let kind = ground.quiet_kind();
    let mut created = ground.names(8);
    for name in &created {
        ground.create(kind, name, json!({})).await;
    }
    created.sort();
    let list = ground.get(&ground.all(kind)).await.body;
    assert_eq!((text(&list["kind"]), names(&list)), (format!("{}List", kind.kind), created));
}

pub async fn items_say_their_kind_only_where_it_is_a_custom_one(ground: Ground) {
    let (kind, name) = (ground.quiet_kind(), ground.name());
    let mut item = ground.create(kind, &name, json!({})).await;
    let list = ground.get(&ground.all(kind)).await.body;
    let mut metadata = json!({"resourceVersion": list["metadata"]["resourceVersion"]});
    let api_version = item["apiVersion"].clone();
    if kind.is_custom() {
        metadata["continue"] = "".into();
    } else {
        item.as_object_mut().expect("an object").retain(|field, _| !["kind", "apiVersion"].contains(&field.as_str()));
    }
    let kind = format!("{}List", kind.kind);
    assert_eq!(list, json!({"kind": kind, "apiVersion": api_version, "metadata": metadata, "items": [item]}));
}

pub async fn an_empty_list_is_a_list_even_in_a_namespace_that_does_not_exist(ground: Ground) {
    let kind = ground.namespaced_kind();
    let list = ground.get(&kind.path(&format!("{}-missing", ground.namespace))).await;
    assert_eq!((list.code, text(&list.body["kind"])), (200, format!("{}List", kind.kind)));
    assert_eq!(list.body["items"], json!([]));
}

pub async fn the_order_of_all_is_that_of_keys_not_of_namespaces(ground: Ground) {
    let (kind, name) = (ground.quiet_kind(), ground.name());
    let other = format!("{}-b", ground.namespace);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}});
    ground.post("/api/v1/namespaces", &namespace).await;
    let object = kind.object(&name, json!({"labels": {"of": ground.namespace}}));
    for namespace in [&ground.namespace, &other] {
        assert_eq!(ground.post(&kind.path(namespace), &object).await.code, 201);
    }
    let everywhere = kind.path("").replace("/namespaces/", "");
    let list = ground.get(&format!("{everywhere}?labelSelector=of%3D{}", ground.namespace)).await.body;
    let namespaces: Vec<&Value> =
        list["items"].as_array().expect("items").iter().map(|item| &item["metadata"]["namespace"]).collect();
    assert_eq!(namespaces, [&other, &ground.namespace]);
    ground.delete(&format!("/api/v1/namespaces/{other}")).await;
}

pub async fn with_a_selector_pages_count_nothing_and_the_last_may_be_empty(ground: Ground) {
    let kind = ground.quiet_kind();
    let mut names_of_all = ground.names(4);
    names_of_all.sort();
    for (number, name) in names_of_all.iter().enumerate() {
        ground.create(kind, name, json!({"labels": {"n": (number % 2).to_string()}})).await;
    }
    let path = format!("{}?limit=2&labelSelector=n%3D0", ground.all(kind));
    let page = ground.get(&path).await.body;
    assert_eq!(names(&page), [names_of_all[0].clone(), names_of_all[2].clone()]);
    assert_eq!(page["metadata"].get("remainingItemCount"), None);
    let last = ground.get(&format!("{path}&continue={}", text(&page["metadata"]["continue"]))).await.body;
    assert_eq!((names(&last), text(&last["metadata"]["continue"])), (vec![], String::new()));
}

pub async fn versions_choose_the_state_in_many_ways(ground: Ground) {
    let kind = ground.quiet_kind();
    let mut both = ground.names(2);
    both.sort();
    let first = text(&ground.create(kind, &both[0], json!({})).await["metadata"]["resourceVersion"]);
    ground.create(kind, &both[1], json!({})).await;
    for (query, expected) in [
        (String::new(), 2),
        (format!("resourceVersion={first}"), 2),
        (format!("resourceVersion=00{first}"), 2),
        (format!("resourceVersion={first}&limit=5"), 1),
        (format!("resourceVersion={first}&resourceVersionMatch=Exact"), 1),
        (format!("resourceVersion={first}&resourceVersionMatch=NotOlderThan"), 2),
        ("limit=-1".to_owned(), 2),
        ("resourceVersion=0&limit=1".to_owned(), 2),
    ] {
        let list = ground.get(&format!("{}?{query}", ground.all(kind))).await.body;
        assert_eq!(names(&list), both[..expected], "{query}");
        assert_eq!(list["metadata"]["resourceVersion"] == *first, expected == 1, "{query}");
    }
}

pub async fn fields_of_the_kind_are_selected_by(ground: Ground) {
    let path = |plural: &str| format!("/api/v1/namespaces/{}/{plural}", ground.namespace);
    let secret = |name: &str, kind: &str| json!({"metadata": {"name": name}, "type": kind});
    ground.post(&path("secrets"), &secret("a", "example.com/x")).await;
    ground.post(&path("secrets"), &secret("b", "")).await;
    let spec = json!({"nodeName": "n", "containers": [{"name": "c", "image": "i"}]});
    ground.post(&path("pods"), &json!({"metadata": {"name": "p"}, "spec": spec})).await;
    for (plural, selector, expected) in [
        ("secrets", "type=Opaque", vec!["b"]),
        ("secrets", "type!=Opaque,metadata.name=a", vec!["a"]),
        ("secrets", "metadata.namespace!=default,metadata.name!=a", vec!["b"]),
        ("pods", "status.phase==Pending,spec.nodeName=n,spec.hostNetwork=false", vec!["p"]),
        ("pods", "status.phase=Running", vec![]),
    ] {
        let list = ground.get(&format!("{}?fieldSelector={selector}", path(plural))).await.body;
        assert_eq!(names(&list), expected, "{plural} {selector}");
    }
}

pub async fn pages_show_the_state_of_the_first(ground: Ground) {
    let kind = ground.quiet_kind();
    let mut there = ground.names(7);
    let later = there.pop().expect("a name");
    for name in &there {
        ground.create(kind, name, json!({})).await;
    }
    there.sort();
    let limit = 1 + ground.below(4);
    let all = ground.all(kind);
    let (mut seen, mut path) = (Vec::new(), format!("{all}?limit={limit}"));
    loop {
        let page = ground.get(&path).await.body;
        seen.extend(names(&page));
        let left = there.len() - seen.len();
        assert_eq!(page["metadata"]["remainingItemCount"].as_u64().unwrap_or_default(), left as u64);
        let token = text(&page["metadata"]["continue"]);
        if token.is_empty() {
            break;
        }
        ground.ask("POST", &all, Some(("application/json", &kind.object(&later, json!({}))))).await;
        path = format!("{all}?limit={limit}&continue={token}");
    }
    assert_eq!(seen, there);
}

pub async fn one_object_is_shown_as_it_is_now_unless_an_exact_version_is_asked_for(ground: Ground) {
    let (kind, name) = (ground.namespaced_kind(), ground.name());
    let version = text(&ground.create(kind, &name, json!({"labels": {"a": "1"}})).await["metadata"]["resourceVersion"]);
    ground.merge(&ground.one(kind, &name), &json!({"metadata": {"labels": {"a": "2"}}})).await;
    let list = async |query: &str| {
        let one = format!("fieldSelector=metadata.name%3D{name}&resourceVersion={version}&limit=2");
        let list = ground.get(&format!("{}?{one}{query}", ground.all(kind))).await.body;
        list["items"].as_array().expect("items").iter().map(|item| item["metadata"]["labels"]["a"].clone()).collect()
    };
    let (now, then): (Vec<_>, Vec<_>) = (list("").await, list("&resourceVersionMatch=Exact").await);
    assert_eq!((now, then), (vec![json!("2")], vec![json!("1")]));
}

pub async fn an_exact_version_shows_the_state_of_then(ground: Ground) {
    let kind = ground.quiet_kind();
    let [early, late] = ground.names(2).try_into().expect("two names");
    let then = ground.create(kind, &early, json!({})).await;
    ground.create(kind, &late, json!({})).await;
    ground.delete(&ground.one(kind, &early)).await;
    let version = text(&then["metadata"]["resourceVersion"]);
    let all = ground.all(kind);
    let exact = ground.get(&format!("{all}?resourceVersion={version}&resourceVersionMatch=Exact")).await.body;
    assert_eq!((names(&exact), &exact["metadata"]["resourceVersion"]), (vec![early], &json!(version)));
    let newest = text(&ground.get(&all).await.body["metadata"]["resourceVersion"]);
    let newer = ground.get(&format!("{all}?resourceVersion={newest}&resourceVersionMatch=NotOlderThan")).await.body;
    assert_eq!(names(&newer), [late]);
}

pub async fn selectors_select_what_they_say(ground: Ground) {
    let kind = ground.quiet_kind();
    let mut labeled: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for name in ground.names(8) {
        let label = [None, Some("1"), Some("2"), Some("")][ground.below(4)];
        let labels = label.map_or(json!({}), |label| json!({"a": label}));
        ground.create(kind, &name, json!({"labels": labels})).await;
        labeled.insert(name, label);
    }
    type Selects = fn(Option<&str>) -> bool;
    let selectors: [(&str, Selects); 10] = [
        ("a", |label| label.is_some()),
        ("!a", |label| label.is_none()),
        ("a=1", |label| label == Some("1")),
        ("a == 1", |label| label == Some("1")),
        ("a!=1", |label| label != Some("1")),
        ("a in (1, 2)", |label| matches!(label, Some("1" | "2"))),
        ("a notin (1)", |label| label != Some("1")),
        ("a in ()", |label| label == Some("")),
        ("a>1", |label| label == Some("2")),
        ("a,a!=2", |label| label.is_some_and(|label| label != "2")),
    ];
    for (selector, selects) in selectors {
        let query: String = form_urlencoded::byte_serialize(selector.as_bytes()).collect();
        let list = ground.get(&format!("{}?labelSelector={query}", ground.all(kind))).await.body;
        let selected: BTreeSet<String> = names(&list).into_iter().collect();
        let expected = labeled.iter().filter(|(_, label)| selects(**label)).map(|(name, _)| name.clone());
        assert_eq!(selected, expected.collect(), "{selector}");
    }
    let one = labeled.keys().next().expect("a name");
    let list = ground.get(&format!("{}?fieldSelector=metadata.name%3D{one}", ground.all(kind))).await.body;
    assert_eq!(names(&list), [one.as_str()]);
}

pub async fn tokens_say_where_to_go_on(ground: Ground) {
    let kind = ground.quiet_kind();
    let mut names = ground.names(2);
    names.sort();
    for name in &names {
        ground.create(kind, name, json!({})).await;
    }
    let list = ground.get(&format!("{}?limit=1", ground.all(kind))).await.body;
    let token = URL_SAFE_NO_PAD.decode(text(&list["metadata"]["continue"])).expect("base64");
    let version: u64 = text(&list["metadata"]["resourceVersion"]).parse().expect("a number");
    let token: Value = serde_json::from_slice(&token).expect("JSON");
    // In the order of keys, after the last one.
    assert_eq!(token, json!({"v": "meta.k8s.io/v1", "rv": version, "start": format!("/{}\u{0}", names[0])}));
}

/// What a list with these parameters is refused with.
async fn refusal(ground: &Ground, parameters: &[(&str, &str)]) -> Value {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    ground.get(&format!("{}?{query}", ground.all(ground.quiet_kind()))).await.body
}

pub async fn selectors_that_say_nothing_are_refused(ground: Ground) {
    for (selector, why) in [
        ("a in (1", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a=1,", "found '', expected: identifier after ','"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
    ] {
        // They are read before all else is looked at.
        let parameters = [("resourceVersion", "abc"), ("resourceVersionMatch", "bogus"), ("labelSelector", selector)];
        let bad = failure(400, "BadRequest", why, json!(null));
        assert_eq!(refusal(&ground, &parameters).await, bad, "{selector}");
    }
    for (selector, why) in [
        ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        ("metadata.name=a=b", "invalid field selector: unescaped character in value: 61"),
        ("metadata.name=a\\b", "invalid field selector: invalid escape sequence: \\b"),
    ] {
        let bad = failure(400, "BadRequest", why, json!(null));
        assert_eq!(refusal(&ground, &[("fieldSelector", selector)]).await, bad, "{selector}");
    }
}

pub async fn tokens_that_nobody_gave_out_are_refused(ground: Ground) {
    for (token, why) in [
        ("!!!", "illegal base64 data at input byte 0"),
        ("abc", "invalid character 'i' looking for beginning of value"),
        ("e30", "server does not recognize this encoded version "),
    ] {
        let message = format!("invalid continue token: continue key is not valid: {why}");
        let parameters = [("continue", token), ("resourceVersion", "7")];
        assert_eq!(refusal(&ground, &parameters).await, failure(400, "BadRequest", &message, json!(null)));
    }
}

pub async fn options_that_exclude_each_other_are_refused(ground: Ground) {
    let all = ground.all(ground.quiet_kind());
    let flaws = [
        ("resourceVersionMatch=Exact", "resourceVersionMatch is forbidden unless resourceVersion is provided"),
        (
            "resourceVersionMatch=Exact&resourceVersion=0",
            "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
        ),
    ];
    for (query, why) in flaws {
        let cause = json!({"reason": "FieldValueForbidden", "message": format!("Forbidden: {why}"), "field": "resourceVersionMatch"});
        let message = format!("ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: {why}");
        let details = json!({"group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause]});
        assert_eq!(ground.get(&format!("{all}?{query}")).await.body, failure(422, "Invalid", &message, details));
    }
}

pub async fn a_name_makes_one_page(ground: Ground) {
    let kind = ground.kind();
    let mut names = ground.names(3);
    names.sort();
    for name in &names {
        ground.create(kind, name, json!({})).await;
    }
    for (term, found) in [(format!("%3D{}", names[0]), 1), (format!("%3D{}-none", names[0]), 0)] {
        let list = ground.get(&format!("{}?limit=1&fieldSelector=metadata.name{term}", ground.all(kind))).await;
        assert_eq!((list.code, list.body["items"].as_array().map(Vec::len)), (200, Some(found)));
        assert_eq!(text(&list.body["metadata"]["continue"]), "");
    }
}
