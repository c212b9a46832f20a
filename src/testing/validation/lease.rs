//! What the server refuses in Leases.

use serde_json::Value;

use super::super::status::Flaw;

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let number = |field: &str| object["spec"][field].as_i64();
    if let Some(seconds) = number("leaseDurationSeconds").filter(|seconds| *seconds <= 0) {
        flaws.push(Flaw::invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
    }
    if let Some(transitions) = number("leaseTransitions").filter(|transitions| *transitions < 0) {
        flaws.push(Flaw::invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0"));
    }
}
