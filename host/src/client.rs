//! Who speaks to the gateway: an Anthropic client, whose format is the inner form itself, or a client of another format, which
//! a component reads and writes for.

use std::sync::Arc;
use std::time::Duration;

use ccr_messages::answer::Head;
use ccr_messages::event::{Event, Failure};
use http::request::Parts;
use http::{HeaderValue, Response, Uri, header};

use crate::body::{self, Body};
use crate::error::GatewayError;
use crate::plugins::bindings::{Fault, Target};
use crate::plugins::client::{self as role, ClientAnswer, ClientFormat, ClientRequest, Forwarded};
use crate::plugins::{Cause, PluginEngine, PluginError};
use crate::request::{self, InnerRequest};
use crate::snapshot::{Chain, PluginUse, Protocol};

/// The format of one client.
#[derive(Clone)]
pub enum Client {
    /// Anthropic Messages.
    Inner,
    /// A component's.
    Foreign(Foreign),
}

/// A format that a component speaks.
#[derive(Clone)]
pub struct Foreign {
    /// The component.
    pub used: PluginUse,
    /// What it says of the format.
    pub format: Arc<ClientFormat>,
}

/// A request that a component has read.
pub struct Decoded {
    /// In the inner form.
    pub request: InnerRequest,
    /// How its answer is written.
    pub answering: Answering,
    /// What could not be expressed.
    pub dropped: Vec<String>,
    /// Time spent in the component.
    pub spent: Duration,
}

/// What is needed to answer a client in its format.
#[derive(Clone)]
pub struct Answering {
    /// Its format.
    pub foreign: Foreign,
    /// The request as it came, for an upstream of the same format.
    pub original: Arc<ClientRequest>,
    /// What the format left at reading.
    pub context: Arc<[u8]>,
    /// Content type of a streamed answer.
    pub stream_type: HeaderValue,
}

impl Client {
    /// The query parameter in which clients of this format show their key.
    pub fn key_parameter(&self) -> Option<&str> {
        match self {
            Self::Inner => None,
            Self::Foreign(foreign) => foreign.format.key_parameter.as_deref(),
        }
    }
}

impl Foreign {
    /// Whether it serves this path.
    pub fn serves(&self, path: &str) -> bool {
        self.format.paths.iter().any(|pattern| role::matches(pattern, path))
    }

    /// Reads a request.
    pub async fn decode(
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
        let answering = Answering {
            foreign: self.clone(),
            original: Arc::new(original),
            context: decoded.context.into(),
            stream_type,
        };
        Ok(Decoded { request, answering, dropped: decoded.dropped, spent })
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

    /// An error in the client's own shape; in Anthropic's where the component cannot write it.
    pub async fn refuse(&self, engine: &PluginEngine, error: &GatewayError, id: &str, path: &str) -> Response<Body> {
        let mut response = error.render(id);
        let mut failure = error.as_failure();
        failure.status = Some(response.status().as_u16());
        let surroundings = self.used.surroundings.clone();
        match role::encode_error(engine, &self.used.plugin, surroundings, &failure.into(), id, path).await {
            Ok(answer) => replace(&mut response, answer),
            Err(error) => tracing::warn!(request = id, "the error is told in Anthropic's form: {error}"),
        }
        response
    }
}

impl Answering {
    /// The client's own request for this target, if the target speaks its format and nothing has to be edited.
    pub async fn forward(
        &self,
        engine: &PluginEngine,
        chain: &Chain,
        target: &Target,
        session: Option<&Arc<str>>,
    ) -> Result<Option<Forwarded>, PluginError> {
        let Protocol::Plugin(used) = &chain.protocol else { return Ok(None) };
        let same = used.plugin.digest == self.foreign.used.plugin.digest;
        if !same || !chain.transformers.is_empty() {
            return Ok(None);
        }
        role::forward(engine, &used.plugin, used.in_session(session), &self.original, target).await
    }

    /// Writes a whole answer.
    pub async fn encode(
        &self,
        engine: &PluginEngine,
        events: Vec<Event>,
        head: &Head,
    ) -> Result<(ClientAnswer, Duration), PluginError> {
        let used = &self.foreign.used;
        role::encode(engine, &used.plugin, used.surroundings.clone(), events, head, &self.context).await
    }

    /// Begins to write a streamed answer.
    pub async fn encoder(&self, engine: &PluginEngine, head: &Head) -> Result<role::Encoder, PluginError> {
        let used = &self.foreign.used;
        role::Encoder::open(engine, &used.plugin, used.surroundings.clone(), head, &self.context).await
    }

    /// The last words of a stream that breaks off before anything of the answer was written.
    pub async fn last_words(
        &self,
        engine: &PluginEngine,
        head: &Head,
        failure: &Failure,
    ) -> Result<Vec<u8>, PluginError> {
        self.encoder(engine, head).await?.abort(&failure.clone().into()).await
    }
}

/// What a format refuses in a client's request is the client's to read, in the format's own words.
fn of_client(error: PluginError) -> GatewayError {
    match error.cause {
        Cause::Refused(Fault::InvalidRequest(message) | Fault::Unsupported(message)) => GatewayError::invalid(message),
        cause => GatewayError::Plugin(PluginError { cause, ..error }),
    }
}

/// Puts a component's answer in the place of a response's own.
pub fn replace(response: &mut Response<Body>, answer: ClientAnswer) {
    if let Ok(status) = http::StatusCode::from_u16(answer.status) {
        *response.status_mut() = status;
    }
    if let Ok(kind) = HeaderValue::try_from(answer.content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    *response.body_mut() = body::full(answer.body);
}
