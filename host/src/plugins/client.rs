//! The role `client-protocol` from the host's side: read a client's request, write its answer.

use std::sync::Arc;
use std::time::Duration;

use ccr_messages::event::Event;
use http::{HeaderMap, HeaderValue};
use wasmtime::component::ResourceAny;

use super::bindings::client::exports::ccr::plugin::client_protocol as wit;
use super::bindings::client::{ClientProtocolPlugin, ClientProtocolPluginPre};
use super::bindings::{self, Failure, Header};
use super::component::{Limits, Plugin};
use super::engine::PluginEngine;
use super::error::{Cause, PluginError};
use super::guest::{Guest, Surroundings};
use super::instance::{BoundedStore, Instance};
use super::requests::Destination;
use super::upstream;
use crate::base::wire::WireRequest;

pub use wit::{ClientAnswer, ClientFormat, ClientRequest, DecodedRequest};

type Client = Instance<ClientProtocolPlugin>;

/// Asks a component that is being loaded for its format.
pub(super) async fn format(
    engine: &PluginEngine,
    pre: &ClientProtocolPluginPre<Guest>,
    known_as: &str,
    needs_wasi: bool,
    limits: Limits,
) -> Result<ClientFormat, PluginError> {
    let fail = |cause| PluginError { plugin: known_as.into(), step: "format", cause };
    let surroundings = Surroundings::bare(known_as);
    let mut store = BoundedStore::open(engine, surroundings, needs_wasi, limits.memory).await.map_err(fail)?;
    store.arm(limits.init);
    let instance = match pre.instantiate_async(store.store()).await {
        Ok(instance) => instance,
        Err(error) => return Err(fail(store.why(&error))),
    };
    let format = match instance.ccr_plugin_client_protocol().call_format(store.store()).await {
        Ok(format) => format,
        Err(error) => return Err(fail(store.why(&error))),
    };
    check(format).map_err(|reason| fail(Cause::BadOutput(reason)))
}

/// A path that could never match would be a format that silently serves nothing.
fn check(format: ClientFormat) -> Result<ClientFormat, String> {
    let legal = |path: &String| path.starts_with('/') && path.len() > 1 && !path.trim_end_matches('*').contains('*');
    match format.paths.iter().find(|path| !legal(path)) {
        Some(path) => Err(format!("its path `{path}` must begin with `/` and may have a `*` only at its end")),
        None => Ok(format),
    }
}

/// Whether a format's pattern names this path.
pub fn matches(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => path.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()),
        None => pattern == path,
    }
}

/// The headers of a client's request as a plugin gets them. `headers` holds no credentials.
pub fn headers(headers: &HeaderMap) -> Vec<Header> {
    headers
        .iter()
        .filter_map(|(name, value)| Some(Header { name: name.as_str().into(), value: value.to_str().ok()?.into() }))
        .collect()
}

/// Has a format read a client's request.
pub async fn decode(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    request: &ClientRequest,
) -> Result<(DecodedRequest, Duration), PluginError> {
    const STEP: &str = "decode";
    let mut instance = Client::new(engine, plugin, surroundings).await?;
    let (bindings, store) = instance.begin(plugin.limits.request, request.body.len());
    let result = bindings.ccr_plugin_client_protocol().call_decode(store, request).await;
    let decoded = instance.end(STEP, result)?.map_err(|fault| instance.refused(STEP, fault))?;
    if HeaderValue::from_str(&decoded.stream_type).is_err() {
        return Err(instance.bad_output(STEP, "its stream type is not a legal content type"));
    }
    Ok((decoded, instance.spent()))
}

/// A client's own request for a target that speaks its format.
pub struct Forwarded {
    /// What goes over the wire.
    pub request: WireRequest,
    /// What the reading of the answer needs.
    pub context: Vec<u8>,
    /// Time spent in the plugin.
    pub spent: Duration,
}

/// Has a format prepare a client's request to go as it is; `None` if it has to be translated.
pub async fn forward(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    request: &ClientRequest,
    destination: &Destination,
) -> Result<Option<Forwarded>, PluginError> {
    const STEP: &str = "forward";
    let Destination { target, base_path } = destination;
    let mut instance = Client::new(engine, plugin, surroundings).await?;
    let (bindings, store) = instance.begin(plugin.limits.request, request.body.len());
    let result = bindings.ccr_plugin_client_protocol().call_forward(store, request, target, base_path).await;
    let Some(forwarded) = instance.end(STEP, result)?.map_err(|fault| instance.refused(STEP, fault))? else {
        return Ok(None);
    };
    let (request, context) = upstream::checked(forwarded).map_err(|reason| instance.bad_output(STEP, reason))?;
    Ok(Some(Forwarded { request, context, spent: instance.spent() }))
}

/// Has a format write a whole answer.
pub async fn encode(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    events: Vec<Event>,
    head: &ccr_messages::answer::Head,
    context: &[u8],
) -> Result<(ClientAnswer, Duration), PluginError> {
    const STEP: &str = "encode";
    let mut instance = Client::new(engine, plugin, surroundings).await?;
    let size = events.iter().map(size).sum();
    let events: Vec<bindings::Event> = events.into_iter().map(Into::into).collect();
    let (bindings, store) = instance.begin(plugin.limits.request, size);
    let client = bindings.ccr_plugin_client_protocol();
    let result = client.call_encode(store, &events, &head.id, &head.model, context).await;
    let answer = instance.end(STEP, result)?.map_err(|fault| instance.refused(STEP, fault))?;
    Ok((checked(&instance, STEP, answer)?, instance.spent()))
}

