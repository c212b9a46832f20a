//! What the server refuses in the security contexts of pods and of containers.
//!
//! Not here: what only Windows has, but for names; the annotations that once were the only way to name AppArmor profiles,
//! `container.apparmor.security.beta.kubernetes.io/*`.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{super::status::Flaw, chosen, items, path, printed, problems, text};
use crate::selector::subdomain_problems;

const PROFILES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];
/// How long the name of a node's own AppArmor profile may be.
const MOST_BYTES: usize = 4095;

/// The context of a container, of a pod that may have users of its own.
pub(super) fn of_container(context: &Value, field: &str, host_users: bool, flaws: &mut Vec<Flaw>) {
    ids(context, field, &["runAsUser", "runAsGroup"], flaws);
    let of_mount = format!("{field}.procMount");
    chosen(&context["procMount"], &of_mount, &["Default", "Unmasked"], flaws);
    if host_users && context["procMount"] == "Unmasked" {
        flaws.push(Flaw::invalid(of_mount, "Unmasked", "`hostUsers` must be false to use `Unmasked`"));
    }
    if context["allowPrivilegeEscalation"] == false {
        let adds = items(&context["capabilities"], "add");
        for (contradicts, what) in [
            (context["privileged"] == true, "`privileged` to true"),
            (adds.iter().any(|add| add == "CAP_SYS_ADMIN"), "`capabilities.Add` CAP_SYS_ADMIN"),
        ] {
            if contradicts {
                let why = format!("cannot set `allowPrivilegeEscalation` to false and {what}");
                flaws.push(Flaw::showing(field, &shown(context), &why));
            }
        }
    }
    common(context, field, flaws);
}

/// The context of a pod, and what it shares with its node.
pub(super) fn of_pod(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let context = &spec["securityContext"];
    let field = format!("{field}.securityContext");
    ids(context, &field, &["fsGroup", "runAsUser", "runAsGroup"], flaws);
    for (place, group) in items(context, "supplementalGroups").iter().enumerate() {
        id(group, &format!("{field}.supplementalGroups[{place}]"), flaws);
    }
    if spec["hostPID"] == true && spec["shareProcessNamespace"] == true {
        let why = "ShareProcessNamespace and HostPID cannot both be enabled";
        flaws.push(Flaw::invalid(format!("{field}.shareProcessNamespace"), true, why));
    }
    sysctls(spec, &format!("{field}.sysctls"), flaws);
    for (name, known) in [
        ("fsGroupChangePolicy", &["Always", "OnRootMismatch"][..]),
        ("supplementalGroupsPolicy", &["Merge", "Strict"]),
        ("seLinuxChangePolicy", &["Recursive"]),
    ] {
        chosen(&context[name], &format!("{field}.{name}"), known, flaws);
    }
    common(context, &field, flaws);
}

/// Who has users of its own shares little else with its node.
pub(super) fn of_users(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    const WHY: &str = "when `hostUsers` is false";
    if spec["hostUsers"] != false {
        return;
    }
    for (name, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if spec[name] == true {
            flaws.push(Flaw::forbidden(format!("{field}.{shown}"), WHY));
        }
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (place, container) in items(spec, list).iter().enumerate() {
            if !items(container, "volumeDevices").is_empty() {
                flaws.push(Flaw::forbidden(format!("{field}.{list}[{place}].volumeDevices"), WHY));
            }
        }
    }
}

fn common(context: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    seccomp(&context["seccompProfile"], &format!("{field}.seccompProfile"), flaws);
    app_armor(&context["appArmorProfile"], &format!("{field}.appArmorProfile"), flaws);
    let windows = &context["windowsOptions"];
    let name = text(&windows["gmsaCredentialSpecName"]);
    let field = format!("{field}.windowsOptions");
    problems(&format!("{field}.gmsaCredentialSpecName"), name, subdomain_problems(name), flaws);
    if windows["runAsUserName"] == "" {
        let why = "runAsUserName cannot be an empty string";
        flaws.push(Flaw::invalid(format!("{field}.runAsUserName"), "", why));
    }
}

fn ids(context: &Value, field: &str, names: &[&str], flaws: &mut Vec<Flaw>) {
    names.iter().for_each(|name| id(&context[*name], &format!("{field}.{name}"), flaws));
}

