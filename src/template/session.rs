//! Rendering from stores, also from such that have to fetch what is read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use minijinja::{Value, context};

use super::Renderer;
use super::error::{Cause, Error};
use super::reads::Reads;
use super::resources::Resources;
use super::run::Run;
use crate::store::Store;
use crate::{ObjectName, Snapshot};

/// How often a template is rendered until nothing is missing. Each pass can ask for all that it needs, and needs another
/// only for what depends on what came; a template that goes on asking is given up.
const MAX_PASSES: usize = 32;

/// One render from stores: every store is pinned at one snapshot for its length.
///
/// A store that keeps references is read like any other. Where a body is not at hand, the template gets a value that stands
/// for it and goes on; what the whole pass has missed is fetched together, and the template is rendered again, until
/// nothing is missing. A body stays pinned until the session ends, whatever the store's cache forgets, and a session never
/// sees two versions of one object. Templates do not wait, so any flavour of runtime will do.
///
/// # Examples
///
/// ```
/// # use kube_indexed_store::{Indexed, MemoryStore, Store, StoreExt, template::Renderer};
/// # use std::{collections::BTreeMap, sync::Arc};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let services: Arc<dyn Store> = Arc::new(MemoryStore::new());
/// let stores = BTreeMap::from([("services".to_owned(), Arc::clone(&services))]);
/// let mut renderer = Renderer::new();
/// renderer.add_template("count", "{{ resources.services.get('shop') | length }} services")?;
///
/// let mut rendered = renderer.session(&stores).render("count").await?;
/// assert_eq!(rendered.text(), "0 services");
///
/// // A change elsewhere does not concern it; one that it would see does.
/// let service = |namespace: &str| serde_json::json!({"metadata": {"namespace": namespace, "name": "web"}});
/// services.apply(Indexed::new(service("blog").try_into()?).unwrap())?;
/// assert!(rendered.is_current(&stores));
/// services.apply(Indexed::new(service("shop").try_into()?).unwrap())?;
/// assert!(!rendered.is_current(&stores));
/// # Ok(())
/// # }
/// ```
#[must_use = "a session renders nothing by itself"]
pub struct Session<'r> {
    renderer: &'r Renderer,
    stores: &'r BTreeMap<String, Arc<dyn Store>>,
    context: Value,
    /// For each store that may not be read as it is, why.
    refused: BTreeMap<String, String>,
    stale: BTreeMap<String, Duration>,
}

/// What a session has rendered.
#[derive(Clone)]
pub struct Rendered {
    text: String,
    snapshots: BTreeMap<String, Snapshot>,
    reads: BTreeMap<Arc<str>, Reads>,
    passes: usize,
    fetched: usize,
    stale: BTreeMap<String, Duration>,
    stale_objects: Vec<(String, ObjectName)>,
}

impl Renderer {
    /// A render from stores, by the names that the template knows them by.
    pub fn session<'r>(&'r self, stores: &'r BTreeMap<String, Arc<dyn Store>>) -> Session<'r> {
        Session { renderer: self, stores, context: context! {}, refused: BTreeMap::new(), stale: BTreeMap::new() }
    }

    /// A render from the stores of watchers. It fails if the template names a store that is not filled yet.
    #[cfg(feature = "client")]
    pub fn watched_session<'r>(&'r self, watchers: &'r crate::watcher::WatcherSet) -> Session<'r> {
        let mut session = self.session(watchers.stores());
        for (name, watcher) in watchers.iter() {
            let status = watcher.status();
            if !status.synced {
                session.refused.insert(name.to_owned(), format!("has not synced: it is {status}"));
            }
            if let Some(since) = status.stale_since {
                session.stale.insert(name.to_owned(), since.elapsed());
            }
        }
        session
    }
}

