//! One request and its answer: what is carried along from arrival to record, and the steps that need it.

use std::sync::Arc;
use std::time::Duration;

use ccr_messages::answer::Head;
use ccr_messages::verdict::Verdict;
use http::{HeaderValue, Response, header};

use super::AgentCompleter;
use crate::agents::{Caller, Spend};
use crate::answer::Totals;
use crate::attempts::{self, Tools, Turn};
use crate::base::body::Body;
use crate::base::error::GatewayError;
use crate::base::ids;
use crate::base::request::InnerRequest;
use crate::client::{Client, ClientCodec, Decoded, WholeAnswer};
use crate::gateway::Gateway;
use crate::headers;
use crate::ledger::{Ending, Ledger};
use crate::reading::RawWhole;
use crate::record::RequestRecord;
use crate::routing::trace::Trace;
use crate::routing::{Route, Routing};
use crate::snapshot::Snapshot;
use crate::tokens;

/// What a request carries along from its arrival to its record.
pub(super) struct Exchange {
    pub(super) gateway: Arc<Gateway>,
    /// One snapshot for the whole request: a reload changes nothing for it.
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) ledger: Ledger,
    /// Who asks.
    pub(super) client: Client,
    /// The agents in whose calls this request was made.
    above: Vec<Arc<str>>,
    /// How far agents have gone in the client's request.
    spend: Arc<Spend>,
}

/// A request that has been read and routed.
pub(super) struct Asked {
    pub(super) request: InnerRequest,
    /// How its answer is written.
    pub(super) codec: ClientCodec,
    /// What of the client's request has no place in the inner form.
    pub(super) unread: Vec<String>,
    pub(super) route: Arc<Route>,
}

impl Asked {
    /// What the client reads first of the answer.
    pub(super) fn head(&self) -> Head {
        Head { id: ids::message_id(), model: self.request.about().model.clone() }
    }
}

impl Exchange {
    /// For a request that a client has sent.
    pub(super) fn of_client(gateway: &Arc<Gateway>, record: RequestRecord, client: Client) -> Self {
        Self {
            gateway: Arc::clone(gateway),
            snapshot: gateway.snapshot(),
            ledger: Ledger::open(record, gateway.records()).remember_in(gateway.sessions()),
            client,
            above: Vec::new(),
            spend: Arc::default(),
        }
    }

    /// For one that an agent makes within a client's.
    pub(super) fn of_agent(gateway: &Arc<Gateway>, mut record: RequestRecord, caller: &Caller) -> Self {
        record.client_key.clone_from(&caller.client_key);
        record.client = caller.above.last().map(|agent| format!("agent {agent}"));
        Self {
            gateway: Arc::clone(gateway),
            snapshot: Arc::clone(&caller.snapshot),
            ledger: Ledger::open(record, gateway.records()),
            client: Client::Anthropic,
            above: caller.above.clone(),
            spend: Arc::clone(&caller.spend),
        }
    }

    /// Route and the whole answer, of a request that an agent makes.
    pub(super) async fn answer_agent(&mut self, request: InnerRequest) -> Result<WholeAnswer, GatewayError> {
        let (codec, dropped) = (ClientCodec::Anthropic, Vec::new());
        let asked = self.route(Decoded { request, codec, dropped, spent: Duration::ZERO }).await?;
        self.whole_answer(&asked).await
    }

    pub(super) fn note_body(&mut self, client_key: Option<String>, body: &[u8]) {
        let record = &mut self.ledger.record;
        record.client_key = client_key;
        record.bytes_in = body.len() as u64;
        if self.snapshot.config.record_bodies {
            record.keep_bodies(body);
        }
    }

    /// Where the request goes.
    pub(super) async fn route(&mut self, decoded: Decoded) -> Result<Asked, GatewayError> {
        let Decoded { mut request, codec, dropped: unread, spent } = decoded;
        self.ledger.record.add_plugin_time(spent);
        self.note_request(&request);
        let (engine, snapshot, sessions) = (self.gateway.engine(), &self.snapshot, self.gateway.sessions());
        let client_key = self.ledger.record.client_key.as_deref();
        let (mut trace, upstreams) = (Trace::default(), self.gateway.upstreams());
        let routing = Routing { engine, snapshot, sessions, client_key, upstreams: Some(&upstreams) };
        let routed = routing.route(&mut request, &mut trace).await;
        self.ledger.record.route = trace.into_steps();
        let route = routed?;
        self.note_route(&route);
        Ok(Asked { request, codec, unread, route: Arc::new(route) })
    }

