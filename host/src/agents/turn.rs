//! One turn of the model: which of its calls are the agents', what the client sees of it, and the message that it makes for the
//! next turn.

use std::collections::{BTreeMap, HashSet};

use ccr_messages::answer::{Answer, Head};
use ccr_messages::event::{Event, Failure, FinishReason, ToolArguments, ToolStart, Usage};
use ccr_messages::fold::Folder;
use ccr_messages::json::{Document, Kind};

use super::append::is_json;

/// A call of an agent's tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// As in the message that this turn makes.
    pub(super) id: String,
    /// The tool, by the name that the model knows it by.
    pub(super) offered_as: String,
    /// JSON text, which may be none.
    pub(super) input: String,
    complete: bool,
}

/// A turn being read.
pub(super) struct Turn {
    /// All of it, the agents' calls as well.
    message: Answer<Folder>,
    calls: BTreeMap<u32, Call>,
    /// The client's calls.
    pub(super) client_calls: bool,
    pub(super) finish: Option<FinishReason>,
    pub(super) usage: Usage,
}

/// What a turn leaves.
pub(super) struct EndedTurn {
    /// The assistant's message, as JSON.
    pub(super) message: String,
    /// The agents' calls.
    pub(super) calls: Vec<Call>,
}

impl Turn {
    pub(super) fn new() -> Self {
        // Neither id nor model reaches anybody: only the content is taken.
        let head = Head { id: String::new(), model: String::new() };
        Self {
            message: Answer::new(Folder::new(), head),
            calls: BTreeMap::new(),
            client_calls: false,
            finish: None,
            usage: Usage::default(),
        }
    }

    /// Reads an event. Returns what the client sees of it; `is_agents` says whose a tool is, `ids` are those that were used before.
    pub(super) fn take(
        &mut self,
        event: Event,
        is_agents: impl Fn(&str) -> bool,
        ids: &mut HashSet<String>,
    ) -> Option<Event> {
        match event {
            Event::ToolStart(start) if is_agents(&start.name) => {
                let id = unused(start.id, ids);
                let call = Call { id, offered_as: start.name, input: String::new(), complete: false };
                self.calls.insert(start.slot, call);
                None
            }
            Event::ToolArguments(piece) if self.calls.contains_key(&piece.slot) => {
                if let Some(call) = self.calls.get_mut(&piece.slot) {
                    call.input.push_str(&piece.json);
                }
                None
            }
            Event::ToolEnd(slot) if self.calls.contains_key(&slot) => {
                self.end_call(slot);
                None
            }
            Event::Finish(reason) => {
                self.message.push(&Event::Finish(reason.clone()));
                self.finish = Some(reason);
                None
            }
            Event::Usage(usage) => {
                self.message.push(&Event::Usage(usage));
                self.usage.update(&usage);
                Some(Event::Usage(self.usage))
            }
            mut visible => {
                if let Event::ToolStart(start) = &mut visible {
                    self.client_calls = true;
                    start.id = unused(std::mem::take(&mut start.id), ids);
                }
                self.message.push(&visible);
                Some(visible)
            }
        }
    }

    /// A whole call goes into the message at once: input that is no JSON object could not stand there.
    fn end_call(&mut self, slot: u32) {
        let Some(call) = self.calls.get_mut(&slot) else { return };
        call.complete = true;
        let (id, name) = (call.id.clone(), call.offered_as.clone());
        let json = if is_json(&call.input, Kind::Object) { call.input.clone() } else { "{}".into() };
        self.message.push(&Event::ToolStart(ToolStart { slot, id, name }));
        self.message.push(&Event::ToolArguments(ToolArguments { slot, json }));
        self.message.push(&Event::ToolEnd(slot));
    }

    /// The tool of the first call.
    pub(super) fn called(&self) -> Option<&str> {
        self.calls.values().next().map(|call| call.offered_as.as_str())
    }

    /// Whether the model waits for agents.
    pub(super) fn waits(&self) -> bool {
        let goes_on = match self.finish {
            None | Some(FinishReason::EndTurn | FinishReason::ToolUse | FinishReason::PauseTurn) => true,
            // It was cut off, or said that it will not go on.
            Some(_) => false,
        };
        goes_on && self.calls.values().any(|call| call.complete)
    }

