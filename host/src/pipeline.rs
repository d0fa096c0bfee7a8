//! The way of a request, from top to bottom: authenticate → read → route → agents prepare → transform → forward →
//! answer back → record. (The first step, accept, is [`crate::server`]'s.) Where the model calls an agent's tool, the agent
//! answers, and from "transform" on it goes round once more.

mod exchange;
mod streaming;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use hyper::body::Incoming;

use self::exchange::{Asked, Exchange};
use self::streaming::StreamBody;
use crate::agents::{Caller, Completer, Completion, Conversation, Then};
use crate::answer::{EventStream, Gathered, Gathering, Totals, TurnSource};
use crate::attempts::{Begun, First, Later};
use crate::base::body::Body;
use crate::base::error::GatewayError;
use crate::base::request::InnerRequest;
use crate::base::{ids, request};
use crate::client::{Client, WholeAnswer};
use crate::gateway::Gateway;
use crate::ledger::Ending;
use crate::reading::{EventSource, Form, RawStream, Streamed, Whole};
use crate::record::RequestRecord;
use crate::{auth, headers};

/// Answers a request for a message, in whatever format the client speaks.
pub async fn messages(gateway: &Arc<Gateway>, request: Request<Incoming>, client: Client) -> Response<Body> {
    let id = ids::request_id();
    let record = RequestRecord::new(id.clone(), request.method(), request.uri().path());
    let mut exchange = Exchange::of_client(gateway, record, client);
    let response = match exchange.prepare(request).await {
        Ok(asked) if asked.request.about().streaming => respond_with_stream(exchange, asked).await,
        Ok(asked) => respond_whole(exchange, &asked).await,
        Err(error) => exchange.refuse(&error, None).await,
    };
    headers::with_request_id(response, &id)
}

impl Exchange {
    /// Authenticate, read, route.
    async fn prepare(&mut self, request: Request<Incoming>) -> Result<Asked, GatewayError> {
        let (head, body) = request.into_parts();
        let config = &self.snapshot.config;
        let caller = auth::authenticate_client(config, &head.headers, &head.uri, self.client.key_parameter())?;
        let body = request::read_body(&head.headers, body, config.timeouts.client).await?;
        self.note_body(caller.key_name, &body);
        let decoded = self.client.decode(self.gateway.engine(), &head, body, &self.ledger.record.id).await?;
        self.route(decoded).await
    }

    /// The whole answer, in all turns of the model.
    async fn whole_answer(&mut self, asked: &Asked) -> Result<WholeAnswer, GatewayError> {
        let (source, agents) = match self.first_turn::<Whole>(asked).await? {
            Begun::Raw(raw) => return Ok(self.raw_whole(raw)),
            Begun::Events(source, agents) => (source, agents),
        };
        let collector = asked.codec.collector(asked.head());
        let mut gathering = Gathering::new(TurnSource::new(source, agents), collector);
        while let Gathered::Turn = gathering.read().await? {
            let turn = Box::pin(self.next_turn::<Whole>(asked, gathering.agents())).await?;
            gathering.go_on(turn);
        }
        self.ledger.note_answer(gathering.totals());
        let answer = gathering.write(self.gateway.engine()).await?;
        self.ledger.record.add_plugin_time(answer.plugin_time);
        Ok(answer)
    }

    /// The beginning of a streamed answer. Its later turns are asked for as the body is read ([`streaming`]).
    async fn stream(&mut self, asked: &Asked) -> Result<Stream, GatewayError> {
        let (source, agents) = match self.first_turn::<Streamed>(asked).await? {
            Begun::Raw(raw) => return Ok(Stream::Raw(Box::new(raw))),
            Begun::Events(source, agents) => (source, agents),
        };
        let mut writer = asked.codec.writer(self.gateway.engine(), asked.head()).await?;
        if asked.codec.begins_with_usage() {
            let prepared = agents.as_ref().map_or(&asked.request, |agents| agents.request());
            writer.expect_input(self.expect_input(prepared));
        }
        let stream = EventStream::begin(TurnSource::new(source, agents), writer).await?;
        Ok(Stream::Events(Box::new(stream)))
    }

    /// Agents prepare, transform, forward, and the answer's beginning: of the first target that does it.
    async fn first_turn<F: Form>(&mut self, asked: &Asked) -> Result<Begun<F::Raw>, GatewayError> {
        let caller = self.caller(&asked.request);
        let turn = First::<F>::new(&asked.request, &asked.codec, &asked.unread, caller);
        self.attempt(&turn, &asked.route).await
    }

