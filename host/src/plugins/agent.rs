//! The role `agent` from the host's side: its preparation of requests, and its tools' calls. Its edits of answers are in
//! [`super::answer_stream`].

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Resource;

use super::bindings::agent::AgentPlugin;
use super::bindings::agent::exports::ccr::plugin::agent as wit;
use super::component::Plugin;
use super::engine::PluginEngine;
use super::error::{Cause, PluginError};
use super::guest::Surroundings;
use super::instance::Instance;
use super::requests::{Access, Destination, Request};
use crate::base::request::InnerRequest;

pub use wit::{ToolCall, ToolDefinition, ToolResult};

/// How long a call of a tool may compute, beside all waiting: a large image is decoded and scaled in a few seconds.
const COMPUTING: Duration = Duration::from_secs(10);

/// What a call of a tool may hand to the host in all, what it asks of models and hosts included: some images.
const HANDED_OVER: usize = 64 * 1024 * 1024;

/// Largest result of a tool, with what is shown to the client: no model reads as much.
const MAX_RESULT: usize = 4 * 1024 * 1024;

/// Largest state between preparation and calls (`wit/0.2.0/roles.wit` promises it): it is copied with every call.
const MAX_STATE: usize = 1024 * 1024;

/// Most tools of one agent, as providers take 128 in all.
const MAX_TOOLS: usize = 32;

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
}

/// Has an agent prepare a request; `None` if that is not its business, whatever it did to the request.
pub async fn prepare(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    request: InnerRequest,
    destination: Destination,
) -> Result<(Option<Prepared>, Duration), PluginError> {
    const STEP: &str = "prepare";
    let input_bytes = request.text().len();
    let mut instance = Instance::<AgentPlugin>::new(engine, plugin, surroundings).await?;
    let handle = instance.lend(STEP, Request::new(request, Some(destination), Access::Edit))?;
    // It may keep what it takes out of the request in its store, and write the rest anew; and all of its state may be used.
    let (bindings, store) = instance.begin(plugin.limits.request, input_bytes * 2 + MAX_STATE);
    let borrowed = Resource::new_borrow(handle.rep());
    let result = bindings.ccr_plugin_agent().call_prepare(store, borrowed).await;
    let preparation = instance.end(STEP, result)?.map_err(|fault| instance.refused(STEP, fault))?;
    let Some(wit::Preparation { tools, system, state }) = preparation else { return Ok((None, instance.spent())) };
    if state.len() > MAX_STATE || tools.len() > MAX_TOOLS {
        let reason = format!("it may bring {MAX_TOOLS} tools and {MAX_STATE} bytes of state");
        return Err(instance.bad_output(STEP, reason));
    }
    let Request { request, dropped, .. } = instance.take_back(STEP, handle)?;
    if let Err(reason) = request.check() {
        return Err(instance.bad_output(STEP, format!("it left a request that is not legal: {reason}")));
    }
    Ok((Some(Prepared { request, dropped, tools, system, state }), instance.spent()))
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
    let mut instance = Instance::<AgentPlugin>::new(engine, plugin, surroundings).await?;
    let (bindings, store) = instance.begin_bounded(COMPUTING, HANDED_OVER);
    let called = bindings.ccr_plugin_agent().call_call_tool(store, call, state);
    let Ok(result) = tokio::time::timeout(plugin.limits.tool, called).await else {
        return Err(instance.gave_up(STEP, Cause::TimedOut(plugin.limits.tool)));
    };
    let result = instance.end(STEP, result)?.map_err(|fault| instance.refused(STEP, fault))?;
    if result.content.len() + result.shown.as_ref().map_or(0, String::len) > MAX_RESULT {
        return Err(instance.bad_output(STEP, format!("its result is larger than {} MiB", MAX_RESULT / (1024 * 1024))));
    }
    Ok((result, instance.spent()))
}
