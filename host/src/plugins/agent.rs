//! The role `agent` from the host's side: what it has to do with a request, its tools' calls, its edits of an answer.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::Store;
use wasmtime::component::{Resource, ResourceAny};

use super::bindings::agent::AgentPlugin;
use super::bindings::agent::exports::ccr::plugin::agent as wit;
use super::bindings::{Event, Target};
use super::component::Plugin;
use super::engine::PluginEngine;
use super::error::{Cause, PluginError};
use super::guest::{Guest, Surroundings};
use super::lent;
use super::session::{AsyncInstantiate, Live};
use super::transformer::text_bytes;
use crate::request::InnerRequest;

pub use wit::{ToolCall, ToolDefinition, ToolResult};

/// How long a call of a tool may compute, beside all waiting: a large image is decoded and scaled in a few seconds.
const COMPUTING: Duration = Duration::from_secs(10);

/// What a call of a tool may hand to the host in all, what it asks of models and hosts included: some images.
const HANDED_OVER: usize = 64 * 1024 * 1024;

/// Largest result of a tool, with what is shown to the client: no model reads as much.
const MAX_RESULT: usize = 4 * 1024 * 1024;

/// Largest state between preparation and calls (`wit/roles.wit` promises it): it is copied with every call.
const MAX_STATE: usize = 1024 * 1024;

/// Most tools of one agent, as providers take 128 in all.
const MAX_TOOLS: usize = 32;

struct Agent<'a>(&'a Plugin);

impl AsyncInstantiate<AgentPlugin> for Agent<'_> {
    async fn instantiate(&self, store: &mut Store<Guest>) -> wasmtime::Result<AgentPlugin> {
        match &self.0.roles.agent {
            Some(pre) => pre.instantiate_async(store).await,
            None => Err(wasmtime::Error::msg("it has no role `agent`")),
        }
    }
}

/// What an agent brings to a request.
pub struct Prepared {
    /// The request as the agent left it.
    pub request: InnerRequest,
    /// What was left out of it.
    pub dropped: Vec<String>,
    /// Its tools.
    pub tools: Vec<ToolDefinition>,
    /// For the end of the system text.
    pub system: Option<String>,
    /// For its later calls.
    pub state: Vec<u8>,
    /// It wants to edit the answer.
    pub edits_answer: bool,
}

/// Asks an agent whether the request is its business, and if so has it prepare the request; in one instance.
pub async fn prepare(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    request: InnerRequest,
    target: Target,
) -> Result<(Option<Prepared>, Duration), PluginError> {
    const APPLIES: &str = "applies";
    const PREPARE: &str = "prepare";
    let input_bytes = request.text().len();
    let mut live = Live::new(engine, plugin, surroundings, Agent(plugin)).await?;
    let lent = lent::Request { request, target: Some(target), may_edit: false, dropped: Vec::new() };
    let handle = live.guest().table.push(lent).map_err(|error| live.bad_output(APPLIES, error.to_string()))?;
    let borrowed = || Resource::new_borrow(handle.rep());
    let limit = plugin.limits.request;
    let (bindings, store) = live.begin(limit, input_bytes);
    let result = bindings.ccr_plugin_agent().call_applies(store, borrowed()).await;
    if !live.end(APPLIES, result)?.map_err(|fault| live.refused(APPLIES, fault))? {
        return Ok((None, live.spent()));
    }
    let lent = live.guest().table.get_mut(&handle);
    lent.map(|lent| lent.may_edit = true).map_err(|error| live.bad_output(PREPARE, error.to_string()))?;
    // It may keep what it takes out of the request in its store, and write the rest anew; and all of its state may be used.
    let (bindings, store) = live.begin(limit, input_bytes * 2 + MAX_STATE);
    let result = bindings.ccr_plugin_agent().call_prepare(store, borrowed()).await;
    let wit::Preparation { tools, system, state, edits_answer } =
        live.end(PREPARE, result)?.map_err(|fault| live.refused(PREPARE, fault))?;
    if state.len() > MAX_STATE || tools.len() > MAX_TOOLS {
        let reason = format!("it may bring {MAX_TOOLS} tools and {MAX_STATE} bytes of state");
        return Err(live.bad_output(PREPARE, reason));
    }
    let lent = live.guest().table.delete(handle).map_err(|error| live.bad_output(PREPARE, error.to_string()))?;
    if let Err(reason) = lent.request.check() {
        return Err(live.bad_output(PREPARE, format!("it left a request that is not legal: {reason}")));
    }
    let lent::Request { request, dropped, .. } = lent;
    Ok((Some(Prepared { request, dropped, tools, system, state, edits_answer }), live.spent()))
}

