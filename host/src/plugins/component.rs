//! One plugin as it is loaded: checked, compiled, linked, and asked what it is.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::component::InstancePre;

use super::bindings::described::DescribedPre;
use super::bindings::described::exports::ccr::plugin::plugin::Description;
use super::breaker::Breaker;
use super::cache::CompileCache;
use super::capabilities::Asked;
use super::client::{self, ClientFormat};
use super::engine::PluginEngine;
use super::error::{Cause, PluginError};
use super::exports::{Exports, Shape};
use super::guest::{Guest, Surroundings};
use super::http;
use super::instance::BoundedStore;
use super::meter::Meter;
use crate::config::FailMode;

/// Where a component came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Part of the binary.
    BuiltIn,
    /// A file of the plugins folder or one that the config names.
    File(std::path::PathBuf),
}

/// How far a plugin may go. Design §6 has the reasons for the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory of one instance.
    pub memory: usize,
    /// Time of one call on the request's way to the provider.
    pub request: Duration,
    /// Time of one call with a batch of events.
    pub events: Duration,
    /// Time of the first call, `describe`.
    pub init: Duration,
    /// Time of an agent's call of a tool, all waiting included.
    pub tool: Duration,
    /// What becomes of a request when the plugin fails; `None` leaves it to the role.
    pub fail: Option<FailMode>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 * 1024 * 1024,
            request: Duration::from_millis(250),
            events: Duration::from_millis(50),
            init: Duration::from_secs(2),
            tool: Duration::from_secs(60),
            fail: None,
        }
    }
}

/// A loaded plugin.
pub struct Plugin {
    /// As the config names it.
    pub name: Arc<str>,
    /// Semantic version, as it says itself.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// JSON Schema of its options.
    pub settings_schema: Option<String>,
    /// What it asks for; it has what is granted of it.
    pub asks: Asked,
    /// What it says of the format, if it speaks one of clients.
    pub client_format: Option<ClientFormat>,
    /// Where it came from.
    pub origin: Origin,
    /// Content hash.
    pub digest: String,
    /// How far it may go.
    pub limits: Limits,
    /// Its recent failures.
    pub breaker: Breaker,
    /// How many HTTP requests of it may be under way.
    pub(super) http_turns: Arc<Semaphore>,
    /// What it cost so far.
    pub meter: Meter,
    pub(super) exports: Exports,
    pub(super) needs_wasi: bool,
}

impl Plugin {
    /// Name and version, for messages.
    pub fn label(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// The names of the roles it has.
    pub fn role_names(&self) -> Vec<&'static str> {
        self.exports.roles()
    }

    /// Whether a request goes on without it when it fails. Transformers fail closed unless the config says otherwise: what
    /// they do is part of what was asked for.
    pub fn fails_open(&self) -> bool {
        self.limits.fail == Some(FailMode::Open)
    }

    /// Whether a router's failure ends the request: only if the config says so, as another rule can decide.
    pub fn router_fails_closed(&self) -> bool {
        self.limits.fail == Some(FailMode::Closed)
    }

    /// Whether it speaks a provider's format.
    pub fn is_protocol(&self) -> bool {
        self.exports.upstream.is_some()
    }

    /// Whether it edits requests or answers.
    pub fn is_transformer(&self) -> bool {
        self.edits_requests() || self.edits_wire_requests() || self.edits_answers()
    }

    /// Whether it edits requests in the inner form.
    pub fn edits_requests(&self) -> bool {
        self.exports.request_transformer.is_some()
    }

    /// Whether it edits requests as they go over the wire.
    pub fn edits_wire_requests(&self) -> bool {
        self.exports.wire_transformer.is_some()
    }

    /// Whether it edits answers as a transformer.
    pub fn edits_answers(&self) -> bool {
        self.exports.answer_transformer.is_some()
    }

    /// Whether it edits, as an agent, the answers to the requests that it has prepared.
    pub fn edits_prepared_answers(&self) -> bool {
        self.exports.agent_answer.is_some()
    }

    /// Whether it gives models tools.
    pub fn is_agent(&self) -> bool {
        self.exports.agent.is_some()
    }

    /// Whether it chooses targets.
    pub fn is_router(&self) -> bool {
        self.exports.router.is_some()
    }
}

