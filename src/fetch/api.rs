//! Fetching from the API server, under the same conditions as the watch that feeds the store.

use std::fmt;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Error, Fetch};
use crate::indexer::Indexer;
use crate::watcher::connection;
use crate::watcher::list::{From, Lister};
use crate::watcher::resource::Selection;
use crate::watcher::{self, Chain, Event, Resource, Timeouts};
use crate::{Indexed, ObjectName};

/// Gets objects of one resource from the API server, one GET each.
///
/// What comes is filtered and indexed by the watch's indexer and held against its selectors. Under a field selector of the
/// server, which only the server can evaluate, a LIST of the one name takes the place of the GET.
///
/// It comes from the [builder of a watcher](crate::watcher::WatcherBuilder::fetcher).
#[derive(Clone)]
pub struct ApiFetcher {
    inner: Arc<Inner>,
}

struct Inner {
    client: kube::Client,
    resource: Resource,
    selection: Selection,
    indexer: Indexer,
    timeouts: Timeouts,
}

impl ApiFetcher {
    pub(crate) fn new(
        client: kube::Client,
        resource: Resource,
        selection: Selection,
        indexer: Indexer,
        timeouts: Timeouts,
    ) -> ApiFetcher {
        ApiFetcher { inner: Arc::new(Inner { client, resource, selection, indexer, timeouts }) }
    }
}

impl Fetch for ApiFetcher {
    fn fetch(&self, name: &ObjectName) -> BoxFuture<'static, Result<Option<Indexed>, Error>> {
        let (inner, name) = (Arc::clone(&self.inner), name.clone());
        async move {
            let fetched = match inner.selection.fields.is_empty() {
                true => inner.get(&name).await,
                false => inner.list(&name).await,
            };
            match fetched {
                Ok(found) => Ok(found.filter(|found| inner.selects(found))),
                Err(watcher::Error::UnknownResource { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }
        .boxed()
    }
}

impl Inner {
    async fn get(&self, name: &ObjectName) -> Result<Option<Indexed>, watcher::Error> {
        let uri = self.resource.object_path(name);
        let frames = connection::open(&self.client, &self.resource, &uri, "get", &self.timeouts).await?;
        let decoded = self.indexer.decode(&frames.collect().await?);
        Ok(decoded.map_err(|error| watcher::Error::Object(Arc::new(error)))?.matching())
    }

    async fn list(&self, name: &ObjectName) -> Result<Option<Indexed>, watcher::Error> {
        let namespace = Some(name.namespace()).filter(|namespace| !namespace.is_empty()).map(str::to_owned);
        let selection = Selection { namespace, name: Some(name.name().to_owned()), ..self.selection.clone() };
        let Inner { client, resource, indexer, timeouts, .. } = self;
        let lister = Lister { client, resource, selection: &selection, indexer, timeouts };
        let mut found = None;
        let mut tell = |events: Vec<Event>| {
            for event in events {
                match event {
                    Event::Item(indexed) => found = Some(Ok(indexed)),
                    Event::Skipped(error) => found = Some(Err(error)),
                    _ => {}
                }
            }
        };
        lister.list(&From::Newest, &mut tell, Event::Start { reason: None }).await?;
        found.transpose()
    }

    /// Whether the object is one that the watch would tell of.
    fn selects(&self, found: &Indexed) -> bool {
        let labels = |key: &str| found.object()?.label(key);
        self.selection.labels.is_empty()
            || !self.indexer.schema().keeps_labels()
            || self.selection.labels.matches(labels)
    }
}

impl std::convert::From<watcher::Error> for Error {
    fn from(error: watcher::Error) -> Error {
        match error {
            watcher::Error::Refused { code, reason, message, retry_after } => {
                Error::Refused { code, reason, message, retry_after }
            }
            watcher::Error::Timeout { after, .. } => Error::Timeout { after },
            other => Error::Failed(Chain(&other).to_string().into()),
        }
    }
}

impl fmt::Debug for ApiFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiFetcher({})", self.inner.resource)
    }
}
