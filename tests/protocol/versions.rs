//! Versions that writes name.

use serde_json::json;

use crate::{ground::Ground, subject::Subject};

pub async fn the_version_zero_is_any(ground: Ground) {
    let subject = Subject::config_map(ground, &json!({"data": {"a": "1"}})).await;
    let mut object = subject.now().await;
    for (version, code) in [("0", 200), ("00", 200), ("1", 409), ("", 200)] {
        object["metadata"]["resourceVersion"] = version.into();
        object["data"]["a"] = format!("of {version:?}").into();
        let replaced = subject.ground.put(&subject.path(), &object).await;
        assert_eq!(replaced.code, code, "{version:?} {replaced:?}");
        let patch = json!({"metadata": {"resourceVersion": version}, "data": {"b": format!("of {version:?}")}});
        let patched = subject.ground.merge(&subject.path(), &patch).await;
        assert_eq!(patched.code, code, "{version:?} {patched:?}");
    }
}
