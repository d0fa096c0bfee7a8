//! What a plugin may ask of the host, beside the request: log, clocks, random bytes, and by grant a store, models and HTTP.
//!
//! Outside a component, which is where tests run, [`crate::testing::host`] stands in for it.

use crate::Fault;
use crate::bindings::imports::ccr::plugin as wit;

pub use wit::host::Level;
pub use wit::http::{HttpRequest, HttpResponse};
pub use wit::kv::Scope;

#[cfg(not(target_family = "wasm"))]
use crate::testing::host as there;
#[cfg(target_family = "wasm")]
use component as there;

/// The host itself.
#[cfg(target_family = "wasm")]
mod component {
    use super::wit;

    pub(super) use wit::host::{config, log, monotonic_ns, now_ms, random};
    pub(super) use wit::http::send;
    pub(super) use wit::kv::{delete, get, keys, set};
    pub(super) use wit::model::complete;
}

/// Writes a line to the gateway's log, with the plugin's name on it. Lines over 4 KiB are cut, and so is a flood.
/// Outside a component (in a test) it goes to standard error.
pub fn log(level: Level, message: &str) {
    there::log(level, message);
}

/// What a plugin may see of the config, as JSON: providers' names and models and the `Router`. Never keys.
#[must_use]
pub fn config() -> String {
    there::config()
}

/// Milliseconds since 1970-01-01 UTC.
#[must_use]
pub fn now_ms() -> u64 {
    there::now_ms()
}

/// Nanoseconds of a clock that never goes back; only differences mean something.
#[must_use]
pub fn monotonic_ns() -> u64 {
    there::monotonic_ns()
}

/// Random bytes from the operating system; at most 64 KiB a call.
#[must_use]
pub fn random(length: u32) -> Vec<u8> {
    there::random(length)
}

/// What was kept under a key; `None` if that is nothing, or is there no longer.
///
/// # Errors
/// `denied` without the grant `kv`; `unavailable` for [`Scope::Session`] where the client names no session.
pub fn kv_get(scope: Scope, key: &str) -> Result<Option<Vec<u8>>, Fault> {
    there::get(scope, key)
}

/// Keeps `value` under `key` until other entries push it out, or `ttl_ms` milliseconds have passed.
///
/// # Errors
/// As [`kv_get`]; `denied` as well for what is larger than the store takes.
pub fn kv_set(scope: Scope, key: &str, value: &[u8], ttl_ms: Option<u64>) -> Result<(), Fault> {
    there::set(scope, key, value, ttl_ms)
}

/// Forgets a key.
///
/// # Errors
/// As [`kv_get`].
pub fn kv_delete(scope: Scope, key: &str) -> Result<(), Fault> {
    there::delete(scope, key)
}

/// The keys that begin with `prefix`.
///
/// # Errors
/// As [`kv_get`].
pub fn kv_keys(scope: Scope, prefix: &str) -> Result<Vec<String>, Fault> {
    there::keys(scope, prefix)
}

/// Has a model answer, through the gateway's whole pipeline, under the identity and the budget of the request at hand.
/// `request` is an Anthropic Messages request (its `model` may be `provider,model`); the answer is the whole message as JSON.
///
/// # Errors
/// `denied` without the grant `model`, too deep within other calls, or over the budget; else what went wrong with the request.
pub fn complete(request: &str) -> Result<String, Fault> {
    there::complete(request)
}

/// HTTP to a host that the operator listed. `{{secret:NAME}}` in the URL's path or query, or in a header's value, stands for a
/// secret that the operator granted. A redirect is an answer like others; compression is undone.
///
/// # Errors
/// `denied` for a host or a secret that is not granted, for a host that leads into a private network, and for what exceeds a
/// bound (docs/plugins.md has them); `other` for what is no request that may be sent; `unavailable` where there is no answer.
pub fn http(request: &HttpRequest) -> Result<HttpResponse, Fault> {
    there::send(request)
}
