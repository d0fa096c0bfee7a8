//! The agent of the tests, under the name `test-agent`; `other-agent` is the same under another. What it does is in
//! [`behaviour`].

use ccr_plugin::prelude::*;
use ccr_plugin::{Preparation, ToolCall, ToolResult};

mod behaviour;

/// The plugin.
#[derive(Debug)]
pub struct TestAgent;

/// By which it is known.
const NAME: &str = "test-agent";

impl Plugin for TestAgent {
    fn describe() -> Description {
        behaviour::describe(NAME)
    }
}

impl Agent for TestAgent {
    fn applies(request: &dyn Request, settings: &Settings) -> Result<bool, Fault> {
        behaviour::applies(request, settings)
    }

    fn prepare(request: &mut dyn Request, settings: &Settings) -> Result<Preparation, Fault> {
        behaviour::prepare(request, settings)
    }

    fn call_tool(call: ToolCall, state: &[u8], _: &Settings) -> Result<ToolResult, Fault> {
        behaviour::call_tool(NAME, &call, state)
    }

    fn answer(_: &[u8], settings: &Settings) -> Box<dyn AnswerStream> {
        behaviour::answer(settings)
    }
}

register!(TestAgent: agent);
