//! What a provider has to say, in no provider's format: the formats render it as the real ones would.
//!
//! A test tells one [`Story`] and gets it from every upstream, whole or streamed ([`super::Format::tell`]).

use serde_json::Value;

/// An answer, or the refusal of one.
#[derive(Debug, Clone)]
pub struct Story {
    /// The content, in the order in which the model makes it.
    pub parts: Vec<Part>,
    /// Why the model stops.
    pub end: End,
    /// What it costs.
    pub usage: Usage,
    /// How the answer goes wrong, if it does.
    pub failure: Option<Failure>,
}

/// One piece of content.
#[derive(Debug, Clone)]
pub enum Part {
    /// Reasoning that the client may see, and the proof of it that must come back in the next turn.
    Thought {
        /// What is shown.
        text: String,
        /// Opaque, in base64: a signature for some providers, the encrypted reasoning for others.
        proof: String,
    },
    /// Text, streamed in these pieces.
    Text(Vec<String>),
    /// A call of a tool.
    Call {
        /// What tells this call from others; each format puts its own prefix before it.
        id: String,
        /// The tool's name.
        name: String,
        /// An object.
        input: Value,
    },
}

/// Why a model stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It has said everything, or calls tools.
    Regular,
    /// It has reached the limit of output tokens.
    Length,
    /// It came upon this stop sequence, which only some formats tell.
    Sequence(String),
}

/// What an answer costs, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The whole prompt.
    pub prompt: u64,
    /// The part of the prompt that came from a cache.
    pub cached: u64,
    /// The whole answer, with the reasoning.
    pub output: u64,
    /// The reasoning's part of the answer.
    pub reasoning: u64,
}

/// How an answer goes wrong.
#[derive(Debug, Clone)]
pub enum Failure {
    /// There is no answer but this status; `retry_after` in seconds.
    Status {
        /// The HTTP status.
        status: u16,
        /// What the provider says.
        message: String,
        /// When to come again.
        retry_after: Option<u64>,
    },
    /// The content is followed by an error in the stream.
    InStream(String),
    /// The content is followed by a reset of the connection.
    Reset,
}

impl Default for Story {
    fn default() -> Self {
        let usage = Usage { prompt: 20, cached: 7, output: 5, reasoning: 0 };
        Self { parts: Vec::new(), end: End::Regular, usage, failure: None }
    }
}

impl Story {
    /// A text in these pieces.
    pub fn says(pieces: &[&str]) -> Self {
        Self::default().and_says(pieces)
    }

    /// An error by its status.
    pub fn refuses(status: u16, message: &str) -> Self {
        let failure = Failure::Status { status, message: message.to_owned(), retry_after: None };
        Self { failure: Some(failure), ..Self::default() }
    }

    /// As [`Story::refuses`], with the wish to be asked again after these seconds.
    pub fn refuses_for(status: u16, message: &str, seconds: u64) -> Self {
        let failure = Failure::Status { status, message: message.to_owned(), retry_after: Some(seconds) };
        Self { failure: Some(failure), ..Self::default() }
    }

    /// Some reasoning with its proof, which cost two tokens.
    pub fn thinks(text: &str, proof: &str) -> Self {
        let mut story = Self::default();
        story.usage.reasoning = 2;
        story.parts.push(Part::Thought { text: text.to_owned(), proof: proof.to_owned() });
        story
    }

    /// Goes on with a text in these pieces.
    #[must_use]
    pub fn and_says(mut self, pieces: &[&str]) -> Self {
        self.parts.push(Part::Text(pieces.iter().map(|&piece| piece.to_owned()).collect()));
        self
    }

    /// Goes on with a call.
    #[must_use]
    pub fn and_calls(mut self, id: &str, name: &str, input: Value) -> Self {
        self.parts.push(Part::Call { id: id.to_owned(), name: name.to_owned(), input });
        self
    }

    /// Stops for another reason than the usual one.
    #[must_use]
    pub fn and_ends(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// Goes wrong after what was said so far.
    #[must_use]
    pub fn and_fails(mut self, failure: Failure) -> Self {
        self.failure = Some(failure);
        self
    }

    /// Whether any tool is called.
    pub fn calls_tools(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Call { .. }))
    }
}

/// Cuts a text into two pieces, each of them whole characters.
pub(super) fn halves(text: &str) -> [&str; 2] {
    let middle = text.ceil_char_boundary(text.len() / 2);
    [&text[..middle], &text[middle..]]
}
