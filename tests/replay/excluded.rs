//! Exchanges that cannot be replayed from their file alone, those that are answered otherwise, and why.

use std::ops::RangeInclusive;

use Why::{Earlier, Environment, Meanwhile};

/// Why an exchange is not one of those that the fake must answer alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It shows objects that other files made; they are made by hand before it is replayed.
    Earlier,
    /// It is a watch that shows writes which the file does not hold.
    Meanwhile,
    /// It shows what the fake does not have: another process, other flags, rights, a disk.
    Environment(&'static str),
}

const OUTAGE: Why = Environment("the database was stopped");
const RESTART: Why = Environment("the server was restarted, or had forgotten its history");
const RIGHTS: Why = Environment("it knows users and their rights");
const FLAGS: Why = Environment("the server ran with other flags");
const COMPRESSION: Why = Environment("the body was compressed");
const PACE: Why = Environment("it shows when events come, of kinds that changed meanwhile");
const PROCESS: Why = Environment("the process of the server was ended");
const ALL: RangeInclusive<usize> = 1..=usize::MAX;

/// Why an exchange of a file is not replayed from the file alone, if it is not.
pub fn why(file: &str, number: usize) -> Option<Why> {
    EXCLUDED.iter().find(|(name, numbers, _)| *name == file && numbers.contains(&number)).map(|(_, _, why)| *why)
}

/// Why an exchange is answered otherwise than it was recorded, if that is known.
pub fn difference(file: &str, number: usize) -> Option<&'static str> {
    let known = DIFFERENT.iter().find(|(name, numbers, _)| *name == file && numbers.contains(&number));
    known.map(|(_, _, reason)| *reason)
}

const BUILD: &str = "the version names the commit and the compiler of the recorded server";
const PATHS: &str = "paths that only the recorded server has: metrics, logs, key sets, hooks after its start";
const OPENAPI: &str =
    "OpenAPI says what clients need: documents of versions, without descriptions, lists and most verbs";
const SETTLED: &str = "a definition goes at once, and with it its objects: nobody sees it go";

const DIFFERENT: &[(&str, RangeInclusive<usize>, &str)] = &[
    ("auth-errors", 9..=9, BUILD),
    ("crd-delete", 2..=3, SETTLED),
    ("discovery", 7..=7, PATHS),
    ("health", 4..=4, PATHS),
    ("openapi", 1..=2, OPENAPI),
    ("version", 1..=1, BUILD),
];

const EXCLUDED: &[(&str, RangeInclusive<usize>, Why)] = &[
    ("auth-errors", 1..=8, RIGHTS),
    ("auth-errors", 10..=11, RIGHTS),
    ("cbor", 2..=2, Earlier),
    ("cbor-on", ALL, FLAGS),
    ("cr-list", 2..=3, Earlier),
    ("cr-list", 5..=5, Earlier),
    ("cr-status", ALL, Earlier),
    ("crd-delete", ALL, Earlier),
    ("delete", 1..=4, Earlier),
    ("delete-bodies", ALL, Earlier),
    ("delete-configmap", ALL, Earlier),
    ("delete-finalizer", ALL, Meanwhile),
    ("delete-finalizer-responses", ALL, Earlier),
    ("delete-propagation", ALL, Earlier),
    ("deletecollection", 1..=2, Earlier),
    ("deployment-status", ALL, Earlier),
    ("dry-run", 2..=2, Earlier),
    ("etcd-stopped", ALL, OUTAGE),
    ("etcd-stopped-long", ALL, OUTAGE),
    ("gzip", ALL, COMPRESSION),
    ("immutable", ALL, Earlier),
    ("immutable-metadata", ALL, Earlier),
    ("label-selectors", 1..=14, Earlier),
    ("list-bad-params", 1..=1, Earlier),
    ("list-bad-params", 5..=5, Earlier),
    ("list-bad-params", 9..=10, Earlier),
    ("list-basic", ALL, Earlier),
    ("list-continue-expired", ALL, RESTART),
    ("list-exact", ALL, Earlier),
    ("list-exact-compacted", ALL, RESTART),
    ("list-limit-rv0", ALL, Earlier),
    ("list-paged", ALL, Earlier),
    ("list-paged-selector", ALL, Earlier),
    ("metadata", 1..=2, Earlier),
    ("metadata", 4..=6, Earlier),
    ("metadata", 8..=9, Earlier),
    ("patch-json", ALL, Earlier),
    ("patch-json-more", ALL, Earlier),
    ("patch-merge", 1..=7, Earlier),
    ("patch-merge", 9..=9, Earlier),
    ("patch-strategic", ALL, Earlier),
    ("pretty", ALL, Earlier),
    ("put", 1..=8, Earlier),
    ("put-secret", ALL, Earlier),
    ("scale", ALL, Earlier),
    ("server-starting", ALL, RESTART),
    ("sharded", ALL, FLAGS),
    ("strategic", ALL, Earlier),
    ("table", 1..=5, Earlier),
    ("too-many-requests", ALL, FLAGS),
    ("watch-after-restart", ALL, RESTART),
    ("watch-bad-params", 6..=6, Earlier),
    ("watch-bad-params", 10..=10, Earlier),
    ("watch-bookmark-cadence", ALL, PACE),
    ("watch-bookmark-idle", ALL, PACE),
    ("watch-bookmarks-legacy", 1..=2, Earlier),
    ("watch-compacted", 1..=3, RESTART),
    ("watch-cr-crossing", ALL, Meanwhile),
    ("watch-crd-deleted", 1..=1, Meanwhile),
    ("watch-from-rv", ALL, Meanwhile),
    ("watch-future-then-reached", ALL, Meanwhile),
    ("watch-metadata", 1..=1, Meanwhile),
    ("watch-metadata", 2..=2, RESTART),
    ("watch-one", ALL, Earlier),
    ("watch-rbac-revoked", ALL, RIGHTS),
    ("watch-rv0", ALL, Earlier),
    ("watch-sigkill", ALL, PROCESS),
    ("watch-sigterm", ALL, PROCESS),
    ("watch-timeout", ALL, Meanwhile),
    ("watch-uncached", ALL, FLAGS),
    ("watch-unset", ALL, Earlier),
    ("watchlist", 1..=1, Meanwhile),
    ("watchlist", 2..=3, Earlier),
    ("watchlist-cr", ALL, Earlier),
    ("watchlist-false", ALL, Meanwhile),
    ("watchlist-metadata", 1..=1, Earlier),
    ("watchlist-refused", 3..=4, RESTART),
    ("watchlist-table", ALL, Earlier),
    ("yaml", ALL, Earlier),
];
