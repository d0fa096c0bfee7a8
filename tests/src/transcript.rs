//! A streamed answer as a whole: the grammar of Anthropic's event stream, and the message that it adds up to.
//!
//! Written from Anthropic's documentation ("Streaming messages"), not from the gateway's encoder.

use serde_json::{Map, Value, json};

use crate::sse::Event;

/// All events of one answer, pings left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcript {
    /// In their order.
    pub events: Vec<Event>,
    /// How many pings there were.
    pub pings: usize,
    /// The connection ended within the answer.
    pub cut: bool,
}

impl Transcript {
    /// Sorts the pings out.
    pub fn of(events: Vec<Event>, cut: bool) -> Self {
        let all = events.len();
        let events: Vec<Event> = events.into_iter().filter(|event| event.name != "ping").collect();
        Self { pings: all - events.len(), events, cut }
    }

    /// The events' names.
    pub fn names(&self) -> Vec<&str> {
        self.events.iter().map(|event| event.name.as_str()).collect()
    }

    /// The `error` event that ended the answer. Fails the test if the answer looks finished, or goes on after it.
    pub fn broken(&self) -> &Value {
        let last = self.events.last().expect("a broken answer has an event");
        assert_eq!(last.name, "error", "it does not end with an error: {self:#?}");
        assert!(!self.names().contains(&"message_stop"), "a broken answer looks finished: {self:#?}");
        assert_eq!(last.data["type"], "error");
        self.no_half_call_is_closed();
        &last.data["error"]
    }

    /// A client makes every call whose block was closed: one that broke off must stay open.
    fn no_half_call_is_closed(&self) {
        let mut input = None;
        for event in &self.events {
            match &*event.name {
                "content_block_start" => {
                    input = (event.data["content_block"]["type"] == "tool_use").then(String::new);
                }
                "content_block_delta" => {
                    let piece = event.data["delta"]["partial_json"].as_str().unwrap_or_default();
                    input.iter_mut().for_each(|input| input.push_str(piece));
                }
                "content_block_stop" => {
                    let whole = input.take().is_none_or(|input| {
                        input.is_empty() || serde_json::from_str::<Map<String, Value>>(&input).is_ok()
                    });
                    assert!(whole, "half a call was closed: {self:#?}");
                }
                _ => {}
            }
        }
    }

    /// The whole message. Fails the test if the answer was not a legal and complete one.
    pub fn message(&self) -> Value {
        assert!(!self.cut, "the connection ended within the answer: {self:#?}");
        let mut reading = Reading::default();
        for event in &self.events {
            assert_eq!(event.data["type"], json!(event.name), "name and type differ");
            if let Err(reason) = reading.take(event) {
                panic!("{reason} at {event:?} in {:#?}", self.events);
            }
        }
        assert!(reading.stopped, "no message_stop: {:#?}", self.events);
        Value::Object(reading.message)
    }
}

#[derive(Default)]
struct Reading {
    message: Map<String, Value>,
    blocks: Vec<Value>,
    /// The open block's collected `input_json_delta`s.
    input: Option<String>,
    open: bool,
    ended: bool,
    stopped: bool,
}

