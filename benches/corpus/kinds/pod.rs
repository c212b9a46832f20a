//! Pods of ReplicaSets, running, some with a proxy beside the application.

use serde_json::{Value, json};

use crate::corpus::cluster::{App, Cluster, Node};
use crate::corpus::draft::Draft;
use crate::corpus::random::{Random, distinct_suffix};
use crate::corpus::words::SUBJECTS;

const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const CONDITIONS: [&str; 5] = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

pub fn pod(cluster: &Cluster, random: &mut Random, app: &App, serial: usize) -> Draft {
    let set = format!("{}-{}", app.name, app.revision);
    let name = format!("{set}-{}", distinct_suffix(serial));
    let token = format!("kube-api-access-{}", random.suffix(5));
    let mut containers = vec![application(app, &token)];
    if app.meshed {
        containers.push(proxy(app, &token));
    }
    let status = status(cluster, random, app, &containers);

    let mut pod = Draft::new(random, app, "v1", "Pod", &name, json!({ "spec": spec(app, &token, containers) }));
    let metadata = pod.metadata();
    metadata.insert("generateName".to_owned(), json!(format!("{set}-")));
    metadata["labels"]["pod-template-hash"] = json!(app.revision);
    metadata.insert(
        "ownerReferences".to_owned(),
        json!([{
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": app.revision_uid,
            "controller": true, "blockOwnerDeletion": true,
        }]),
    );
    pod.annotate("kubectl.kubernetes.io/default-container", &app.name);
    pod.annotate("checksum/settings", &app.digest.chars().rev().take(40).collect::<String>());
    let declared =
        ["annotations", "generateName", "labels", "ownerReferences"].map(|field| format!("/metadata/{field}"));
    let declared: Vec<&str> = declared.iter().map(String::as_str).chain(["/spec"]).collect();
    pod.owned(random, "kube-controller-manager", None, &declared);

    let (node, status) = status;
    pod.object["spec"]["nodeName"] = json!(node.name);
    pod.object["status"] = status;
    let told = ["conditions", "containerStatuses", "hostIP", "hostIPs", "phase", "podIP", "podIPs", "startTime"];
    let told = told.map(|field| format!("/status/{field}"));
    pod.owned(random, "kubelet", Some("status"), &told.each_ref().map(String::as_str));
    pod
}

fn application(app: &App, token: &str) -> Value {
    let field = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}});
    let secret = |name: &str, key: &str| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": format!("{}-secret", app.name), "key": key}}});
    let mut env = vec![
        field("POD_NAMESPACE", "metadata.namespace"),
        field("POD_ADDRESS", "status.podIP"),
        secret("DATABASE_PASSWORD", "database-password"),
        json!({"name": "TRACE_SAMPLING", "value": "0.05"}),
    ];
    env.extend(app.peers.iter().enumerate().map(|(position, peer)| {
        let peer = SUBJECTS[*peer];
        json!({
            "name": format!("UPSTREAM_{position}_{}", peer.to_uppercase()),
            "value": format!("http://{peer}.{}.svc.cluster.local:{}", app.namespace, app.port),
        })
    }));
    let probe = |path: &str, seconds: u8| {
        json!({
            "httpGet": {"path": path, "port": "web", "scheme": "HTTP"}, "initialDelaySeconds": seconds,
            "timeoutSeconds": 2, "periodSeconds": 5, "successThreshold": 1, "failureThreshold": 4,
        })
    };
    json!({
        "name": app.name, "image": app.image, "env": env,
        "ports": [
            {"name": "web", "containerPort": app.port, "protocol": "TCP"},
            {"name": "telemetry", "containerPort": 9102, "protocol": "TCP"},
        ],
        "resources": {
            "limits": {"cpu": format!("{}m", app.millicores * 4), "memory": format!("{}Mi", app.mebibytes)},
            "requests": {"cpu": format!("{}m", app.millicores), "memory": format!("{}Mi", app.mebibytes)},
        },
        "volumeMounts": [
            {"name": "settings", "readOnly": true, "mountPath": format!("/etc/{}", app.name)},
            {"name": "scratch", "mountPath": "/scratch"},
            {"name": token, "readOnly": true, "mountPath": TOKEN},
        ],
        "livenessProbe": probe("/alive", 15), "readinessProbe": probe("/serving", 3),
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": true, "readOnlyRootFilesystem": true,
            "allowPrivilegeEscalation": false,
        },
    })
}

