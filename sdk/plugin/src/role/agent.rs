//! The role `agent`: tools that the client knows nothing of.

use crate::bindings::agent::exports::ccr::plugin::agent as wit;
use crate::request::Lent;
use crate::{Fault, Request, Settings};
use std::marker::PhantomData;

pub use wit::{Preparation, ToolCall, ToolDefinition, ToolResult};

/// Gives a model tools and answers their calls.
pub trait Agent: 'static {
    /// Whether it has anything to do with this request. Called for each one: look at the summary first.
    ///
    /// # Errors
    /// The request goes on without this agent, and the failure is seen in the log and the record.
    fn applies(request: &dyn Request, settings: &Settings) -> Result<bool, Fault>;

    /// May edit the request, and names the tools.
    ///
    /// # Errors
    /// The request is refused.
    fn prepare(request: &mut dyn Request, settings: &Settings) -> Result<Preparation, Fault>;

    /// Answers one call. `state` is what [`Agent::prepare`] left.
    ///
    /// # Errors
    /// The model reads the fault as the tool's error.
    fn call_tool(call: ToolCall, state: &[u8], settings: &Settings) -> Result<ToolResult, Fault>;
}

/// The component's side of [`Agent`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Export<T>(PhantomData<T>);

impl<T: Agent> wit::Guest for Export<T> {
    fn applies(request: &wit::Request) -> Result<bool, Fault> {
        T::applies(&Lent(request), &Settings::default())
    }

    fn prepare(request: &wit::Request) -> Result<Preparation, Fault> {
        T::prepare(&mut Lent(request), &Settings::default())
    }

    fn call_tool(call: ToolCall, state: Vec<u8>) -> Result<ToolResult, Fault> {
        T::call_tool(call, &state, &Settings::default())
    }
}
