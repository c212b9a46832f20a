//! Reads: objects, lists in pages, watches, and what there is to read.

use super::{JSON, Session, pair, query};
use crate::{exchange::Request, kinds::Kind};

impl Session {
    pub(super) fn get(&mut self, kind: &Kind) -> Request {
        let (path, _) = self.one(kind);
        let path = self.part_of(path);
        let mut pairs = Vec::new();
        if self.random.percent(20) {
            let version = self.version();
            pairs.push(pair("resourceVersion", version));
        }
        if self.random.percent(15) {
            pairs.push(pair("pretty", self.random.pick(&["true", "false", "1", ""])));
        }
        self.request("GET", &format!("{path}{}", query(&pairs)), JSON, String::new())
    }

    pub(super) fn selectors(&mut self, pairs: &mut Vec<(String, String)>) {
        let random = &mut self.random;
        if random.percent(35) {
            let selectors = [
                "app=a",
                "app==b",
                "app!=a",
                "app in (a,b)",
                "app notin (a, c)",
                "app",
                "!app",
                "tier=",
                "app=a,tier!=x",
                "app in ()",
                "app in (a",
                "=a",
                "app=-",
                "app>1",
                "app<x",
                "a/b/c=d",
                ",",
                "app=a,",
                "app = a , tier in (x,)",
                "app in (,a)",
                "!",
                "app!",
                "app=a b",
                "-=a",
                "app=a=b",
                "x>5,x<7",
            ];
            pairs.push(pair("labelSelector", random.pick(&selectors)));
        }
        if random.percent(20) {
            let name = self.names[random.below(self.names.len())].clone();
            let selectors = [
                format!("metadata.name={name}"),
                format!("metadata.name!={name}"),
                format!("metadata.namespace={}", self.namespace),
                "metadata.labels.app=a".to_owned(),
                "status.phase=Pending".to_owned(),
                "spec.color=red".to_owned(),
                "spec.nodeName=".to_owned(),
                "type=Opaque".to_owned(),
                "nonsense".to_owned(),
                "metadata.name=a,metadata.name=b".to_owned(),
                "a=b=c".to_owned(),
                "metadata.name in (a)".to_owned(),
                ",".to_owned(),
                "metadata.name".to_owned(),
            ];
            pairs.push(pair("fieldSelector", &selectors[random.below(selectors.len())]));
        }
    }

    pub(super) fn list(&mut self, kind: &Kind) -> Request {
        if !self.pages.is_empty() && self.random.percent(40) {
            let (target, token) = self.pages[self.random.below(self.pages.len())].clone();
            let (path, rest) = target.split_once('?').unwrap_or((&target, ""));
            let mut pairs: Vec<(String, String)> = form_urlencoded::parse(rest.as_bytes()).into_owned().collect();
            pairs.retain(|(name, _)| {
                name != "continue" && (name != "resourceVersion" && name != "resourceVersionMatch")
            });
            pairs.push(pair("continue", token));
            return self.request("GET", &format!("{path}{}", query(&pairs)), JSON, String::new());
        }
        let namespace = self.namespace_of();
        let mut pairs = Vec::new();
        self.selectors(&mut pairs);
        if self.random.percent(40) {
            pairs.push(pair("limit", self.random.pick(&["1", "2", "1", "2", "500", "0", "-1", "x"])));
        }
        if self.random.percent(35) {
            let version = self.version();
            pairs.push(pair("resourceVersion", version));
        }
        if self.random.percent(25) {
            pairs.push(pair("resourceVersionMatch", self.random.pick(&["Exact", "NotOlderThan", "exact", "", "None"])));
        }
        if self.random.percent(3) {
            pairs.push(pair("continue", self.random.pick(&["x", "", "e30", "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ"])));
        }
        if self.random.percent(5) {
            pairs.push(pair(
                self.random.pick(&["sendInitialEvents", "allowWatchBookmarks", "timeoutSeconds"]),
                self.random.pick(&["0", "false", "x", ""]),
            ));
        }
        let mut path = kind.path(&namespace);
        if !kind.namespaced {
            pairs.retain(|(name, _)| !["labelSelector", "limit"].contains(&name.as_str()));
            pairs.push(pair("labelSelector", format!("session={}", self.word)));
        }
        if self.random.percent(2) {
            path = format!("{path}/");
        }
        self.request("GET", &format!("{path}{}", query(&pairs)), JSON, String::new())
    }

    pub(super) fn watch(&mut self, kind: &Kind) -> Request {
        let namespace = self.namespace.clone();
        let timeout = if self.random.percent(5) { -1 } else { 1 };
        let mut pairs = vec![pair("watch", self.random.pick(&["1", "true"])), pair("timeoutSeconds", timeout)];
        self.selectors(&mut pairs);
        if !kind.namespaced {
            pairs.retain(|(name, _)| name != "labelSelector");
            pairs.push(pair("labelSelector", format!("session={}", self.word)));
        }
        if self.random.percent(70) {
            let version = self.version();
            pairs.push(pair("resourceVersion", version));
        }
        if self.random.percent(30) {
            pairs.push(pair("sendInitialEvents", self.random.pick(&["true", "true", "true", "false", "x"])));
            pairs.push(pair(
                "resourceVersionMatch",
                self.random.pick(&["NotOlderThan", "NotOlderThan", "NotOlderThan", "Exact", ""]),
            ));
        }
        if self.random.percent(60) {
            pairs.push(pair("allowWatchBookmarks", "true"));
        }
        if self.random.percent(5) {
            pairs.push(pair("limit", "1"));
        }
        self.request("GET", &format!("{}{}", kind.path(&namespace), query(&pairs)), JSON, String::new())
    }

    pub(super) fn discover(&mut self, kind: &Kind) -> Request {
        let group = kind.version.rsplit_once('/').map_or("", |(group, _)| group).to_owned();
        let paths = [
            kind.version.clone(),
            format!("{}/", kind.version),
            if group == "/api" { "/api/v1".to_owned() } else { group },
            "/version/x".to_owned(),
            "/readyz".to_owned(),
            "/livez/ping".to_owned(),
        ];
        let path = self.random.pick(&paths.each_ref().map(String::as_str)).to_owned();
        self.request("GET", &path, JSON, String::new())
    }
}
