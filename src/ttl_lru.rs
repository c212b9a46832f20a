//! A bounded map that forgets: the least recently used first, and everything after a while.
//!
//! Pure: the time is an argument, and there is no lock. What the values are is its user's business.

use std::hash::Hash;
use std::time::Duration;

use lru::LruCache;
use tokio::time::Instant;

/// How much is kept, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
    pub(crate) ttl: Duration,
    /// Whether each use lets an entry live anew.
    pub(crate) sliding: bool,
    /// Whether what is expired stays to be peeked at, until it is the least recently used.
    pub(crate) keep_expired: bool,
}

/// How many entries left, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evicted {
    pub(crate) expired: u64,
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

#[derive(Debug)]
pub(crate) struct TtlLru<K: Hash + Eq, V> {
    entries: LruCache<K, Kept<V>>,
    limits: Limits,
    bytes: usize,
    evicted: Evicted,
}

#[derive(Debug)]
struct Kept<V> {
    value: V,
    bytes: usize,
    /// When its time began.
    since: Instant,
}

impl<V> Kept<V> {
    fn is_expired(&self, now: Instant, limits: &Limits) -> bool {
        now.saturating_duration_since(self.since) >= limits.ttl
    }
}

impl<K: Hash + Eq + Clone, V> TtlLru<K, V> {
    pub(crate) fn new(limits: Limits) -> TtlLru<K, V> {
        TtlLru { entries: LruCache::unbounded(), limits, bytes: 0, evicted: Evicted::default() }
    }

    /// The value, unless it is expired; it becomes the most recently used.
    pub(crate) fn get(&mut self, key: &K, now: Instant) -> Option<&V> {
        if self.entries.peek(key)?.is_expired(now, &self.limits) {
            if !self.limits.keep_expired {
                self.remove(key);
                self.evicted.expired += 1;
            }
            return None;
        }
        let kept = self.entries.get_mut(key)?;
        if self.limits.sliding {
            kept.since = now;
        }
        Some(&kept.value)
    }

