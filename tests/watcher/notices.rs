//! Notices of changes.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use kube_indexed_store::indexer::Schema;
use kube_indexed_store::snapshot::Snapshot;
use kube_indexed_store::store::{self, Changes, Reset, Revision, Scope, StoreExt};
use kube_indexed_store::watcher::{Debounce, Event, Watcher};
use kube_indexed_store::{Indexed, MemoryStore, Query, Store, Write};
use parking_lot::Mutex;
use tokio::time::{sleep, timeout};

use crate::{
    fixtures::{config_map, indexed, within},
    quiet::{QUIET, quiet, soon},
};

#[tokio::test(start_paused = true)]
async fn changes_are_told_when_it_is_quiet() {
    let (mut fed, mut notifications) = quiet(Debounce::default(), &[]).await;
    fed.apply("a", "1");
    let late = async {
        sleep(Duration::from_millis(60)).await;
        fed.apply("b", "1");
    };
    let (first, ()) = tokio::join!(soon(&mut notifications), late);
    assert_eq!(first, Some((160, "a: created default/a, created default/b".to_owned())));
    assert_eq!(soon(&mut notifications).await, None);
}

#[tokio::test(start_paused = true)]
async fn changes_without_a_pause_are_told_at_the_latest_after_the_maximum() {
    let (mut fed, mut notifications) = quiet(Debounce::new(QUIET, Duration::from_secs(1)), &[]).await;
    let busy = async {
        for value in 0..250 {
            fed.apply("a", &value.to_string());
            sleep(Duration::from_millis(10)).await;
        }
    };
    let reader = async {
        let mut times = Vec::new();
        while let Some((after, _)) = soon(&mut notifications).await {
            times.push(after);
        }
        times
    };
    let (times, ()) = tokio::join!(reader, busy);
    // Every notice after the maximum; the last when it is quiet.
    assert_eq!(times.len(), 3, "{times:?}");
    assert!(times[..2].iter().all(|after| (1000..=1011).contains(after)), "{times:?}");
    assert!(times[2] < 700, "{times:?}");
}

/// A store that has changed whenever anybody looks, up to a number of times.
#[derive(Debug, Clone)]
struct Restless {
    store: MemoryStore,
    left: Arc<Mutex<u64>>,
}

impl Store for Restless {
    fn schema(&self) -> Schema {
        self.store.schema()
    }

    fn write(&self, batch: Vec<Write>) -> Result<Revision, store::Error> {
        self.store.write(batch)
    }

    fn reset(&self, scope: Scope) -> Box<dyn Reset> {
        self.store.reset(scope)
    }

    fn get(&self, query: Query<'_>) -> Result<store::Get, store::Error> {
        self.store.get(query)
    }

    fn snapshot(&self) -> Snapshot {
        self.store.snapshot()
    }

    fn changes(&self) -> Changes {
        let (sender, revision) = tokio::sync::watch::channel(self.store.revision());
        let restless = self.clone();
        Changes::new(revision, move || {
            let mut left = restless.left.lock();
            let before = restless.snapshot();
            if *left > 0 {
                *left -= 1;
                let revision = restless.store.apply(indexed("a", &left.to_string(), 1_000_000 - *left)).unwrap();
                sender.send_replace(revision);
            }
            before
        })
    }
}

#[tokio::test(start_paused = true)]
async fn changes_that_leave_the_reader_no_rest_do_not_put_the_maximum_off() {
    let (sender, events) = futures::channel::mpsc::unbounded();
    let restless = Restless { store: MemoryStore::new(), left: Arc::new(Mutex::new(100_000)) };
    let watcher = Watcher::feed("a", Arc::new(restless.clone()), events).unwrap();
    sender.unbounded_send(Event::Start { reason: None }).unwrap();
    sender.unbounded_send(Event::Done { version: None }).unwrap();
    let mut notifications = watcher.notifications_with(Debounce::new(QUIET, Duration::from_secs(1)));
    assert!(notifications.next().await.unwrap().initial);
    let clock = tokio::spawn(async {
        loop {
            tokio::time::advance(Duration::from_millis(10)).await;
        }
    });
    assert_eq!(notifications.next().await.unwrap().changes.len(), 1);
    assert!(*restless.left.lock() > 0, "told only when the changes had ended");
    clock.abort();
}

#[tokio::test(start_paused = true)]
async fn with_a_leading_edge_the_first_change_is_told_at_once_and_what_follows_is_held_back() {
    let (mut fed, mut notifications) = quiet(Debounce::default().leading(), &[]).await;
    fed.apply("a", "1");
    assert_eq!(soon(&mut notifications).await, Some((0, "a: created default/a".to_owned())));
    sleep(Duration::from_millis(30)).await;
    fed.apply("b", "1");
    assert_eq!(soon(&mut notifications).await, Some((100, "a: created default/b".to_owned())));
    sleep(QUIET).await;
    fed.apply("c", "1");
    assert_eq!(soon(&mut notifications).await, Some((0, "a: created default/c".to_owned())));
    // Changes that undo each other while they are held back tell nothing, so what comes after them is first again.
    sleep(QUIET * 2).await;
    fed.apply("d", "1");
    assert_eq!(soon(&mut notifications).await, Some((0, "a: created default/d".to_owned())));
    fed.apply("e", "1");
    assert!(timeout(QUIET / 2, notifications.next()).await.is_err());
    fed.delete("e");
    assert!(timeout(QUIET * 3 / 2, notifications.next()).await.is_err());
    fed.apply("f", "1");
    assert_eq!(soon(&mut notifications).await, Some((0, "a: created default/f".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn changes_that_undo_each_other_tell_nothing() {
    let (mut fed, mut notifications) = quiet(Debounce::default(), &["kept"]).await;
    fed.apply("a", "1");
    fed.apply("kept", "2");
    sleep(QUIET / 2).await;
    assert!(notifications.next().now_or_never().is_none());
    fed.delete("a");
    fed.apply("kept", "1");
    assert_eq!(soon(&mut notifications).await, None);
    fed.apply("kept", "2");
    assert_eq!(soon(&mut notifications).await, Some((100, "a: modified default/kept".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn notices_count_what_was_created_modified_and_deleted() {
    let (mut fed, mut notifications) = quiet(Debounce::default(), &["a", "b", "c"]).await;
    fed.apply("a", "2");
    fed.delete("b");
    fed.delete("c");
    fed.apply("d", "1");
    let mut replaced = within("default", config_map("a", "3"));
    replaced["metadata"]["uid"] = "another".into();
    let replaced = Indexed::new(kube_indexed_store::Object::try_from(replaced).unwrap()).unwrap();
    fed.tell(Event::Apply(replaced));
    let notice = notifications.next().await.unwrap();
    assert_eq!((notice.created(), notice.modified(), notice.deleted(), notice.initial), (1, 1, 2, false));
}
