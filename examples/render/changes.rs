//! The changes that happen to the small cluster while it is watched.
//!
//! Each is one document or a few in `changes/`, applied as `kubectl apply` would, or one object deleted. They build on
//! each other: play them in order, from the state of `cluster/`.

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// A sentence for the terminal.
    pub title: &'static str,
    pub operation: Operation,
    /// Whether the output changes: a change that no template can see must not even cause a render.
    pub visible: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Operation {
    /// Create or replace these objects: YAML documents.
    Apply(&'static str),
    /// Delete this object.
    Delete {
        api_version: &'static str,
        kind: &'static str,
        namespace: &'static str,
        name: &'static str,
    },
}

/// What happens, in order.
pub const CHANGES: &[Change] = &[
    Change {
        title: "A third pod of shop/storefront becomes ready",
        operation: Operation::Apply(include_str!("changes/01-pod-ready.yaml")),
        visible: true,
    },
    Change {
        title: "A load balancer reports its address in the status of an Ingress: nothing to render",
        operation: Operation::Apply(include_str!("changes/02-status.yaml")),
        visible: false,
    },
    Change {
        title: "The certificate of shop.example.com is renewed",
        operation: Operation::Apply(include_str!("changes/03-certificate-renewed.yaml")),
        visible: true,
    },
    Change {
        title: "The blog moves to another host",
        operation: Operation::Apply(include_str!("changes/04-host-moved.yaml")),
        visible: true,
    },
    Change {
        title: "The Service that shop/reports was waiting for appears",
        operation: Operation::Apply(include_str!("changes/05-service-appears.yaml")),
        visible: true,
    },
    Change {
        title: "All pods of shop/cart go away: its backend answers 503",
        operation: Operation::Apply(include_str!("changes/06-no-pods.yaml")),
        visible: true,
    },
    Change {
        title: "The Ingress of the monitoring tools is deleted",
        operation: Operation::Delete {
            api_version: "networking.k8s.io/v1",
            kind: "Ingress",
            namespace: "monitoring",
            name: "tools",
        },
        visible: true,
    },
];
