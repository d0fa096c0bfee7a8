//! A call of `ExitTool` in an answer becomes text, while it arrives.

use crate::{EXIT_TOOL, RESPONSE, response};
use ccr_plugin::Fault;
use ccr_plugin::messages::event::{Event, FinishReason};
use ccr_plugin::messages::json::{Document, Value};
use ccr_plugin::prelude::AnswerStream;

/// The answer being read.
#[derive(Debug, Default)]
pub(crate) struct Exit {
    open: Option<Call>,
    /// The model has said something by the tool.
    said: bool,
    /// The model has called another tool: the turn is not over.
    called: bool,
}

/// A call of the tool that is not complete.
#[derive(Debug)]
struct Call {
    slot: u32,
    arguments: String,
    reader: Reader,
}

/// How far the arguments have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// The text has not begun.
    Waiting,
    /// Byte offset within the arguments up to which the text is out.
    Text(usize),
    /// The text has ended.
    Done,
    /// Written in another way than expected: read when it is complete.
    Whole,
}

impl AnswerStream for Exit {
    fn push(&mut self, event: Event, events: &mut Vec<Event>) -> Result<(), Fault> {
        match event {
            Event::ToolStart(start) if start.name == EXIT_TOOL => {
                self.open = Some(Call { slot: start.slot, arguments: String::new(), reader: Reader::Waiting });
                // What is said by the tool is not the end of what was said before.
                events.push(Event::NewBlock);
                self.said = true;
            }
            Event::ToolArguments(piece) if self.is_open(piece.slot) => {
                if let Some(call) = &mut self.open {
                    call.arguments.push_str(&piece.json);
                    call.read(events);
                }
            }
            Event::ToolEnd(slot) if self.is_open(slot) => {
                if let Some(call) = self.open.take()
                    && matches!(call.reader, Reader::Waiting | Reader::Whole)
                {
                    events.extend(response(&call.arguments).filter(|text| !text.is_empty()).map(Event::Text));
                }
            }
            Event::ToolStart(_) => {
                self.called = true;
                events.push(event);
            }
            Event::Finish(FinishReason::ToolUse) if self.said && !self.called => {
                events.push(Event::Finish(FinishReason::EndTurn));
            }
            other => events.push(other),
        }
        Ok(())
    }
}

impl Exit {
    fn is_open(&self, slot: u32) -> bool {
        self.open.as_ref().is_some_and(|call| call.slot == slot)
    }
}

impl Call {
    /// Sends out as much of the text as has arrived.
    fn read(&mut self, events: &mut Vec<Event>) {
        if self.reader == Reader::Waiting {
            self.reader = beginning(&self.arguments);
        }
        let Reader::Text(from) = self.reader else { return };
        let rest = self.arguments.get(from..).unwrap_or_default();
        let (length, done) = complete_part(rest);
        let part = rest.get(..length).unwrap_or_default();
        if let Some(text) = decode(part).filter(|text| !text.is_empty()) {
            events.push(Event::Text(text));
        }
        self.reader = if done { Reader::Done } else { Reader::Text(from + length) };
    }
}

/// Where the text begins: behind `{"response":"`, white space allowed.
fn beginning(arguments: &str) -> Reader {
    let mut rest = arguments;
    for piece in ["{", "\"", RESPONSE, "\"", ":", "\""] {
        let trimmed = if piece == RESPONSE { rest } else { rest.trim_start() };
        match trimmed.strip_prefix(piece) {
            Some(after) => rest = after,
            None if piece.starts_with(trimmed) => return Reader::Waiting,
            None => return Reader::Whole,
        }
    }
    Reader::Text(arguments.len() - rest.len())
}

/// How much of an unfinished JSON string can be decoded: up to its end, or up to an escape that has not arrived in full.
/// The second value says whether the string has ended.
fn complete_part(text: &str) -> (usize, bool) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return (at, true),
            b'\\' => match escape_length(text.get(at..).unwrap_or_default()) {
                Some(length) => at += length,
                None => return (at, false),
            },
            _ => at += 1,
        }
    }
    (at, false)
}

