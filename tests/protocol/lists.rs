//! Lists.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::ground::{Ground, failure, text};

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
    let newer = ground.get(&format!("{all}?resourceVersion={version}&resourceVersionMatch=NotOlderThan")).await.body;
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
        let cause =
            json!({"reason": "FieldValueForbidden", "message": format!("Forbidden: {why}"), "field": "resourceVersionMatch"});
        let message = format!("ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: {why}");
        let details = json!({"group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause]});
        assert_eq!(ground.get(&format!("{all}?{query}")).await.body, failure(422, "Invalid", &message, details));
    }
}
