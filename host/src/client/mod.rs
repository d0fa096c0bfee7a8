//! Who speaks to the gateway, and how it is answered: an Anthropic client, whose format is the inner form itself, or a client of
//! another format, which a component reads and writes for. Nothing outside this folder knows which.

mod events;
mod names;
mod whole;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ccr_messages::answer::Head;
use ccr_messages::encode::{self, StreamEncoder};
use ccr_messages::event::{Event, Failure};
use http::request::Parts;
use http::{HeaderValue, Response, Uri};

pub use self::names::ModelNames;
pub use self::whole::{Collector, WholeAnswer};
pub use self::writer::StreamWriter;
use self::writer::{ClientSink, ComponentSink};
use crate::base::body::Body;
use crate::base::error::GatewayError;
use crate::base::ids;
use crate::base::request::{self, InnerRequest};
use crate::plugins::bindings::Fault;
use crate::plugins::client::{self as role, ClientRequest, Forwarded};
use crate::plugins::{Cause, Destination, PluginEngine, PluginError};
use crate::snapshot::{Chain, Format, Protocol};

/// The format of one client.
#[derive(Clone)]
pub enum Client {
    /// Anthropic Messages.
    Anthropic,
    /// A component's.
    Component(Format),
}

/// A request that has been read.
pub struct Decoded {
    /// In the inner form.
    pub request: InnerRequest,
    /// How its answer is written.
    pub codec: ClientCodec,
    /// What could not be expressed.
    pub dropped: Vec<String>,
    /// Time spent in the component.
    pub spent: Duration,
}

/// How one request of a client is answered in its format.
#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "there is one for a request")]
pub enum ClientCodec {
    /// As Anthropic does.
    Anthropic,
    /// By a component.
    Component(Component),
}

/// A component that answers one request.
#[derive(Clone)]
pub struct Component {
    format: Format,
    /// The request as it came, for an upstream of the same format.
    original: Arc<ClientRequest>,
    /// The same in the inner form: as long as nothing has edited it, the original may go out.
    decoded: InnerRequest,
    /// What the format left at reading.
    context: Arc<[u8]>,
    /// Content type of a streamed answer.
    stream_type: HeaderValue,
}

impl Client {
    /// The query parameter in which clients of this format show their key.
    pub fn key_parameter(&self) -> Option<&str> {
        match self {
            Self::Anthropic => None,
            Self::Component(format) => format.format.key_parameter.as_deref(),
        }
    }

    /// Reads a request.
    pub async fn decode(
        &self,
        engine: &PluginEngine,
        head: &Parts,
        body: Vec<u8>,
        id: &str,
    ) -> Result<Decoded, GatewayError> {
        match self {
            Self::Anthropic => {
                let visible = request::visible_headers(&head.headers);
                let query = head.uri.query().map(str::to_owned);
                let request = InnerRequest::parse(body, id, visible, query)?;
                let (codec, dropped) = (ClientCodec::Anthropic, Vec::new());
                Ok(Decoded { request, codec, dropped, spent: Duration::ZERO })
            }
            Self::Component(format) => format.decode(engine, head, body, id).await,
        }
    }

    /// An error in the client's own shape; in Anthropic's where the component cannot write it.
    pub async fn refuse(&self, engine: &PluginEngine, error: &GatewayError, id: &str, path: &str) -> Response<Body> {
        match self {
            Self::Anthropic => error.render(id),
            Self::Component(format) => format.refuse(engine, error, id, path).await,
        }
    }
}

impl Format {
    async fn decode(
        &self,
        engine: &PluginEngine,
        head: &Parts,
        body: Vec<u8>,
        id: &str,
    ) -> Result<Decoded, GatewayError> {
        let headers = request::visible_headers(&head.headers);
        let path = self.shown_path(&head.uri);
        let original = ClientRequest { path, headers: role::headers(&headers), body };
        let (decoded, spent) = role::decode(engine, &self.used.plugin, self.used.surroundings.clone(), &original)
            .await
            .map_err(of_client)?;
        let bad =
            |reason| PluginError { plugin: self.used.plugin.label(), step: "decode", cause: Cause::BadOutput(reason) };
        let stream_type = HeaderValue::from_str(&decoded.stream_type).map_err(|error| bad(error.to_string()))?;
        let request = InnerRequest::translated(decoded.body, id, headers, decoded.streaming).map_err(bad)?;
        let codec = ClientCodec::Component(Component {
            format: self.clone(),
            original: Arc::new(original),
            decoded: request.clone(),
            context: decoded.context.into(),
            stream_type,
        });
        Ok(Decoded { request, codec, dropped: decoded.dropped, spent })
    }

