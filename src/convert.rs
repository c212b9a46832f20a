//! Every conversion between kube's types and this crate's, and nothing else: kube makes a major release with every
//! Kubernetes release, and this is the file that changes with it.

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::reflector::{Lookup, ObjectRef};
use kube::runtime::watcher as kube_watcher;
use serde::Serialize;

use crate::indexer::{Decoded, Indexer};
use crate::watcher::{Error, Event, Resource};
use crate::{Object, ObjectName, object};

impl Object {
    /// An object from any of kube's or k8s-openapi's types. Copies once; decoding the server's bytes copies less.
    ///
    /// # Errors
    ///
    /// When the value does not serialize to a JSON object, or nests too deeply.
    pub fn from_typed<K: Serialize>(typed: &K) -> Result<Object, object::Error> {
        Object::try_from(serde_json::to_value(typed)?)
    }
}

impl TryFrom<&DynamicObject> for Object {
    type Error = object::Error;

    fn try_from(dynamic: &DynamicObject) -> Result<Object, object::Error> {
        Object::from_typed(dynamic)
    }
}

impl TryFrom<&Object> for DynamicObject {
    type Error = serde_json::Error;

    fn try_from(object: &Object) -> Result<DynamicObject, serde_json::Error> {
        object.parse()
    }
}

impl<K: Lookup> From<&ObjectRef<K>> for ObjectName {
    fn from(reference: &ObjectRef<K>) -> ObjectName {
        ObjectName::new(reference.namespace.as_deref().unwrap_or_default(), &reference.name)
    }
}

impl ObjectName {
    /// The reference that kube's runtime knows the object by, for example as the trigger of a `Controller`.
    pub fn to_ref<K: Lookup<DynamicType: Default>>(&self) -> ObjectRef<K> {
        let reference = ObjectRef::new(self.name());
        if self.namespace().is_empty() { reference } else { reference.within(self.namespace()) }
    }
}

impl From<&ApiResource> for Resource {
    fn from(resource: &ApiResource) -> Resource {
        Resource::new(&resource.api_version, &resource.plural)
    }
}

impl Resource {
    /// The resource of a typed object.
    ///
    /// ```
    /// use k8s_openapi::api::networking::v1::Ingress;
    /// use kube_indexed_store::watcher::Resource;
    ///
    /// assert_eq!(Resource::of::<Ingress>(), Resource::new("networking.k8s.io/v1", "ingresses"));
    /// ```
    pub fn of<K: kube::Resource<DynamicType = ()>>() -> Resource {
        Resource::new(&K::api_version(&()), &K::plural(&()))
    }
}

/// The events of kube's own `watcher()`, filtered and indexed, for [`Watcher::feed`](crate::watcher::Watcher::feed).
///
/// What that watcher does not tell is missing here too: versions of lists, bookmarks, and that it works again after a
/// failure, which shows with its next event.
pub fn kube_events<K: Serialize>(
    events: impl Stream<Item = kube_watcher::Result<kube_watcher::Event<K>>>,
    indexer: Indexer,
) -> impl Stream<Item = Event> {
    let index = move |typed: &K| -> Result<Decoded, Error> {
        let skipped = |error| Error::Object(Arc::new(error));
        let object = Object::from_typed(typed).map_err(|error| skipped(error.into()))?;
        indexer.index(&object).map_err(skipped)
    };
    let deleted = |decoded| match decoded {
        Decoded::Matching(indexed) => {
            Event::Delete { name: indexed.name().clone(), version: indexed.version().cloned() }
        }
        Decoded::Unmatched { name, version } => Event::Delete { name, version },
    };
    events.flat_map(move |event| {
        use kube_watcher::Event as Kube;
        let event = match event {
            Ok(Kube::Init) => Some(Event::Start { reason: None }),
            Ok(Kube::InitApply(typed)) => match index(&typed) {
                Ok(Decoded::Matching(indexed)) => Some(Event::Item(indexed)),
                Ok(Decoded::Unmatched { .. }) => None,
                Err(error) => Some(Event::Skipped(error)),
            },
            // That watcher goes on with a watch, and tells if it cannot.
            Ok(Kube::InitDone) => return stream::iter(vec![Event::Done { version: None }, Event::Connected]),
            Ok(Kube::Apply(typed)) => Some(match index(&typed) {
                Ok(Decoded::Matching(indexed)) => Event::Apply(indexed),
                Ok(unmatched) => deleted(unmatched),
                Err(error) => Event::Skipped(error),
            }),
            Ok(Kube::Delete(typed)) => Some(index(&typed).map_or_else(Event::Skipped, deleted)),
            Err(error) => Some(Event::Failed { error: Error::Foreign(Arc::new(error)), retry_in: Duration::ZERO }),
        };
        stream::iter(Vec::from_iter(event))
    })
}
