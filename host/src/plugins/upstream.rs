//! The role `upstream-protocol` from the host's side: encode a request, read its answer.

use std::sync::Arc;
use std::time::Duration;

use ccr_messages::json::{Document, Kind};
use http::{HeaderMap, HeaderName};
use wasmtime::component::{Resource, ResourceAny};

use super::bindings::upstream::UpstreamProtocolPlugin;
use super::bindings::{self, EncodedRequest, Event, Failure, Header, SseEvent};
use super::component::{Origin, Plugin};
use super::engine::{MAX_INSTANCES, PluginEngine};
use super::error::{Cause, PluginError};
use super::guest::Surroundings;
use super::instance::Instance;
use super::requests::{Access, Destination, Request};
use crate::base::request::InnerRequest;
use crate::base::wire::{self, Credential, WireBody, WireRequest};

pub use super::bindings::WireResponse;

/// Longest message of a provider's error: explanations are shorter, and it goes into the client's error and the record.
const MAX_MESSAGE: usize = 8 * 1024;

type Upstream = Instance<UpstreamProtocolPlugin>;

/// The instance that waits for this answer, else a fresh one.
async fn ready(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    waiting: Option<WaitingInstance>,
) -> Result<Upstream, PluginError> {
    match waiting {
        Some(WaitingInstance(instance)) => Ok(instance),
        None => Instance::new(engine, plugin, surroundings).await,
    }
}

/// Largest request whose instance waits for the answer. A fresh one costs a small request a fifth of its time (measured); one
/// that has translated a large request would hold its memory for as long as the model thinks.
const WAITING_BODY: usize = 16 * 1024;

/// An instance that encoded a request and will read its answer.
pub struct WaitingInstance(Upstream);

impl WaitingInstance {
    /// Kept only where it is small, and where instances are not scarce.
    fn of(instance: Upstream, engine: &PluginEngine, input_bytes: usize) -> Option<Self> {
        let plenty = engine.permits().available_permits() > MAX_INSTANCES as usize / 2;
        (plenty && input_bytes <= WAITING_BODY).then_some(Self(instance))
    }
}

/// A request that a protocol has encoded.
pub struct Encoded {
    /// What goes over the wire.
    pub request: WireRequest,
    /// What the reading of the answer needs.
    pub context: Vec<u8>,
    /// What was left out.
    pub dropped: Vec<String>,
    /// Time spent in the plugin.
    pub spent: Duration,
    /// Reads the answer, if it was kept.
    pub instance: Option<WaitingInstance>,
}

/// Has a protocol encode a request for a target.
pub async fn encode(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    request: InnerRequest,
    destination: Destination,
) -> Result<Encoded, PluginError> {
    const STEP: &str = "encode";
    let mut instance = ready(engine, plugin, surroundings, None).await?;
    let input_bytes = request.text().len();
    let handle = instance.lend(STEP, Request::new(request, Some(destination), Access::Read))?;
    let limit = plugin.limits.request;
    let (bindings, store) = instance.begin(limit, input_bytes);
    let borrowed = Resource::new_borrow(handle.rep());
    let result = bindings.ccr_plugin_upstream_protocol().call_encode(store, borrowed).await;
    let encoded = instance.end(STEP, result)?.map_err(|fault| instance.refused(STEP, fault))?;
    let Request { dropped, .. } = instance.take_back(STEP, handle)?;
    // The built-in ones are known to write JSON; reading it again would cost as much as the writing.
    if plugin.origin != Origin::BuiltIn
        && let Err(error) = Document::parse(&encoded.body)
    {
        return Err(instance.bad_output(STEP, format!("the request it made is not valid JSON: {error}")));
    }
    let (request, context) = checked(encoded).map_err(|reason| instance.bad_output(STEP, reason))?;
    let spent = instance.take_spent();
    Ok(Encoded { request, context, dropped, spent, instance: WaitingInstance::of(instance, engine, input_bytes) })
}

/// What goes over the wire, and what the reading of the answer needs. Only what is legal leaves the sandbox.
pub(super) fn checked(encoded: EncodedRequest) -> Result<(WireRequest, Vec<u8>), String> {
    let EncodedRequest { path, headers: sent, body, credential, context } = encoded;
    wire::check_path(&path)?;
    let mut headers = HeaderMap::with_capacity(sent.len());
    for Header { name, value } in &sent {
        wire::set_header(&mut headers, name, value)?;
    }
    let credential = match credential {
        bindings::Credential::Bearer => Credential::Bearer,
        bindings::Credential::Header(name) => {
            Credential::Header(HeaderName::try_from(&name).map_err(|_| format!("`{name}` is not a legal header name"))?)
        }
        bindings::Credential::Query(name) => Credential::Query(name),
        bindings::Credential::None => Credential::None,
        bindings::Credential::Google => Credential::Google,
        bindings::Credential::Aws(service) => Credential::Aws(aws_service(service)?),
    };
    Ok((WireRequest { path, headers, body: WireBody::new(body.into()), credential }, context))
}

/// The name becomes part of what is signed, and of a variable's name.
fn aws_service(name: String) -> Result<String, String> {
    let legal =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if legal { Ok(name) } else { Err(format!("`{name}` is not the name of an AWS service, such as `bedrock`")) }
}

/// Has a protocol read a whole answer with a good status.
pub async fn decode(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    waiting: Option<WaitingInstance>,
    response: WireResponse,
    context: &[u8],
) -> Result<(Vec<Event>, Duration), PluginError> {
    const STEP: &str = "decode";
    let mut instance = ready(engine, plugin, surroundings, waiting).await?;
    let limit = plugin.limits.request;
    let (bindings, store) = instance.begin(limit, response.body.len());
    let result = bindings.ccr_plugin_upstream_protocol().call_decode(store, &response, context).await;
    let events = instance.end(STEP, result)?.map_err(|fault| instance.refused(STEP, fault))?;
    check_events(&instance, STEP, &events)?;
    Ok((events, instance.spent()))
}