/// Length of an escape in bytes, both halves of a surrogate pair together; `None` if it goes on beyond the text.
fn escape_length(text: &str) -> Option<usize> {
    /// Length of `\uXXXX`.
    const UNICODE: usize = 6;
    if text.as_bytes().get(1)? != &b'u' {
        return Some(2);
    }
    let unit = u16::from_str_radix(text.get(2..UNICODE)?, 16).unwrap_or_default();
    let is_high = (0xd800..0xdc00).contains(&unit);
    match text.get(UNICODE..).map(str::as_bytes) {
        Some([] | [b'\\']) if is_high => None,
        Some([b'\\', b'u', rest @ ..]) if is_high => (rest.len() >= 4).then_some(2 * UNICODE),
        _ => Some(UNICODE),
    }
}

fn decode(part: &str) -> Option<String> {
    let quoted = format!("\"{part}\"");
    let document = Document::parse(quoted.as_bytes()).ok()?;
    document.root().as_str().map(|text| text.decode().into_owned()).filter(|_| !Value::is_null(document.root()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::messages::event::{ToolArguments, ToolStart};
    use serde_json::json;

    fn call(slot: u32, name: &str, pieces: &[&str]) -> Vec<Event> {
        let mut events = vec![Event::ToolStart(ToolStart { slot, id: format!("id{slot}"), name: name.into() })];
        events.extend(pieces.iter().map(|json| Event::ToolArguments(ToolArguments { slot, json: (*json).into() })));
        events.push(Event::ToolEnd(slot));
        events
    }

    fn read(events: Vec<Event>) -> Vec<Event> {
        let (mut exit, mut out) = (Exit::default(), Vec::new());
        for event in events {
            exit.push(event, &mut out).unwrap();
        }
        out
    }

    fn text(events: &[Event]) -> String {
        events
            .iter()
            .filter_map(|event| if let Event::Text(text) = event { Some(text.as_str()) } else { None })
            .collect()
    }

    #[test]
    fn a_call_becomes_text_and_ends_the_turn() {
        let mut events = call(0, EXIT_TOOL, &[r#"{"response":"Done."}"#]);
        events.push(Event::Finish(FinishReason::ToolUse));
        let expected = [Event::NewBlock, Event::Text("Done.".into()), Event::Finish(FinishReason::EndTurn)];
        assert_eq!(read(events), expected);
    }

    #[test]
    fn any_split_gives_the_same_text_as_it_arrives() {
        let said = "Ünï \"q\" \\ \n 😀 \u{1}end";
        let arguments = json!({ RESPONSE: said }).to_string().replace('😀', r"\ud83d\ude00").replace('Ü', r"\u00dc");
        for first in 0..=arguments.len() {
            for second in first..=arguments.len() {
                let (Some(a), Some(b), Some(c)) =
                    (arguments.get(..first), arguments.get(first..second), arguments.get(second..))
                else {
                    continue;
                };
                assert_eq!(text(&read(call(0, EXIT_TOOL, &[a, b, c]))), said, "{first} {second}");
            }
        }
        let streamed = read(call(0, EXIT_TOOL, &[r#"{"response": "one"#, " two", r#" three"}"#]));
        assert_eq!(streamed.len(), 4);
    }

    #[test]
    fn other_shapes_of_arguments_are_read_when_complete() {
        for (arguments, expected) in [
            (r#"{"why":"x","response":"a"}"#, "a"),
            (r#"{"response":{"a":1}}"#, r#"{"a":1}"#),
            (r#"{"response":""}"#, ""),
            ("{}", ""),
        ] {
            assert_eq!(text(&read(call(0, EXIT_TOOL, &[arguments]))), expected);
        }
    }

    #[test]
    fn calls_of_other_tools_stay() {
        let mut events = call(0, "Read", &["{}"]);
        events.push(Event::Finish(FinishReason::ToolUse));
        assert_eq!(read(events.clone()), events);
    }

    #[test]
    fn a_turn_with_another_call_is_not_over() {
        let mut events = call(0, EXIT_TOOL, &[r#"{"response":"a"}"#]);
        events.extend(call(1, "Read", &["{}"]));
        events.push(Event::Finish(FinishReason::ToolUse));
        let read = read(events);
        assert_eq!(read.last(), Some(&Event::Finish(FinishReason::ToolUse)));
        assert_eq!(text(&read), "a");
    }

    #[test]
    fn a_call_that_was_cut_off_has_said_what_arrived() {
        let mut events = call(0, EXIT_TOOL, &[r#"{"response":"half a sen"#]);
        events.pop();
        events.push(Event::Finish(FinishReason::MaxTokens));
        let read = read(events);
        assert_eq!(text(&read), "half a sen");
        assert_eq!(read.last(), Some(&Event::Finish(FinishReason::MaxTokens)));
    }
}
