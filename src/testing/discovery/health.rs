//! Health: a cluster in memory is always healthy.
//!
//! Not here: checks of components that the fake does not have.

use super::super::requests::Request;

const CHECKS: [(&str, &[&str]); 3] = [
    ("healthz", &["ping", "log", "etcd"]),
    ("livez", &["ping", "log", "etcd"]),
    ("readyz", &["ping", "log", "etcd", "etcd-readiness", "informer-sync", "shutdown"]),
];

/// What a check says, or all of them together; nothing where there is no such check.
pub(super) fn report(path: &str, request: &Request) -> Option<String> {
    let (all, one) = path.split_once('/').unwrap_or((path, ""));
    let (_, checks) = CHECKS.iter().find(|(name, _)| *name == all)?;
    if !one.is_empty() {
        return checks.contains(&one).then(|| "ok".to_owned());
    }
    if request.param("verbose").is_none() {
        return Some("ok".to_owned());
    }
    let excluded = |check: &str| request.query.iter().any(|(name, value)| name == "exclude" && value == check);
    let lines = checks.iter().map(|check| match excluded(check) {
        true => format!("[+]{check} excluded: ok\n"),
        false => format!("[+]{check} ok\n"),
    });
    Some(format!("{}{all} check passed\n", lines.collect::<String>()))
}

pub(super) fn paths() -> impl Iterator<Item = String> {
    CHECKS.iter().flat_map(|(all, checks)| {
        let each = checks.iter().map(move |check| format!("/{all}/{check}"));
        std::iter::once(format!("/{all}")).chain(each)
    })
}
