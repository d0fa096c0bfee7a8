//! The agents answer the calls of one turn: several at a time, each within its bounds. Whatever goes wrong becomes a result that
//! the model can read; a stream does not break because a tool did.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ccr_messages::json::{Document, Kind, Writer};
use futures_util::{Stream, StreamExt as _, stream};

use super::append::is_json;
use super::caller::Caller;
use super::turn::Call;
use crate::plugins::agent::{self, ToolCall, ToolResult};
use crate::plugins::{Cause, PluginError};
use crate::record::{AgentCall, milliseconds};
use crate::snapshot::PluginUse;

/// Calls of one turn that are answered at the same time: a turn with several searches does not take as long as all of them
/// together, and forty calls do not take forty instances.
const AT_ONCE: usize = 4;

/// An agent at work on a request.
pub(super) struct Active {
    pub(super) used: PluginUse,
    /// What its preparation left.
    pub(super) state: Vec<u8>,
}

/// A tool as the model knows it.
pub(super) struct Tool {
    pub(super) agent: Arc<Active>,
    /// What the agent calls it.
    pub(super) name: String,
}

/// What came of a call.
pub(super) struct Answered {
    /// The `tool_result` block.
    pub(super) result: String,
    /// Blocks for the client.
    pub(super) shown: Vec<String>,
    /// For the record.
    pub(super) note: AgentCall,
    /// Time spent in the plugin itself.
    pub(super) spent: Duration,
}

/// Answers calls, in their order, each as soon as it and those before it are done. `tool` finds the tool of a call; `turn` is
/// its number.
pub(super) fn answer_all<'a>(
    caller: &'a Arc<Caller>,
    calls: &'a [Call],
    tool: impl Fn(&Call) -> Option<&'a Tool>,
    turn: u32,
) -> impl Stream<Item = Answered> {
    let most = caller.snapshot.config.agent_limits.calls as usize;
    let answers = calls.iter().enumerate().map(|(index, call)| {
        let tool = tool(call);
        async move {
            match tool {
                Some(_) if index >= most => refused(call, tool, turn, &too_many(most)),
                Some(tool) => answer(caller, call, tool, turn).await,
                None => refused(call, None, turn, "there is no such tool"),
            }
        }
    });
    stream::iter(answers.collect::<Vec<_>>()).buffered(AT_ONCE)
}

/// Results of calls that nobody answered, because the answer ended with them: a history with calls and no results is legal nowhere.
pub(super) fn unanswered(calls: &[Call]) -> Vec<String> {
    const REASON: &str = "not answered: your answer ended before";
    calls.iter().map(|call| result_block(&call.id, &error_content(REASON), true)).collect()
}

fn too_many(most: usize) -> String {
    format!("not answered: at most {most} calls of such tools are answered in one turn; make fewer at once")
}

async fn answer(caller: &Arc<Caller>, call: &Call, tool: &Tool, turn: u32) -> Answered {
    let started = Instant::now();
    let left = caller.spend.time_left(&caller.snapshot.config.agent_limits);
    let Active { used, state } = &*tool.agent;
    let request = ToolCall { id: call.id.clone(), name: tool.name.clone(), input: call.input.clone() };
    let surroundings = caller.surroundings(used, true);
    let called = agent::call_tool(&caller.engine, &used.plugin, surroundings, &request, state);
    let outcome = match tokio::time::timeout(left, called).await {
        Ok(Ok((result, spent))) => checked(used, result).map(|(result, shown)| (result, shown, spent)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("agent `{}`: the time of agentLimits.time_ms is over", used.plugin.name)),
    };
    let elapsed = started.elapsed();
    match outcome {
        Ok((result, shown, spent)) => {
            let error = result.is_error.then(|| "the tool says that it could not do it".to_owned());
            let note = note(call, Some(tool), turn, elapsed, error);
            Answered { result: result_block(&call.id, &result.content, result.is_error), shown, note, spent }
        }
        Err(reason) => {
            tracing::warn!(request = caller.request, "a call of an agent's tool failed: {reason}");
            let mut failed = refused(call, Some(tool), turn, &reason);
            failed.note.ms = milliseconds(elapsed);
            failed
        }
    }
}

/// The result with its blocks for the client, if both are what they must be.
fn checked(used: &PluginUse, result: ToolResult) -> Result<(ToolResult, Vec<String>), String> {
    let wrong = |what: &str| {
        let cause = Cause::BadOutput(format!("{what} of its result are not a JSON array of blocks"));
        PluginError { plugin: used.plugin.label(), step: "call-tool", cause }.to_string()
    };
    blocks(&result.content).ok_or_else(|| wrong("the contents"))?;
    let shown = match &result.shown {
        Some(shown) => blocks(shown).ok_or_else(|| wrong("the blocks to be shown"))?,
        None => Vec::new(),
    };
    Ok((result, shown))
}

fn blocks(json: &str) -> Option<Vec<String>> {
    let document = Document::parse(json.as_bytes()).ok()?;
    let array = Some(document.root()).filter(|root| root.kind() == Kind::Array)?;
    let is_block =
        |block: &ccr_messages::json::Value<'_>| block.get("type").is_some_and(|kind| kind.as_str().is_some());
    array.items().map(|block| is_block(&block).then(|| block.raw().to_owned())).collect()
}

/// An error that the model reads as the result.
fn refused(call: &Call, tool: Option<&Tool>, turn: u32, reason: &str) -> Answered {
    Answered {
        result: result_block(&call.id, &error_content(reason), true),
        shown: Vec::new(),
        note: note(call, tool, turn, Duration::ZERO, Some(reason.to_owned())),
        spent: Duration::ZERO,
    }
}

fn error_content(reason: &str) -> String {
    let mut content = Writer::with_capacity(reason.len() + 64);
    content.begin_array().begin_object().key("type").string("text").key("text").string(reason).end_object().end_array();
    content.into_string()
}

fn result_block(id: &str, content: &str, is_error: bool) -> String {
    debug_assert!(is_json(content, Kind::Array), "checked before");
    let mut json = Writer::with_capacity(content.len() + id.len() + 80);
    json.begin_object().key("type").string("tool_result").key("tool_use_id").string(id).key("content").raw(content);
    if is_error {
        json.key("is_error").bool(true);
    }
    json.end_object();
    json.into_string()
}

fn note(call: &Call, tool: Option<&Tool>, turn: u32, took: Duration, error: Option<String>) -> AgentCall {
    AgentCall {
        agent: tool.map(|tool| tool.agent.used.plugin.name.to_string()).unwrap_or_default(),
        tool: tool.map_or(&call.offered_as, |tool| &tool.name).clone(),
        turn,
        ms: milliseconds(took),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn only_arrays_of_typed_blocks_are_blocks() {
        assert_eq!(blocks(r#"[{"type":"text","text":"a"}, {"type":"x"}]"#).map(|blocks| blocks.len()), Some(2));
        assert_eq!(blocks("[]").map(|blocks| blocks.len()), Some(0));
        for wrong in ["", "{}", "[1]", "[{}]", r#"[{"type":1}]"#, "[", r#""text""#] {
            assert_eq!(blocks(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_result_carries_its_error_mark() {
        let block: Value = serde_json::from_str(&result_block("a\"", "[]", true)).expect("JSON");
        assert_eq!(block, json!({ "type": "tool_result", "tool_use_id": "a\"", "content": [], "is_error": true }));
        let block: Value = serde_json::from_str(&result_block("a", "[]", false)).expect("JSON");
        assert_eq!(block, json!({ "type": "tool_result", "tool_use_id": "a", "content": [] }));
    }
}