fn id(id: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if let Some(id) = id.as_i64().filter(|id| !(0..=0x7fff_ffff).contains(id)) {
        flaws.push(Flaw::invalid(field, id, "must be between 0 and 2147483647, inclusive"));
    }
}

fn seccomp(profile: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if !profile.is_object() {
        return;
    }
    let (local, of_local) = (&profile["localhostProfile"], format!("{field}.localhostProfile"));
    kind(profile, field, "seccompProfile", flaws);
    match (profile["type"] == "Localhost", local.as_str()) {
        (true, None) => flaws.push(Flaw::required(of_local, "must be set when seccomp type is Localhost")),
        (true, Some(local)) => path::descending(local, &of_local, flaws),
        (false, None) => {}
        (false, Some(_)) => {
            let shown = printed(profile, &[("Type", "\"\""), ("LocalhostProfile", "null")]);
            flaws.push(Flaw::showing(of_local, &shown, "can only be set when seccomp type is Localhost"));
        }
    }
}

fn app_armor(profile: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    if !profile.is_object() {
        return;
    }
    let (local, of_local) = (profile["localhostProfile"].as_str(), format!("{field}.localhostProfile"));
    kind(profile, field, "appArmorProfile", flaws);
    match (text(&profile["type"]), local) {
        ("Localhost", None | Some("")) => {
            flaws.push(Flaw::required(of_local, "must be set when AppArmor type is Localhost"));
        }
        ("Localhost", Some(local)) => {
            if local.trim() != local {
                flaws.push(Flaw::invalid(of_local.as_str(), local, "must not be padded with whitespace"));
            }
            if local.len() > MOST_BYTES {
                flaws.push(Flaw::too_long(of_local, MOST_BYTES));
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(local)) => {
            flaws.push(Flaw::invalid(of_local, local, "can only be set when AppArmor type is Localhost"));
        }
        _ => {}
    }
}

/// The type of a profile.
fn kind(profile: &Value, field: &str, what: &str, flaws: &mut Vec<Flaw>) {
    let field = format!("{field}.type");
    match text(&profile["type"]) {
        "" => flaws.push(Flaw::required(field, &format!("type is required when {what} is set"))),
        known if PROFILES.contains(&known) => {}
        other => flaws.push(Flaw::unsupported(field, other, &PROFILES)),
    }
}

/// Settings that processes who talk to each other have in common.
const IPC: [&str; 10] = [
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
    "kernel.shm",
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.msg",
];

fn sysctls(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let spelled = |name: &str| {
        let end = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let inner = |byte: &u8| end(Some(byte)) || b"-_".contains(byte);
        let part = |part: &[u8]| end(part.first()) && end(part.last()) && part.iter().all(inner);
        name.len() <= 253 && name.as_bytes().split(|byte| b"./".contains(byte)).all(part)
    };
    let mut seen = HashSet::new();
    for (place, sysctl) in items(&spec["securityContext"], "sysctls").iter().enumerate() {
        let (name, field) = (text(&sysctl["name"]), format!("{field}[{place}].name"));
        if name.is_empty() {
            flaws.push(Flaw::required(field.as_str(), ""));
        } else if !spelled(name) {
            let why = r"must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
            flaws.push(Flaw::invalid(field.as_str(), name, why));
        } else if !seen.insert(name) {
            flaws.push(Flaw::duplicate(field.as_str(), name));
        }
        for (shared, of_node) in [
            ("hostNetwork", name.starts_with("net.")),
            ("hostIPC", name.starts_with("fs.mqueue.") || IPC.contains(&name)),
        ] {
            if of_node && spec[shared] == true {
                let why = format!("may not be specified when '{shared}' is true");
                flaws.push(Flaw::invalid(field.as_str(), name, &why));
            }
        }
    }
}

/// A context as the server shows it.
fn shown(context: &Value) -> String {
    const FIELDS: [&str; 12] = [
        "Capabilities",
        "Privileged",
        "SELinuxOptions",
        "WindowsOptions",
        "RunAsUser",
        "RunAsGroup",
        "RunAsNonRoot",
        "ReadOnlyRootFilesystem",
        "AllowPrivilegeEscalation",
        "ProcMount",
        "SeccompProfile",
        "AppArmorProfile",
    ];
    let mut context = context.clone();
    if let Some(found) = context.get_mut("capabilities") {
        *found = json!({"Add": found["add"], "Drop": found["drop"]});
    }
    printed(&context, &FIELDS.map(|field| (field, "null")))
}
