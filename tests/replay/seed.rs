//! What happened on the recorded cluster that no recording shows, so that the recordings which lean on it can be replayed.
//!
//! [`HISTORY`] tells it in the order it was, with the files in their places. A line is one of
//!
//! - `METHOD PATH BODY`: a write; a merge patch where it is a PATCH. A path without a slash in front lies in `default`;
//! - `FILE` or `FILE 1 3-5`: the exchanges of a file, all or these;
//! - `open FILE 1` and `close`: a watch that stays open meanwhile;
//! - `at N`, `at N + 3`: the recorded version N is the cluster's own of now, or will be three writes later;
//! - `define`: the custom kind;
//! - `# ..`: a word of explanation.

/// A write that a file leaves out, before one of its exchanges.
pub const LEFT_OUT: &[(&str, usize, &str)] =
    &[("deployment", 3, r#"PATCH deployments/dep1 {"metadata": {"annotations": {"x": "y"}}}"#)];

/// One step of the history.
pub enum Step<'s> {
    Write { method: &'s str, path: String, body: &'s str },
    Replay { file: &'s str, numbers: Vec<usize> },
    Open { file: &'s str, number: usize },
    Close,
    At { version: &'s str, later: u64 },
    Define,
}

/// All steps of the history.
pub fn history() -> impl Iterator<Item = Step<'static>> {
    let lines = HISTORY.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(step)
}

/// The step that a line tells.
pub fn step(line: &str) -> Step<'_> {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    match first {
        "POST" | "PATCH" | "DELETE" => {
            let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
            Step::Write { method: first, path: self::path(path), body }
        }
        "open" => {
            let (file, number) = rest.split_once(' ').expect("a file and a number");
            Step::Open { file, number: number.parse().expect("a number") }
        }
        "close" => Step::Close,
        "at" => {
            let (version, later) = rest.split_once(" + ").unwrap_or((rest, "0"));
            Step::At { version, later: later.parse().expect("a number") }
        }
        "define" => Step::Define,
        file => Step::Replay { file, numbers: rest.split_whitespace().flat_map(numbers).collect() },
    }
}

fn numbers(range: &str) -> std::ops::RangeInclusive<usize> {
    let number = |text: &str| text.parse().expect("a number");
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    number(first)..=number(last)
}

fn path(path: &str) -> String {
    let group = match path.split(['/', '?']).next().unwrap_or_default() {
        "" => return path.to_owned(),
        "deployments" => "/apis/apps/v1",
        "things" => "/apis/example.com/v1",
        _ => "/api/v1",
    };
    format!("{group}/namespaces/default/{path}")
}

const HISTORY: &str = r##"
    POST configmaps {"metadata": {"name": "p0", "labels": {"n": "0"}}, "data": {"a": "0"}}
    POST configmaps {"metadata": {"name": "p1", "labels": {"n": "1"}}, "data": {"a": "1"}}
    POST configmaps {"metadata": {"name": "p2", "labels": {"n": "0"}}, "data": {"a": "2"}}
    POST configmaps {"metadata": {"name": "p3", "labels": {"n": "1"}}, "data": {"a": "3"}}
    POST configmaps {"metadata": {"name": "p4", "labels": {"n": "0"}}, "data": {"a": "4"}}
    list-basic
    list-paged 1
    POST configmaps {"metadata": {"name": "p9"}, "data": {"a": "9"}}
    list-paged 2-4
    list-paged-selector
    list-limit-rv0
    list-bad-params
    pretty
    POST configmaps {"metadata": {"name": "rv1"}}
    at 253
    POST configmaps {"metadata": {"name": "rv2"}}
    DELETE configmaps/rv1
    list-exact

    POST configmaps {"metadata": {"name": "wa", "labels": {"grp": "w"}}, "data": {"i": "0"}}
    POST configmaps {"metadata": {"name": "wb", "labels": {"grp": "w"}}, "data": {"i": "0"}}
    POST configmaps {"metadata": {"name": "wc", "labels": {"grp": "w"}}, "data": {"i": "2"}}
    PATCH configmaps/wa {"data": {"i": "x"}}
    watch-rv0
    watch-unset
    watch-one
    open watch-from-rv 1
    POST configmaps {"metadata": {"name": "wd", "labels": {"grp": "w"}}, "data": {"i": "1"}}
    PATCH configmaps/wd {"data": {"i": "2"}}
    PATCH configmaps/wd {"data": {"i": "2"}}
    PATCH configmaps/wd {"metadata": {"labels": null}, "data": {"i": "3"}}
    PATCH configmaps/wd {"data": {"i": "4"}}
    PATCH configmaps/wd {"metadata": {"labels": {"grp": "w"}}, "data": {"i": "5"}}
    delete-configmap
    close
    watch-timeout
    watch-bad-params

    at 304
    open watchlist 1
    POST configmaps {"metadata": {"name": "wl1", "labels": {"grp": "w"}}, "data": {"i": "1"}}
    close
    watchlist 2-4
    at 316 + 3
    open watch-future-then-reached 1
    PATCH configmaps/wa {"data": {"t": "0"}}
    PATCH configmaps/wa {"data": {"t": "1"}}
    PATCH configmaps/wa {"data": {"t": "2"}}
    PATCH configmaps/wa {"data": {"t": "3"}}
    PATCH configmaps/wa {"data": {"t": "4"}}
    PATCH configmaps/wa {"data": {"t": "5"}}
    PATCH configmaps/wa {"data": {"t": "6"}}
    PATCH configmaps/wa {"data": {"t": "7"}}
    PATCH configmaps/wa {"data": {"t": "8"}}
    PATCH configmaps/wa {"data": {"t": "9"}}
    PATCH configmaps/wa {"data": {"t": "10"}}
    PATCH configmaps/wa {"data": {"t": "11"}}
    PATCH configmaps/wa {"data": {"t": "12"}}
    PATCH configmaps/wa {"data": {"t": "13"}}
    PATCH configmaps/wa {"data": {"t": "14"}}
    close
    open watchlist-false 1
    PATCH configmaps/wa {"data": {"t": "zz"}}
    close
    watchlist-false 2
    watchlist 5
    watchlist-metadata
    watchlist-table

    create
    put
    patch-merge
    patch-json
    patch-strategic
    POST configmaps {"metadata": {"name": "d1"}}
    at 451
    delete
    at 452
    open delete-finalizer 1
    POST configmaps {"metadata": {"name": "f1", "finalizers": ["example.com/x"]}, "data": {"a": "1"}}
    delete-finalizer-responses
    close
    POST configmaps {"metadata": {"name": "pp"}}
    delete-propagation 1-2
    PATCH configmaps/pp {"metadata": {"finalizers": null}}
    POST configmaps {"metadata": {"name": "pp"}}
    delete-propagation 3-4
    PATCH configmaps/pp {"metadata": {"finalizers": null}}
    POST configmaps {"metadata": {"name": "pp"}}
    delete-propagation 5-6
    POST configmaps {"metadata": {"name": "dc0", "labels": {"dc": "1"}}}
    POST configmaps {"metadata": {"name": "dc1", "labels": {"dc": "1"}}}
    POST configmaps {"metadata": {"name": "dc2", "labels": {"dc": "1"}, "finalizers": ["example.com/x"]}}
    deletecollection 1-2
    PATCH configmaps/dc2 {"metadata": {"finalizers": null}}
    deletecollection 3
    secret
    PATCH secrets/s1 {"immutable": true}
    POST configmaps {"metadata": {"name": "im"}, "data": {"a": "1"}, "immutable": true}
    immutable
    deployment
    deployment-status
    scale
    strategic

    define
    POST things {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t1"}, "spec": {"x": "a"}}
    POST things {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t2"}, "spec": {"x": "b"}}
    open watch-crd-deleted 1
    crd-delete
    close
    crd
    cr-list 1
    cr-write
    PATCH things/t1 {"metadata": {"labels": {"a": "b"}}}
    cr-status
    cr-list 2-5
    open watch-cr-crossing 1
    PATCH things/t2 {"spec": {"x": "c"}}
    PATCH things/t2 {"spec": {"x": "b"}}
    DELETE things/t2
    close
    watchlist-cr
    field-validation
    dry-run
    apply
    DELETE configmaps/wc
    DELETE configmaps/wl1
    metadata
    DELETE configmaps?fieldSelector=metadata.name%21%3Dwa
    at 622
    PATCH configmaps/wa {"data": {"m": "2"}}
    watch-metadata 1
    cbor
    table
    yaml
    watch-bookmarks-legacy

    POST configmaps {"metadata": {"name": "mu"}, "data": {"a": "1"}}
    immutable-metadata
    patch-json-more
    PATCH configmaps/mu {"metadata": {"finalizers": null}}
    DELETE configmaps
    POST configmaps {"metadata": {"name": "em"}}
    POST secrets {"metadata": {"name": "sp"}, "data": {"a": "eA=="}}
    put-secret
    POST configmaps {"metadata": {"name": "ct"}, "data": {"k0": "29", "k1": "29", "k2": "29", "k3": "29", "n": "0"}}
    POST configmaps {"metadata": {"name": "s1", "labels": {"a": "1", "t": "sel"}}}
    POST configmaps {"metadata": {"name": "s2", "labels": {"a": "2", "b": "x", "t": "sel"}}}
    POST configmaps {"metadata": {"name": "s3", "labels": {"t": "sel"}}}
    POST configmaps {"metadata": {"name": "s4", "labels": {"a": "", "t": "sel"}}}
    label-selectors

    POST configmaps {"metadata": {"name": "d1"}}
    delete-bodies 1
    POST secrets {"metadata": {"name": "d1"}}
    delete-bodies 2
    POST serviceaccounts {"metadata": {"name": "d1"}}
    delete-bodies 3
    POST endpoints {"metadata": {"name": "d1"}}
    delete-bodies 4
    POST limitranges {"metadata": {"name": "d1"}, "spec": {"limits": []}}
    delete-bodies 5
    POST resourcequotas {"metadata": {"name": "d1"}}
    delete-bodies 6
    POST podtemplates {"metadata": {"name": "d1"}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}
    delete-bodies 7
    POST pods {"metadata": {"name": "d1"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    delete-bodies 8
    POST pods {"metadata": {"name": "d2"}, "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "i"}]}}
    delete-bodies 9-10
    POST services {"metadata": {"name": "d1"}, "spec": {"ports": [{"port": 80}]}}
    delete-bodies 11
    POST persistentvolumeclaims {"metadata": {"name": "d1"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    delete-bodies 12
    POST deployments {"metadata": {"name": "d1"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}}
    delete-bodies 13
    POST /apis/apps/v1/namespaces/default/replicasets {"metadata": {"name": "d1"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}}
    delete-bodies 14
    POST /apis/apps/v1/namespaces/default/statefulsets {"metadata": {"name": "d1"}, "spec": {"serviceName": "s", "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}}
    delete-bodies 15
    POST /apis/apps/v1/namespaces/default/daemonsets {"metadata": {"name": "d1"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}}
    delete-bodies 16
    POST /apis/batch/v1/namespaces/default/jobs {"metadata": {"name": "d1"}, "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}}
    delete-bodies 17
    POST /apis/networking.k8s.io/v1/namespaces/default/ingresses {"metadata": {"name": "d1"}, "spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}}
    delete-bodies 18
    POST /apis/coordination.k8s.io/v1/namespaces/default/leases {"metadata": {"name": "d1"}}
    delete-bodies 19
    POST /apis/rbac.authorization.k8s.io/v1/namespaces/default/roles {"metadata": {"name": "d1"}}
    delete-bodies 20
    POST /apis/rbac.authorization.k8s.io/v1/clusterroles {"metadata": {"name": "d1"}}
    delete-bodies 21
    POST /api/v1/nodes {"metadata": {"name": "d1"}}
    delete-bodies 22
    POST /apis/storage.k8s.io/v1/storageclasses {"metadata": {"name": "d1"}, "provisioner": "a/b"}
    delete-bodies 23
    POST /api/v1/persistentvolumes {"metadata": {"name": "d1"}, "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}}
    delete-bodies 24
    POST /apis/policy/v1/namespaces/default/poddisruptionbudgets {"metadata": {"name": "d1"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}}
    delete-bodies 25
    POST /apis/scheduling.k8s.io/v1/priorityclasses {"metadata": {"name": "d1"}, "value": 1}
    delete-bodies 26
    POST things {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "d1"}, "spec": {"x": "1"}}
    delete-bodies 27
"##;
