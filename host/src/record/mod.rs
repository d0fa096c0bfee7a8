//! What happened with one request, as plain data: nothing here is read to decide anything.
//!
//! Never a secret, and a body only where the operator asks for it. [`log`] writes it as a line of JSON.

mod log;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use ccr_messages::event::Usage;
use serde::Serialize;

pub use self::log::{RecordLog, RecordWriter};

/// One question on the way to the decision where a request goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteStep {
    /// Which rule: a scenario, an entry of `Router.rules`, a custom router, …
    pub rule: Cow<'static, str>,
    /// It applied. The last step that did decided where the request goes.
    pub matched: bool,
    /// What it saw.
    pub seen: Cow<'static, str>,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The client has the whole answer.
    Completed,
    /// The client got an error instead of an answer.
    Failed,
    /// The client hung up before the end.
    ClientGone,
    /// The upstream broke off in mid-answer; the client saw an error event.
    BrokenUpstream,
}

/// One try at one target.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// The provider's name.
    pub provider: String,
    /// The model, in the provider's words.
    pub model: String,
    /// Which of the provider's keys.
    pub key: Option<String>,
    /// What the provider answered.
    pub status: Option<u16>,
    /// Why not the next one as well, or why it: `transient`, `limited`, `key_refused`, `target_unfit`,
    /// `unavailable`, `too_long` or `fatal`; `outrun` if another began first (hedged requests).
    pub class: Option<&'static str>,
    /// Why it was not good.
    pub error: Option<String>,
    /// How long it was waited for before.
    pub waited_ms: f64,
    /// How long it took to the answer's head, or to failure.
    pub ms: f64,
}

/// A call of an agent's tool.
#[derive(Debug, Clone, Serialize)]
pub struct AgentCall {
    /// Who answered.
    pub agent: String,
    /// What was called, by the agent's own name for it.
    pub tool: String,
    /// In which turn of the model, from 1.
    pub turn: u32,
    /// How long it took.
    pub ms: f64,
    /// Why the model got an error.
    pub error: Option<String>,
}

/// An error as the client got it.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorNote {
    /// Anthropic's type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The words.
    pub message: String,
}

/// Token counts, as Anthropic names them.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct UsageNote {
    /// Neither read from nor written to a cache.
    pub input_tokens: Option<u64>,
    /// Reasoning included.
    pub output_tokens: Option<u64>,
    /// Read from a cache.
    pub cache_read_input_tokens: Option<u64>,
    /// Written to a cache.
    pub cache_creation_input_tokens: Option<u64>,
    /// Reasoning among the output.
    pub reasoning_tokens: Option<u64>,
    /// Server-side searches.
    pub web_search_requests: Option<u64>,
}

impl UsageNote {
    /// All input, that of caches included; `None` if nothing is known.
    pub fn whole_input(&self) -> Option<u64> {
        let parts = [self.input_tokens, self.cache_read_input_tokens, self.cache_creation_input_tokens];
        parts.into_iter().flatten().reduce(u64::saturating_add).filter(|input| *input > 0)
    }
}

impl From<Usage> for UsageNote {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_input_tokens: usage.cache_read_input_tokens,
            cache_creation_input_tokens: usage.cache_creation_input_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            web_search_requests: usage.web_search_requests,
        }
    }
}

/// Milliseconds from the request's arrival to each step.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Times {
    /// The body was read.
    pub read: Option<f64>,
    /// The target was chosen.
    pub route: Option<f64>,
    /// The request was encoded for the provider.
    pub encode: Option<f64>,
    /// The head of the provider's answer was there.
    pub upstream_head: Option<f64>,
    /// The first event of the answer was there.
    pub first_event: Option<f64>,
    /// The end.
    pub total: f64,
}

