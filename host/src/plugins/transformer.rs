//! Transformers from the host's side: edits of a request on its way out. Those of the answer are in [`super::answer_stream`].

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Resource;

use super::bindings::request_transformer::RequestTransformerPlugin;
use super::bindings::wire_transformer::WireTransformerPlugin;
use super::component::Plugin;
use super::engine::PluginEngine;
use super::error::PluginError;
use super::guest::Surroundings;
use super::instance::Instance;
use super::requests::{self, Access, Destination};
use crate::base::request::InnerRequest;
use crate::base::wire::WireRequest;

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
    destination: Destination,
) -> Result<Edited<InnerRequest>, PluginError> {
    const STEP: &str = "transform-request";
    let input_bytes = request.text().len();
    let mut instance = Instance::<RequestTransformerPlugin>::new(engine, plugin, surroundings).await?;
    let handle = instance.lend(STEP, requests::Request::new(request, Some(destination), Access::Edit))?;
    let (bindings, store) = instance.begin(plugin.limits.request, input_bytes);
    let borrowed = Resource::new_borrow(handle.rep());
    let result = bindings.ccr_plugin_request_transformer().call_transform_request(store, borrowed).await;
    instance.end(STEP, result)?.map_err(|fault| instance.refused(STEP, fault))?;
    let requests::Request { request, dropped, .. } = instance.take_back(STEP, handle)?;
    Ok(Edited { request, dropped, spent: instance.spent() })
}

/// Has a transformer edit the request as it goes over the wire.
pub async fn transform_wire_request(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    request: WireRequest,
    destination: Destination,
) -> Result<Edited<WireRequest>, PluginError> {
    const STEP: &str = "transform-wire-request";
    let input_bytes = request.body.len();
    let mut instance = Instance::<WireTransformerPlugin>::new(engine, plugin, surroundings).await?;
    let WireRequest { path, headers, body, credential } = request;
    let target = destination.target;
    let handle = instance.lend(STEP, requests::WireRequest { target, path, headers, body, dropped: Vec::new() })?;
    let (bindings, store) = instance.begin(plugin.limits.request, input_bytes);
    let borrowed = Resource::new_borrow(handle.rep());
    let result = bindings.ccr_plugin_wire_transformer().call_transform_wire_request(store, borrowed).await;
    instance.end(STEP, result)?.map_err(|fault| instance.refused(STEP, fault))?;
    let requests::WireRequest { path, headers, body, dropped, .. } = instance.take_back(STEP, handle)?;
    Ok(Edited { request: WireRequest { path, headers, body, credential }, dropped, spent: instance.spent() })
}