/// Blocks and citations are put into the answer as they are, so they must be JSON objects.
fn check_events(instance: &Upstream, step: &'static str, events: &[Event]) -> Result<(), PluginError> {
    let mut inserted = events.iter().filter_map(|event| match event {
        Event::Block(json) | Event::Citation(json) => Some(json),
        _ => None,
    });
    let is_object =
        |json: &str| Document::parse(json.as_bytes()).is_ok_and(|document| document.root().kind() == Kind::Object);
    if inserted.all(|json| is_object(json)) {
        return Ok(());
    }
    Err(instance.bad_output(step, "it answered a block that is not a JSON object"))
}

/// Has a protocol read an answer with a bad status.
pub async fn decode_error(
    engine: &PluginEngine,
    plugin: &Arc<Plugin>,
    surroundings: Surroundings,
    waiting: Option<WaitingInstance>,
    response: WireResponse,
) -> Result<Failure, PluginError> {
    const STEP: &str = "decode-error";
    let mut instance = ready(engine, plugin, surroundings, waiting).await?;
    let limit = plugin.limits.request;
    let (bindings, store) = instance.begin(limit, response.body.len());
    let result = bindings.ccr_plugin_upstream_protocol().call_decode_error(store, &response).await;
    let mut failure = instance.end(STEP, result)?;
    failure.message = crate::base::request::shortened(failure.message, MAX_MESSAGE);
    Ok(failure)
}

/// The parts of an answer that a protocol gets to see.
pub fn wire_response(status: u16, headers: &HeaderMap, body: Vec<u8>) -> WireResponse {
    let headers = headers
        .iter()
        .filter(|(name, _)| !crate::base::request::is_secret(name.as_str()))
        .filter_map(|(name, value)| Some(Header { name: name.as_str().into(), value: value.to_str().ok()?.into() }))
        .collect();
    WireResponse { status, headers, body }
}

/// One streamed answer being read by an instance that lives as long as the stream.
pub struct Decoder {
    instance: Upstream,
    handle: ResourceAny,
    /// Bytes of the answer so far: a decoder may hold back what came earlier and hand it over later.
    held: usize,
}

impl Decoder {
    /// Makes the instance and its decoder.
    pub async fn open(
        engine: &PluginEngine,
        plugin: &Arc<Plugin>,
        surroundings: Surroundings,
        waiting: Option<WaitingInstance>,
        context: &[u8],
    ) -> Result<Self, PluginError> {
        let mut instance = ready(engine, plugin, surroundings, waiting).await?;
        let limit = plugin.limits.request;
        let (bindings, store) = instance.begin(limit, context.len());
        let result = bindings.ccr_plugin_upstream_protocol().decoder().call_constructor(store, context).await;
        let handle = instance.end("decoder", result)?;
        Ok(Self { instance, handle, held: 0 })
    }

    /// Reads all events that one read brought.
    pub async fn push(&mut self, batch: &[SseEvent]) -> Result<Vec<Event>, PluginError> {
        const STEP: &str = "decoder.push";
        let (handle, limit) = (self.handle, self.instance.plugin().limits.events);
        let input_bytes = batch.iter().map(|event| event.data.len()).sum();
        self.held = self.held.saturating_add(input_bytes);
        let (bindings, store) = self.instance.begin(limit, self.held);
        let result = bindings.ccr_plugin_upstream_protocol().decoder().call_push(store, handle, batch).await;
        let events = self.instance.end(STEP, result)?.map_err(|fault| self.instance.refused(STEP, fault))?;
        check_events(&self.instance, STEP, &events)?;
        Ok(events)
    }

    /// The stream has ended.
    pub async fn finish(&mut self) -> Result<Vec<Event>, PluginError> {
        const STEP: &str = "decoder.finish";
        let (handle, limit) = (self.handle, self.instance.plugin().limits.events);
        let (bindings, store) = self.instance.begin(limit, self.held);
        let result = bindings.ccr_plugin_upstream_protocol().decoder().call_finish(store, handle).await;
        let events = self.instance.end(STEP, result)?.map_err(|fault| self.instance.refused(STEP, fault))?;
        check_events(&self.instance, STEP, &events)?;
        Ok(events)
    }

    /// Time spent in the plugin.
    pub fn spent(&self) -> Duration {
        self.instance.spent()
    }
}

/// What a plugin's refusal is when it is the upstream's fault.
pub fn upstream_failure(error: &PluginError) -> Option<&Failure> {
    match &error.cause {
        Cause::Refused(bindings::Fault::Upstream(failure)) => Some(failure),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(credential: bindings::Credential) -> Result<Credential, String> {
        let encoded = EncodedRequest {
            path: "/v1".into(),
            headers: Vec::new(),
            body: b"{}".to_vec(),
            credential,
            context: Vec::new(),
        };
        checked(encoded).map(|(request, _)| request.credential)
    }

    #[test]
    fn a_protocol_names_the_kind_of_its_credential() {
        assert_eq!(credential(bindings::Credential::Google), Ok(Credential::Google));
        assert_eq!(credential(bindings::Credential::Aws("bedrock".into())), Ok(Credential::Aws("bedrock".into())));
        for bad in ["", "Bedrock", "a/b", "a\nb"] {
            assert!(credential(bindings::Credential::Aws(bad.into())).is_err(), "{bad}");
        }
        assert!(credential(bindings::Credential::Header("a b".into())).is_err());
    }
}
