//! One attempt at one turn of an answer: the request transformed for one target, sent with one key, and the answer opened.
//!
//! Each starts from the original request, so nothing of an earlier target's format is left in it.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Instant;

use ccr_messages::tool_calls::Assembler;

use super::Tools;
use super::plan::Candidate;
use crate::agents::{self, Caller, Conversation};
use crate::base::error::GatewayError;
use crate::base::ids;
use crate::base::request::InnerRequest;
use crate::client::ClientCodec;
use crate::config::{Provider, Secret};
use crate::reading::{self, Codec, EventSource, Form, Opened, Reading};
use crate::record::AttemptNotes;
use crate::snapshot::{Chain, Protocol};
use crate::transform::{self, Transformed};
use crate::upstream::UpstreamResponse;

/// A turn of the model that is asked for.
pub trait Turn: Sync {
    /// What an answer is opened as.
    type Opened: Send;

    /// Whether it begins the answer, so that nothing of an earlier attempt counts any more.
    const BEGINS: bool;

    /// What is asked.
    fn request(&self) -> &InnerRequest;

    /// Makes one attempt at a target.
    fn attempt(
        &self,
        tools: Tools<'_>,
        candidate: &Candidate,
        notes: &mut AttemptNotes,
    ) -> impl Future<Output = Result<Self::Opened, GatewayError>> + Send;
}

/// The first turn: agents prepare the request, and the upstream's own bytes may go to the client.
pub struct First<'a, F> {
    request: &'a InnerRequest,
    client: &'a ClientCodec,
    /// What of the client's request has no place in the inner form.
    unread: &'a [String],
    /// In whose name agents act; none where there are no agents.
    caller: Option<Arc<Caller>>,
    form: PhantomData<F>,
}

/// A later turn: the request holds what was said before, and the client sees a part of the answer only.
pub struct Later<'a, F> {
    request: &'a InnerRequest,
    client: &'a ClientCodec,
    /// The agents' tools.
    tools: Vec<String>,
    form: PhantomData<F>,
}

/// A first turn that has begun well.
#[allow(clippy::large_enum_variant, reason = "there is one for a request, and it is taken apart at once")]
pub enum Begun<R> {
    /// The upstream's own bytes.
    Raw(R),
    /// Typed events, and the agents that have a part in them.
    Events(EventSource, Option<Box<Conversation>>),
}

impl<'a, F> First<'a, F> {
    /// Of a client's request.
    pub fn new(
        request: &'a InnerRequest,
        client: &'a ClientCodec,
        unread: &'a [String],
        caller: Option<Arc<Caller>>,
    ) -> Self {
        Self { request, client, unread, caller, form: PhantomData }
    }
}

impl<'a, F> Later<'a, F> {
    /// Of the request that has grown by the turns before.
    pub fn new(request: &'a InnerRequest, client: &'a ClientCodec, tools: Vec<String>) -> Self {
        Self { request, client, tools, form: PhantomData }
    }
}

impl<F: Form> Turn for First<'_, F> {
    type Opened = Begun<F::Raw>;
    const BEGINS: bool = true;

    fn request(&self) -> &InnerRequest {
        self.request
    }

    async fn attempt(
        &self,
        tools: Tools<'_>,
        candidate: &Candidate,
        notes: &mut AttemptNotes,
    ) -> Result<Self::Opened, GatewayError> {
        let to = To::reachable(tools, candidate)?;
        to.check_thread(self.request)?;
        let agents = match &self.caller {
            // Boxed, as most requests have no agents, and would carry the room for them.
            Some(caller) => {
                Box::pin(agents::prepare(caller, to.provider, &candidate.target, self.request, notes)).await?
            }
            None => None,
        };
        let Some(agents) = agents else { return self.attempt_alone(&to, notes).await };
        notes.dropped.splice(0..0, self.unread.iter().cloned());
        let asking = to.ask_for_events::<F>(agents.request(), self.client, agents.tool_names(), notes);
        let source = Box::pin(asking).await?;
        Ok(Begun::Events(source, Some(Box::new(agents))))
    }
}

impl<F: Form> First<'_, F> {
    /// Without agents.
    async fn attempt_alone(&self, to: &To<'_>, notes: &mut AttemptNotes) -> Result<Begun<F::Raw>, GatewayError> {
        let (request, client) = (self.request, self.client);
        let model = &to.candidate.target;
        let forwarded = transform::forward(to.tools.engine, to.provider, to.chain, model, client, request).await?;
        let transformed = match forwarded {
            Some(forwarded) => forwarded,
            None => {
                notes.dropped.extend_from_slice(self.unread);
                to.transform(request, client).await?
            }
        };
        match to.ask::<F>(request, client, transformed, notes).await? {
            Opened::Raw(raw) => Ok(Begun::Raw(raw)),
            Opened::Events(source) => Ok(Begun::Events(source, None)),
        }
    }
}

impl<F: Form> Turn for Later<'_, F> {
    type Opened = EventSource;
    const BEGINS: bool = false;

    fn request(&self) -> &InnerRequest {
        self.request
    }

    async fn attempt(
        &self,
        tools: Tools<'_>,
        candidate: &Candidate,
        notes: &mut AttemptNotes,
    ) -> Result<EventSource, GatewayError> {
        let to = To::reachable(tools, candidate)?;
        to.check_thread(self.request)?;
        to.ask_for_events::<F>(self.request, self.client, self.tools.iter().cloned(), notes).await
    }
}

