//! The agent of the tests, under the name `test-agent`; `other-agent` is the same under another. What it does is in
//! [`behaviour`].

use ccr_plugin::prelude::*;

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
    fn prepare(request: &mut dyn Request, settings: &Settings) -> Result<Option<Preparation>, Fault> {
        behaviour::prepare(request, settings)
    }

    fn call_tool(call: ToolCall, state: &[u8], _: &Settings) -> Result<ToolResult, Fault> {
        behaviour::call_tool(NAME, &call, state)
    }
}

impl AgentAnswer for TestAgent {
    fn answer(_: &[u8], settings: &Settings) -> Box<dyn AnswerStream> {
        behaviour::answer(settings)
    }
}

register!(TestAgent: agent, agent_answer);
