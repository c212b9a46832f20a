//! Approvals of requests for certificates.

use serde_json::{Value, json};

use crate::ground::{Answer, Ground, text};

/// Somebody's, for a certificate of `x`.
const REQUEST: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIR01HNENBUUF3RERFS01BZ0dBMVVFQXd3QmVEQlpNQk1HQnlxR1NNNDlBZ0VHQ0NxR1NNNDlBd0VIQTBJQQpCRytuZGF6YXJBNmZaa3FZNkV4UEJnWTFVUU1yTzVVazZqS21mRjJUb1Fma2dBQ3JSUGhkdUxPaURmQlE3dzNMCnVRUzNNaFAzSGd2Z2FvM0hhbmo1T01hZ0FEQUtCZ2dxaGtqT1BRUURBZ05JQURCRkFpQjdPYjczN1pldFlUL0EKa08xREZTVUduMkhEWnU2TkFYTW1wSWl6dE1waGxnSWhBT25yY2pQVUNwM3EvRVpnUThhVDU1QnFKSm9MSnBSOApINmRTbTJwRWFES3IKLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==";

struct Asked {
    ground: Ground,
    name: String,
    made: Value,
}

impl Asked {
    async fn new(ground: Ground) -> Self {
        let name = ground.name();
        let spec = json!({"request": REQUEST, "signerName": "a.example/b", "usages": ["client auth"]});
        let (version, kind) = ("certificates.k8s.io/v1", "CertificateSigningRequest");
        let request = json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec});
        let made = ground.make("/apis/certificates.k8s.io/v1/certificatesigningrequests", &request).await;
        Asked { ground, name, made }
    }

    fn part(&self, part: &str) -> String {
        format!("/apis/certificates.k8s.io/v1/certificatesigningrequests/{}/{part}", self.name)
    }

    async fn decide(&self, part: &str, conditions: Value) -> Answer {
        self.ground.merge(&self.part(part), &json!({"status": {"conditions": conditions}})).await
    }

    fn refused(&self, why: &str) -> (u16, String) {
        (422, format!("CertificateSigningRequest.certificates.k8s.io {:?} is invalid: {why}", self.name))
    }
}

pub async fn one_is_dated_and_changes_nothing_else(ground: Ground) {
    let asked = Asked::new(ground).await;
    let approved = json!([{"type": "Approved", "status": "True", "reason": "R", "message": "m"}]);
    let status = json!({"conditions": approved, "certificate": "aGFsbG8="});
    let patch = json!({"status": status, "spec": {"username": "somebody else"}});
    let decided = asked.ground.merge(&asked.part("approval"), &patch).await.body;
    assert_eq!(decided["spec"], asked.made["spec"]);
    let time = &decided["status"]["conditions"][0]["lastUpdateTime"];
    assert!(text(time).parse::<jiff::Timestamp>().is_ok(), "{decided}");
    let dated = json!({
        "type": "Approved", "status": "True", "reason": "R", "message": "m", "lastUpdateTime": time,
        "lastTransitionTime": time,
    });
    assert_eq!(decided["status"], json!({"conditions": [dated]}));
    assert_eq!(asked.ground.get(&asked.part("approval")).await.body, decided);
}

pub async fn only_an_approval_decides(ground: Ground) {
    let asked = Asked::new(ground).await;
    let denied = json!([{"type": "Denied", "status": "True"}]);
    let why = "status.conditions: Forbidden: updates may not add a condition of type \"Denied\"";
    assert_eq!(asked.decide("status", denied).await.said(), asked.refused(why));
    let approved = |reason: &str| json!([{"type": "Approved", "status": "True", "reason": reason}]);
    assert_eq!(asked.decide("approval", approved("a")).await.code, 200);
    let again = asked.decide("status", approved("b")).await;
    assert_eq!(again.body["status"]["conditions"][0]["reason"], "a");
    for part in ["approval", "status"] {
        let why = "status.conditions: Forbidden: updates may not remove a condition of type \"Approved\"";
        assert_eq!(asked.decide(part, json!([])).await.said(), asked.refused(why));
    }
}

pub async fn a_decision_is_one_and_holds(ground: Ground) {
    let asked = Asked::new(ground).await;
    let both = json!([{"type": "Approved", "status": "False"}, {"type": "Denied", "status": "True"}]);
    let why = "[status.conditions[0].status: Unsupported value: \"False\": supported values: \"True\", \
               status.conditions: Invalid value: \"Denied\": Approved and Denied conditions are mutually exclusive]";
    assert_eq!(asked.decide("approval", both).await.said(), asked.refused(why));
    let odd = json!([{"status": "True"}, {"type": "A", "status": "Bad"}, {"type": "A", "status": "True"}]);
    let why = "[status.conditions[0].type: Required value, status.conditions[1].status: Unsupported value: \"Bad\": \
               supported values: \"False\", \"True\", \"Unknown\", status.conditions[2].type: Duplicate value: \"A\"]";
    assert_eq!(asked.decide("approval", odd).await.said(), asked.refused(why));
}
