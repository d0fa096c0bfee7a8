//! The way of a request, from top to bottom: authenticate → read → route → agents prepare → transform → forward →
//! answer back → record. (The first step, accept, is [`crate::server`]'s.) Where the model calls an agent's tool, the agent
//! answers, and from "transform" on it goes round once more.

mod streaming;

use std::sync::Arc;

use bytes::Bytes;
use ccr_messages::answer::Head;
use ccr_messages::event::Failure;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;

use self::streaming::{StreamState, stream_body};
use crate::agents::{Caller, Conversation, Spend, Then};
use crate::answer::{Answer, EventSource, Whole};
use crate::attempts::{self, Attempts};
use crate::auth;
use crate::body::{self, Body, Cut};
use crate::client::{self, Answering, Client};
use crate::error::GatewayError;
use crate::gateway::Gateway;
use crate::record::{OpenRecord, Outcome};
use crate::request::{self, InnerRequest};
use crate::routing::trace::Trace;
use crate::routing::{Route, Routing};
use crate::snapshot::Snapshot;
use crate::{headers, ids};

/// Answers a request for a message, in whatever format the client speaks.
pub async fn messages(gateway: &Arc<Gateway>, request: Request<Incoming>, client: Client) -> Response<Body> {
    let id = ids::request_id();
    let mut record = OpenRecord::begin(gateway.records(), id.clone(), request.method(), request.uri().path());
    record.remember_in(gateway.sessions());
    // One snapshot for the whole request: a reload changes nothing for it.
    let snapshot = gateway.snapshot();
    let mut exchange = Exchange::new(Arc::clone(gateway), snapshot, record, client);
    let response = match exchange.prepare(request).await {
        Ok((request, route)) => respond(exchange, request, route).await,
        Err(error) => exchange.refuse(&error).await,
    };
    headers::with_request_id(response, &id)
}

/// Answers a request that an agent makes in the name of a client; the same way, within the client's bounds.
pub async fn complete(caller: &Caller, request: String) -> Result<Bytes, GatewayError> {
    let gateway = Arc::clone(&caller.gateway);
    let id = ids::request_id();
    let mut record = OpenRecord::begin(gateway.records(), id.clone(), &Method::POST, "/v1/messages");
    record.record.parent = Some(caller.request.clone());
    record.record.client_key.clone_from(&caller.client_key);
    record.record.bytes_in = request.len() as u64;
    let mut exchange = Exchange::new(gateway, Arc::clone(&caller.snapshot), record, Client::Inner);
    exchange.above.clone_from(&caller.above);
    exchange.spend = Some(Arc::clone(&caller.spend));
    let answer = exchange.answer_agent(request, &id, caller.session.as_ref()).await;
    // Where agents had a part in it, all turns but the last were counted as they ended.
    caller.spend.add(&exchange.record.last_usage.unwrap_or(exchange.record.record.usage));
    match &answer {
        Ok(json) => {
            exchange.record.answered(json);
            exchange.record.record.status = Some(200);
            exchange.record.end(Outcome::Completed);
        }
        Err(error) => {
            exchange.record.record.status = Some(error.status().as_u16());
            exchange.record.fail(Outcome::Failed, &error.as_failure());
        }
    }
    answer
}

/// What a request carries along from its arrival to its record.
struct Exchange {
    gateway: Arc<Gateway>,
    snapshot: Arc<Snapshot>,
    record: OpenRecord,
    /// Who asks.
    client: Client,
    /// How a client of another format is answered.
    answering: Option<Answering>,
    /// What of such a client's request has no place in the inner form.
    unread: Vec<String>,
    /// The agents in whose calls this request was made.
    above: Vec<Arc<str>>,
    /// How far agents have gone in the client's request.
    spend: Option<Arc<Spend>>,
}

impl Exchange {
    fn new(gateway: Arc<Gateway>, snapshot: Arc<Snapshot>, record: OpenRecord, client: Client) -> Self {
        let (unread, above) = (Vec::new(), Vec::new());
        Self { gateway, snapshot, record, client, answering: None, unread, above, spend: None }
    }

    /// Authenticate, read, route.
    async fn prepare(&mut self, request: Request<Incoming>) -> Result<(InnerRequest, Route), GatewayError> {
        let (head, body) = request.into_parts();
        let caller =
            auth::authenticate_client(&self.snapshot.config, &head.headers, &head.uri, self.client.key_parameter())?;
        self.record.record.client_key = caller.key_name;

        let body = request::read_body(&head.headers, body, self.snapshot.config.timeouts.client).await?;
        self.record.record.bytes_in = body.len() as u64;
        if self.snapshot.config.record_bodies {
            self.record.keep_bodies(&body);
        }
        let mut request = self.decode(&head, body).await?;
        self.note_request(&request);
        let route = self.route(&mut request).await?;
        self.note_route(&route);
        Ok((request, route))
    }

