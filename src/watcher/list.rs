//! Reading a complete list, page by page, each object decoded by itself as it comes.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::connection::{self, Status};
use super::resource::{Resource, Selection};
use super::split::{Splitter, TooLong};
use super::{Error, Event, Timeouts};
use crate::ResourceVersion;
use crate::indexer::{Decoded, Indexer};

/// How many objects are asked for at a time.
const PAGE: &str = "500";
/// How many are told at a time.
const AT_ONCE: usize = 64;

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

/// What is around the items of a page.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: PageMeta,
    /// There are none left, but it must be a list.
    #[serde(default, rename = "items")]
    _items: Option<Vec<IgnoredAny>>,
}

#[derive(Default, Deserialize)]
struct PageMeta {
    #[serde(default, rename = "resourceVersion")]
    version: String,
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

/// What the items of a page are.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Kind {
    api_version: String,
    kind: String,
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
    /// Nothing is told before the first objects have come, and what is told is void unless this succeeds.
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
            let mut tell = |events: Vec<Event>| tell(started.take().into_iter().chain(events).collect());
            let page = self.page(from, next.as_deref(), &mut tell).await?;
            let version = version.get_or_insert_with(|| ResourceVersion::new(&page.version));
            match page.next.filter(|token| !token.is_empty()) {
                Some(token) if next.as_deref() != Some(&*token) => next = Some(token),
                Some(_) => return Err(malformed("list that ends", None)),
                None => return Ok(version.clone()),
            }
        }
    }

    async fn page(
        &self,
        from: &From,
        next: Option<&str>,
        tell: &mut impl FnMut(Vec<Event>),
    ) -> Result<PageMeta, Error> {
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
        let mut frames = connection::open(self.client, self.resource, &uri, "list", self.timeouts).await?;
        let mut splitter = Splitter::default();
        let (mut kind, mut events) = (None, Vec::new());
        while let Some(bytes) = frames.next().await? {
            let found = |splitter: &Splitter, item: &[u8]| {
                let kind: &Kind = kind.get_or_insert_with(|| Kind::of(&splitter.around_so_far()));
                events.extend(self.item(item, kind));
                if events.len() >= AT_ONCE {
                    tell(std::mem::take(&mut events));
                }
            };
            splitter.feed(&bytes, found).map_err(|TooLong| malformed("list of a bearable length", None))?;
        }
        let page = parse(&splitter.into_around())?;
        tell(events);
        Ok(page)
    }

    fn item(&self, item: &[u8], kind: &Kind) -> Option<Event> {
        match self.indexer.decode_item(item, &kind.api_version, &kind.kind) {
            Ok(Decoded::Matching(indexed)) => Some(Event::Item(indexed)),
            Ok(Decoded::Unmatched { .. }) => None,
            Err(error) => Some(Event::Skipped(Error::Object(Arc::new(error)))),
        }
    }
}

impl Kind {
    /// From what is before the items of a list. Items of built-in kinds do not say what they are; the list does.
    fn of(list: &[u8]) -> Kind {
        let Kind { api_version, kind } = serde_json::from_slice(list).unwrap_or_default();
        Kind { api_version, kind: kind.strip_suffix("List").map(str::to_owned).unwrap_or(kind) }
    }
}

fn parse(body: &[u8]) -> Result<PageMeta, Error> {
    let page: Page = serde_json::from_slice(body).map_err(|error| malformed("Kubernetes list", Some(error)))?;
    if page.kind == "Status" {
        let status: Status = serde_json::from_slice(body).unwrap_or_default();
        return Err(status.into());
    }
    if page.metadata.version.is_empty() {
        return Err(malformed("Kubernetes list with a resourceVersion", None));
    }
    Ok(page.metadata)
}

fn malformed(expected: &'static str, source: Option<serde_json::Error>) -> Error {
    Error::malformed("list", expected, source)
}