fn proxy(app: &App, token: &str) -> Value {
    json!({
        "name": "mesh-proxy", "image": "images.example.com/mesh/proxy:2.17.3",
        "args": ["run", "--admin=127.0.0.1:4191", "--outbound=0.0.0.0:4140", "--log=warn,mesh=info"],
        "ports": [
            {"name": "mesh-in", "containerPort": 4143, "protocol": "TCP"},
            {"name": "mesh-admin", "containerPort": 4191, "protocol": "TCP"},
        ],
        "env": [
            {"name": "MESH_IDENTITY", "value": format!("{}.{}.identity.mesh.cluster.local", app.name, app.namespace)},
            {"name": "MESH_INBOUND_PORTS", "value": format!("{},9102", app.port)},
        ],
        "resources": {"limits": {"cpu": "1", "memory": "256Mi"}, "requests": {"cpu": "20m", "memory": "48Mi"}},
        "volumeMounts": [{"name": token, "readOnly": true, "mountPath": TOKEN}],
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "FallbackToLogsOnError",
        "imagePullPolicy": "IfNotPresent",
    })
}

fn spec(app: &App, token: &str, containers: Vec<Value>) -> Value {
    let tolerated = |taint: &str| {
        json!({
            "key": format!("node.kubernetes.io/{taint}"), "operator": "Exists", "effect": "NoExecute",
            "tolerationSeconds": 300,
        })
    };
    json!({
        "volumes": [
            {"name": "settings", "configMap": {"name": format!("{}-settings", app.name), "defaultMode": 420}},
            {"name": "scratch", "emptyDir": {"sizeLimit": "2Gi"}},
            {"name": token, "projected": {"defaultMode": 420, "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [
                    {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
                ]}},
            ]}},
        ],
        "containers": containers,
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 45, "dnsPolicy": "ClusterFirst",
        "serviceAccountName": app.name, "serviceAccount": app.name,
        "securityContext": {"runAsUser": 10_001, "runAsGroup": 10_001, "fsGroup": 10_001},
        "topologySpreadConstraints": [{
            "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": app.selector()},
        }],
        "schedulerName": "default-scheduler", "tolerations": [tolerated("not-ready"), tolerated("unreachable")],
        "priority": 0, "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority",
    })
}

fn status(cluster: &Cluster, random: &mut Random, app: &App, containers: &[Value]) -> (Node, Value) {
    let node = cluster.node(random);
    let started = random.time();
    let conditions = CONDITIONS.map(|condition| {
        let since = if random.chance(70) { started.clone() } else { random.time() };
        json!({"type": condition, "status": "True", "lastProbeTime": null, "lastTransitionTime": since})
    });
    let mut running = |container: &Value| {
        let image = container["image"].as_str().unwrap_or_default();
        let repository = image.rsplit_once(':').map_or(image, |(repository, _)| repository);
        json!({
            "name": container["name"], "state": {"running": {"startedAt": random.time()}}, "lastState": {}, "ready": true,
            "restartCount": random.below(8) / 6, "image": image, "imageID": format!("{repository}@sha256:{}", app.digest),
            "containerID": format!("containerd://{}", random.hex(64)), "started": true,
        })
    };
    let containers: Vec<Value> = containers.iter().map(&mut running).collect();
    let address = format!("10.{}.{}.{}", random.within(128..=143), random.below(256), random.below(256));
    let status = json!({
        "phase": "Running", "conditions": conditions, "hostIP": node.address, "hostIPs": [{"ip": node.address}],
        "podIP": address, "podIPs": [{"ip": address}], "startTime": started, "containerStatuses": containers,
        "qosClass": "Burstable",
    });
    (node, status)
}
