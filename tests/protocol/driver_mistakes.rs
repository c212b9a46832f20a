//! What drivers of volumes say, and is refused.

use serde_json::json;

use crate::{
    ground::Ground,
    kinds::Kind,
    mistakes::{kept, outside, refused, within},
};

const DRIVERS: Kind = outside("storage.k8s.io", "csidrivers", "CSIDriver");
const NODES: Kind = outside("storage.k8s.io", "csinodes", "CSINode");
const ATTACHMENTS: Kind = outside("storage.k8s.io", "volumeattachments", "VolumeAttachment");
const CAPACITIES: Kind = within("storage.k8s.io", "csistoragecapacities", "CSIStorageCapacity");
const ATTRIBUTES_CLASSES: Kind = outside("storage.k8s.io", "volumeattributesclasses", "VolumeAttributesClass");

pub async fn in_drivers_and_their_nodes(ground: Ground) {
    let cases = &[
        (
            json!({
                "spec": {
                    "fsGroupPolicy": "Any", "volumeLifecycleModes": ["Short"],
                    "tokenRequests": [{"audience": "a", "expirationSeconds": 5}, {"audience": "a"}],
                    "nodeAllocatableUpdatePeriodSeconds": 5
                }
            }),
            r#"
            spec.fsGroupPolicy: Unsupported value: "Any": supported values: "File", "None", "ReadWriteOnceWithFSType"
            spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 5: must be greater than or equal to 10 seconds
            spec.tokenRequests[0].expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes
            spec.tokenRequests[1].audience: Duplicate value: "a"
            spec.volumeLifecycleModes: Unsupported value: "Short": supported values: "Persistent", "Ephemeral"
        "#,
        ),
        (
            json!({"spec": {"serviceAccountTokenInSecrets": true}}),
            "spec.serviceAccountTokenInSecrets: Invalid value: true: serviceAccountTokenInSecrets is set but no tokenRequests are specified",
        ),
    ];
    refused(&ground, &DRIVERS, cases).await;
    let cases = &[(
        json!({"spec": {"attachRequired": false, "volumeLifecycleModes": ["Ephemeral"]}}),
        r#"
            spec.attachedRequired: Invalid value: false: field is immutable
            spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable
        "#,
    )];
    kept(&ground, &DRIVERS, &json!({"spec": {}}), cases).await;
    let cases = &[(
        json!({
            "spec": {
                "drivers": [
                    {"name": "", "nodeID": ""}, {"name": "A b", "nodeID": "n"},
                    {
                        "name": "a", "nodeID": "n", "allocatable": {"count": -1},
                        "topologyKeys": ["a", "a", "b c"]
                    },
                    {"name": "a", "nodeID": "n"}
                ]
            }
        }),
        r#"
            spec.drivers[0].name: Required value
            spec.drivers[0].nodeID: Required value
            spec.drivers[1].name: Invalid value: "A b": <subdomain>
            spec.drivers[2].allocatable.count: Invalid value: -1: must be greater than or equal to 0
            spec.drivers[2]: Duplicate value: "a"
            spec.drivers[2]: Invalid value: "b c": <name>
            spec.drivers[3].name: Duplicate value: "a"
        "#,
    )];
    refused(&ground, &NODES, cases).await;
    let cases = &[(
        json!({"spec": {"drivers": [{"name": "a", "nodeID": "m"}]}}),
        r#"spec.drivers: Invalid value: {"Name":"a","NodeID":"m","TopologyKeys":null,"Allocatable":null}: field is immutable"#,
    )];
    kept(&ground, &NODES, &json!({"spec": {"drivers": [{"name": "a", "nodeID": "n"}]}}), cases).await;
}

pub async fn in_attachments(ground: Ground) {
    let cases = &[
        (json!({}), r#"
            spec.attacher: Required value
            spec.nodeName: Invalid value: "": <subdomain>
            spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName
        "#),
        (json!({"spec": {"attacher": "A b", "nodeName": "A_", "source": {"persistentVolumeName": ""}}}), r#"
            spec.attacher: Invalid value: "A b": <subdomain>
            spec.nodeName: Invalid value: "A_": <subdomain>
            spec.source.persistentVolumeName: Invalid value: "": <subdomain>
            spec.source.persistentVolumeName: Required value: must specify non empty persistentVolumeName
        "#),
        (json!({
            "spec": {
                "attacher": "a", "nodeName": "n",
                "source": {
                    "inlineVolumeSpec": {"capacity": {"storage": "1"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "x"}
                }
            }
        }), "
            spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes
            spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes
            spec.source.inlineVolumeSpec.storageClassName: Forbidden: may not be specified in the context of inline volumes
            spec.source.inlineVolumeSpec: Required value: must specify a volume type
        "),
    ];
    refused(&ground, &ATTACHMENTS, cases).await;
    let cases = &[(
        json!({"spec": {"nodeName": "m"}}),
        r#"spec: Invalid value: {"Attacher":"a","Source":{"PersistentVolumeName":"x","InlineVolumeSpec":null},"NodeName":"m"}: field is immutable"#,
    )];
    kept(
        &ground,
        &ATTACHMENTS,
        &json!({"spec": {"attacher": "a", "nodeName": "n", "source": {"persistentVolumeName": "x"}}}),
        cases,
    )
    .await;
}

pub async fn in_capacities_and_classes_of_attributes(ground: Ground) {
    let cases = &[(
        json!({"storageClassName": "A_", "capacity": "-1", "nodeTopology": {"matchLabels": {"a b": "c"}}}),
        r#"
            capacity: Invalid value: "-1": must be greater than or equal to 0
            nodeTopology.matchLabels: Invalid value: "a b": <name>
            storageClassName: Invalid value: "A_": <subdomain>
        "#,
    )];
    refused(&ground, &CAPACITIES, cases).await;
    let cases = &[(
        json!({"storageClassName": "b", "nodeTopology": {"matchLabels": {"a": "c"}}}),
        r#"
            nodeTopology: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable
            storageClassName: Invalid value: "b": field is immutable
        "#,
    )];
    kept(&ground, &CAPACITIES, &json!({"storageClassName": "a"}), cases).await;
    let cases = &[
        (
            json!({}),
            "
            driverName: Required value
            parameters: Required value: must contain at least one key/value pair
        ",
        ),
        (
            json!({"driverName": "A b", "parameters": {"": "a"}}),
            r#"
            driverName: Invalid value: "a b": <name>
            parameters: Invalid value: "": field can not be empty.
        "#,
        ),
    ];
    refused(&ground, &ATTRIBUTES_CLASSES, cases).await;
    let cases = &[(
        json!({"driverName": "b", "parameters": {"a": "c"}}),
        "
            driverName: Forbidden: updates to driverName are forbidden.
            parameters: Forbidden: updates to parameters are forbidden.
        ",
    )];
    kept(&ground, &ATTRIBUTES_CLASSES, &json!({"driverName": "a", "parameters": {"a": "b"}}), cases).await;
}