impl Session<'_> {
    /// What the template sees beside `resources`.
    pub fn context(mut self, context: Value) -> Self {
        self.context = context;
        self
    }

    /// Refuses to render from stores whose watch has been down for longer. Without it, [`Rendered::stale`] tells.
    pub fn max_stale(mut self, most: Duration) -> Self {
        for (store, age) in &self.stale {
            if *age > most && !self.refused.contains_key(store) {
                self.refused.insert(store.clone(), format!("is stale for {age:?}, which is more than {most:?}"));
            }
        }
        self
    }

    /// Renders a template.
    ///
    /// # Errors
    ///
    /// When the template fails, a body that it reads cannot be fetched, or a store that it names may not be read.
    /// Nothing is rendered in part.
    pub async fn render(self, template: &str) -> Result<Rendered, Error> {
        let run = Run::default();
        let snapshots: BTreeMap<String, Snapshot> =
            self.stores.iter().map(|(name, store)| (name.clone(), store.snapshot())).collect();
        let mut fetched = 0;
        for passes in 1..=MAX_PASSES {
            run.begin();
            let pass = self.pass(template, &snapshots, &run);
            if !run.is_void() {
                return Ok(Rendered {
                    text: pass?,
                    reads: run.reads(),
                    snapshots,
                    passes,
                    fetched,
                    stale: self.stale,
                    stale_objects: run.stale(),
                });
            }
            // Whatever the pass came to, it did not have what it asked for.
            fetched +=
                run.fetch().await.map_err(|(store, error)| Error::new(template, Cause::Store { store, error }))?;
        }
        Err(Error::new(template, Cause::Endless { passes: MAX_PASSES }))
    }

    fn pass(&self, template: &str, snapshots: &BTreeMap<String, Snapshot>, run: &Run) -> Result<String, Error> {
        self.renderer.before_pass();
        let stores = self.stores.iter().zip(snapshots.values());
        let stores = stores.map(|((name, store), snapshot)| (name.as_str(), snapshot.clone(), Some(Arc::clone(store))));
        let resources = Resources::pin(stores, run).refusing(self.refused.clone());
        self.renderer.render_resources(template, resources, self.context.clone(), run)
    }
}

impl Rendered {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, taken out.
    pub fn into_text(self) -> String {
        self.text
    }

    /// How often the template was rendered until nothing was missing.
    pub fn passes(&self) -> usize {
        self.passes
    }

    /// How many bodies were not at hand and were fetched for it.
    pub fn fetched(&self) -> usize {
        self.fetched
    }

    /// The snapshots it was rendered from.
    pub fn snapshots(&self) -> &BTreeMap<String, Snapshot> {
        &self.snapshots
    }

    /// The stores whose watch was down, with for how long.
    pub fn stale(&self) -> &BTreeMap<String, Duration> {
        &self.stale
    }

    /// The objects that are older than is known, because newer ones could not be fetched, by store.
    pub fn stale_objects(&self) -> &[(String, ObjectName)] {
        &self.stale_objects
    }

    /// Whether rendering again would read the same: none of the answers that the template got has changed since.
    ///
    /// When it is so, the render counts as one of now: the next question looks at what changes from here on.
    ///
    /// # Complexity
    ///
    /// Follows the number of changes, not what was read.
    pub fn is_current(&mut self, stores: &BTreeMap<String, Arc<dyn Store>>) -> bool {
        let now: BTreeMap<String, Snapshot> =
            stores.iter().map(|(name, store)| (name.clone(), store.snapshot())).collect();
        let concerned = self.reads.iter().any(|(name, reads)| match (self.snapshots.get(&**name), now.get(&**name)) {
            (Some(old), Some(new)) => reads.concerned_by(&new.diff(old)),
            _ => true,
        });
        if !concerned {
            self.snapshots = now;
        }
        !concerned
    }
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("stores", &self.stores.keys()).finish_non_exhaustive()
    }
}

/// Sizes only: the text may hold what Secrets hold.
impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered")
            .field("length", &self.text.len())
            .field("passes", &self.passes)
            .field("fetched", &self.fetched)
            .finish_non_exhaustive()
    }
}
