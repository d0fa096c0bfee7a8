//! The role `agent`: tools that the client knows nothing of.

use crate::bindings::agent::exports::ccr::plugin::agent as wit;
use crate::request::Lent;
use crate::role::transformer::{AnswerStream, Unchanged};
use crate::{Fault, Request, Settings, convert};
use std::cell::RefCell;
use std::marker::PhantomData;

pub use wit::{ToolCall, ToolDefinition, ToolResult};

/// What an agent brings to a request.
#[derive(Debug, Clone, Default)]
pub struct Preparation {
    /// Tools for the model. One whose name the client or an earlier agent uses already is offered under another; calls come
    /// back under the agent's own name for it.
    pub tools: Vec<ToolDefinition>,
    /// Added to the end of the system text.
    pub system: Option<String>,
    /// Handed to [`Agent::call_tool`] and [`Agent::answer`] as it is. At most 1 MiB: what is larger belongs into the store.
    pub state: Vec<u8>,
    /// The answer shall go through [`Agent::answer`].
    pub edits_answer: bool,
}

/// Gives a model tools and answers their calls.
pub trait Agent: 'static {
    /// Whether it has anything to do with this request. Called for each target that a request is tried with: look at the
    /// summary first.
    ///
    /// # Errors
    /// The request goes on without this agent, and the failure is seen in the log and the record.
    fn applies(request: &dyn Request, settings: &Settings) -> Result<bool, Fault>;

    /// May edit the request, and names the tools.
    ///
    /// # Errors
    /// The request is refused.
    fn prepare(request: &mut dyn Request, settings: &Settings) -> Result<Preparation, Fault>;

    /// Answers one call. `state` is what [`Agent::prepare`] left. Each call has an instance of its own, so nothing but the
    /// store remembers an earlier one.
    ///
    /// # Errors
    /// The model reads the fault as the tool's error.
    fn call_tool(call: ToolCall, state: &[u8], settings: &Settings) -> Result<ToolResult, Fault>;

    /// Begins to edit an answer as the client gets it; only called where [`Preparation::edits_answer`] asks for it.
    fn answer(_state: &[u8], _settings: &Settings) -> Box<dyn AnswerStream> {
        Box::new(Unchanged)
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

/// The component's side of [`Agent`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Export<T>(PhantomData<T>);

/// The component's side of [`AnswerStream`].
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "never printed")]
pub struct ExportStream<T>(RefCell<Box<dyn AnswerStream>>, PhantomData<T>);

impl<T: Agent> wit::Guest for Export<T> {
    type AnswerStream = ExportStream<T>;

    fn applies(request: &wit::Request) -> Result<bool, Fault> {
        T::applies(&Lent(request), &Settings::default())
    }

    fn prepare(request: &wit::Request) -> Result<wit::Preparation, Fault> {
        let Preparation { tools, system, state, edits_answer } = T::prepare(&mut Lent(request), &Settings::default())?;
        Ok(wit::Preparation { tools, system, state, edits_answer })
    }

    fn call_tool(call: ToolCall, state: Vec<u8>) -> Result<ToolResult, Fault> {
        T::call_tool(call, &state, &Settings::default())
    }
}

impl<T: Agent> wit::GuestAnswerStream for ExportStream<T> {
    fn new(state: Vec<u8>) -> Self {
        Self(RefCell::new(T::answer(&state, &Settings::default())), PhantomData)
    }

    fn push(&self, incoming: Vec<wit::Event>) -> Result<Vec<wit::Event>, Fault> {
        let mut events = Vec::with_capacity(incoming.len());
        let mut stream = self.0.borrow_mut();
        for event in incoming {
            stream.push(event.into(), &mut events)?;
        }
        Ok(convert::all(events))
    }

    fn finish(&self) -> Result<Vec<wit::Event>, Fault> {
        let mut events = Vec::new();
        self.0.borrow_mut().finish(&mut events)?;
        Ok(convert::all(events))
    }
}