    /// The value, expired or not, and left as it is.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        self.entries.peek(key).map(|kept| &kept.value)
    }

    /// Puts a value in, and others out until everything is within the limits. What exceeds them alone is not kept and
    /// puts nothing out.
    pub(crate) fn insert(&mut self, key: K, value: V, bytes: usize, now: Instant) {
        self.remove(&key);
        if bytes > self.limits.bytes {
            self.evicted.bytes += 1;
            return;
        }
        self.bytes += bytes;
        self.entries.put(key, Kept { value, bytes, since: now });
        while self.entries.len() > self.limits.entries || self.bytes > self.limits.bytes {
            let cause = if self.entries.len() > self.limits.entries {
                &mut self.evicted.entries
            } else {
                &mut self.evicted.bytes
            };
            *cause += 1;
            let Some((_, oldest)) = self.entries.pop_lru() else { break };
            self.bytes -= oldest.bytes;
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let kept = self.entries.pop(key)?;
        self.bytes -= kept.bytes;
        Some(kept.value)
    }

    /// Drops what is expired; returns how many that were.
    pub(crate) fn evict_expired(&mut self, now: Instant) -> usize {
        let expired = self.entries.iter().filter(|(_, kept)| kept.is_expired(now, &self.limits));
        let expired: Vec<K> = expired.map(|(key, _)| key.clone()).collect();
        for key in &expired {
            self.remove(key);
        }
        self.evicted.expired += expired.len() as u64;
        expired.len()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, kept)| &kept.value)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn evicted(&self) -> Evicted {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { entries: 3, bytes: 100, ttl: Duration::from_secs(10), sliding: false, keep_expired: false };

    fn cache(limits: Limits) -> (TtlLru<&'static str, u32>, Instant) {
        (TtlLru::new(limits), Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_is_kept_until_its_time_and_not_a_moment_longer() {
        let (mut cache, start) = cache(LIMITS);
        cache.insert("a", 1, 10, start);
        let end = start + Duration::from_secs(10);
        assert_eq!(cache.get(&"a", end - Duration::from_nanos(1)), Some(&1));
        assert_eq!(cache.get(&"a", end), None);
        assert_eq!((cache.len(), cache.bytes()), (0, 0));
        assert_eq!(cache.evicted(), Evicted { expired: 1, ..Evicted::default() });
    }

    #[tokio::test(start_paused = true)]
    async fn a_sliding_time_begins_anew_with_each_use() {
        let (mut cache, start) = cache(Limits { sliding: true, ..LIMITS });
        cache.insert("a", 1, 10, start);
        let later = start + Duration::from_secs(9);
        assert_eq!(cache.get(&"a", later), Some(&1));
        assert_eq!(cache.get(&"a", later + Duration::from_secs(9)), Some(&1));
        assert_eq!(cache.get(&"a", later + Duration::from_secs(19)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_expired_can_stay_to_be_peeked_at() {
        let (mut cache, start) = cache(Limits { keep_expired: true, ..LIMITS });
        cache.insert("a", 1, 10, start);
        assert_eq!(cache.get(&"a", start + Duration::from_secs(10)), None);
        assert_eq!((cache.peek(&"a"), cache.evicted()), (Some(&1), Evicted::default()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_without_end_never_ends() {
        for sliding in [false, true] {
            let (mut cache, start) = cache(Limits { ttl: Duration::MAX, sliding, ..LIMITS });
            cache.insert("a", 1, 10, start);
            let later = start + Duration::from_secs(1_000_000_000);
            assert_eq!((cache.evict_expired(later), cache.get(&"a", later)), (0, Some(&1)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_nothing_may_be_kept_nothing_is() {
        for limits in [Limits { entries: 0, ..LIMITS }, Limits { bytes: 0, ..LIMITS }] {
            let (mut cache, now) = cache(limits);
            cache.insert("a", 1, 10, now);
            assert_eq!((cache.len(), cache.bytes(), cache.get(&"a", now)), (0, 0, None));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_least_recently_used_goes_first() {
        let (mut cache, now) = cache(LIMITS);
        for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
            cache.insert(key, value, 1, now);
        }
        assert_eq!(cache.get(&"a", now), Some(&1));
        cache.insert("d", 4, 1, now);
        assert_eq!(cache.peek(&"b"), None);
        assert_eq!([cache.peek(&"a"), cache.peek(&"c"), cache.peek(&"d")], [Some(&1), Some(&3), Some(&4)]);
        assert_eq!(cache.evicted(), Evicted { entries: 1, ..Evicted::default() });
    }

    #[tokio::test(start_paused = true)]
    async fn the_bytes_of_all_values_stay_within_the_budget() {
        let (mut cache, now) = cache(LIMITS);
        cache.insert("a", 1, 60, now);
        cache.insert("b", 2, 40, now);
        assert_eq!((cache.len(), cache.bytes()), (2, 100));
        cache.insert("c", 3, 50, now);
        assert_eq!((cache.peek(&"a"), cache.len(), cache.bytes()), (None, 2, 90));
        cache.insert("huge", 4, 101, now);
        assert_eq!((cache.peek(&"huge"), cache.len(), cache.bytes()), (None, 2, 90), "it puts nothing out");
        assert_eq!(cache.evicted(), Evicted { bytes: 2, ..Evicted::default() });
        cache.insert("all", 5, 100, now);
        assert_eq!((cache.peek(&"all"), cache.len(), cache.bytes()), (Some(&5), 1, 100));
    }

    #[tokio::test(start_paused = true)]
    async fn replacing_a_value_counts_its_bytes_once() {
        let (mut cache, now) = cache(LIMITS);
        cache.insert("a", 1, 60, now);
        cache.insert("a", 2, 70, now + Duration::from_secs(5));
        assert_eq!((cache.len(), cache.bytes(), cache.evicted()), (1, 70, Evicted::default()));
        assert_eq!(cache.get(&"a", now + Duration::from_secs(12)), Some(&2));
        assert_eq!(cache.remove(&"a"), Some(2));
        assert_eq!((cache.len(), cache.bytes()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_expired_can_be_dropped_at_once() {
        let (mut cache, start) = cache(LIMITS);
        cache.insert("a", 1, 1, start);
        cache.insert("b", 2, 1, start + Duration::from_secs(5));
        assert_eq!(cache.evict_expired(start + Duration::from_secs(10)), 1);
        assert_eq!((cache.peek(&"a"), cache.peek(&"b"), cache.bytes()), (None, Some(&2), 1));
    }
}
