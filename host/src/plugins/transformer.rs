//! The role `transformer` from the host's side: edits of a request on its way out and of the answer on its way back.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::Store;
use wasmtime::component::{Resource, ResourceAny};

use super::bindings::transformer::TransformerPlugin;
use super::bindings::{Event, Target};
use super::component::Plugin;
use super::engine::PluginEngine;
use super::error::PluginError;
use super::guest::{Guest, Surroundings};
use super::lent;
use super::session::{AsyncInstantiate, Live};
use crate::request::InnerRequest;
use crate::wire::WireRequest;

struct Transformer<'a>(&'a Plugin);

impl AsyncInstantiate<TransformerPlugin> for Transformer<'_> {
    async fn instantiate(&self, store: &mut Store<Guest>) -> wasmtime::Result<TransformerPlugin> {
        match &self.0.roles.transformer {
            Some(pre) => pre.instantiate_async(store).await,
            None => Err(wasmtime::Error::msg("it has no role `transformer`")),
        }
    }
}

/// What an edit cost and what it left out.
pub struct Edited<T> {
    /// The request after it.
    pub request: T,
    /// What was left out.
    pub dropped: Vec<String>,
    /// Time spent in the plugin.
    pub spent: Duration,
}

/// Has a transformer edit the inner request.
pub async fn transform_request(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    request: InnerRequest,
    target: Target,
) -> Result<Edited<InnerRequest>, PluginError> {
    const STEP: &str = "transform-request";
    let input_bytes = request.text().len();
    let mut live = Live::new(engine, plugin, surroundings, Transformer(plugin)).await?;
    let lent = lent::Request { request, target: Some(target), may_edit: true, dropped: Vec::new() };
    let handle = live.guest().table.push(lent).map_err(|error| live.bad_output(STEP, error.to_string()))?;
    let limit = plugin.limits.request;
    let (bindings, store) = live.begin(limit, input_bytes);
    let borrowed = Resource::new_borrow(handle.rep());
    let result = bindings.ccr_plugin_transformer().call_transform_request(store, borrowed).await;
    live.end(STEP, result)?.map_err(|fault| live.refused(STEP, fault))?;
    let lent = live.guest().table.delete(handle).map_err(|error| live.bad_output(STEP, error.to_string()))?;
    Ok(Edited { request: lent.request, dropped: lent.dropped, spent: live.spent() })
}

/// Has a transformer edit the request as it goes over the wire.
pub async fn transform_wire_request(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    request: WireRequest,
    target: Target,
) -> Result<Edited<WireRequest>, PluginError> {
    const STEP: &str = "transform-wire-request";
    let input_bytes = request.body.len();
    let mut live = Live::new(engine, plugin, surroundings, Transformer(plugin)).await?;
    let WireRequest { path, headers, body, credential } = request;
    let lent = lent::WireRequest { target, path, headers, body, dropped: Vec::new() };
    let handle = live.guest().table.push(lent).map_err(|error| live.bad_output(STEP, error.to_string()))?;
    let limit = plugin.limits.request;
    let (bindings, store) = live.begin(limit, input_bytes);
    let borrowed = Resource::new_borrow(handle.rep());
    let result = bindings.ccr_plugin_transformer().call_transform_wire_request(store, borrowed).await;
    live.end(STEP, result)?.map_err(|fault| live.refused(STEP, fault))?;
    let lent = live.guest().table.delete(handle).map_err(|error| live.bad_output(STEP, error.to_string()))?;
    let lent::WireRequest { path, headers, body, dropped, .. } = lent;
    Ok(Edited { request: WireRequest { path, headers, body, credential }, dropped, spent: live.spent() })
}

/// One answer being edited by an instance that lives as long as the answer.
pub struct AnswerStream {
    live: Live<TransformerPlugin>,
    handle: ResourceAny,
    /// Bytes of the answer so far: a transformer may hold back what came earlier and hand it over later.
    held: usize,
}

/// Bytes of an event that count as its content.
pub(super) fn text_bytes(event: &Event) -> usize {
    match event {
        Event::Text(text)
        | Event::Thinking(text)
        | Event::Signature(text)
        | Event::RedactedThinking(text)
        | Event::Block(text)
        | Event::Citation(text) => text.len(),
        Event::ToolArguments(piece) => piece.json.len(),
        _ => 0,
    }
}

impl AnswerStream {
    /// Makes the instance and its stream.
    pub async fn open(
        engine: &PluginEngine,
        plugin: &Arc<Plugin>,
        surroundings: Surroundings,
    ) -> Result<Self, PluginError> {
        let mut live = Live::new(engine, plugin, surroundings, Transformer(plugin)).await?;
        let limit = plugin.limits.request;
        let (bindings, store) = live.begin(limit, 0);
        let result = bindings.ccr_plugin_transformer().answer_stream().call_constructor(store).await;
        let handle = live.end("answer-stream", result)?;
        Ok(Self { live, handle, held: 0 })
    }

    /// Edits a batch of events.
    pub async fn push(&mut self, batch: &[Event]) -> Result<Vec<Event>, PluginError> {
        const STEP: &str = "answer-stream.push";
        let (handle, limit) = (self.handle, self.live.plugin().limits.events);
        self.held = self.held.saturating_add(batch.iter().map(text_bytes).sum());
        let (bindings, store) = self.live.begin(limit, self.held);
        let result = bindings.ccr_plugin_transformer().answer_stream().call_push(store, handle, batch).await;
        self.live.end(STEP, result)?.map_err(|fault| self.live.refused(STEP, fault))
    }

    /// The answer has ended.
    pub async fn finish(&mut self) -> Result<Vec<Event>, PluginError> {
        const STEP: &str = "answer-stream.finish";
        let (handle, limit) = (self.handle, self.live.plugin().limits.events);
        let (bindings, store) = self.live.begin(limit, self.held);
        let result = bindings.ccr_plugin_transformer().answer_stream().call_finish(store, handle).await;
        self.live.end(STEP, result)?.map_err(|fault| self.live.refused(STEP, fault))
    }

    /// Time spent in the plugin.
    pub fn spent(&self) -> Duration {
        self.live.spent()
    }
}
