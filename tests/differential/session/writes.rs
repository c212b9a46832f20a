//! Writes of whole objects, some of them spoiled: with POST, with PUT, and applied.

use serde_json::{Value, json};

use super::{JSON, PARTS, Session, pair, query};
use crate::{
    bodies::{anything, garble, labels, part, spoil},
    exchange::Request,
    kinds::Kind,
};

impl Session {
    pub(super) fn object(&mut self, kind: &Kind) -> Value {
        let mut object = kind.objects[self.random.below(kind.objects.len())].clone();
        let name = self.name();
        let random = &mut self.random;
        let metadata = &mut object["metadata"];
        metadata["name"] = json!(name);
        if random.percent(60) {
            metadata["labels"] = labels(random);
        }
        if !kind.namespaced {
            metadata["labels"]["session"] = json!(self.word);
        }
        if random.percent(10) {
            metadata["annotations"] = json!({"a": random.pick(&["", "x", "é"])});
        }
        if random.percent(8) {
            metadata["finalizers"] =
                json!([random.pick(&["example.com/hold", "orphan", "foregroundDeletion", "bad", "a/b/c"])]);
        }
        if random.percent(4) {
            metadata["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": random.pick(&["u", "", "v"])}]);
        }
        object
    }

    pub(super) fn create(&mut self, kind: &Kind) -> Request {
        let mut object = self.object(kind);
        let namespace = self.namespace_of();
        let random = &mut self.random;
        match random.below(30) {
            0 | 1 => {
                object["metadata"]["generateName"] = json!(format!("{}-g-", self.word));
                object["metadata"]["name"] = Value::Null;
            }
            2 => {
                object["metadata"]["name"] =
                    json!(random.pick(&["A", "a_b", "", "a..b", "-a", "a/b", "ä", ".", "..", "a b", "a%b"]))
            }
            3 => object["metadata"]["namespace"] = json!(random.pick(&["default", "Other", ""])),
            4 => object["apiVersion"] = json!(random.pick(&["v1", "v2", "", "apps/v1", "a/b/c", "apps"])),
            5 => object["kind"] = json!(random.pick(&["Pod", "Nothing", "", "List"])),
            6 => object["metadata"]["resourceVersion"] = json!(random.pick(&["1", "x", "0"])),
            7 => object["metadata"]["uid"] = json!("0f0e0d0c-0000-4000-8000-000000000001"),
            8 => object["metadata"]["generateName"] = json!(random.pick(&["A", "a_", "-", "x."])),
            _ => {}
        }
        if random.percent(35) {
            spoil(&mut object, random);
        }
        let path = kind.path(&namespace);
        let options = self.write_options(false);
        self.write("POST", &path, options, &object)
    }

    /// A request with a body that is sometimes YAML, and sometimes no good.
    fn write(&mut self, method: &str, path: &str, options: String, body: &Value) -> Request {
        let mut text = body.to_string();
        let mut media_type = JSON;
        if self.random.percent(6) {
            text = garble(&text, &mut self.random);
        }
        match self.random.below(40) {
            0 => media_type = "application/yaml",
            1 => {
                media_type = self.random.pick(&[
                    "text/plain",
                    "application/xml",
                    "application/json; charset=utf-8",
                    "",
                    "application/vnd.kubernetes.protobuf",
                    "nonsense",
                ])
            }
            _ => {}
        }
        self.request(method, &format!("{path}{options}"), media_type, text)
    }

    pub(super) fn write_options(&mut self, apply: bool) -> String {
        let mut pairs = Vec::new();
        let random = &mut self.random;
        if random.percent(8) {
            pairs.push(pair("dryRun", random.pick(&["All", "All", "All", "all", ""])));
        }
        if random.percent(15) {
            pairs.push(pair("fieldValidation", random.pick(&["Strict", "Warn", "Ignore", "strict", ""])));
        }
        if random.percent(if apply { 97 } else { 15 }) {
            let manager =
                if random.percent(3) { "a".repeat(200) } else { random.pick(&["one", "two", "three"]).to_owned() };
            pairs.push(pair("fieldManager", manager));
        }
        if random.percent(if apply { 40 } else { 1 }) {
            pairs.push(pair("force", random.pick(&["true", "true", "false", "1", "x"])));
        }
        if random.percent(4) {
            pairs.push(pair("pretty", random.pick(&["true", "false", "1", ""])));
        }
        if random.percent(2) {
            pairs.push(pair(random.pick(&["nonsense", "limit", "watch", "gracePeriodSeconds"]), "1"));
        }
        query(&pairs)
    }

    pub(super) fn put(&mut self, kind: &Kind) -> Request {
        let (path, seen) = self.one(kind);
        let path = self.part_of(path);
        let name = path.split('/').rev().find(|part| !PARTS.contains(part)).unwrap_or_default().to_owned();
        let mut object = match seen {
            Some(object) => object,
            None => self.object(kind),
        };
        if path.ends_with("/scale") {
            let metadata = json!({"name": name, "namespace": self.namespace});
            let replicas = anything(&mut self.random);
            let replicas = if self.random.percent(70) { json!(self.random.below(4)) } else { replicas };
            object = json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": {"replicas": replicas}});
        }
        if self.random.percent(25) {
            let from = self.object(kind);
            for (member, value) in from.as_object().into_iter().flatten() {
                if member != "metadata" && object["kind"] != "Scale" {
                    object[member] = value.clone();
                }
            }
            object["metadata"]["labels"] = labels(&mut self.random);
        }
        let random = &mut self.random;
        match random.below(16) {
            0 | 1 => object["metadata"]["resourceVersion"] = Value::Null,
            2 => object["metadata"]["resourceVersion"] = json!(random.pick(&["x", "0", "1", "", "-1"])),
            3 => object["metadata"]["uid"] = json!(random.pick(&["x", "", "0f0e0d0c-0000-4000-8000-000000000001"])),
            4 => object["metadata"]["name"] = json!(random.pick(&["other", "", "A"])),
            5 => object["kind"] = json!(random.pick(&["Other", "", "Pod"])),
            6 => object["metadata"]["namespace"] = json!(random.pick(&["default", ""])),
            7 => {
                object["metadata"]["managedFields"] =
                    [json!([]), json!([{}]), json!(null), json!([{"manager": "x"}])][random.below(4)].clone()
            }
            8 => {
                object["metadata"]["creationTimestamp"] =
                    [json!(null), json!("2020-01-01T00:00:00Z"), json!("x")][random.below(3)].clone()
            }
            9 => object["metadata"]["deletionTimestamp"] = json!("2020-01-01T00:00:00Z"),
            10 => object["metadata"]["finalizers"] = json!([random.pick(&["example.com/hold", "bad", "a.b/c"])]),
            _ => {}
        }
        for _ in 0..random.below(3) {
            spoil(&mut object, random);
        }
        let options = self.write_options(false);
        self.write("PUT", &path, options, &object)
    }

    pub(super) fn apply(&mut self, kind: &Kind) -> Request {
        let (path, _) = self.one(kind);
        let path = self.part_of(path);
        let name = path.split('/').rev().find(|part| !PARTS.contains(part)).unwrap_or_default().to_owned();
        let mut object = self.object(kind);
        let random = &mut self.random;
        if random.percent(60) {
            object = part(&object, random);
        }
        object["metadata"]["name"] = json!(name);
        match random.below(24) {
            0 => object["metadata"]["name"] = json!(random.pick(&["other", ""])),
            1 => object["metadata"]["managedFields"] = [json!([]), json!([{}]), json!(null)][random.below(3)].clone(),
            2 => object["metadata"]["uid"] = json!("0f0e0d0c-0000-4000-8000-000000000001"),
            3 => object["metadata"]["resourceVersion"] = json!(random.pick(&["1", "x", "0", ""])),
            4 => object["kind"] = json!(random.pick(&["Other", "", "Pod"])),
            5 => object["apiVersion"] = json!(random.pick(&["v1", "", "v9", "a/b/c"])),
            _ => {}
        }
        if random.percent(30) {
            spoil(&mut object, random);
        }
        let mut text = object.to_string();
        if random.percent(4) {
            text = garble(&text, random);
        }
        let options = self.write_options(true);
        self.request("PATCH", &format!("{path}{options}"), "application/apply-patch+yaml", text)
    }
}