    fn note_request(&mut self, request: &InnerRequest) {
        let about = request.about();
        let user_agent = about.headers.get(header::USER_AGENT).and_then(|value: &HeaderValue| value.to_str().ok());
        let elapsed = self.ledger.elapsed_ms();
        let record = &mut self.ledger.record;
        record.client = record.client.take().or_else(|| user_agent.map(str::to_owned));
        record.session = about.session.as_deref().map(str::to_owned);
        record.requested_model = Some(about.model.clone());
        record.stream = about.streaming;
        record.ms.read = Some(elapsed);
    }

    fn note_route(&mut self, route: &Route) {
        let elapsed = self.ledger.elapsed_ms();
        let record = &mut self.ledger.record;
        record.add_plugin_time(route.plugin_time);
        record.scenario = Some(route.scenario.as_str());
        record.route_reason = Some(route.reason.clone());
        record.ms.route = Some(elapsed);
    }

    /// Ends the request with an error.
    pub(super) async fn refuse(mut self, error: &GatewayError, route: Option<&Route>) -> Response<Body> {
        let record = &mut self.ledger.record;
        record.status = Some(error.status().as_u16());
        tracing::info!(request = record.id, status = record.status, "{error}");
        let mut response = self.client.refuse(self.gateway.engine(), error, &record.id, &record.path).await;
        if let Some(route) = route {
            headers::describe(&mut response, route, &self.ledger.attempts);
        }
        match error {
            GatewayError::ClientGone => self.ledger.finish(Ending::ClientGone),
            _ => self.ledger.finish(Ending::Failed(&error.as_failure())),
        }
        response
    }

    /// The first answer to a turn that begins well.
    pub(super) async fn attempt<T: Turn>(&mut self, turn: &T, route: &Route) -> Result<T::Opened, GatewayError> {
        let upstreams = self.gateway.upstreams();
        let (engine, snapshot, shared) = (self.gateway.engine(), &self.snapshot, self.gateway.shared());
        let tools = Tools { engine, upstreams: &upstreams, snapshot, shared };
        let served = attempts::first_good(tools, turn, route, &mut self.ledger.attempts).await?;
        self.ledger.hold(served.lease);
        Ok(served.opened)
    }

    /// An upstream's own answer.
    pub(super) fn raw_whole(&mut self, raw: RawWhole) -> WholeAnswer {
        self.ledger.note_answer(raw_totals(&raw.verdict, raw.plugin_time));
        WholeAnswer::json(raw.bytes)
    }

    /// What a request's input may come to, and a note of it for the session's next request.
    pub(super) fn expect_input(&mut self, request: &InnerRequest) -> u64 {
        let estimate = tokens::estimate(request);
        self.ledger.estimated_input = Some(estimate);
        self.gateway.sessions().expected_input(request.about().session.as_deref(), estimate)
    }

    /// In whose name agents act; none where there are no agents.
    pub(super) fn caller(&self, request: &InnerRequest) -> Option<Arc<Caller>> {
        if self.snapshot.agents.is_empty() {
            return None;
        }
        Some(Arc::new(Caller {
            engine: Arc::clone(self.gateway.engine()),
            snapshot: Arc::clone(&self.snapshot),
            completer: Arc::new(AgentCompleter(Arc::clone(&self.gateway))),
            client_key: self.ledger.record.client_key.clone(),
            session: request.about().session.clone(),
            request: self.ledger.record.id.clone(),
            above: self.above.clone(),
            spend: Arc::clone(&self.spend),
        }))
    }
}

/// What is known of an answer that goes through as it is.
pub(super) fn raw_totals(verdict: &Verdict, plugin_time: Duration) -> Totals {
    Totals {
        start: verdict.start().clone(),
        usage: *verdict.usage(),
        finish: verdict.finish().cloned(),
        plugin_time,
        ..Totals::default()
    }
}