/// Where one attempt goes, and how requests are made there.
struct To<'a> {
    tools: Tools<'a>,
    candidate: &'a Candidate,
    provider: &'a Provider,
    chain: &'a Arc<Chain>,
}

impl<'a> To<'a> {
    fn reachable(tools: Tools<'a>, candidate: &'a Candidate) -> Result<Self, GatewayError> {
        let (snapshot, target) = (tools.snapshot, &candidate.target);
        let provider = snapshot
            .config
            .provider(target)
            .ok_or_else(|| GatewayError::NoRoute("the provider is gone from the config".into()))?;
        let unavailable =
            |reason: &str| GatewayError::Unavailable(format!("provider `{}` is unavailable: {reason}", provider.name));
        if let Some(reason) = &provider.unavailable {
            return Err(unavailable(reason));
        }
        let chain = snapshot.chain(target).map_err(unavailable)?;
        Ok(Self { tools, candidate, provider, chain })
    }

    /// Only an upstream of the same format can keep threads. The anthropic package's `tool_runner` asks for one by default, and
    /// goes on without when it is told in just these words.
    fn check_thread(&self, request: &InnerRequest) -> Result<(), GatewayError> {
        let asks = request.get("/thread").is_some_and(|thread| thread != "null");
        if asks && !matches!(self.chain.protocol, Protocol::Inner { .. }) {
            return Err(GatewayError::Unsupported {
                code: "thread_unsupported_request",
                message: "threads are not supported for this model; send the whole conversation without `thread`"
                    .into(),
            });
        }
        Ok(())
    }

    async fn transform(&self, request: &InnerRequest, client: &ClientCodec) -> Result<Transformed<'a>, GatewayError> {
        let target = &self.candidate.target;
        transform::transform(self.tools.engine, self.provider, self.chain, target, request.clone(), client).await
    }

    /// Sends a request and opens its answer, as the upstream's own bytes where they can stand.
    async fn ask<F: Form>(
        &self,
        request: &InnerRequest,
        client: &ClientCodec,
        transformed: Transformed<'a>,
        notes: &mut AttemptNotes,
    ) -> Result<Opened<F::Raw>, GatewayError> {
        let about = request.about();
        let names = transformed.passes_through.then(|| client.names(&about.model, about.streaming));
        let assembler = assembler(&transformed);
        let (codec, response) = self.send(request, transformed, notes).await?;
        let secrets = response.secrets.clone();
        let reading = self.reading(request, codec, assembler, &secrets);
        let opened = reading::open::<F>(reading, response, names).await;
        notes.opened = Some(Instant::now());
        opened.map_err(|error| error.redacted(&secrets))
    }

    /// Sends a request, and opens its answer as events. Calls of `tools` may have broken arguments: their agents say so.
    async fn ask_for_events<F: Form>(
        &self,
        request: &InnerRequest,
        client: &ClientCodec,
        tools: impl Iterator<Item = String>,
        notes: &mut AttemptNotes,
    ) -> Result<EventSource, GatewayError> {
        let transformed = self.transform(request, client).await?;
        let assembler = assembler(&transformed).forgiving(tools);
        let (codec, response) = self.send(request, transformed, notes).await?;
        let secrets = response.secrets.clone();
        let reading = self.reading(request, codec, assembler, &secrets);
        let opened = reading::open_events::<F>(reading, response).await;
        notes.opened = Some(Instant::now());
        opened.map_err(|error| error.redacted(&secrets))
    }

    async fn send(
        &self,
        request: &InnerRequest,
        transformed: Transformed<'a>,
        notes: &mut AttemptNotes,
    ) -> Result<(Codec<'a>, UpstreamResponse), GatewayError> {
        notes.dropped.extend(transformed.dropped);
        notes.plugin_time += transformed.plugin_time;
        notes.encoded = Some(Instant::now());
        let key = self.candidate.key.and_then(|key| self.provider.keys.get(key)).map(|key| &key.secret);
        let streaming = request.about().streaming;
        let response = self.tools.upstreams.forward(self.provider, key, transformed.wire, streaming).await?;
        notes.head = Some(Instant::now());
        Ok((transformed.codec, response))
    }

    fn reading<'r>(
        &'r self,
        request: &'r InnerRequest,
        codec: Codec<'r>,
        assembler: Assembler,
        secrets: &'r [Secret],
    ) -> Reading<'r> {
        Reading {
            engine: self.tools.engine,
            codec,
            transformers: &self.chain.transformers,
            assembler,
            session: request.about().session.as_ref(),
            secrets,
            ping_every: self.tools.snapshot.config.timeouts.ping,
        }
    }
}

/// What puts the calls of an answer together; their ids are made from a seed that no other answer has.
fn assembler(transformed: &Transformed<'_>) -> Assembler {
    let seed = ids::message_id();
    if transformed.repairs_arguments { Assembler::repairing(&seed) } else { Assembler::new(&seed) }
}