    /// Agents answer what the model has called of theirs, and the model goes on. `None` if the client is next.
    async fn next_turn<F: Form>(
        &mut self,
        asked: &Asked,
        agents: Option<&mut Conversation>,
    ) -> Result<Option<EventSource>, GatewayError> {
        let Some(agents) = agents else { return Ok(None) };
        let request = match agents.answer_calls(&mut self.ledger.record).await? {
            Then::End => return Ok(None),
            Then::Ask(request) => request,
        };
        let route = asked.route.beginning_with(self.ledger.attempts.served.as_ref());
        let turn = Later::<F>::new(&request, &asked.codec, agents.tool_names().collect());
        self.attempt(&turn, &route).await.map(Some)
    }
}

/// A streamed answer that has begun.
enum Stream {
    /// The upstream's own bytes.
    Raw(Box<RawStream>),
    /// Typed events, written in the client's format.
    Events(Box<EventStream>),
}

impl Stream {
    fn totals(&mut self) -> Totals {
        match self {
            Self::Raw(raw) => exchange::raw_totals(raw.verdict(), raw.plugin_time()),
            Self::Events(events) => events.totals(),
        }
    }
}

/// Answers a routed request whose client does not stream.
async fn respond_whole(mut exchange: Exchange, asked: &Asked) -> Response<Body> {
    // Boxed: what waits for an upstream is large, and every connection would carry the room for it.
    match Box::pin(exchange.whole_answer(asked)).await {
        Err(error) => exchange.refuse(&error, Some(&asked.route)).await,
        Ok(answer) => {
            exchange.ledger.record.answered(&answer.body);
            let mut response = answer.into_response();
            headers::describe(&mut response, &asked.route, &exchange.ledger.attempts);
            exchange.ledger.record.status = Some(response.status().as_u16());
            exchange.ledger.finish(Ending::Completed);
            response
        }
    }
}

/// Answers a routed request whose client streams. One that has heard nothing for a while gets the head of its stream and pings,
/// although the upstream has not begun; what goes wrong after that is told within the stream.
async fn respond_with_stream(exchange: Exchange, asked: Asked) -> Response<Body> {
    let keep_alive = asked.codec.keep_alive();
    let early_head = (!keep_alive.is_empty())
        .then(|| headers::early(&exchange.snapshot.config, &asked.route, asked.codec.stream_type()));
    let ping_every = exchange.snapshot.config.timeouts.ping;
    let mut beginning = streaming::begin(exchange, asked);
    let Some(early_head) = early_head else { return streaming::respond(beginning.await).await };
    match tokio::time::timeout(ping_every, &mut beginning).await {
        Ok(begun) => streaming::respond(begun).await,
        Err(_) => early_head.into_response(StreamBody::waiting(beginning, ping_every, keep_alive).into_body()),
    }
}

/// Answers requests that agents make in the name of a client: the same way, within the client's bounds.
pub struct AgentCompleter(pub Arc<Gateway>);

impl Completer for AgentCompleter {
    fn complete<'a>(&'a self, caller: &'a Caller, request: String) -> Completion<'a> {
        Box::pin(complete(&self.0, caller, request))
    }
}

async fn complete(gateway: &Arc<Gateway>, caller: &Caller, request: String) -> Result<Bytes, GatewayError> {
    let id = ids::request_id();
    let mut record = RequestRecord::new(id.clone(), &Method::POST, "/v1/messages");
    record.parent = Some(caller.request.clone());
    record.bytes_in = request.len() as u64;
    let mut exchange = Exchange::of_agent(gateway, record, caller);
    let answer = match InnerRequest::of_agent(request, &id, caller.session.as_ref()) {
        Ok(request) => exchange.answer_agent(request).await,
        Err(error) => Err(error),
    };
    // Where agents had a part in it, all turns but the last were counted as they ended.
    caller.spend.add(exchange.ledger.last_usage());
    match answer {
        Ok(answer) => {
            exchange.ledger.record.answered(&answer.body);
            exchange.ledger.record.status = Some(200);
            exchange.ledger.finish(Ending::Completed);
            Ok(answer.body)
        }
        Err(error) => {
            exchange.ledger.record.status = Some(error.status().as_u16());
            exchange.ledger.finish(Ending::Failed(&error.as_failure()));
            Err(error)
        }
    }
}
