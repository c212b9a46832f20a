//! A store that is fed by hand, and what it tells once it is quiet.

use std::sync::Arc;
use std::time::Duration;

use kube_indexed_store::MemoryStore;
use kube_indexed_store::watcher::{Debounce, Event, Notifications, Watcher};
use tokio::time::{Instant, sleep, timeout};

use crate::fixtures::indexed;

pub const QUIET: Duration = Duration::from_millis(100);

/// A store that is fed by hand.
pub struct Fed {
    pub watcher: Watcher,
    pub sender: futures::channel::mpsc::UnboundedSender<Event>,
    pub version: u64,
}

impl Fed {
    pub fn new(name: &str) -> Fed {
        let (sender, events) = futures::channel::mpsc::unbounded();
        Fed { watcher: Watcher::feed(name, Arc::new(MemoryStore::new()), events).unwrap(), sender, version: 1 }
    }

    pub fn tell(&self, event: Event) {
        self.sender.unbounded_send(event).unwrap();
    }

    pub fn fill(&self, names: &[&str]) {
        self.tell(Event::Start { reason: None });
        names.iter().for_each(|name| self.tell(Event::Item(indexed(name, "1", 1))));
        self.tell(Event::Done { version: Some(1.into()) });
    }

    pub fn apply(&mut self, name: &str, value: &str) {
        self.version += 1;
        self.tell(Event::Apply(indexed(name, value, self.version)));
    }

    pub fn delete(&mut self, name: &str) {
        self.version += 1;
        self.tell(Event::Delete { name: indexed(name, "", 1).name().clone(), version: Some(self.version.into()) });
    }
}

/// A filled store whose first notice is taken, a day ago.
pub async fn quiet(debounce: Debounce, names: &[&str]) -> (Fed, Notifications) {
    let fed = Fed::new("a");
    fed.fill(names);
    let mut notifications = fed.watcher.notifications_with(debounce);
    assert!(notifications.next().await.unwrap().initial);
    sleep(Duration::from_secs(86_400)).await;
    (fed, notifications)
}

/// What comes within a minute: after how many milliseconds, and what.
pub async fn soon(notifications: &mut Notifications) -> Option<(u64, String)> {
    let start = Instant::now();
    let next = timeout(Duration::from_secs(60), notifications.next()).await.ok()??;
    Some((start.elapsed().as_millis() as u64, next.to_string()))
}
