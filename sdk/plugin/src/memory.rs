//! What a plugin wants to know again in a later request: a small store of bytes under names.
//!
//! It stands on the host's store (capability `kv`), shared by all requests. That store is bounded and may be refused, and a
//! plugin's work must not hang on it: whatever goes wrong reads as "nothing is remembered". Outside a component (in a test)
//! every thread has a store of its own.

use crate::host::{Scope, kv_get, kv_set};

/// Keeps `value` under `key` for requests to come, at least until other entries push it out or `ttl_ms` milliseconds have
/// passed (`None`: no such end). What was there before is replaced. Nothing happens where the store is not granted or full.
pub fn remember(key: &str, value: &[u8], ttl_ms: Option<u64>) {
    // A refusal has been told to the operator when the plugin was loaded.
    let _ = kv_set(Scope::Global, key, value, ttl_ms);
}

/// What was last kept under `key`; `None` if that is nothing, or is there no longer.
#[must_use]
pub fn recall(key: &str) -> Option<Vec<u8>> {
    kv_get(Scope::Global, key).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::{recall, remember};

    #[test]
    fn the_last_value_under_a_key_is_recalled() {
        assert_eq!(recall("a"), None);
        remember("a", b"1", None);
        remember("a", b"2", Some(1000));
        remember("b", b"", None);
        assert_eq!(recall("a").as_deref(), Some(&b"2"[..]));
        assert_eq!(recall("b").as_deref(), Some(&b""[..]));
    }
}
