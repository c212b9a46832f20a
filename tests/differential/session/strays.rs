//! Methods and paths that make no sense.

use super::{JSON, Session};
use crate::{exchange::Request, kinds::Kind};

impl Session {
    pub(super) fn stray(&mut self, kind: &Kind) -> Request {
        let all = kind.path(&self.namespace);
        let name = self.name();
        let paths = [
            all.clone(),
            format!("{all}/{name}"),
            format!("{all}/{name}/status"),
            format!("{all}/{name}/nonsense"),
            format!("{all}/{name}/scale/x"),
            format!("{all}/{name}/"),
            format!("{all}//{name}"),
            format!("{}/nonsense", kind.version),
            format!("{}/namespaces/{}/nonsense/{name}", kind.version, self.namespace),
            format!("{}9/{}", kind.version, kind.plural),
            "/nonsense".to_owned(),
            "/apis/nonsense".to_owned(),
            "/apis/nonsense/v1".to_owned(),
            "/apis/apps/v9".to_owned(),
            "/api/v2".to_owned(),
            format!("/api/v1/namespaces/{}/status", self.namespace),
            format!("/api/v1/namespaces/{}/finalize", self.namespace),
            format!("{}/{}/{name}", kind.version, kind.plural),
            format!("{}/namespaces//{}", kind.version, kind.plural),
            format!("{all}/a%2Fb"),
            format!("{all}/{name}?watch=1&timeoutSeconds=1"),
            format!("{}/watch/namespaces/{}/{}?timeoutSeconds=1", kind.version, self.namespace, kind.plural),
            format!("{all}/UPPER_case"),
        ];
        let path = self.random.pick(&paths.each_ref().map(String::as_str)).to_owned();
        let method = self
            .random
            .pick(&["GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "NONSENSE"])
            .to_owned();
        // A collection of a kind without namespaces is also others'.
        let method = if method == "DELETE" && path == all { "PUT".to_owned() } else { method };
        // Lists of these are also others'.
        let path = if method == "GET" && path == all && !kind.namespaced { "/nonsense".to_owned() } else { path };
        let body = if ["POST", "PUT", "PATCH"].contains(&method.as_str()) {
            self.object(kind).to_string()
        } else {
            String::new()
        };
        let media_type = if method == "PATCH" { "application/merge-patch+json" } else { JSON };
        self.request(&method, &path, media_type, body)
    }
}
