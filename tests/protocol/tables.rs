//! Tables: lists as people see them.

use serde_json::{Value, json};

use crate::{
    ground::{Answer, Ground, text},
    kinds::{CONFIG_MAPS, DEPLOYMENTS},
    support::failure,
};

const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";

async fn ask(ground: &Ground, path: &str) -> Answer {
    ground.ask_text("GET", path, &[("Accept", TABLE)], "").await
}

async fn table(ground: &Ground, path: &str) -> Value {
    let answer = ask(ground, path).await;
    assert_eq!(answer.code, 200, "{answer:?}");
    answer.body
}

fn columns(table: &Value) -> Vec<String> {
    table["columnDefinitions"].as_array().into_iter().flatten().map(|column| text(&column["name"])).collect()
}

async fn config_map(ground: &Ground, name: &str) -> Value {
    let mut object = CONFIG_MAPS.object(name, json!({"labels": {"of": "case"}}));
    object["data"] = json!({"a": "1", "b": "2"});
    ground.make(&ground.all(&CONFIG_MAPS), &object).await
}

pub async fn a_row_holds_metadata_the_object_or_nothing(ground: Ground) {
    let name = ground.name();
    let object = config_map(&ground, &name).await;
    let partial =
        json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]});
    for (include, held) in [
        ("", &partial),
        ("&includeObject=Metadata", &partial),
        ("&includeObject=Object", &object),
        ("&includeObject=None", &Value::Null),
    ] {
        let all = format!("{}?labelSelector=of%3Dcase{include}", ground.all(&CONFIG_MAPS));
        for path in [all, format!("{}?{}", ground.one(&CONFIG_MAPS, &name), include.trim_start_matches('&'))] {
            let mut table = table(&ground, &path).await;
            let age = text(&table["rows"][0]["cells"][2].take());
            assert!(age.ends_with('s'), "{age}");
            assert_eq!(table["rows"], json!([{"cells": [name, 2, null], "object": held}]), "{path}");
            assert_eq!((&table["kind"], &table["apiVersion"]), (&json!("Table"), &json!("meta.k8s.io/v1")));
            assert_eq!(columns(&table), ["Name", "Data", "Age"]);
        }
    }
}

pub async fn pages_are_told_as_those_of_lists_are(ground: Ground) {
    let kind = ground.quiet_kind();
    let mut names = ground.names(3);
    names.sort();
    let mut version = String::new();
    for name in &names {
        version = text(&ground.create(kind, name, json!({})).await["metadata"]["resourceVersion"]);
    }
    let all = ground.all(kind);
    let path = format!("{all}?limit=2&resourceVersion={version}&resourceVersionMatch=Exact");
    let list = ground.get(&path).await.body;
    let page = table(&ground, &path).await;
    assert_eq!(page["metadata"], list["metadata"]);
    assert_eq!(page["metadata"]["remainingItemCount"], 1);
    let shown = |table: &Value| -> Vec<String> {
        table["rows"].as_array().expect("rows").iter().map(|row| text(&row["cells"][0])).collect()
    };
    assert_eq!(shown(&page), names[..2]);
    let rest = table(&ground, &format!("{all}?continue={}", text(&page["metadata"]["continue"]))).await;
    assert_eq!(shown(&rest), names[2..]);
    assert_eq!(rest["metadata"], json!({"resourceVersion": version}));
    let empty = table(&ground, &format!("/api/v1/namespaces/{}-none/secrets", ground.namespace)).await;
    assert_eq!(
        (columns(&empty), &empty["rows"]),
        (["Name", "Type", "Data", "Age"].map(str::to_owned).to_vec(), &json!([]))
    );
}

pub async fn errors_stay_what_they_are(ground: Ground) {
    let (all, missing) = (ground.all(&CONFIG_MAPS), ground.name());
    let message = format!("configmaps {missing:?} not found");
    let refused = ask(&ground, &format!("{all}/{missing}")).await;
    assert_eq!(refused.body, failure(404, "NotFound", &message, CONFIG_MAPS.details(&missing)));
    let (code, message) = ask(&ground, &format!("{all}?includeObject=All")).await.said();
    let why = "Unable to convert to Table as requested: includeObject: Invalid value: \"All\": must be 'Metadata', \
               'Object', 'None', or empty";
    assert_eq!((code, message.as_str()), (400, why));
}

