//! What every plugin may call without asking (`wit/0.2.0/host.wit`), and the capabilities, which are refused unless
//! granted; `http` is in [`super::http`].

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::bindings::imports::ccr::plugin::{host, kv, model, types};
use super::capabilities::config_line;
use super::guest::Guest;
use super::kv::Store;

/// Longest log line of a plugin: `wit/0.2.0/host.wit` promises it.
const LOG_LINE_BYTES: usize = 4 * 1024;

/// Most random bytes of one call: `wit/0.2.0/host.wit` promises it.
const RANDOM_BYTES: u32 = 64 * 1024;

/// Where the plugins' monotonic clock begins: no plugin learns how long the machine has been up.
static CLOCK_START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl types::Host for Guest {}

impl host::Host for Guest {
    fn log(&mut self, level: host::Level, message: String) -> wasmtime::Result<()> {
        if self.log_lines_left == 0 {
            return Ok(());
        }
        self.log_lines_left -= 1;
        let plugin = &*self.surroundings.name;
        let message = cut(&message);
        match level {
            host::Level::Error => tracing::error!(plugin, "{message}"),
            host::Level::Warn => tracing::warn!(plugin, "{message}"),
            host::Level::Info => tracing::info!(plugin, "{message}"),
            host::Level::Debug => tracing::debug!(plugin, "{message}"),
            host::Level::Trace => tracing::trace!(plugin, "{message}"),
        }
        if self.log_lines_left == 0 {
            tracing::warn!(plugin, "the rest of what this instance says is left out");
        }
        Ok(())
    }

    fn settings(&mut self) -> wasmtime::Result<String> {
        Ok(self.surroundings.settings.to_string())
    }

    fn config(&mut self) -> wasmtime::Result<String> {
        Ok(self.surroundings.config.to_string())
    }

    fn now_ms(&mut self) -> wasmtime::Result<u64> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn monotonic_ns(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::try_from(CLOCK_START.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn random(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = vec![0; length.min(RANDOM_BYTES) as usize];
        getrandom::fill(&mut bytes).map_err(|error| wasmtime::Error::msg(error.to_string()))?;
        Ok(bytes)
    }
}

/// The beginning of a line, cut between characters.
fn cut(message: &str) -> &str {
    let mut end = message.len().min(LOG_LINE_BYTES);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

/// The refusal of a capability, with what would allow it. `label` is the plugin's name and version.
fn not_granted(label: &str, capability: &str, where_else: &str) -> types::Fault {
    let name = label.split(' ').next().unwrap_or(label);
    let line = config_line(name, &format!("{capability}: true"));
    types::Fault::Denied(format!(
        "plugin `{name}` may not use `{capability}`: it must ask for it in `describe`, and the config must allow it with {line}{where_else}"
    ))
}

/// A store's scope within it, or why there is none.
fn scoped(guest: &Guest, scope: kv::Scope) -> Result<(&Store, Option<&Arc<str>>), types::Fault> {
    let surroundings = &guest.surroundings;
    let store = surroundings.kv.as_deref().ok_or_else(|| not_granted(&surroundings.name, "kv", ""))?;
    match (scope, &surroundings.session) {
        (kv::Scope::Global, _) => Ok((store, None)),
        (kv::Scope::Session, Some(session)) => Ok((store, Some(session))),
        (kv::Scope::Session, None) => {
            Err(types::Fault::Unavailable("the client names no session, so nothing can be kept for it".into()))
        }
    }
}

impl kv::Host for Guest {
    fn get(&mut self, scope: kv::Scope, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, types::Fault>> {
        Ok(scoped(self, scope).map(|(store, session)| store.get(session, &key)))
    }

    fn set(
        &mut self,
        scope: kv::Scope,
        key: String,
        value: Vec<u8>,
        ttl_ms: Option<u64>,
    ) -> wasmtime::Result<Result<(), types::Fault>> {
        let ttl = ttl_ms.map(Duration::from_millis);
        Ok(scoped(self, scope)
            .and_then(|(store, session)| store.set(session, &key, value, ttl).map_err(types::Fault::Denied)))
    }

    fn delete(&mut self, scope: kv::Scope, key: String) -> wasmtime::Result<Result<(), types::Fault>> {
        Ok(scoped(self, scope).map(|(store, session)| store.delete(session, &key)))
    }

    fn keys(&mut self, scope: kv::Scope, prefix: String) -> wasmtime::Result<Result<Vec<String>, types::Fault>> {
        Ok(scoped(self, scope).map(|(store, session)| store.keys(session, &prefix)))
    }
}

impl model::Host for Guest {
    async fn complete(&mut self, request: String) -> wasmtime::Result<Result<String, types::Fault>> {
        let Some(models) = self.surroundings.models.clone() else {
            let agents = "; and only agents may, as they answer a call";
            return Ok(Err(not_granted(&self.surroundings.name, "model", agents)));
        };
        Ok(self.wait_for(models.complete(request)).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = "ä".repeat(LOG_LINE_BYTES);
        assert_eq!(cut(&line).chars().count(), LOG_LINE_BYTES / 2);
        assert_eq!(cut("short"), "short");
    }
}
