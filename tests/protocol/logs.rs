//! Logs of pods: what may be asked.

use serde_json::json;

use crate::{ground::Ground, mistakes::within};

pub async fn options_that_make_no_sense_are_refused(ground: Ground) {
    let pods = within("", "pods", "Pod");
    let name = ground.name().replace('.', "-");
    let mut pod = pods.object(&name, json!({}));
    pod["spec"] = json!({"containers": [{"name": "c", "image": "i"}]});
    ground.make(&ground.all(&pods), &pod).await;
    for (options, problems) in [
        (
            "tailLines=-1&limitBytes=0&sinceSeconds=0",
            "[tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: 0: must be \
             greater than 0, sinceSeconds: Invalid value: 0: must be greater than 0]",
        ),
        (
            "sinceSeconds=0&sinceTime=2024-01-01T00:00:00Z",
            "[]: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        ("stream=All&tailLines=1", "stream: Forbidden: may not be specified"),
    ] {
        // Whether there is such a pod is asked later.
        for name in [name.as_str(), "none"] {
            let answer = ground.get(&format!("{}/log?{options}", ground.one(&pods, name))).await;
            assert_eq!(answer.said(), (422, format!("PodLogOptions {name:?} is invalid: {problems}")));
        }
    }
    let answer = ground.get(&format!("{}/log?tailLines=0", ground.one(&pods, &name))).await;
    assert_eq!(answer.code, 204, "it is on no node: {answer:?}");
}
