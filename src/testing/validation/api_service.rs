//! What the server refuses in an APIService.

use serde_json::Value;

use super::{super::status::Flaw, metadata::segment_problems, name, problems, text, webhook};
use crate::selector::subdomain_problems;

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let spec = &object["spec"];
    let (group, version) = (text(&spec["group"]), text(&spec["version"]));
    let (name, wanted) = (text(&object["metadata"]["name"]), format!("{version}.{group}"));
    if segment_problems(name).is_empty() && name != wanted {
        let why = format!("must be `spec.version+\".\"+spec.group`: {wanted:?}");
        flaws.push(Flaw::invalid("metadata.name", name, &why));
    }
    if group.is_empty() && version != "v1" {
        flaws.push(Flaw::required("spec.group", "only v1 may have an empty group and it better be legacy kube"));
    }
    problems("spec.group", group, subdomain_problems(group), flaws);
    name::old_label(version, "spec.version", flaws);
    for (field, most) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1_000)] {
        let number = spec[field].as_i64().unwrap_or_default();
        if !(1..=most).contains(&number) {
            let why = format!("must be positive and less than {most}");
            flaws.push(Flaw::invalid(format!("spec.{field}"), number, &why));
        }
    }
    let bundled = !text(&spec["caBundle"]).is_empty();
    let blind = spec["insecureSkipTLSVerify"] == true;
    let local = !spec["service"].is_object();
    if !local {
        webhook::service(&spec["service"], "spec.service", flaws);
    }
    let why = match (blind, local, bundled) {
        (true, true, _) => "local APIServices may not have insecureSkipTLSVerify",
        (true, false, true) => "may not be true if caBundle is present",
        _ => return,
    };
    flaws.push(Flaw::invalid("spec.insecureSkipTLSVerify", true, why));
}