pub async fn the_older_version_is_said_where_it_is_asked_for(ground: Ground) {
    config_map(&ground, &ground.name()).await;
    let accept = TABLE.replace("v=v1", "v=v1beta1");
    let path = format!("{}?labelSelector=of", ground.all(&CONFIG_MAPS));
    let table = ground.ask_text("GET", &path, &[("Accept", &accept)], "").await.body;
    let said = [&table["apiVersion"], &table["rows"][0]["object"]["apiVersion"]];
    assert_eq!(said, ["meta.k8s.io/v1beta1"; 2]);
}

pub async fn a_pod_that_came_to_its_end_has_a_condition(ground: Ground) {
    let all = format!("/api/v1/namespaces/{}/pods", ground.namespace);
    let spec = json!({"containers": [{"name": "a", "image": "i"}]});
    ground.make(&all, &json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})).await;
    assert_eq!(ground.merge(&format!("{all}/p/status"), &json!({"status": {"phase": "Succeeded"}})).await.code, 200);
    let message = "The pod has completed successfully.";
    let condition = json!({"type": "Completed", "status": "True", "reason": "Succeeded", "message": message});
    assert_eq!(table(&ground, &all).await["rows"][0]["conditions"], json!([condition]));
}

pub async fn scales_show_how_many_there_are_and_should_be(ground: Ground) {
    let name = ground.name();
    let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "i"}]}});
    let mut object = DEPLOYMENTS.object(&name, json!({}));
    object["spec"] = json!({"replicas": 3, "selector": {"matchLabels": {"a": "b"}}, "template": template});
    ground.make(&ground.all(&DEPLOYMENTS), &object).await;
    let mut table = table(&ground, &format!("{}/scale", ground.one(&DEPLOYMENTS, &name))).await;
    table["rows"][0]["cells"][3].take();
    assert_eq!(table["rows"][0]["cells"], json!([name, 3, 0, null]));
    assert_eq!(columns(&table), ["Name", "Desired", "Available", "Age"]);
}

pub async fn only_the_first_event_of_a_watch_says_what_the_columns_are(ground: Ground) {
    let names = ground.names(3);
    config_map(&ground, &names[0]).await;
    let all = format!("{}?labelSelector=of%3Dcase", ground.all(&CONFIG_MAPS));
    let path =
        format!("{all}&watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
    let mut watch = ground.watch_as(&path, TABLE).await;
    let mut told = Vec::new();
    for step in 0..5 {
        match step {
            2 => drop(config_map(&ground, &names[1]).await),
            3 => drop(ground.merge(&ground.one(&CONFIG_MAPS, &names[0]), &json!({"data": {"c": "3"}})).await),
            4 => drop(ground.delete(&ground.one(&CONFIG_MAPS, &names[1])).await),
            _ => {}
        }
        let mut event = watch.next().await.expect("an event");
        // Later marks come by time.
        while step > 1 && event["type"] == "BOOKMARK" {
            event = watch.next().await.expect("an event");
        }
        let (table, mut cells) = (&event["object"], event["object"]["rows"][0]["cells"].clone());
        assert_eq!((&table["kind"], table["rows"].as_array().map(Vec::len)), (&json!("Table"), Some(1)));
        cells[2].take();
        told.push((text(&event["type"]), columns(table).len(), cells));
    }
    let expected = [
        ("ADDED", 3, json!([names[0], 2, null])),
        ("BOOKMARK", 0, json!(["", 0, null])),
        ("ADDED", 0, json!([names[1], 2, null])),
        ("MODIFIED", 0, json!([names[0], 3, null])),
        ("DELETED", 0, json!([names[1], 2, null])),
    ];
    assert_eq!(told, expected.map(|(event, columns, cells)| (event.to_owned(), columns, cells)));
}
