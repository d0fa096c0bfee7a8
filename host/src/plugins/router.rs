//! The role `router` from the host's side.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::Store;
use wasmtime::component::Resource;

use super::bindings::router::RouterPlugin;
use super::component::Plugin;
use super::engine::PluginEngine;
use super::error::PluginError;
use super::guest::{Guest, Surroundings};
use super::lent;
use super::session::{AsyncInstantiate, Live};
use crate::request::InnerRequest;

/// Longest output of a router (design §6): a target and a reason are a line.
const MAX_OUTPUT: usize = 64 * 1024;

struct Router<'a>(&'a Plugin);

impl AsyncInstantiate<RouterPlugin> for Router<'_> {
    async fn instantiate(&self, store: &mut Store<Guest>) -> wasmtime::Result<RouterPlugin> {
        match &self.0.roles.router {
            Some(pre) => pre.instantiate_async(store).await,
            None => Err(wasmtime::Error::msg("it has no role `router`")),
        }
    }
}

/// What a router said.
pub struct Decision {
    /// `provider,model`
    pub target: String,
    /// Why.
    pub reason: String,
}

/// Asks a router; `None` is "no opinion".
pub async fn route(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    request: &InnerRequest,
) -> Result<(Option<Decision>, Duration), PluginError> {
    const STEP: &str = "route";
    let mut live = Live::new(engine, plugin, surroundings, Router(plugin)).await?;
    let lent = lent::Request { request: request.clone(), target: None, may_edit: false, dropped: Vec::new() };
    let handle = live.guest().table.push(lent).map_err(|error| live.bad_output(STEP, error.to_string()))?;
    let limit = plugin.limits.request;
    let (bindings, store) = live.begin_bounded(limit, MAX_OUTPUT);
    let borrowed = Resource::new_borrow(handle.rep());
    let result = bindings.ccr_plugin_router().call_route(store, borrowed).await;
    let decision = live.end(STEP, result)?.map_err(|fault| live.refused(STEP, fault))?;
    let Some(decision) = decision else { return Ok((None, live.spent())) };
    Ok((Some(Decision { target: decision.target, reason: decision.reason }), live.spent()))
}
