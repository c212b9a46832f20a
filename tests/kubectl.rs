//! kubectl against the fake server, and against a real one where there is one: the same session prints the same.
//!
//! Without kubectl there is nothing to do.

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use kube_indexed_store::testing::{Clock, FakeCluster, Server};
use serde_json::{Value, json};
use support::real::RealCluster;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longer than any command takes, on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(60);
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

/// kubectl with a kubeconfig and a cache of its own.
struct Kubectl(TempDir);

/// What a command printed, and whether it succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Printed {
    success: bool,
    out: String,
    err: String,
}

impl Kubectl {
    /// Nothing where there is no kubectl.
    fn new(kubeconfig: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config"), kubeconfig).unwrap();
        let kubectl = Kubectl(folder);
        let version = kubectl.command(&["version", "--client"]).output();
        if version.is_err() {
            support::skip("kubectl", "no kubectl");
        }
        version.is_ok().then_some(kubectl)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let folder = self.0.path();
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(folder.join("config")).arg("--cache-dir").arg(folder.join("cache"));
        command
            .arg("--request-timeout")
            .arg(format!("{}s", PATIENCE.as_secs()))
            .args(arguments)
            .current_dir(FILES)
            .stdin(Stdio::null());
        // What differences are shown in must not depend on who runs the tests.
        command.env("KUBECTL_EXTERNAL_DIFF", "diff -u0 --label live --label merged").env_remove("KUBECONFIG");
        command
    }

