//! Warnings about valid objects: discouraged settings of pods, of kinds with pod templates and of Services, and rules of
//! custom kinds that this cluster does not ask.
//!
//! Not here: annotations that have become fields, node affinities, overlapping volume paths, and unusual forms of
//! addresses.

use serde_json::Value;

use super::{
    super::{kinds::Kind, quantity, schema::Inspection},
    items,
    metadata::label_problems,
    text,
};

/// Labels of nodes that have other names now.
const OLD_LABELS: [(&str, &str); 8] = [
    ("beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"),
    ("beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    ("failure-domain.beta.kubernetes.io/zone", "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"),
    ("beta.kubernetes.io/instance-type", "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"),
    ("app.kubernetes.io/created-by", "deprecated since v1.9"),
    ("scheduler.alpha.kubernetes.io/preferAvoidPods", "deprecated since v1.22; use Taints and Tolerations instead"),
    ("node-role.kubernetes.io/master", "use \"node-role.kubernetes.io/control-plane\" instead"),
];

/// Sources of volumes that are no more, or soon will not be.
const OLD_VOLUMES: [(&str, &str); 9] = [
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

/// The warnings about a new object, or about one that replaces another.
pub(in super::super) fn advice(kind: &Kind, object: &Value, old: Option<&Value>) -> Vec<String> {
    let mut advice = Vec::new();
    let changed = old.is_none_or(|old| old["metadata"]["generation"] != object["metadata"]["generation"]);
    if kind.is_definition() {
        for (place, version) in items(&object["spec"], "versions").iter().enumerate().filter(|_| changed) {
            let path = format!("spec.versions[{place}].schema.openAPIV3Schema");
            advice.extend(Inspection::of(&path, &version["schema"]["openAPIV3Schema"]).skipped);
        }
        return advice;
    }
    let name = text(&object["metadata"]["name"]);
    let template = match kind.plural.as_str() {
        "services" if kind.is_core("services") => {
            service(&object["spec"], &mut advice);
            return advice;
        }
        // Whoever changes a pod is most often no human.
        "pods" if kind.is_core("pods") && old.is_none() => (&object["spec"], "spec"),
        "cronjobs" if kind.group == "batch" => {
            (&object["spec"]["jobTemplate"]["spec"]["template"]["spec"], "spec.jobTemplate.spec.template.spec")
        }
        "deployments" | "replicasets" | "statefulsets" | "daemonsets" if kind.group == "apps" => of_template(object),
        "jobs" if kind.group == "batch" => of_template(object),
        "replicationcontrollers" if kind.is_core("replicationcontrollers") => of_template(object),
        _ => return advice,
    };
    let problems = label_problems(name);
    if old.is_none() && !problems.is_empty() && !["statefulsets", "daemonsets"].contains(&kind.plural.as_str()) {
        let place = if kind.is_core("pods") { "the Pod's hostname" } else { "Pod names and hostnames" };
        advice.push(format!(
            "metadata.name: this is used in {place}, which can result in surprising behavior; a DNS label is recommended: \
             [{}]",
            problems.join(" ")
        ));
    }
    if changed {
        pod(template.0, template.1, &mut advice);
    }
    if kind.plural == "statefulsets" && object["spec"]["revisionHistoryLimit"].as_i64().is_some_and(|limit| limit < 0) {
        let why = "a negative value retains all historical revisions; a value >= 0 is recommended";
        advice.push(format!("spec.revisionHistoryLimit: {why}"));
    }
    advice
}

fn of_template(object: &Value) -> (&Value, &'static str) {
    (&object["spec"]["template"]["spec"], "spec.template.spec")
}

fn pod(spec: &Value, field: &str, advice: &mut Vec<String>) {
    let renamed = |label: &str| OLD_LABELS.iter().find(|(old, _)| *old == label).map(|(_, why)| *why);
    for label in spec["nodeSelector"].as_object().into_iter().flatten().map(|(label, _)| label) {
        advice.extend(renamed(label).map(|why| format!("{field}.nodeSelector[{label}]: {why}")));
    }
    for (place, constraint) in items(spec, "topologySpreadConstraints").iter().enumerate() {
        let (field, key) = (format!("{field}.topologySpreadConstraints[{place}]"), text(&constraint["topologyKey"]));
        advice.extend(renamed(key).map(|why| format!("{field}.topologyKey: {key} is {why}")));
        no_selector(constraint, &field, advice);
    }
    for (place, volume) in items(spec, "volumes").iter().enumerate() {
        let old = OLD_VOLUMES.iter().filter(|(source, _)| !volume[*source].is_null());
        advice.extend(old.map(|(source, why)| format!("{field}.volumes[{place}].{source}: {why}")));
    }
    twice(spec, field, "hostAliases", "ip", advice);
    twice(spec, field, "imagePullSecrets", "name", advice);
    for (place, secret) in items(spec, "imagePullSecrets").iter().enumerate() {
        if text(&secret["name"]).is_empty() {
            advice.push(format!("{field}.imagePullSecrets[{place}].name: invalid empty name \"\""));
        }
    }
    fractions(&spec["overhead"], &format!("{field}.overhead"), advice);
    let containers: Vec<(String, &Value)> = ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .flat_map(|list| {
            let of_list = items(spec, list).iter().enumerate();
            of_list.map(move |(place, container)| (format!("{field}.{list}[{place}]"), container))
        })
        .collect();
    for (field, container) in &containers {
        for amounts in ["limits", "requests"] {
            let field = format!("{field}.resources.{amounts}");
            fractions(&container["resources"][amounts], &field, advice);
        }
        environment(container, field, advice);
    }
    let ports: Vec<(String, &Value)> = containers
        .iter()
        .flat_map(|(field, container)| {
            let of_container = items(container, "ports").iter().enumerate();
            of_container.map(move |(place, port)| (format!("{field}.ports[{place}]"), port))
        })
        .collect();
    self::ports(&ports, advice);
    if spec["terminationGracePeriodSeconds"].as_i64().is_some_and(|seconds| seconds < 0) {
        advice.push(format!(
            "{field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
        ));
    }
    for affinity in ["podAffinity", "podAntiAffinity"] {
        let (terms, field) = (&spec["affinity"][affinity], format!("{field}.affinity.{affinity}"));
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        for (place, term) in items(terms, required).iter().enumerate() {
            no_selector(term, &format!("{field}.{required}[{place}]"), advice);
        }
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        for (place, term) in items(terms, preferred).iter().enumerate() {
            no_selector(&term["podAffinityTerm"], &format!("{field}.{preferred}[{place}].podAffinityTerm"), advice);
        }
    }
}

fn no_selector(of: &Value, field: &str, advice: &mut Vec<String>) {
    if of["labelSelector"].is_null() {
        advice.push(format!("{field}.labelSelector: a null labelSelector results in matching no pod"));
    }
}

/// Items of a list that say the same as one before them.
fn twice(spec: &Value, field: &str, list: &str, by: &str, advice: &mut Vec<String>) {
    let items = items(spec, list);
    for (place, item) in items.iter().enumerate() {
        let said = text(&item[by]);
        if items[..place].iter().any(|earlier| text(&earlier[by]) == said) {
            advice.push(format!("{field}.{list}[{place}].{by}: duplicate {by} {said:?}"));
        }
    }
}

/// Amounts of bytes that are not whole.
fn fractions(amounts: &Value, field: &str, advice: &mut Vec<String>) {
    for resource in ["memory", "ephemeral-storage"] {
        let amount = text(&amounts[resource]);
        if quantity::nanos(amount).is_some_and(|nanos| nanos % 1_000_000_000 != 0) {
            advice
                .push(format!("{field}[{resource}]: fractional byte value {amount:?} is invalid, must be an integer"));
        }
    }
}

/// Variables that hide those before them.
fn environment(container: &Value, field: &str, advice: &mut Vec<String>) {
    let variables = items(container, "env");
    for (place, variable) in variables.iter().enumerate() {
        let (name, value) = (text(&variable["name"]), text(&variable["value"]));
        let earlier = format!("$({name})");
        let hides = !variable["valueFrom"].is_null() || value == earlier || !value.contains(&earlier);
        if hides && variables[..place].iter().any(|other| text(&other["name"]) == name) {
            advice.push(format!(
                "{field}.env[{place}]: hides previous definition of {name:?}, which may be dropped when using apply"
            ));
        }
    }
}

/// Ports of any container of a pod that are the same, or have the same name.
fn ports(ports: &[(String, &Value)], advice: &mut Vec<String>) {
    let on_host = |port: &Value| port["hostPort"].as_i64().unwrap_or_default();
    for (place, (field, port)) in ports.iter().enumerate() {
        let alike = |other: &Value| ["containerPort", "protocol"].iter().all(|member| other[*member] == port[*member]);
        for (before, other) in ports[..place].iter().filter(|(_, other)| alike(other)) {
            let (mine, its) = (text(&port["hostIP"]), text(&other["hostIP"]));
            let how = match on_host(port) == on_host(other) {
                true if mine == its => "duplicate",
                _ if on_host(port) == 0 || on_host(other) == 0 => "overlapping",
                true if mine.is_empty() != its.is_empty() => "dangerously ambiguous",
                _ => continue,
            };
            advice.push(format!("{field}: {how} port definition with {before}"));
        }
    }
    for (place, (field, port)) in ports.iter().enumerate() {
        let name = text(&port["name"]);
        let first = ports[..place].iter().find(|(_, other)| !name.is_empty() && text(&other["name"]) == name);
        advice.extend(first.map(|(first, _)| {
            format!(
                "{field}: duplicate port name {name:?} with {first}, services and probes that select ports by name will \
                 use {first}"
            )
        }));
    }
}

fn service(spec: &Value, advice: &mut Vec<String>) {
    let service_type = text(&spec["type"]);
    let headless = service_type == "ClusterIP" && spec["clusterIP"] == "None";
    let external = service_type == "ExternalName";
    let addresses = !items(spec, "externalIPs").is_empty();
    let mut add = |when: bool, what: &str| advice.extend(when.then(|| what.to_owned()));
    add(headless && !text(&spec["loadBalancerIP"]).is_empty(), "spec.loadBalancerIP is ignored for headless services");
    add(headless && addresses, "spec.externalIPs is ignored for headless services");
    add(headless && spec["sessionAffinity"] != "None", "spec.SessionAffinity is ignored for headless services");
    add(
        addresses && !headless && !external,
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
    );
    add(addresses && external, "spec.externalIPs is ignored when spec.type is \"ExternalName\"");
    add(
        !external && !text(&spec["externalName"]).is_empty(),
        "spec.externalName is ignored when spec.type is not \"ExternalName\"",
    );
    add(
        spec["trafficDistribution"] == "PreferClose",
        "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"",
    );
}
