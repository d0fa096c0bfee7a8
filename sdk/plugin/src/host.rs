//! What a plugin may ask of the host, beside the request: log, clocks, random bytes, and by grant a store, models and HTTP.

use crate::bindings::imports::ccr::plugin as wit;

pub use wit::host::Level;
pub use wit::http::{HttpRequest, HttpResponse, send as http};
pub use wit::kv::{Scope, delete as kv_delete, get as kv_get, keys as kv_keys, set as kv_set};
pub use wit::model::complete;

/// Writes a line to the gateway's log, with the plugin's name on it. Lines over 4 KiB are cut, and so is a flood.
/// Outside a component (in a test) it goes to standard error.
pub fn log(level: Level, message: &str) {
    if cfg!(target_family = "wasm") {
        wit::host::log(level, message);
    } else {
        eprintln!("{level:?}: {message}");
    }
}

/// What a plugin may see of the config, as JSON: providers' names and models and the `Router`. Never keys.
#[must_use]
pub fn config() -> String {
    wit::host::config()
}

/// Milliseconds since 1970-01-01 UTC.
#[must_use]
pub fn now_ms() -> u64 {
    wit::host::now_ms()
}

/// Nanoseconds of a clock that never goes back; only differences mean something.
#[must_use]
pub fn monotonic_ns() -> u64 {
    wit::host::monotonic_ns()
}

/// Random bytes from the operating system; at most 64 KiB a call.
#[must_use]
pub fn random(length: u32) -> Vec<u8> {
    wit::host::random(length)
}