    async fn run(&self, arguments: &[&str]) -> Printed {
        let mut command = self.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Printed { success: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What a command prints that succeeds.
    async fn print(&self, arguments: &[&str]) -> String {
        let printed = self.run(arguments).await;
        assert!(printed.success, "{arguments:?}: {}", printed.err);
        printed.out
    }
}

async fn fake() -> Option<(FakeCluster, Server, Kubectl)> {
    // Nothing cleans up beside the real one that is asked the same.
    let cluster = FakeCluster::builder().clock(Clock::system()).controllers(false).build();
    let server = cluster.serve("127.0.0.1:0").await.unwrap();
    let kubectl = Kubectl::new(&server.kubeconfig())?;
    Some((cluster, server, kubectl))
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

#[tokio::test]
async fn lists_are_read_in_pages_and_printed_whole() {
    let Some((cluster, _server, kubectl)) = fake().await else { return };
    for name in ["a", "b", "c", "d", "e"] {
        cluster.create(config_map(name)).unwrap();
    }
    let printed = kubectl.print(&["get", "configmaps", "-o", "json", "--chunk-size", "2"]).await;
    let list: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(list["items"], Value::Array(cluster.objects("ConfigMap")));
    assert_eq!(cluster.requests().verb("list").resource("configmaps").count(), 3);
    let names = kubectl.print(&["get", "cm", "-o", "name", "--field-selector", "metadata.name!=c"]).await;
    assert_eq!(names, "configmap/a\nconfigmap/b\nconfigmap/d\nconfigmap/e\n");
}

#[tokio::test]
async fn what_changes_is_printed_while_it_is_watched() {
    let Some((cluster, _server, kubectl)) = fake().await else { return };
    cluster.create(config_map("before")).unwrap();
    let mut watching = kubectl.command(&["get", "configmaps", "--watch", "--output-watch-events"]);
    let mut child = watching.stdout(Stdio::piped()).spawn().unwrap();
    let (out, (sender, mut lines)) = (BufReader::new(child.stdout.take().unwrap()), mpsc::unbounded_channel());
    let reading =
        std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
    let mut next = async || {
        let line = timeout(PATIENCE, lines.recv()).await.expect("in time").expect("another line");
        line.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(next().await, "EVENT NAME DATA");
    assert_eq!(next().await, "ADDED before 1");
    timeout(PATIENCE, cluster.watch_established("configmaps")).await.expect("in time");
    cluster.create(config_map("during")).unwrap();
    assert_eq!(next().await, "ADDED during 1");
    cluster.delete("ConfigMap", "default", "before").unwrap();
    assert_eq!(next().await, "DELETED before 1");
    child.kill().unwrap();
    child.wait().unwrap();
    reading.join().unwrap();
}

#[tokio::test]
async fn deletions_are_waited_for() {
    let Some((cluster, _server, kubectl)) = fake().await else { return };
    cluster.create(config_map("gone")).unwrap();
    assert_eq!(kubectl.print(&["delete", "configmap", "gone"]).await, "configmap \"gone\" deleted\n");
    assert_eq!(cluster.objects("ConfigMap"), Vec::<Value>::new());
}

#[tokio::test]
async fn what_is_served_is_listed_with_its_short_names() {
    let Some((_cluster, _server, kubectl)) = fake().await else { return };
    let printed = kubectl.print(&["api-resources", "--api-group=apps", "--no-headers"]).await;
    let lines: Vec<_> = printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "controllerrevisions apps/v1 true ControllerRevision",
            "daemonsets ds apps/v1 true DaemonSet",
            "deployments deploy apps/v1 true Deployment",
            "replicasets rs apps/v1 true ReplicaSet",
            "statefulsets sts apps/v1 true StatefulSet",
        ]
    );
}

#[tokio::test]
async fn fields_are_explained_with_their_types() {
    let Some((_cluster, _server, kubectl)) = fake().await else { return };
    let printed = kubectl.print(&["explain", "deployment.spec.strategy", "--recursive"]).await;
    let fields: Vec<_> = printed.lines().skip_while(|line| *line != "FIELDS:").skip(1).collect();
    assert_eq!(
        fields,
        [
            "  rollingUpdate\t<RollingUpdateDeployment>",
            "    maxSurge\t<IntOrString>",
            "    maxUnavailable\t<IntOrString>",
            "  type\t<string>",
            "",
        ]
    );
}

/// Commands in their order, those that are to fail marked. Left out are those whose answers depend on what runs beside a
/// real server.
const SESSION: &str = include_str!("kubectl/session.txt");

/// What stands before commands that are to fail.
const FAILS: &str = "! ";

/// Words of a command. Blanks stand between them, and there are none in them.
fn words(command: &str) -> Vec<&str> {
    command.trim_start_matches(FAILS).split(' ').collect()
}

/// What differs from server to server and from moment to moment is not compared.
fn comparable(text: &str) -> String {
    // What kubectl logs of its own depends on how fast it is.
    let logged = |line: &str| line.strip_prefix('W').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let lines = text.lines().filter(|line| !logged(line)).map(|line| {
        let words = line.split(' ').map(|word| {
            let bare = word.trim_matches(|c: char| "\"',()".contains(c));
            let age = bare.len() > 1 && bare.ends_with(['s', 'm']) && bare[..bare.len() - 1].parse::<u32>().is_ok();
            let uid = bare.len() == 36 && bare.matches('-').count() == 4;
            let time = bare.parse::<jiff::Timestamp>().is_ok();
            if age || uid || time { word.replace(bare, "*") } else { word.to_owned() }
        });
        let line = words.collect::<Vec<_>>().join(" ");
        match line.split_once(':') {
            Some((name, _))
                if ["resourceVersion", "\"resourceVersion\"", "CreationTimestamp"].contains(&name.trim()) =>
            {
                format!("{name}: *")
            }
            _ => line,
        }
    });
    // How far columns stand apart depends on what is in them.
    let lines = lines.map(|line| {
        let indent = line.len() - line.trim_start().len();
        format!("{}{}", &line[..indent], line.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    without_order_of_managers(lines.collect())
}

/// Entries of managed fields are sorted by their times, which are no others here than chance makes them.
fn without_order_of_managers(lines: Vec<String>) -> String {
    let mut sorted: Vec<String> = Vec::new();
    let mut entries: Vec<String> = Vec::new();
    let mut within = false;
    for line in lines {
        let part = line.starts_with("  - ") || line.starts_with("    ");
        if within && line.starts_with("  - ") {
            entries.push(line);
        } else if let (true, true, Some(entry)) = (within, part, entries.last_mut()) {
            *entry += "\n";
            *entry += &line;
        } else {
            entries.sort();
            sorted.append(&mut entries);
            within = line == "  managedFields:";
            sorted.push(line);
        }
    }
    entries.sort();
    sorted.append(&mut entries);
    sorted.join("\n")
}

#[tokio::test]
async fn a_session_prints_what_it_prints_with_a_real_server() {
    let Some((_cluster, _server, fake)) = fake().await else { return };
    let Some(real) = RealCluster::start().await else { return };
    let Some(real_kubectl) = Kubectl::new(&real.kubeconfig()) else { return };
    let mut wrong = Vec::new();
    for command in SESSION.lines() {
        let words = words(command);
        let (expected, printed) = tokio::join!(real_kubectl.run(&words), fake.run(&words));
        let shown = |printed: &Printed| {
            let Printed { success, out, err } = printed;
            format!("{success}\n{}\n{}", comparable(out), comparable(err))
        };
        assert_eq!(expected.success, !command.starts_with(FAILS), "{command}: {}", expected.err);
        let (expected, printed) = (shown(&expected), shown(&printed));
        if expected != printed {
            let differences = similar::TextDiff::from_lines(&expected, &printed);
            wrong.push(format!(
                "kubectl {command}\n{}",
                differences.unified_diff().context_radius(2).header("real", "fake")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_command_of_the_session_succeeds_or_fails_as_it_should() {
    let Some((cluster, _server, kubectl)) = fake().await else { return };
    for command in SESSION.lines() {
        let printed = kubectl.run(&words(command)).await;
        assert_eq!(printed.success, !command.starts_with(FAILS), "{command}: {}", printed.err);
    }
    let failed = cluster.requests().when(|request| request.answered.is_none_or(|code| code >= 500));
    assert_eq!(failed.count(), 0, "{failed:?}");
}