    /// Path and query of a request, without the client's key.
    fn shown_path(&self, uri: &Uri) -> String {
        let path = uri.path();
        let Some(query) = uri.query() else { return path.to_owned() };
        let key = self.format.key_parameter.as_deref();
        let is_key = |pair: &&str| key.is_some_and(|key| pair.split('=').next() == Some(key));
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_key(pair)).collect();
        if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
    }

    async fn refuse(&self, engine: &PluginEngine, error: &GatewayError, id: &str, path: &str) -> Response<Body> {
        let mut response = error.render(id);
        let mut failure = error.as_failure();
        failure.status = Some(response.status().as_u16());
        let surroundings = self.used.surroundings.clone();
        match role::encode_error(engine, &self.used.plugin, surroundings, &failure.into(), id, path).await {
            Ok(answer) => WholeAnswer::of_component(answer, Duration::ZERO).replace(&mut response),
            Err(error) => tracing::warn!(request = id, "the error is told in Anthropic's form: {error}"),
        }
        response
    }
}

impl ClientCodec {
    /// What a client that streams is sent while nothing else comes; empty if its format has nothing of the kind.
    pub fn keep_alive(&self) -> Bytes {
        match self {
            Self::Anthropic => Bytes::from_static(encode::PING.as_bytes()),
            Self::Component(component) => component.keep_alive(),
        }
    }

    /// Content type of a streamed answer.
    pub fn stream_type(&self) -> HeaderValue {
        match self {
            Self::Anthropic => HeaderValue::from_static("text/event-stream; charset=utf-8"),
            Self::Component(component) => component.stream_type.clone(),
        }
    }

    /// Whether the beginning of a stream tells the input's tokens. Other formats tell counts at the end only, where an estimate
    /// would pass for the provider's word.
    pub fn begins_with_usage(&self) -> bool {
        matches!(self, Self::Anthropic)
    }

    /// Begins to write a streamed answer.
    pub async fn writer(&self, engine: &PluginEngine, head: Head) -> Result<StreamWriter, PluginError> {
        let sink = match self {
            Self::Anthropic => ClientSink::Anthropic(StreamEncoder::new()),
            Self::Component(component) => {
                let encoder = component.encoder(engine, &head).await?;
                ClientSink::Component(Box::new(ComponentSink::new(encoder, component.keep_alive())))
            }
        };
        Ok(StreamWriter::new(sink, head))
    }

    /// Begins to gather a whole answer.
    pub fn collector(&self, head: Head) -> Collector {
        match self {
            Self::Anthropic => Collector::anthropic(head),
            Self::Component(component) => Collector::component(head, component.clone()),
        }
    }

    /// The end of a stream that breaks off and that no writer has begun, or that went through as the upstream's own bytes.
    pub async fn last_words(&self, engine: &PluginEngine, failure: &Failure) -> Result<Bytes, PluginError> {
        match self {
            Self::Anthropic => Ok(encode::error_event(failure).into()),
            Self::Component(component) => {
                let head = Head { id: ids::message_id(), model: String::new() };
                let mut encoder = component.encoder(engine, &head).await?;
                encoder.abort(&failure.clone().into()).await.map(Bytes::from)
            }
        }
    }

    /// How the model's name is found in answers of an upstream that speaks this format.
    pub fn names(&self, model: &str, streaming: bool) -> ModelNames {
        match self {
            Self::Anthropic if streaming => ModelNames::anthropic(model),
            Self::Anthropic => ModelNames::anthropic_whole(model),
            Self::Component(component) => ModelNames::everywhere(&component.format.format.model_pointers, model),
        }
    }

    /// Whether requests come in the inner form itself.
    pub fn speaks_inner_form(&self) -> bool {
        matches!(self, Self::Anthropic)
    }

    /// The client's own request for this target, if it is in another format than the inner form, the target speaks that too, and
    /// nothing has to be edited.
    pub async fn forward(
        &self,
        engine: &PluginEngine,
        chain: &Chain,
        destination: &Destination,
        request: &InnerRequest,
    ) -> Result<Option<Forwarded>, PluginError> {
        let (Self::Component(component), Protocol::Plugin(used)) = (self, &chain.protocol) else { return Ok(None) };
        let same = used.plugin.digest == component.format.used.plugin.digest;
        if !same || !chain.transformers.is_empty() || !request.is_same_text(&component.decoded) {
            return Ok(None);
        }
        let surroundings = used.in_session(request.about().session.as_ref());
        role::forward(engine, &used.plugin, surroundings, &component.original, destination).await
    }
}

impl Component {
    fn keep_alive(&self) -> Bytes {
        self.format.format.keep_alive.clone().unwrap_or_default().into()
    }

    async fn encode(&self, engine: &PluginEngine, events: Vec<Event>, head: &Head) -> Result<WholeAnswer, PluginError> {
        let used = &self.format.used;
        let (answer, spent) =
            role::encode(engine, &used.plugin, used.surroundings.clone(), events, head, &self.context).await?;
        Ok(WholeAnswer::of_component(answer, spent))
    }

    async fn encoder(&self, engine: &PluginEngine, head: &Head) -> Result<role::Encoder, PluginError> {
        let used = &self.format.used;
        role::Encoder::open(engine, &used.plugin, used.surroundings.clone(), head, &self.context).await
    }
}

/// What a format refuses in a client's request is the client's to read, in the format's own words.
fn of_client(error: PluginError) -> GatewayError {
    match error.cause {
        Cause::Refused(Fault::InvalidRequest(message) | Fault::Unsupported(message)) => GatewayError::invalid(message),
        cause => PluginError { cause, ..error }.into(),
    }
}
