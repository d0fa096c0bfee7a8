//! The typed events an answer consists of, whatever provider sent it.
//!
//! They mirror `variant event` of `wit/0.2.0/types.wit` one to one. A protocol plugin makes them from wire bytes,
//! [`crate::tool_calls`] turns raw tool-call fragments into assembled ones, transformers edit them,
//! and [`crate::encode`] and [`crate::fold`] turn them into what the client reads.

/// One step of an answer. Order matters; every event belongs to the one answer being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// What the provider calls this answer. At most the first one counts.
    Start(Start),
    /// A piece of visible text. Never split inside a character.
    Text(String),
    /// A piece of reasoning.
    Thinking(String),
    /// The signature of the reasoning so far (Anthropic's `signature_delta`), byte-exact.
    Signature(String),
    /// A whole `redacted_thinking` block: its `data`.
    RedactedThinking(String),
    /// A raw fragment of a tool call as a provider sent it. Only protocols emit it; the assembler consumes it.
    ToolDelta(ToolDelta),
    /// An assembled tool call begins: id and name are known and final.
    ToolStart(ToolStart),
    /// A piece of the JSON text of the open tool call's input.
    ToolArguments(ToolArguments),
    /// The tool call is complete: the pieces sent for it are one JSON object.
    ToolEnd(u32),
    /// A whole content block of another kind, as Anthropic JSON (`server_tool_use`, `web_search_tool_result`, …).
    Block(String),
    /// A citation of the open text block, as Anthropic JSON (`citations_delta`).
    Citation(String),
    /// The next text or thinking opens a block of its own, even after one of its kind.
    NewBlock,
    /// Token counts so far. Later ones replace earlier ones field by field.
    Usage(Usage),
    /// Why the model stopped. Content may still follow it; the last one counts.
    Finish(FinishReason),
    /// The upstream failed. Ends the answer.
    Error(Failure),
    /// Something of the answer could not be expressed and was left out; goes to the record.
    Dropped(String),
}

impl Event {
    /// Whether it is part of what the model says: text, reasoning, a call or another block. An empty piece says nothing.
    #[must_use]
    pub fn is_content(&self) -> bool {
        match self {
            Self::Text(piece) | Self::Thinking(piece) | Self::Signature(piece) => !piece.is_empty(),
            Self::RedactedThinking(_)
            | Self::ToolDelta(_)
            | Self::ToolStart(_)
            | Self::ToolArguments(_)
            | Self::ToolEnd(_)
            | Self::Block(_)
            | Self::Citation(_) => true,
            Self::Start(_) | Self::NewBlock | Self::Usage(_) | Self::Finish(_) | Self::Error(_) | Self::Dropped(_) => {
                false
            }
        }
    }
}

/// What the provider said about the answer before its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// The provider's id of the answer.
    pub id: Option<String>,
    /// The model that the provider says served it. Goes to the record; the client sees the name it asked for.
    pub model: Option<String>,
}

/// A fragment of a tool call exactly as the provider sent it; any field may be missing or repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolDelta {
    /// The provider's index of the call, if it sent one.
    pub index: Option<u32>,
    /// The provider's id of the call, if it sent one (may be empty).
    pub id: Option<String>,
    /// The tool's name, if it sent one (may be empty, a fragment, or repeated).
    pub name: Option<String>,
    /// A piece of the arguments' JSON text; empty if the fragment has none.
    pub arguments: String,
}

/// The beginning of an assembled tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolStart {
    /// Number of the call within the answer, from 0.
    pub slot: u32,
    /// The call's id, unique within the answer and never empty.
    pub id: String,
    /// The tool's name.
    pub name: String,
}

/// A piece of an assembled call's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolArguments {
    /// The call it belongs to.
    pub slot: u32,
    /// JSON text; the pieces of one slot joined are one JSON object.
    pub json: String,
}

/// Token counts in Anthropic's convention: `input_tokens` does not include what was read from or written to a cache.
/// `None` means that nothing is known (yet), and leaves what an earlier event said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input tokens neither read from nor written to a cache.
    pub input_tokens: Option<u64>,
    /// Output tokens, reasoning included.
    pub output_tokens: Option<u64>,
    /// Input tokens read from a cache.
    pub cache_read_input_tokens: Option<u64>,
    /// Input tokens written to a cache.
    pub cache_creation_input_tokens: Option<u64>,
    /// Output tokens that were reasoning, where the provider tells.
    pub reasoning_tokens: Option<u64>,
    /// Searches that a server-side web search made.
    pub web_search_requests: Option<u64>,
}