/// Has a format write an error.
pub async fn encode_error(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    failure: &Failure,
    request_id: &str,
    path: &str,
) -> Result<ClientAnswer, PluginError> {
    const STEP: &str = "encode-error";
    let mut instance = Client::new(engine, plugin, surroundings).await?;
    let (bindings, store) = instance.begin(plugin.limits.request, failure.message.len());
    let client = bindings.ccr_plugin_client_protocol();
    let result = client.call_encode_error(store, failure, request_id, path).await;
    let answer = instance.end(STEP, result)?;
    checked(&instance, STEP, answer)
}

fn checked(instance: &Client, step: &'static str, answer: ClientAnswer) -> Result<ClientAnswer, PluginError> {
    if HeaderValue::from_str(&answer.content_type).is_err() || !(200..600).contains(&answer.status) {
        return Err(instance.bad_output(step, "it answered an impossible status or content type"));
    }
    Ok(answer)
}

/// About the bytes that an event holds: what a plugin may write is bounded by what it was given.
fn size(event: &Event) -> usize {
    match event {
        Event::Text(text) | Event::Thinking(text) | Event::Signature(text) | Event::RedactedThinking(text) => {
            text.len()
        }
        Event::Block(text) | Event::Citation(text) => text.len(),
        Event::ToolArguments(arguments) => arguments.json.len(),
        _ => 0,
    }
}

/// One streamed answer being written by an instance that lives as long as the stream.
pub struct Encoder {
    instance: Client,
    handle: ResourceAny,
    /// Bytes of the answer so far: an encoder may hold back what came earlier and write it later.
    held: usize,
}

impl Encoder {
    /// Makes the instance and its encoder.
    pub async fn open(
        engine: &PluginEngine,
        plugin: &Arc<Plugin>,
        surroundings: Surroundings,
        head: &ccr_messages::answer::Head,
        context: &[u8],
    ) -> Result<Self, PluginError> {
        let mut instance = Client::new(engine, plugin, surroundings).await?;
        let (bindings, store) = instance.begin(plugin.limits.request, context.len());
        let encoder = bindings.ccr_plugin_client_protocol().encoder();
        let result = encoder.call_constructor(store, &head.id, &head.model, context).await;
        let handle = instance.end("encoder", result)?;
        Ok(Self { instance, handle, held: 0 })
    }

    /// Writes a batch of events.
    pub async fn push(&mut self, events: Vec<Event>) -> Result<Vec<u8>, PluginError> {
        const STEP: &str = "encoder.push";
        self.held = self.held.saturating_add(events.iter().map(size).sum());
        let events: Vec<bindings::Event> = events.into_iter().map(Into::into).collect();
        let (handle, limit) = (self.handle, self.instance.plugin().limits.events);
        let (bindings, store) = self.instance.begin(limit, self.held);
        let result = bindings.ccr_plugin_client_protocol().encoder().call_push(store, handle, &events).await;
        self.instance.end(STEP, result)?.map_err(|fault| self.instance.refused(STEP, fault))
    }

    /// The answer has ended well.
    pub async fn finish(&mut self) -> Result<Vec<u8>, PluginError> {
        const STEP: &str = "encoder.finish";
        let (handle, limit) = (self.handle, self.instance.plugin().limits.events);
        let (bindings, store) = self.instance.begin(limit, self.held);
        let result = bindings.ccr_plugin_client_protocol().encoder().call_finish(store, handle).await;
        self.instance.end(STEP, result)?.map_err(|fault| self.instance.refused(STEP, fault))
    }

    /// The answer broke off.
    pub async fn abort(&mut self, failure: &Failure) -> Result<Vec<u8>, PluginError> {
        let (handle, limit) = (self.handle, self.instance.plugin().limits.events);
        let (bindings, store) = self.instance.begin(limit, self.held);
        let result = bindings.ccr_plugin_client_protocol().encoder().call_abort(store, handle, failure).await;
        self.instance.end("encoder.abort", result)
    }

    /// Time spent in the plugin.
    pub fn spent(&self) -> Duration {
        self.instance.spent()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_the_rest_of_a_path() {
        assert!(matches("/v1/chat/completions", "/v1/chat/completions"));
        assert!(!matches("/v1/chat/completions", "/v1/chat/completions/x"));
        assert!(matches("/v1beta/models/*", "/v1beta/models/a/b:generateContent"));
        assert!(!matches("/v1beta/models/*", "/v1beta/models/"));
        assert!(!matches("/v1beta/models/*", "/v1beta/models"));
    }

    #[test]
    fn paths_that_can_never_match_are_refused() {
        let format = |path: &str| ClientFormat {
            paths: vec![path.into()],
            keep_alive: None,
            key_parameter: None,
            model_pointers: Vec::new(),
        };
        for bad in ["", "/", "v1/x", "/a/*/b"] {
            assert!(check(format(bad)).is_err(), "{bad}");
        }
        assert!(check(format("/a/*")).is_ok());
    }
}