    /// Read, route and the whole answer, of a request that an agent makes.
    async fn answer_agent(
        &mut self,
        body: String,
        id: &str,
        session: Option<&Arc<str>>,
    ) -> Result<Bytes, GatewayError> {
        let mut request = InnerRequest::of_agent(body, id, session)?;
        self.note_request(&request);
        self.record.record.client = self.above.last().map(|agent| format!("agent {agent}"));
        let route = self.route(&mut request).await?;
        self.note_route(&route);
        match self.attempt(&request, &route).await? {
            Answer::Whole(Whole::Json(json)) => Ok(json),
            _ => Err(GatewayError::Unavailable("a request that does not stream was answered with a stream".into())),
        }
    }

    async fn route(&mut self, request: &mut InnerRequest) -> Result<Route, GatewayError> {
        let (engine, snapshot, sessions) = (self.gateway.engine(), &self.snapshot, self.gateway.sessions());
        let client_key = self.record.record.client_key.as_deref();
        let (mut trace, upstreams) = (Trace::default(), self.gateway.upstreams());
        let routed = Routing { engine, snapshot, sessions, client_key, upstreams: Some(&upstreams) }
            .route(request, &mut trace)
            .await;
        self.record.record.route = trace.into_steps();
        if let (Ok(route), Some(answering)) = (&routed, &mut self.answering) {
            // The client's own bytes are not what shall be sent then.
            answering.may_forward = !route.edited;
        }
        routed
    }

    /// The client's body as the inner form.
    async fn decode(&mut self, head: &Parts, body: Vec<u8>) -> Result<InnerRequest, GatewayError> {
        let id = self.record.record.id.clone();
        match &self.client {
            Client::Inner => {
                let visible = request::visible_headers(&head.headers);
                let query = head.uri.query().map(str::to_owned);
                InnerRequest::parse(body, &id, visible, query)
            }
            Client::Foreign(foreign) => {
                let decoded = foreign.decode(self.gateway.engine(), head, body, &id).await?;
                self.record.add_plugin_time(decoded.spent);
                self.unread = decoded.dropped;
                self.answering = Some(decoded.answering);
                Ok(decoded.request)
            }
        }
    }

    fn note_request(&mut self, request: &InnerRequest) {
        let about = request.about();
        let text =
            |name| about.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
        let elapsed = self.record.elapsed_ms();
        let record = &mut self.record.record;
        record.client = text(header::USER_AGENT);
        record.session = about.session.as_deref().map(str::to_owned);
        record.requested_model = Some(about.model.clone());
        record.stream = about.streaming;
        record.ms.read = Some(elapsed);
    }

    fn note_route(&mut self, route: &Route) {
        self.record.add_plugin_time(route.plugin_time);
        let elapsed = self.record.elapsed_ms();
        let record = &mut self.record.record;
        record.scenario = Some(route.scenario.as_str());
        record.route_reason = Some(route.reason.clone());
        record.ms.route = Some(elapsed);
    }

    /// Ends the request with an error.
    async fn refuse(mut self, error: &GatewayError) -> Response<Body> {
        let record = &mut self.record.record;
        record.status = Some(error.status().as_u16());
        let outcome = if matches!(error, GatewayError::ClientGone) { Outcome::ClientGone } else { Outcome::Failed };
        self.record.fail(outcome, &error.as_failure());
        let record = &self.record.record;
        tracing::info!(request = record.id, status = record.status, "{error}");
        let mut response = match &self.client {
            Client::Inner => error.render(&record.id),
            Client::Foreign(foreign) => foreign.refuse(self.gateway.engine(), error, &record.id, &record.path).await,
        };
        headers::describe(&mut response, record);
        response
    }

    /// Agents prepare, transform, forward, and the beginning of the answer: of the first target that does it.
    async fn attempt(&mut self, request: &InnerRequest, route: &Route) -> Result<Answer, GatewayError> {
        let mut answer = self.first_answer(request, route, None).await?;
        // Whoever does not stream gets all turns of the model at once.
        while let Answer::Waiting(mut whole) = answer {
            let turn = self.next_turn(whole.agents(), route).await?;
            whole.go_on(turn);
            answer = whole.read(self.gateway.engine(), &mut self.record).await?;
        }
        Ok(answer)
    }

    /// Agents answer what the model has called of theirs, and the model goes on. `None` if the client is next.
    async fn next_turn(
        &mut self,
        agents: Option<&mut Conversation>,
        route: &Route,
    ) -> Result<Option<Box<EventSource>>, GatewayError> {
        let Some(agents) = agents else { return Ok(None) };
        let request = match agents.answer_calls(&mut self.record).await? {
            Then::End => return Ok(None),
            Then::Ask(request) => request,
        };
        let route = route.beginning_with(&self.snapshot.config, self.record.record.attempts.last());
        match self.first_answer(&request, &route, Some(agents.tool_names().collect())).await? {
            Answer::Turn(turn) => Ok(Some(turn)),
            Answer::Stream(_) | Answer::Whole(_) | Answer::Waiting(_) => {
                Err(GatewayError::Unavailable("a later turn began as if it were the first".into()))
            }
        }
    }

