//! The role `router` from the host's side.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Resource;

use super::bindings::router::RouterPlugin;
use super::bindings::router::exports::ccr::plugin::router::Decision;
use super::component::Plugin;
use super::engine::PluginEngine;
use super::error::PluginError;
use super::guest::Surroundings;
use super::instance::Instance;
use super::requests::{Access, Request};
use crate::base::request::InnerRequest;

/// Longest output of a router (design §6): a target and a reason are a line.
const MAX_OUTPUT: usize = 64 * 1024;

/// Asks a router; `None` is "no opinion".
pub async fn route(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    request: &InnerRequest,
) -> Result<(Option<Decision>, Duration), PluginError> {
    const STEP: &str = "route";
    let mut instance = Instance::<RouterPlugin>::new(engine, plugin, surroundings).await?;
    let handle = instance.lend(STEP, Request::new(request.clone(), None, Access::Read))?;
    let (bindings, store) = instance.begin_bounded(plugin.limits.request, MAX_OUTPUT);
    let borrowed = Resource::new_borrow(handle.rep());
    let result = bindings.ccr_plugin_router().call_route(store, borrowed).await;
    let decision = instance.end(STEP, result)?.map_err(|fault| instance.refused(STEP, fault))?;
    Ok((decision, instance.spent()))
}