/// What happened with one request.
#[derive(Debug, Clone, Serialize)]
pub struct RequestRecord {
    /// As in `x-ccr-request-id`.
    pub id: String,
    /// When it came.
    pub time: jiff::Timestamp,
    /// The name of the client's key.
    pub client_key: Option<String>,
    /// The client's `user-agent`.
    pub client: Option<String>,
    /// The session that the client names.
    pub session: Option<String>,
    /// HTTP method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// The scenario it was routed by.
    pub scenario: Option<&'static str>,
    /// Why it went where it went.
    pub route_reason: Option<String>,
    /// What was asked on the way to the decision.
    pub route: Vec<RouteStep>,
    /// The model that the client asked for.
    pub requested_model: Option<String>,
    /// The provider that served it.
    pub provider: Option<String>,
    /// The model that served it.
    pub model: Option<String>,
    /// What the provider says served it.
    pub upstream_model: Option<String>,
    /// Every try, in all turns.
    pub attempts: Vec<Attempt>,
    /// The agents that had a part in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<String>,
    /// What the model called of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agent_calls: Vec<AgentCall>,
    /// Turns of the model, where agents had a part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u32>,
    /// The request within which an agent made this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// What the client got.
    pub status: Option<u16>,
    /// The error that the client got.
    pub error: Option<ErrorNote>,
    /// Whether the client wanted a stream.
    pub stream: bool,
    /// Token counts.
    pub usage: UsageNote,
    /// Anthropic's `stop_reason`.
    pub stop_reason: Option<String>,
    /// When each step was done.
    pub ms: Times,
    /// Milliseconds spent in plugins.
    pub plugin_ms: f64,
    /// Length of the client's body.
    pub bytes_in: u64,
    /// Length of what the client got.
    pub bytes_out: u64,
    /// What was left out on the way.
    pub dropped: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The client's body; only with `RECORD_BODIES`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<String>,
    /// What the client got; only with `RECORD_BODIES`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_body: Option<String>,
}

impl RequestRecord {
    /// The record of a request of which nothing is known but how it came.
    pub fn new(id: String, method: &http::Method, path: &str) -> Self {
        Self {
            id,
            time: jiff::Timestamp::now(),
            client_key: None,
            client: None,
            session: None,
            method: method.as_str().to_owned(),
            path: path.to_owned(),
            scenario: None,
            route_reason: None,
            route: Vec::new(),
            requested_model: None,
            provider: None,
            model: None,
            upstream_model: None,
            attempts: Vec::new(),
            agents: Vec::new(),
            agent_calls: Vec::new(),
            turns: None,
            parent: None,
            status: None,
            error: None,
            stream: false,
            usage: UsageNote::default(),
            stop_reason: None,
            ms: Times::default(),
            plugin_ms: 0.0,
            bytes_in: 0,
            bytes_out: 0,
            dropped: Vec::new(),
            outcome: Outcome::ClientGone,
            request_body: None,
            response_body: None,
        }
    }

    /// Keeps the bodies of this request; the operator asked for it.
    pub fn keep_bodies(&mut self, request: &[u8]) {
        let kept = request.get(..KEPT_BODY).unwrap_or(request);
        self.request_body = Some(String::from_utf8_lossy(kept).into_owned());
        self.response_body = Some(String::new());
    }

    /// Counts, and perhaps keeps, a piece of what the client gets.
    pub fn answered(&mut self, piece: &[u8]) {
        self.bytes_out += piece.len() as u64;
        if let Some(kept) = &mut self.response_body
            && kept.len() < KEPT_BODY
        {
            kept.push_str(&String::from_utf8_lossy(piece));
        }
    }

    /// Adds time spent in plugins.
    pub fn add_plugin_time(&mut self, time: Duration) {
        self.plugin_ms += milliseconds(time);
    }
}

/// Most bytes of a body that are kept: whole conversations, but no images by the dozen.
const KEPT_BODY: usize = 1024 * 1024;

/// What one attempt leaves for the record.
#[derive(Debug, Clone, Default)]
pub struct AttemptNotes {
    /// The agents that prepared the request.
    pub agents: Vec<String>,
    /// What was left out of the request.
    pub dropped: Vec<String>,
    /// Time spent in plugins.
    pub plugin_time: Duration,
    /// When the request was encoded.
    pub encoded: Option<Instant>,
    /// When the head of the provider's answer was there.
    pub head: Option<Instant>,
    /// When its first content was there.
    pub opened: Option<Instant>,
}

/// Adds notes, each once: every turn of an answer leaves out the same.
pub fn note_once(notes: &mut Vec<String>, fresh: impl IntoIterator<Item = String>) {
    for note in fresh {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
}

/// Milliseconds with a fraction of three digits: a microsecond is what means something here.
pub fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
