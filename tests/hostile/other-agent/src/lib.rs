//! The agent of the tests once more, under the name `other-agent`: for clashes of names and for orders. What it does is in
//! [`behaviour`].

use ccr_plugin::prelude::*;

#[path = "../../agent/src/behaviour.rs"]
mod behaviour;

/// The plugin.
#[derive(Debug)]
pub struct OtherAgent;

/// By which it is known.
const NAME: &str = "other-agent";

impl Plugin for OtherAgent {
    fn describe() -> Description {
        behaviour::describe(NAME)
    }
}

impl Agent for OtherAgent {
    fn prepare(request: &mut dyn Request, settings: &Settings) -> Result<Option<Preparation>, Fault> {
        behaviour::prepare(request, settings)
    }

    fn call_tool(call: ToolCall, state: &[u8], _: &Settings) -> Result<ToolResult, Fault> {
        behaviour::call_tool(NAME, &call, state)
    }
}

impl AgentAnswer for OtherAgent {
    fn answer(_: &[u8], settings: &Settings) -> Box<dyn AnswerStream> {
        behaviour::answer(settings)
    }
}

register!(OtherAgent: agent, agent_answer);