impl Reading {
    fn take(&mut self, event: &Event) -> Result<(), &'static str> {
        let data = &event.data;
        if self.stopped {
            return Err("something after message_stop");
        }
        if self.message.is_empty() != (event.name == "message_start") {
            return Err("message_start is not the first event, or not the only one");
        }
        match event.name.as_str() {
            "message_start" => {
                let message = data["message"].as_object().ok_or("no message")?;
                self.message.clone_from(message);
                Ok(())
            }
            "content_block_start" => self.start(data),
            "content_block_delta" => self.delta(data),
            "content_block_stop" => self.stop(data),
            "message_delta" => self.end(data),
            "message_stop" if self.ended => {
                self.stopped = true;
                Ok(())
            }
            _ => Err("not allowed here"),
        }
    }

    fn start(&mut self, data: &Value) -> Result<(), &'static str> {
        if self.open || self.ended {
            return Err("a block begins within another, or after the end");
        }
        if data["index"] != json!(self.blocks.len()) {
            return Err("the index does not count up from 0");
        }
        self.blocks.push(data["content_block"].clone());
        self.open = true;
        Ok(())
    }

    fn delta(&mut self, data: &Value) -> Result<(), &'static str> {
        let index = self.blocks.len().wrapping_sub(1);
        if !self.open || data["index"] != json!(index) {
            return Err("a delta outside of its block");
        }
        let block = self.blocks.last_mut().ok_or("no block")?;
        let delta = &data["delta"];
        if delta["type"] == "citations_delta" && block["type"] == "text" {
            let citation = delta.get("citation").filter(|citation| citation.is_object()).ok_or("no citation")?;
            match block["citations"].as_array_mut() {
                Some(citations) => citations.push(citation.clone()),
                None => block["citations"] = Value::Array(vec![citation.clone()]),
            }
            return Ok(());
        }
        let (kind, field) = match delta["type"].as_str() {
            Some("text_delta") => ("text", "text"),
            Some("thinking_delta") => ("thinking", "thinking"),
            Some("signature_delta") => ("thinking", "signature"),
            Some("input_json_delta") => ("tool_use", "partial_json"),
            _ => return Err("an unknown delta"),
        };
        if block["type"] != kind {
            return Err("a delta of another kind than its block");
        }
        let piece = delta[field].as_str().ok_or("a delta without its text")?;
        if kind == "tool_use" {
            self.input.get_or_insert_default().push_str(piece);
        } else {
            let text = block[field].as_str().unwrap_or_default().to_owned() + piece;
            block[field] = Value::String(text);
        }
        Ok(())
    }

    fn stop(&mut self, data: &Value) -> Result<(), &'static str> {
        let index = self.blocks.len().wrapping_sub(1);
        if !self.open || data["index"] != json!(index) {
            return Err("a block ends that is not open");
        }
        if let Some(input) = self.input.take()
            && let Some(block) = self.blocks.last_mut()
        {
            let input: Value = serde_json::from_str(&input).map_err(|_| "a tool's input is not JSON")?;
            block["input"] = input;
        }
        self.open = false;
        Ok(())
    }

    fn end(&mut self, data: &Value) -> Result<(), &'static str> {
        if self.open || self.ended {
            return Err("message_delta within a block, or twice");
        }
        let delta = data["delta"].as_object().ok_or("no delta")?;
        self.message.extend(delta.clone());
        let usage = data["usage"].as_object().ok_or("no usage")?;
        if let Some(known) = self.message.get_mut("usage").and_then(Value::as_object_mut) {
            known.extend(usage.clone());
        }
        self.message.insert("content".into(), Value::Array(std::mem::take(&mut self.blocks)));
        self.ended = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Transcript;
    use crate::sse::Event;
    use serde_json::{Value, json};

    fn event(data: Value) -> Event {
        let name = data["type"].as_str().expect("a type").to_owned();
        Event { name, data }
    }

    fn legal() -> Vec<Event> {
        [
            json!({"type": "message_start", "message": {"id": "msg_1", "content": [], "usage": {"input_tokens": 1}}}),
            json!({"type": "ping"}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hel"}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": "n", "input": {}}}),
            json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{\"a\":"}}),
            json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "1}"}}),
            json!({"type": "content_block_stop", "index": 1}),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}),
            json!({"type": "message_stop"}),
        ]
        .into_iter()
        .map(event)
        .collect()
    }

    #[test]
    fn a_legal_answer_adds_up_to_its_message() {
        let transcript = Transcript::of(legal(), false);
        assert_eq!(transcript.pings, 1);
        let expected = json!({
            "id": "msg_1",
            "content": [
                {"type": "text", "text": "hello"},
                {"type": "tool_use", "id": "t", "name": "n", "input": {"a": 1}},
            ],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 1, "output_tokens": 2},
        });
        assert_eq!(transcript.message(), expected);
    }

    #[test]
    fn leaving_out_or_doubling_any_event_is_noticed() {
        let events = legal();
        // Without its deltas a block is still a legal one, and so is an answer with half of them.
        let optional = |name: &str| matches!(name, "ping" | "content_block_delta");
        for index in (0..events.len()).filter(|index| !optional(&events[*index].name)) {
            let (mut fewer, mut more) = (events.clone(), events.clone());
            fewer.remove(index);
            more.insert(index, events[index].clone());
            for wrong in [fewer, more] {
                let transcript = Transcript::of(wrong, false);
                let read = std::panic::catch_unwind(|| transcript.message());
                assert!(read.is_err(), "event {index} left out or doubled passed");
            }
        }
    }

    #[test]
    fn a_broken_answer_must_not_look_finished() {
        let error = json!({"type": "error", "error": {"type": "api_error", "message": "m"}});
        let mut events = legal();
        events.truncate(4);
        events.push(event(error.clone()));
        let broken = Transcript::of(events, false);
        assert_eq!(broken.broken()["type"], "api_error");
        let mut finished = legal();
        finished.push(event(error));
        let finished = Transcript::of(finished, false);
        assert!(std::panic::catch_unwind(|| finished.broken().clone()).is_err());
    }
}
