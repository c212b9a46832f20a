//! kube-runtime's reflector store, for objects of any kind: one locked map by reference, without an index.
//!
//! A namespace is found by looking at every object, and what is found is sorted.

use std::hint::black_box;
use std::sync::Arc;

use kube::api::{DynamicObject, GroupVersionKind};
use kube::core::ApiResource;
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::Event;

use super::Peer;

pub struct Reflector {
    resource: ApiResource,
    writer: Writer<DynamicObject>,
    store: Store<DynamicObject>,
}

fn read(mut found: Vec<Arc<DynamicObject>>) -> usize {
    found.sort_unstable_by(|a, b| {
        let (a, b) = (&a.metadata, &b.metadata);
        (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name))
    });
    found.iter().map(black_box).count()
}

impl Peer for Reflector {
    const NAME: &'static str = "kube reflector";
    type Decoded = DynamicObject;

    fn new(kind: &str) -> Reflector {
        // The group takes no part in what is measured, only the kind's texts are compared and hashed.
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", kind));
        let writer = Writer::new(resource.clone());
        Reflector { store: writer.as_reader(), writer, resource }
    }

    fn decode(&self, json: &[u8]) -> DynamicObject {
        let mut object: DynamicObject = serde_json::from_slice(json).expect("an object");
        object.metadata.managed_fields = None;
        if let Some(annotations) = &mut object.metadata.annotations {
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        }
        object
    }

    /// The writer takes events by reference, and copies the object.
    fn apply(&mut self, object: DynamicObject) {
        self.writer.apply_watcher_event(&Event::Apply(object));
    }

    fn exact(&self, namespace: &str, name: &str) -> bool {
        let reference = ObjectRef::new_with(name, self.resource.clone()).within(namespace);
        black_box(self.store.get(&reference)).is_some()
    }

    fn prefix(&self, namespace: &str) -> usize {
        read(self.store.state_filter(|object| object.metadata.namespace.as_deref().unwrap_or_default() == namespace))
    }

    fn list(&self) -> usize {
        read(self.store.state())
    }
}
