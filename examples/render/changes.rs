//! The changes that the example makes to the small cluster while it is watched.
//!
//! Each is one document or a few in `changes/`, applied as `kubectl apply` would, or one object deleted. They build on
//! each other: play them in order, from the state of `cluster/`.

/// One change.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// A sentence that describes it on the terminal.
    pub title: &'static str,
    pub operation: Operation,
}

#[derive(Debug, Clone, Copy)]
pub enum Operation {
    /// Create or replace these objects: YAML documents.
    Apply(&'static str),
    /// Delete this object.
    Delete { kind: &'static str, namespace: &'static str, name: &'static str },
}

/// All changes, in order.
pub const CHANGES: &[Change] = &[
    Change {
        title: "A third pod of shop/storefront becomes ready",
        operation: Operation::Apply(include_str!("changes/01-pod-ready.yaml")),
    },
    Change {
        title: "A load balancer reports its address in the status of an Ingress: nothing to render",
        operation: Operation::Apply(include_str!("changes/02-status.yaml")),
    },
    Change {
        title: "The certificate of shop.example.com is renewed",
        operation: Operation::Apply(include_str!("changes/03-certificate-renewed.yaml")),
    },
    Change {
        title: "The password of a database changes: no Ingress names that Secret",
        operation: Operation::Apply(include_str!("changes/04-unread-secret.yaml")),
    },
    Change {
        title: "The blog moves to another host",
        operation: Operation::Apply(include_str!("changes/05-host-moved.yaml")),
    },
    Change {
        title: "The Service that shop/reports was waiting for appears",
        operation: Operation::Apply(include_str!("changes/06-service-appears.yaml")),
    },
    Change {
        title: "All pods of shop/cart go away: its backend answers 503",
        operation: Operation::Apply(include_str!("changes/07-no-pods.yaml")),
    },
    Change {
        title: "The Ingress of the monitoring tools is deleted",
        operation: Operation::Delete { kind: "Ingress", namespace: "monitoring", name: "tools" },
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::certificate_problem;
    use crate::checks::decode_base64;

    /// The decoded values of a field, in the order of the documents.
    fn decoded(yaml: &str, field: &str) -> Vec<String> {
        let values = yaml.lines().filter_map(|line| line.trim().strip_prefix(field));
        values.map(|value| String::from_utf8(decode_base64(value.trim()).unwrap()).unwrap()).collect()
    }

    #[test]
    fn the_certificates_of_the_cluster_and_of_the_changes_can_be_used() {
        let changes = CHANGES.iter().filter_map(|change| match change.operation {
            Operation::Apply(documents) => Some(documents),
            Operation::Delete { .. } => None,
        });
        let mut checked = 0;
        for yaml in changes.chain([include_str!("cluster/certificates.yaml")]) {
            let certificates = decoded(yaml, "tls.crt:");
            for (certificate, key) in certificates.iter().zip(decoded(yaml, "tls.key:")) {
                assert_eq!(certificate_problem(certificate, &key), None);
                checked += 1;
            }
        }
        assert_eq!(checked, 4);
    }
}
