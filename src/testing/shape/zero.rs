//! What Go writes of what nobody set: most fields are left out, the others have the empty value of their type.

use serde_json::{Map, Value, json};

use super::{Empty, Format, Member, Shape, Type};

impl Shape<'_> {
    /// The fields of an object in which nobody set anything.
    pub(in crate::testing) fn zero(self) -> Map<String, Value> {
        let mut object = Map::new();
        self.complete(&mut object);
        object
    }

    /// Adds what is written of the fields that nobody set, in an object and in those within it.
    pub(in crate::testing) fn complete(self, object: &mut Map<String, Value>) {
        let Shape { shapes, ty: Type::Map(map) } = self.resolved() else { return };
        for (name, field) in &map.fields {
            let shape = Shape { shapes, ty: &field.ty };
            match (object.get_mut(name.as_ref()), field.empty) {
                (Some(value), _) => shape.complete_within(value),
                (None, Empty::Written) => drop(object.insert(name.to_string(), shape.empty())),
                (None, Empty::Null) => drop(object.insert(name.to_string(), Value::Null)),
                (None, Empty::Absent | Empty::Kept) => {}
            }
        }
        if let Some(ty) = &map.entries {
            object.values_mut().for_each(|value| Shape { shapes, ty }.complete_within(value));
        }
    }

    /// Makes null of lists that are written although nothing is in them, at any depth: what is stored is in protobuf,
    /// which does not tell them from those that nobody set.
    pub(in crate::testing) fn forget_empty(self, value: &mut Value) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    match self.member(name) {
                        Some(Member { empty: Empty::Written, .. }) if *value == json!([]) => *value = Value::Null,
                        Some(Member { shape, .. }) => shape.forget_empty(value),
                        None => {}
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.item().forget_empty(item)),
            _ => {}
        }
    }

    fn complete_within(self, value: &mut Value) {
        match value {
            Value::Object(object) => self.complete(object),
            Value::Array(items) => items.iter_mut().for_each(|item| self.item().complete_within(item)),
            _ => {}
        }
    }

    /// The empty value of a type.
    fn empty(self) -> Value {
        match self.resolved().ty {
            Type::Map(map) if map.is_structure() => self.zero().into(),
            // Lists, of bytes too, and maps are not there until somebody puts something in.
            Type::Formatted(Format::Bytes) => Value::Null,
            Type::Formatted(format) => format.zero(),
            _ => Value::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Shapes, *};

    fn zero(api_version: &str, kind: &str) -> Value {
        Shapes::built_in().kind(api_version, kind).zero().into()
    }

    #[test]
    fn kinds_differ_in_what_their_empty_objects_have() {
        assert_eq!(zero("v1", "Pod"), json!({"metadata": {}, "spec": {"containers": null}, "status": {}}));
        assert_eq!(zero("v1", "ConfigMap"), json!({"metadata": {}}));
        assert_ne!(zero("v1", "Event"), zero("events.k8s.io/v1", "Event"));
        assert_eq!(zero("example.com/v1", "Cactus"), json!({}));
    }

    #[test]
    fn what_is_left_open_within_an_object_is_empty() {
        let mut pod = json!({"spec": {"containers": [{"env": [{"value": "x"}]}, 5]}, "status": {"conditions": [{}]}});
        Shapes::built_in().kind("v1", "Pod").complete(pod.as_object_mut().expect("an object"));
        let condition = json!({"type": "", "status": "", "lastProbeTime": null, "lastTransitionTime": null});
        assert_eq!(
            pod,
            json!({
                "metadata": {},
                "spec": {"containers": [{"name": "", "resources": {}, "env": [{"name": "", "value": "x"}]}, 5]},
                "status": {"conditions": [condition]},
            })
        );
    }

    #[test]
    fn lists_without_items_are_forgotten_where_they_are_written_anyhow() {
        let mut slice = json!({"endpoints": [{"addresses": [], "hints": {"forZones": []}}], "ports": []});
        Shapes::built_in().kind("discovery.k8s.io/v1", "EndpointSlice").forget_empty(&mut slice);
        assert_eq!(slice, json!({"endpoints": [{"addresses": null, "hints": {"forZones": []}}], "ports": null}));
    }

    #[test]
    fn what_is_pointed_to_is_null_or_absent() {
        let mut deployment = json!({"spec": {}});
        Shapes::built_in().kind("apps/v1", "Deployment").complete(deployment.as_object_mut().expect("an object"));
        assert_eq!(["selector", "replicas"].map(|field| deployment["spec"].get(field)), [Some(&Value::Null), None]);
    }
}
