//! A typed view of an Anthropic Messages request, borrowed from its text.
//!
//! [`MessagesRequest::parse`] checks the shapes once, in one walk over the spans and without decoding a string; what the
//! accessors give is then what the client wrote. Unknown fields, roles and blocks are no errors: they stay in the source
//! and show as `Unknown` or `Other`, so that a newer client works. `null` for an optional field counts as absent, as
//! clients in Python send it. Limits of providers (roles they know, sizes, orders of messages) are left to those who
//! translate for them.

mod block;
mod check;
mod message;
mod params;
mod session;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use block::{Block, Blocks, ToolResult};
pub use check::RequestError;
pub use message::{Message, Messages, Role, Tool, Tools};
pub use params::{Thinking, ToolChoice};

use crate::json::{Document, Str, Value};

/// A checked request. Copying is cheap enough to pass it by value, but it is several hundred bytes: lend it.
#[derive(Debug, Clone, Copy)]
pub struct MessagesRequest<'d> {
    body: Value<'d>,
    model: Str<'d>,
    messages: Value<'d>,
    max_tokens: Option<u64>,
    stream: bool,
    fields: Fields<'d>,
}

/// The optional members of the body that are of interest, `null` left out.
#[derive(Debug, Clone, Copy, Default)]
struct Fields<'d> {
    model: Option<Value<'d>>,
    messages: Option<Value<'d>>,
    system: Option<Value<'d>>,
    tools: Option<Value<'d>>,
    tool_choice: Option<Value<'d>>,
    thinking: Option<Value<'d>>,
    output_config: Option<Value<'d>>,
    metadata: Option<Value<'d>>,
    max_tokens: Option<Value<'d>>,
    stream: Option<Value<'d>>,
    temperature: Option<Value<'d>>,
    top_p: Option<Value<'d>>,
    top_k: Option<Value<'d>>,
    stop_sequences: Option<Value<'d>>,
}

impl<'d> Fields<'d> {
    /// One walk for all fields; of a repeated one the last counts.
    fn of(body: Value<'d>) -> Self {
        let mut fields = Self::default();
        for (key, value) in body.members() {
            let place = match &*key.decode() {
                "model" => &mut fields.model,
                "messages" => &mut fields.messages,
                "system" => &mut fields.system,
                "tools" => &mut fields.tools,
                "tool_choice" => &mut fields.tool_choice,
                "thinking" => &mut fields.thinking,
                "output_config" => &mut fields.output_config,
                "metadata" => &mut fields.metadata,
                "max_tokens" => &mut fields.max_tokens,
                "stream" => &mut fields.stream,
                "temperature" => &mut fields.temperature,
                "top_p" => &mut fields.top_p,
                "top_k" => &mut fields.top_k,
                "stop_sequences" => &mut fields.stop_sequences,
                _ => continue,
            };
            *place = (!value.is_null()).then_some(value);
        }
        fields
    }
}

impl<'d> MessagesRequest<'d> {
    /// The request that a body is.
    ///
    /// # Errors
    /// Names the first field that is missing or of a wrong type; the request cannot be served then (400).
    pub fn parse(document: &'d Document<'_>) -> Result<Self, RequestError> {
        Self::new(document.root())
    }

    /// Like [`MessagesRequest::parse`], for a request that lies within another document.
    ///
    /// # Errors
    /// As [`MessagesRequest::parse`].
    pub fn new(body: Value<'d>) -> Result<Self, RequestError> {
        let body = check::object(body, "the body")?;
        let fields = Fields::of(body);
        let request = Self {
            body,
            model: check::model(fields.model)?,
            messages: check::messages(fields.messages)?,
            max_tokens: check::max_tokens(fields.max_tokens)?,
            stream: check::flag(fields.stream, "stream")?,
            fields,
        };
        check::parameters(&fields)?;
        Ok(request)
    }

    /// The whole body, for fields that have no accessor here.
    #[must_use]
    pub fn body(&self) -> Value<'d> {
        self.body
    }

    /// The model that the client asks for; not empty.
    #[must_use]
    pub fn model(&self) -> Str<'d> {
        self.model
    }

    /// Whether the client wants a stream.
    #[must_use]
    pub fn stream(&self) -> bool {
        self.stream
    }

    /// The most tokens to generate; at least 1.
    #[must_use]
    pub fn max_tokens(&self) -> Option<u64> {
        self.max_tokens
    }

    /// The blocks of the system prompt; a plain string counts as one text block.
    #[must_use]
    pub fn system(&self) -> Blocks<'d> {
        Blocks::of(self.fields.system)
    }

    /// The messages in order; at least one.
    #[must_use]
    pub fn messages(&self) -> Messages<'d> {
        Messages::of(self.messages)
    }

    /// The tools that the model may call.
    #[must_use]
    pub fn tools(&self) -> Tools<'d> {
        Tools::of(self.fields.tools)
    }

    /// Whether and which tools must be called; `None` when the client does not say.
    #[must_use]
    pub fn tool_choice(&self) -> Option<ToolChoice<'d>> {
        self.fields.tool_choice.map(ToolChoice::of)
    }

    /// Whether at most one tool may be called at a time.
    #[must_use]
    pub fn disable_parallel_tool_use(&self) -> bool {
        let choice = self.fields.tool_choice.and_then(|choice| choice.get("disable_parallel_tool_use"));
        choice.and_then(Value::as_bool).unwrap_or(false)
    }

    /// How the model may reason; `None` when the client does not say.
    #[must_use]
    pub fn thinking(&self) -> Option<Thinking<'d>> {
        self.fields.thinking.map(Thinking::of)
    }

    /// `output_config.effort`, such as `low` or `xhigh`.
    #[must_use]
    pub fn effort(&self) -> Option<Str<'d>> {
        self.fields.output_config?.get("effort")?.as_str()
    }

    /// `temperature`, a number; copy its text.
    #[must_use]
    pub fn temperature(&self) -> Option<Value<'d>> {
        self.fields.temperature
    }

    /// `top_p`, a number; copy its text.
    #[must_use]
    pub fn top_p(&self) -> Option<Value<'d>> {
        self.fields.top_p
    }

    /// `top_k`, a number; copy its text.
    #[must_use]
    pub fn top_k(&self) -> Option<Value<'d>> {
        self.fields.top_k
    }

    /// `stop_sequences`, an array of strings; copy its text.
    #[must_use]
    pub fn stop_sequences(&self) -> Option<Value<'d>> {
        self.fields.stop_sequences
    }

    /// `metadata`, an object.
    #[must_use]
    pub fn metadata(&self) -> Option<Value<'d>> {
        self.fields.metadata
    }

    /// `metadata.user_id`, as the client has it; not always a string.
    #[must_use]
    pub fn user_id(&self) -> Option<Value<'d>> {
        self.metadata()?.get("user_id")
    }

    /// The session that Claude Code names in `metadata.user_id`, in each of the forms it has had. (The header
    /// `x-claude-code-session-id` names it too; that is not seen here.)
    #[must_use]
    pub fn session_id(&self) -> Option<Cow<'d, str>> {
        session::of(self.user_id()?)
    }
}
