//! Limit ranges: what they give to pods and refuse.

use serde_json::{Value, json};

use crate::{ground::Ground, kinds::Kind, mistakes::within, support::failure};

const RANGES: Kind = within("", "limitranges", "LimitRange");
const PODS: Kind = within("", "pods", "Pod");

async fn range(ground: &Ground, limits: Value) {
    let mut range = RANGES.object(&ground.name(), json!({}));
    range["spec"] = json!({"limits": [limits]});
    ground.make(&ground.all(&RANGES), &range).await;
}

fn pod(name: &str, resources: &Value) -> Value {
    let mut pod = PODS.object(name, json!({}));
    let container = |name: &str| json!({"name": name, "image": "i", "resources": resources});
    pod["spec"] = json!({"containers": [container("c")], "initContainers": [container("first")]});
    pod
}

pub async fn containers_get_what_they_do_not_say(ground: Ground) {
    let defaults =
        json!({"type": "Container", "default": {"cpu": "1", "memory": "1Gi"}, "defaultRequest": {"cpu": "0.5"}});
    range(&ground, defaults).await;
    let mut names = ground.names(3);
    for (said, given, note) in [
        (
            json!({}),
            json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}}),
            Some(
                "LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c; cpu, \
                 memory request for init container first; cpu, memory limit for init container first",
            ),
        ),
        (
            json!({"requests": {"cpu": "100m", "memory": "1Mi"}, "limits": {"memory": "2Mi"}}),
            json!({"limits": {"cpu": "1", "memory": "2Mi"}, "requests": {"cpu": "100m", "memory": "1Mi"}}),
            Some("LimitRanger plugin set: cpu limit for container c; cpu limit for init container first"),
        ),
        (
            json!({"requests": {"cpu": "1", "memory": "1Mi"}, "limits": {"cpu": "1", "memory": "1Mi"}}),
            json!({"limits": {"cpu": "1", "memory": "1Mi"}, "requests": {"cpu": "1", "memory": "1Mi"}}),
            None,
        ),
    ] {
        let made = ground.make(&ground.all(&PODS), &pod(&names.pop().expect("a name"), &said)).await;
        assert_eq!(made["spec"]["containers"][0]["resources"], given);
        assert_eq!(made["spec"]["initContainers"][0]["resources"], given);
        assert_eq!(made["metadata"]["annotations"]["kubernetes.io/limit-ranger"], json!(note));
        assert_eq!(made["status"]["qosClass"], if note.is_some() { "Burstable" } else { "Guaranteed" });
    }
}

pub async fn what_asks_for_too_little_or_too_much_is_refused(ground: Ground) {
    let bounds = json!({
        "type": "Pod", "min": {"cpu": "200m"}, "max": {"memory": "1Gi"}, "maxLimitRequestRatio": {"cpu": "2"},
    });
    range(&ground, bounds).await;
    for (resources, why) in [
        (
            json!({}),
            "[minimum cpu usage per Pod is 200m.  No request is specified, maximum memory usage per Pod is 1Gi.  No limit \
             is specified, cpu max limit to request ratio per Pod is 2, but no request is specified or request is 0]",
        ),
        (
            json!({"requests": {"cpu": "100m"}, "limits": {"cpu": "300m", "memory": "2Gi"}}),
            "[minimum cpu usage per Pod is 200m, but request is 100m, maximum memory usage per Pod is 1Gi, but limit is \
             2Gi, cpu max limit to request ratio per Pod is 2, but provided ratio is 3.000000]",
        ),
        (
            json!({"requests": {"cpu": "200m"}, "limits": {"cpu": "500m", "memory": "1Gi"}}),
            "cpu max limit to request ratio per Pod is 2, but provided ratio is 2.500000",
        ),
    ] {
        let name = ground.name();
        let answer = ground.post(&ground.all(&PODS), &pod(&name, &resources)).await;
        let message = format!("pods {name:?} is forbidden: {why}");
        assert_eq!(answer.body, failure(403, "Forbidden", &message, PODS.details(&name)));
    }
    let fits = json!({"requests": {"cpu": "200m"}, "limits": {"cpu": "400m", "memory": "1Gi"}});
    ground.make(&ground.all(&PODS), &pod(&ground.name(), &fits)).await;
}