/// Loads a component: verify → compile → link → self-test (`describe`). `known_as` is what messages call it until it has
/// said its own name; `limits` gives the limits for a name.
pub async fn load(
    engine: &PluginEngine,
    cache: &CompileCache,
    wasm: &[u8],
    known_as: &str,
    origin: Origin,
    limits: impl Fn(&str) -> Limits,
) -> Result<Plugin, PluginError> {
    let refuse = |cause| PluginError { plugin: known_as.into(), step: "load", cause };
    if !wasm.starts_with(COMPONENT_PREAMBLE) {
        return Err(refuse(Cause::NotLoaded(not_a_component(wasm))));
    }
    let digest = super::cache::digest(wasm);
    let component = tokio::task::block_in_place(|| cache.load(engine, wasm, &digest))
        .map_err(|error| refuse(Cause::NotLoaded(format!("it does not compile: {error:#}"))))?;
    let shape = Shape::of(&component, engine).map_err(|reason| refuse(Cause::NotLoaded(reason)))?;
    let pre = engine.linker(shape.needs_wasi).instantiate_pre(&component).map_err(|error| {
        refuse(Cause::NotLoaded(format!("it asks for something this host does not have: {error:#}")))
    })?;
    let description = describe(engine, &pre, known_as, &shape, limits(known_as)).await?;
    let exports = Exports::of(&pre, &shape).map_err(|error| refuse(Cause::NotLoaded(format!("{error:#}"))))?;
    check_name(&description.name).map_err(|reason| refuse(Cause::BadOutput(reason)))?;
    let asks = Asked::of(&description.capabilities).map_err(|reason| refuse(Cause::BadOutput(reason)))?;
    for interface in shape.not_called() {
        tracing::warn!(plugin = %description.name, interface, "the plugin exports what this gateway does not call yet");
    }
    let limits = limits(&description.name);
    let client_format = match &exports.client {
        Some(pre) => Some(client::format(engine, pre, known_as, shape.needs_wasi, limits).await?),
        None => None,
    };
    Ok(Plugin {
        client_format,
        asks,
        name: description.name.into(),
        version: description.version,
        summary: description.summary,
        settings_schema: description.settings_schema,
        origin,
        digest,
        limits,
        breaker: Breaker::default(),
        http_turns: Arc::new(Semaphore::new(http::AT_ONCE)),
        meter: Meter::default(),
        exports,
        needs_wasi: shape.needs_wasi,
    })
}

/// How a component begins (component model, binary format: magic, version 13, layer 1).
const COMPONENT_PREAMBLE: &[u8] = b"\0asm\x0d\0\x01\0";

fn not_a_component(bytes: &[u8]) -> String {
    if bytes.starts_with(b"\0asm") {
        "it is a core WebAssembly module, not a component; build it for wasm32-wasip2, or turn it into one with \
         `wasm-tools component new`"
            .into()
    } else {
        "it is not a WebAssembly component".into()
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    // Long enough for any sensible name, short enough for a header or a table.
    if name.is_empty() || name.len() > 64 || !name.bytes().all(legal) {
        return Err("its name must be 1 to 64 lower-case letters, digits and `-`".into());
    }
    Ok(())
}

async fn describe(
    engine: &PluginEngine,
    pre: &InstancePre<Guest>,
    known_as: &str,
    shape: &Shape,
    limits: Limits,
) -> Result<Description, PluginError> {
    let fail = |cause| PluginError { plugin: known_as.into(), step: "describe", cause };
    let described = DescribedPre::new(pre.clone()).map_err(|error| fail(Cause::NotLoaded(format!("{error:#}"))))?;
    let surroundings = Surroundings::bare(known_as);
    let mut store = BoundedStore::open(engine, surroundings, shape.needs_wasi, limits.memory).await.map_err(fail)?;
    store.arm(limits.init);
    let instance = match described.instantiate_async(store.store()).await {
        Ok(instance) => instance,
        Err(error) => return Err(fail(store.why(&error))),
    };
    match instance.ccr_plugin_plugin().call_describe(store.store()).await {
        Ok(description) => Ok(description),
        Err(error) => Err(fail(store.why(&error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        assert!(check_name("openai-responses").is_ok());
        for bad in ["", "Upper", "sp ace", "ünïcode", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
