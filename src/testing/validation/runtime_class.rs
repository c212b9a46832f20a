//! What the server refuses in a RuntimeClass.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    super::status::Flaw,
    container, items,
    metadata::{label_problems, labels},
    needed, pod, printed, problems, text,
};

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let handler = text(&object["handler"]);
    needed(&object["handler"], "handler", "", flaws);
    problems("handler", handler, label_problems(handler), flaws);
    container::resources(&json!({"limits": object["overhead"]["podFixed"]}), "overhead", flaws);
    let scheduling = &object["scheduling"];
    labels(scheduling["nodeSelector"].as_object(), "scheduling.nodeSelector", flaws);
    pod::tolerations(scheduling, "scheduling.tolerations", flaws);
    let mut seen = HashSet::new();
    for (place, toleration) in items(scheduling, "tolerations").iter().enumerate() {
        let texts = ["Key", "Operator", "Value", "Effect"].map(|field| (field, "\"\""));
        if !seen.insert(printed(toleration, &texts)) {
            let [key, operator, value, effect] = texts;
            let shown = printed(toleration, &[key, operator, value, effect, ("TolerationSeconds", "null")]);
            flaws.push(Flaw::duplicate_as(format!("scheduling.tolerations[{place}]"), &shown));
        }
    }
}