/// Has an agent answer a call of one of its tools.
pub async fn call_tool(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    call: &ToolCall,
    state: &[u8],
) -> Result<(ToolResult, Duration), PluginError> {
    const STEP: &str = "call-tool";
    let mut live = Live::new(engine, plugin, surroundings, Agent(plugin)).await?;
    let (bindings, store) = live.begin_bounded(COMPUTING, HANDED_OVER);
    let called = bindings.ccr_plugin_agent().call_call_tool(store, call, state);
    let Ok(result) = tokio::time::timeout(plugin.limits.tool, called).await else {
        return Err(live.gave_up(STEP, Cause::TimedOut(plugin.limits.tool)));
    };
    let result = live.end(STEP, result)?.map_err(|fault| live.refused(STEP, fault))?;
    if result.content.len() + result.shown.as_ref().map_or(0, String::len) > MAX_RESULT {
        return Err(live.bad_output(STEP, format!("its result is larger than {} MiB", MAX_RESULT / (1024 * 1024))));
    }
    Ok((result, live.spent()))
}

/// One answer that an agent edits, in an instance that lives as long as the answer.
pub struct AnswerStream {
    live: Live<AgentPlugin>,
    handle: ResourceAny,
    /// Bytes of the answer so far: what came earlier may be held back and handed over later.
    held: usize,
}

impl AnswerStream {
    /// Makes the instance and its stream.
    pub async fn open(
        engine: &PluginEngine,
        plugin: &Arc<Plugin>,
        surroundings: Surroundings,
        state: &[u8],
    ) -> Result<Self, PluginError> {
        let mut live = Live::new(engine, plugin, surroundings, Agent(plugin)).await?;
        let limit = plugin.limits.request;
        let (bindings, store) = live.begin(limit, state.len());
        let result = bindings.ccr_plugin_agent().answer_stream().call_constructor(store, state).await;
        let handle = live.end("answer-stream", result)?;
        Ok(Self { live, handle, held: 0 })
    }

    /// Edits a batch of events.
    pub async fn push(&mut self, batch: &[Event]) -> Result<Vec<Event>, PluginError> {
        const STEP: &str = "answer-stream.push";
        let (handle, limit) = (self.handle, self.live.plugin().limits.events);
        self.held = self.held.saturating_add(batch.iter().map(text_bytes).sum());
        let (bindings, store) = self.live.begin(limit, self.held);
        let result = bindings.ccr_plugin_agent().answer_stream().call_push(store, handle, batch).await;
        self.live.end(STEP, result)?.map_err(|fault| self.live.refused(STEP, fault))
    }

    /// The answer has ended.
    pub async fn finish(&mut self) -> Result<Vec<Event>, PluginError> {
        const STEP: &str = "answer-stream.finish";
        let (handle, limit) = (self.handle, self.live.plugin().limits.events);
        let (bindings, store) = self.live.begin(limit, self.held);
        let result = bindings.ccr_plugin_agent().answer_stream().call_finish(store, handle).await;
        self.live.end(STEP, result)?.map_err(|fault| self.live.refused(STEP, fault))
    }

    /// Time spent in the plugin.
    pub fn spent(&self) -> Duration {
        self.live.spent()
    }
}