impl Usage {
    /// Takes over every field that `newer` knows: counts are cumulative, so the last one wins (never a sum).
    pub fn update(&mut self, newer: &Self) {
        for (old, new) in [
            (&mut self.input_tokens, newer.input_tokens),
            (&mut self.output_tokens, newer.output_tokens),
            (&mut self.cache_read_input_tokens, newer.cache_read_input_tokens),
            (&mut self.cache_creation_input_tokens, newer.cache_creation_input_tokens),
            (&mut self.reasoning_tokens, newer.reasoning_tokens),
            (&mut self.web_search_requests, newer.web_search_requests),
        ] {
            *old = new.or(*old);
        }
    }
}

/// Why the model stopped, in Anthropic's words (`stop_reason`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinishReason {
    /// `end_turn`
    EndTurn,
    /// `max_tokens`
    MaxTokens,
    /// `stop_sequence`, with the sequence where the provider tells it.
    StopSequence(Option<String>),
    /// `tool_use`
    ToolUse,
    /// `refusal`
    Refusal,
    /// `pause_turn`
    PauseTurn,
    /// `model_context_window_exceeded`
    ContextWindowExceeded,
}

impl FinishReason {
    /// Anthropic's name of the reason, for `stop_reason`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::EndTurn => "end_turn",
            Self::MaxTokens => "max_tokens",
            Self::StopSequence(_) => "stop_sequence",
            Self::ToolUse => "tool_use",
            Self::Refusal => "refusal",
            Self::PauseTurn => "pause_turn",
            Self::ContextWindowExceeded => "model_context_window_exceeded",
        }
    }
}

/// A failure of the upstream as it will reach the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Anthropic's class of the error.
    pub kind: ErrorKind,
    /// What the provider said, without secrets.
    pub message: String,
    /// The HTTP status the provider answered or named in its error, if any.
    pub status: Option<u16>,
    /// How long the provider asks to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// The error types of Anthropic's API (its documentation, page "Errors").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// 400 `invalid_request_error`
    InvalidRequest,
    /// 401 `authentication_error`
    Authentication,
    /// 402 `billing_error`
    Billing,
    /// 403 `permission_error`
    Permission,
    /// 404 `not_found_error`
    NotFound,
    /// 413 `request_too_large`
    TooLarge,
    /// 429 `rate_limit_error`
    RateLimit,
    /// 500 `api_error`
    Api,
    /// 504 `timeout_error`
    Timeout,
    /// 529 `overloaded_error`
    Overloaded,
}

impl ErrorKind {
    /// Anthropic's name of the type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request_error",
            Self::Authentication => "authentication_error",
            Self::Billing => "billing_error",
            Self::Permission => "permission_error",
            Self::NotFound => "not_found_error",
            Self::TooLarge => "request_too_large",
            Self::RateLimit => "rate_limit_error",
            Self::Api => "api_error",
            Self::Timeout => "timeout_error",
            Self::Overloaded => "overloaded_error",
        }
    }

    /// The HTTP status that a failure of this kind is answered with where nothing else says one. Of Anthropic's statuses 529 is its
    /// own: others say 503.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Authentication => 401,
            Self::Billing => 402,
            Self::Permission => 403,
            Self::NotFound => 404,
            Self::TooLarge => 413,
            Self::RateLimit => 429,
            Self::Api => 500,
            Self::Timeout => 504,
            Self::Overloaded => 503,
        }
    }

    /// The type that belongs to an HTTP status, for providers that send only a status.
    /// Other 4xx count as the request's fault, everything else as the upstream's.
    #[must_use]
    pub fn from_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::Permission,
            404 => Self::NotFound,
            413 => Self::TooLarge,
            429 => Self::RateLimit,
            408 | 504 => Self::Timeout,
            503 | 529 => Self::Overloaded,
            400..=499 => Self::InvalidRequest,
            _ => Self::Api,
        }
    }
}