    /// An agent's call that the end of the turn left unfinished, though the provider says that all is well.
    pub(super) fn unfinished(&self) -> Option<&str> {
        let well = matches!(self.finish, Some(FinishReason::EndTurn | FinishReason::ToolUse));
        let open = self.calls.values().find(|call| !call.complete)?;
        well.then_some(&open.offered_as)
    }

    /// Ends the turn.
    pub(super) fn end(mut self) -> Result<EndedTurn, Failure> {
        self.message.finish();
        let json = self.message.into_sink().into_json()?;
        let content = Document::parse(&json)
            .ok()
            .and_then(|message| message.root().get("content").map(|content| content.raw().to_owned()))
            .unwrap_or_else(|| "[]".into());
        let calls = self.calls.into_values().filter(|call| call.complete).collect();
        Ok(EndedTurn { message: format!(r#"{{"role":"assistant","content":{content}}}"#), calls })
    }
}

/// An id that no call of the conversation has: some providers count from 0 again in each turn.
fn unused(id: String, ids: &mut HashSet<String>) -> String {
    let mut fresh = id.clone();
    let mut number = 2;
    while !ids.insert(fresh.clone()) {
        fresh = format!("{id}-{number}");
        number += 1;
    }
    fresh
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use serde_json::{Value, json};

    fn call(slot: u32, id: &str, name: &str, input: &str) -> [Event; 3] {
        let start = Event::ToolStart(ToolStart { slot, id: id.into(), name: name.into() });
        [start, Event::ToolArguments(ToolArguments { slot, json: input.into() }), Event::ToolEnd(slot)]
    }

    fn read(events: impl IntoIterator<Item = Event>) -> (Turn, Vec<Event>) {
        let (mut turn, mut ids) = (Turn::new(), HashSet::new());
        let visible =
            events.into_iter().filter_map(|event| turn.take(event, |name| name == "agent", &mut ids)).collect();
        (turn, visible)
    }

    #[test]
    fn calls_are_told_apart_and_the_message_has_both() {
        let text = Event::Text("hm".into());
        let events =
            [text.clone()].into_iter().chain(call(0, "a", "agent", "{\"x\":1}")).chain(call(1, "b", "mine", "{}"));
        let (turn, visible) = read(events.chain([Event::Finish(FinishReason::ToolUse)]));
        let client: Vec<Event> = [text].into_iter().chain(call(1, "b", "mine", "{}")).collect();
        assert_eq!(visible, client);
        assert!(turn.client_calls && turn.waits());
        let ended = turn.end().unwrap();
        let message: Value = serde_json::from_str(&ended.message).unwrap();
        assert_eq!(
            message,
            json!({ "role": "assistant", "content": [
                { "type": "text", "text": "hm" },
                { "type": "tool_use", "id": "a", "name": "agent", "input": { "x": 1 } },
                { "type": "tool_use", "id": "b", "name": "mine", "input": {} },
            ]})
        );
        assert_eq!(ended.calls.len(), 1);
        assert_eq!(ended.calls[0].input, "{\"x\":1}");
    }

    #[test]
    fn input_that_is_no_object_reaches_the_agent_and_not_the_message() {
        let (turn, _) =
            read(call(0, "a", "agent", "{\"x\":").into_iter().chain([Event::Finish(FinishReason::ToolUse)]));
        let ended = turn.end().unwrap();
        assert_eq!(ended.calls[0].input, "{\"x\":");
        let message: Value = serde_json::from_str(&ended.message).unwrap();
        assert_eq!(message["content"][0]["input"], json!({}));
    }

    #[test]
    fn a_turn_that_was_cut_off_waits_for_nobody() {
        let events = || call(0, "a", "agent", "{}").into_iter();
        assert!(!read(events().chain([Event::Finish(FinishReason::MaxTokens)])).0.waits());
        assert!(read(events().chain([Event::Finish(FinishReason::EndTurn)])).0.waits());
        let open = events().take(2).chain([Event::Finish(FinishReason::ToolUse)]);
        assert_eq!(read(open).0.unfinished(), Some("agent"));
    }

    #[test]
    fn an_id_is_used_once() {
        let mut ids = HashSet::new();
        let given: Vec<String> = (0..3).map(|_| unused("call_0".into(), &mut ids)).collect();
        assert_eq!(given, ["call_0", "call_0-2", "call_0-3"]);
    }
}
