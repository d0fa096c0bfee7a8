//! The plugins' stores (`wit/0.2.0/host.wit`, interface `kv`): one per plugin, in memory, bounded in entries and bytes. What has been
//! used the longest time ago goes first. They outlive a reload of the config, not the gateway.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

/// Entries of one plugin: ten for each of a team's thousand sessions.
const MAX_ENTRIES: usize = 10_000;

/// Bytes of one plugin, keys included: what a plugin's own memory may be by default, once more.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Longest key: an id or a path.
const MAX_KEY: usize = 512;

/// Largest value: an image for a model, as its providers take it.
const MAX_VALUE: usize = 8 * 1024 * 1024;

/// Longest list of keys that is handed over.
const MAX_LISTED: usize = 1000;

/// The stores of all plugins, by name.
#[derive(Debug, Default)]
pub struct Stores(Mutex<HashMap<Arc<str>, Arc<Store>>>);

impl Stores {
    /// The store of a plugin.
    pub fn of(&self, plugin: &Arc<str>) -> Arc<Store> {
        let mut stores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(stores.entry(Arc::clone(plugin)).or_default())
    }
}

/// Entries of one session, or (`None`) those for every request.
type Key = (Option<Arc<str>>, Box<str>);

/// One plugin's entries.
#[derive(Debug)]
pub struct Store(Mutex<Entries>);

#[derive(Debug)]
struct Entries {
    cache: LruCache<Key, Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    value: Vec<u8>,
    expires: Option<Instant>,
}

impl Default for Store {
    fn default() -> Self {
        Self(Mutex::new(Entries { cache: LruCache::unbounded(), bytes: 0 }))
    }
}

impl Store {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a key.
    pub fn get(&self, session: Option<&Arc<str>>, key: &str) -> Option<Vec<u8>> {
        let key = (session.cloned(), Box::from(key));
        let mut entries = self.entries();
        let entry = entries.cache.get(&key)?;
        if entry.expires.is_none_or(|expires| Instant::now() < expires) {
            return Some(entry.value.clone());
        }
        entries.remove(&key);
        None
    }

    /// Keeps a value, for `ttl` if there is one. `Err` says which bound it breaks.
    pub fn set(
        &self,
        session: Option<&Arc<str>>,
        key: &str,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> Result<(), String> {
        if key.len() > MAX_KEY || value.len() > MAX_VALUE {
            return Err(format!("a key may have {MAX_KEY} bytes, a value {MAX_VALUE}"));
        }
        // A time too far to be told is no limit.
        let expires = ttl.and_then(|ttl| Instant::now().checked_add(ttl));
        let key = (session.cloned(), Box::from(key));
        let mut entries = self.entries();
        entries.remove(&key);
        entries.bytes += size(&key, &value);
        entries.cache.put(key, Entry { value, expires });
        entries.shrink();
        Ok(())
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.entries().cache.is_empty()
    }

    /// Forgets a key.
    pub fn delete(&self, session: Option<&Arc<str>>, key: &str) {
        self.entries().remove(&(session.cloned(), Box::from(key)));
    }

    /// The keys with a prefix, sorted; at most a thousand.
    pub fn keys(&self, session: Option<&Arc<str>>, prefix: &str) -> Vec<String> {
        let now = Instant::now();
        let entries = self.entries();
        let live = entries.cache.iter().filter(|(_, entry)| entry.expires.is_none_or(|expires| now < expires));
        let mut keys: Vec<String> = live
            .filter(|((of, key), _)| of.as_ref() == session && key.starts_with(prefix))
            .map(|((_, key), _)| key.to_string())
            .collect();
        drop(entries);
        keys.sort_unstable();
        keys.truncate(MAX_LISTED);
        keys
    }
}

fn size(key: &Key, value: &[u8]) -> usize {
    key.1.len() + value.len()
}

impl Entries {
    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.cache.pop(key) {
            self.bytes -= size(key, &entry.value);
        }
    }

    fn shrink(&mut self) {
        while self.cache.len() > MAX_ENTRIES || self.bytes > MAX_BYTES {
            let Some((key, entry)) = self.cache.pop_lru() else { return };
            self.bytes -= size(&key, &entry.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_and_the_world_are_kept_apart() {
        let store = Store::default();
        let (one, two): (Arc<str>, Arc<str>) = ("one".into(), "two".into());
        store.set(Some(&one), "k", b"1".to_vec(), None).unwrap();
        store.set(None, "k", b"0".to_vec(), None).unwrap();
        assert_eq!(store.get(Some(&one), "k").as_deref(), Some(b"1".as_slice()));
        assert_eq!(store.get(Some(&two), "k"), None);
        assert_eq!(store.get(None, "k").as_deref(), Some(b"0".as_slice()));
        store.delete(Some(&one), "k");
        assert_eq!(store.get(Some(&one), "k"), None);
        assert_eq!(store.keys(None, ""), ["k"]);
    }

    #[test]
    fn an_entry_ends_with_its_time() {
        let store = Store::default();
        store.set(None, "short", Vec::new(), Some(Duration::ZERO)).unwrap();
        store.set(None, "long", Vec::new(), Some(Duration::MAX)).unwrap();
        assert_eq!(store.get(None, "short"), None);
        assert_eq!(store.keys(None, ""), ["long"]);
    }

    #[test]
    fn the_longest_unused_goes_first() {
        let store = Store::default();
        for index in 0..MAX_ENTRIES {
            store.set(None, &index.to_string(), Vec::new(), None).unwrap();
        }
        assert!(store.get(None, "0").is_some());
        store.set(None, "new", Vec::new(), None).unwrap();
        assert!(store.get(None, "0").is_some());
        assert!(store.get(None, "1").is_none());
    }

    #[test]
    fn bytes_are_bounded_and_counted() {
        let store = Store::default();
        for index in 0..20 {
            store.set(None, &index.to_string(), vec![0; MAX_VALUE], None).unwrap();
            store.set(None, "same", vec![0; MAX_VALUE], None).unwrap();
        }
        assert!(store.entries().bytes <= MAX_BYTES);
        assert!(store.set(None, "k", vec![0; MAX_VALUE + 1], None).is_err());
        assert!(store.set(None, &"k".repeat(MAX_KEY + 1), Vec::new(), None).is_err());
        for key in store.keys(None, "") {
            store.delete(None, &key);
        }
        assert_eq!(store.entries().bytes, 0);
    }
}
