//! Reading a complete list, page by page, each object decoded by itself.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::connection::{self, Status};
use super::resource::{Resource, Selection};
use super::{Error, Event, Timeouts};
use crate::ResourceVersion;
use crate::indexer::{Decoded, Indexer};

/// How many objects are asked for at a time.
const PAGE: &str = "500";

/// Which state of the world a list has to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// The newest, in pages.
    Newest,
    /// The newest, in one piece: no page can expire before the next.
    NewestWhole,
    /// At least this version.
    NotOlderThan(ResourceVersion),
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default, rename = "apiVersion")]
    api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    metadata: PageMeta<'a>,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
struct PageMeta<'a> {
    #[serde(borrow, default, rename = "resourceVersion")]
    version: Cow<'a, str>,
    #[serde(borrow, default, rename = "continue")]
    next: Option<Cow<'a, str>>,
}

pub(crate) struct Lister<'l> {
    pub(crate) client: &'l kube::Client,
    pub(crate) resource: &'l Resource,
    pub(crate) selection: &'l Selection,
    pub(crate) indexer: &'l Indexer,
    pub(crate) timeouts: &'l Timeouts,
}

impl Lister<'_> {
    /// Tells the objects of a complete list; the version that it shows is returned.
    ///
    /// Nothing is told before the first page has come, and what is told is void unless this succeeds.
    pub(crate) async fn list(
        &self,
        from: &From,
        tell: &mut impl FnMut(Vec<Event>),
        started: Event,
    ) -> Result<ResourceVersion, Error> {
        let mut started = Some(started);
        let mut version = None;
        let mut next: Option<String> = None;
        loop {
            let page = self.page(from, next.as_deref()).await?;
            let mut page: Page<'_> = parse(&page)?;
            tell(started.take().into_iter().chain(self.items(&mut page)).collect());
            let version = version.get_or_insert_with(|| ResourceVersion::new(&page.metadata.version));
            match page.metadata.next.filter(|token| !token.is_empty()) {
                Some(token) if next.as_deref() != Some(&*token) => next = Some(token.into_owned()),
                Some(_) => return Err(malformed("list that ends", None)),
                None => return Ok(version.clone()),
            }
        }
    }

    async fn page(&self, from: &From, next: Option<&str>) -> Result<Vec<u8>, Error> {
        let version = match from {
            From::NotOlderThan(version) => version.to_string(),
            _ => String::new(),
        };
        let mut parameters = Vec::new();
        if *from != From::NewestWhole {
            parameters.push(("limit", PAGE));
        }
        match (next, from) {
            (Some(token), _) => parameters.push(("continue", token)),
            (None, From::NotOlderThan(_)) => {
                parameters.extend([("resourceVersion", &*version), ("resourceVersionMatch", "NotOlderThan")]);
            }
            (None, _) => {}
        }
        let uri = self.selection.uri(self.resource, &parameters);
        connection::open(self.client, self.resource, &uri, "list", self.timeouts).await?.collect().await
    }

    fn items(&self, page: &mut Page<'_>) -> impl Iterator<Item = Event> {
        // Items of built-in kinds do not say what they are; the list does.
        let kind = page.kind.strip_suffix("List").unwrap_or(&page.kind);
        let (kind, api_version) = (kind.to_owned(), page.api_version.to_string());
        page.items.take().into_iter().flatten().filter_map(move |item| {
            match self.indexer.decode_item(item.get().as_bytes(), &api_version, &kind) {
                Ok(Decoded::Matching(indexed)) => Some(Event::Item(indexed)),
                Ok(Decoded::Unmatched { .. }) => None,
                Err(error) => Some(Event::Skipped(Error::Object(Arc::new(error)))),
            }
        })
    }
}

fn parse(body: &[u8]) -> Result<Page<'_>, Error> {
    let page: Page<'_> = serde_json::from_slice(body).map_err(|error| malformed("Kubernetes list", Some(error)))?;
    if page.kind == "Status" {
        let status: Status = serde_json::from_slice(body).unwrap_or_default();
        return Err(status.into());
    }
    if page.metadata.version.is_empty() {
        return Err(malformed("Kubernetes list with a resourceVersion", None));
    }
    Ok(page)
}

fn malformed(expected: &'static str, source: Option<serde_json::Error>) -> Error {
    Error::malformed("list", expected, source)
}
