//! The role `agent`: tools that the client knows nothing of.

use crate::bindings::agent::exports::ccr::plugin::agent as wit;
use crate::bindings::agent_answer::exports::ccr::plugin::agent_answer as answer;
use crate::bindings::imports::ccr::plugin::{host, types};
use crate::request::Lent;
use crate::role::answer::{AnswerStream, ExportStream};
use crate::{Fault, Request, Settings};
use std::marker::PhantomData;

pub use wit::{Preparation, ToolCall, ToolDefinition, ToolResult};

/// Gives a model tools and answers their calls. Registered as `agent`.
pub trait Agent: 'static {
    /// Names the tools, and may edit the request. `None` if the request is not its business: then it goes on without this agent, and
    /// without its edits. Called for each target that a request is tried with: look at the summary first.
    ///
    /// # Errors
    /// The request is refused.
    fn prepare(request: &mut dyn Request, settings: &Settings) -> Result<Option<Preparation>, Fault>;

    /// Answers one call. `state` is what [`Agent::prepare`] left. Each call has an instance of its own, so nothing but the
    /// store remembers an earlier one.
    ///
    /// # Errors
    /// The model reads the fault as the tool's error.
    fn call_tool(call: ToolCall, state: &[u8], settings: &Settings) -> Result<ToolResult, Fault>;
}

/// Edits answers to the requests that the agent has prepared. Registered as `agent_answer`, beside `agent`.
pub trait AgentAnswer: Agent {
    /// Begins to edit one answer as the client gets it: all turns of the model in one, without the agents' calls. `state` is what
    /// [`Agent::prepare`] left.
    fn answer(state: &[u8], settings: &Settings) -> Box<dyn AnswerStream>;
}

#[allow(clippy::derivable_impls, reason = "the type is generated from the WIT")]
impl Default for Preparation {
    fn default() -> Self {
        Self { tools: Vec::new(), system: None, state: Vec::new() }
    }
}

/// The text that a tool gives back, as the content of its result.
#[must_use]
pub fn text_result(text: &str) -> ToolResult {
    ToolResult { content: text_content(text), is_error: false, shown: None }
}

/// What a tool could not do, for the model to read: say what it should do instead.
#[must_use]
pub fn error_result(text: &str) -> ToolResult {
    ToolResult { content: text_content(text), is_error: true, shown: None }
}

fn text_content(text: &str) -> String {
    serde_json::json!([{ "type": "text", "text": text }]).to_string()
}

/// The component's side of [`Agent`] and [`AgentAnswer`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Export<T>(PhantomData<T>);

impl<T: Agent> wit::Guest for Export<T> {
    fn prepare(request: &host::Request) -> Result<Option<Preparation>, Fault> {
        T::prepare(&mut Lent(request), &Settings::default())
    }

    fn call_tool(call: ToolCall, state: Vec<u8>) -> Result<ToolResult, Fault> {
        T::call_tool(call, &state, &Settings::default())
    }
}

impl<T: AgentAnswer> answer::Guest for Export<T> {
    type AnswerStream = Stream<T>;
}

/// The component's side of one answer.
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "never printed")]
pub struct Stream<T>(ExportStream, PhantomData<T>);

impl<T: AgentAnswer> answer::GuestAnswerStream for Stream<T> {
    fn new(state: Vec<u8>) -> Self {
        Self(ExportStream::new(T::answer(&state, &Settings::default())), PhantomData)
    }

    fn push(&self, incoming: Vec<types::Event>) -> Result<Vec<types::Event>, Fault> {
        self.0.edit(incoming)
    }

    fn finish(&self) -> Result<Vec<types::Event>, Fault> {
        self.0.end()
    }
}