    /// The first answer that begins well; `continued` names the agents' tools if this is another turn of one.
    async fn first_answer(
        &mut self,
        request: &InnerRequest,
        route: &Route,
        continued: Option<Vec<String>>,
    ) -> Result<Answer, GatewayError> {
        let caller = self.caller(request);
        let attempts = Attempts {
            caller: caller.as_ref(),
            continued,
            gateway: &self.gateway,
            snapshot: &self.snapshot,
            request,
            inner_client: matches!(self.client, Client::Inner),
            answering: self.answering.as_ref(),
            unread: &self.unread,
            record: &mut self.record,
        };
        attempts::first_answer(attempts, route).await
    }

    /// In whose name agents act; none where there are no agents.
    fn caller(&mut self, request: &InnerRequest) -> Option<Arc<Caller>> {
        if self.snapshot.agents.is_empty() {
            return None;
        }
        let spend = Arc::clone(self.spend.get_or_insert_with(Arc::<Spend>::default));
        Some(Arc::new(Caller {
            gateway: Arc::clone(&self.gateway),
            snapshot: Arc::clone(&self.snapshot),
            client_key: self.record.record.client_key.clone(),
            session: request.about().session.clone(),
            request: self.record.record.id.clone(),
            above: self.above.clone(),
            spend,
        }))
    }

    /// What a client that streams is sent while nothing else comes; empty if its format has nothing of the kind.
    fn keep_alive(&self) -> Bytes {
        match &self.client {
            Client::Inner => Bytes::from_static(ccr_messages::encode::PING.as_bytes()),
            Client::Foreign(foreign) => foreign.format.keep_alive.clone().unwrap_or_default().into(),
        }
    }

    /// Content type of a streamed answer.
    fn stream_type(&self) -> HeaderValue {
        match &self.answering {
            None => HeaderValue::from_static("text/event-stream; charset=utf-8"),
            Some(answering) => answering.stream_type.clone(),
        }
    }

    /// The end of a stream in which nothing of an answer has come.
    async fn last_words(&self, failure: &Failure) -> Result<Bytes, Cut> {
        let Some(answering) = &self.answering else {
            return Ok(ccr_messages::encode::error_event(failure).into());
        };
        let head = Head { id: ids::message_id(), model: String::new() };
        answering.last_words(self.gateway.engine(), &head, failure).await.map(Bytes::from).map_err(|error| {
            tracing::error!("the end of a broken stream is not told: {error}");
            Cut
        })
    }
}

/// Answers a routed request. A client that streams and has heard nothing for a while gets the head of its stream and pings,
/// although the upstream has not begun; what goes wrong after that is told within the stream.
async fn respond(mut exchange: Exchange, request: InnerRequest, route: Route) -> Response<Body> {
    let ping_every = exchange.snapshot.config.timeouts.ping;
    let streaming = request.about().streaming;
    let keep_alive = exchange.keep_alive();
    let early_head = (streaming && !keep_alive.is_empty())
        .then(|| headers::early(&exchange.snapshot.config, &route, exchange.stream_type()));
    let route = Arc::new(route);
    let going = Arc::clone(&route);
    let mut work = Box::pin(async move {
        let answer = exchange.attempt(&request, &going).await;
        (exchange, answer)
    });
    let Some(early_head) = early_head else {
        let (exchange, answer) = work.await;
        return finish_head(exchange, answer, route).await;
    };
    match tokio::time::timeout(ping_every, &mut work).await {
        Ok((exchange, answer)) => finish_head(exchange, answer, route).await,
        Err(_) => {
            let body = StreamState::Working { work, route, ping_every, keep_alive, greeted: false };
            early_head.into_response(stream_body(body))
        }
    }
}

/// The response whose answer has begun, or failed to.
async fn finish_head(
    mut exchange: Exchange,
    answer: Result<Answer, GatewayError>,
    route: Arc<Route>,
) -> Response<Body> {
    match answer {
        Err(error) => exchange.refuse(&error).await,
        Ok(Answer::Waiting(_) | Answer::Turn(_)) => {
            exchange.refuse(&GatewayError::Unavailable("an answer in several turns was not put together".into())).await
        }
        Ok(Answer::Whole(whole)) => {
            let mut response = Response::new(body::empty());
            match whole {
                Whole::Json(json) => {
                    exchange.record.answered(&json);
                    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                    *response.body_mut() = body::full(json);
                }
                Whole::Foreign(answer) => {
                    exchange.record.answered(&answer.body);
                    client::replace(&mut response, answer);
                }
            }
            exchange.record.record.status = Some(response.status().as_u16());
            exchange.record.end(Outcome::Completed);
            headers::describe(&mut response, &exchange.record.record);
            response
        }
        Ok(Answer::Stream(live)) => {
            exchange.record.record.status = Some(200);
            let mut response = Response::new(body::empty());
            headers::describe(&mut response, &exchange.record.record);
            headers::event_stream(&mut response, exchange.stream_type());
            *response.body_mut() = stream_body(StreamState::Live { live, route, exchange: Box::new(exchange) });
            *response.status_mut() = StatusCode::OK;
            response
        }
    }
}
