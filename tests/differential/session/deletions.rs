//! Deletions, of one object and of many.

use serde_json::{Value, json};

use super::{JSON, Session, pair, query};
use crate::{
    bodies::{anything, garble},
    exchange::Request,
    kinds::Kind,
};

impl Session {
    pub(super) fn delete(&mut self, kind: &Kind) -> Request {
        let (path, seen) = self.one(kind);
        let (pairs, body) = self.deletion(&seen.unwrap_or_default());
        self.request("DELETE", &format!("{path}{}", query(&pairs)), JSON, body)
    }

    /// How something is to be deleted: parameters and a body.
    fn deletion(&mut self, seen: &Value) -> (Vec<(String, String)>, String) {
        let random = &mut self.random;
        let mut pairs = Vec::new();
        if random.percent(15) {
            pairs.push(pair("propagationPolicy", random.pick(&["Background", "Foreground", "Orphan", "x", ""])));
        }
        if random.percent(15) {
            pairs.push(pair("gracePeriodSeconds", random.pick(&["0", "5", "-1", "x", ""])));
        }
        if random.percent(5) {
            pairs.push(pair("dryRun", random.pick(&["All", "x"])));
        }
        let mut body = String::new();
        if random.percent(35) {
            let mut options = json!({"kind": "DeleteOptions", "apiVersion": "v1"});
            match random.below(9) {
                0 => options["preconditions"] = json!({"uid": seen["metadata"]["uid"]}),
                1 => options["preconditions"] = json!({"uid": "x"}),
                2 => options["preconditions"] = json!({"resourceVersion": seen["metadata"]["resourceVersion"]}),
                3 => options["preconditions"] = json!({"resourceVersion": "1", "uid": seen["metadata"]["uid"]}),
                4 => options["propagationPolicy"] = json!(random.pick(&["Foreground", "Orphan", "x", "Background"])),
                5 => options["orphanDependents"] = json!(random.percent(50)),
                6 => options["gracePeriodSeconds"] = anything(random),
                7 => options["dryRun"] = json!([random.pick(&["All", "x"])]),
                _ => options["kind"] = json!(random.pick(&["Other", "", "Pod"])),
            }
            if random.percent(20) {
                options["orphanDependents"] = json!(true);
            }
            body = options.to_string();
            if random.percent(10) {
                body = garble(&body, random);
            }
        }
        (pairs, body)
    }

    pub(super) fn delete_collection(&mut self, kind: &Kind) -> Request {
        let (mut pairs, body) = self.deletion(&Value::Null);
        self.selectors(&mut pairs);
        if !kind.namespaced {
            pairs.retain(|(name, _)| name != "labelSelector");
            pairs.push(pair("labelSelector", format!("session={}", self.word)));
        }
        if self.random.percent(10) {
            pairs.push(pair("limit", "1"));
        }
        if self.random.percent(15) {
            let version = self.version();
            pairs.push(pair("resourceVersion", version));
        }
        if self.random.percent(8) {
            pairs.push(pair("resourceVersionMatch", self.random.pick(&["Exact", "NotOlderThan"])));
        }
        self.request("DELETE", &format!("{}{}", kind.path(&self.namespace), query(&pairs)), JSON, body)
    }
}
