//! The steps of an answer as typed events again, in the order of a legal stream: what a component gets to write.

use ccr_messages::answer::{BlockStart, Delta, Head, Sink};
use ccr_messages::event::{Event, Failure, FinishReason, Start, ToolArguments, ToolStart, Usage};

/// Gathers the steps of an answer as typed events, in the order of a legal stream.
#[derive(Default)]
pub(super) struct EventSink {
    events: Vec<Event>,
    /// Pieces of one block become one event: for whole answers.
    joined: bool,
    tools: u32,
    in_tool: bool,
}

impl EventSink {
    /// One that joins the pieces of a block.
    pub(super) fn joining() -> Self {
        Self { joined: true, ..Self::default() }
    }

    /// The events since the last time.
    pub(super) fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn slot(&self) -> u32 {
        self.tools.saturating_sub(1)
    }
}

impl Sink for EventSink {
    fn message_start(&mut self, head: &Head, usage: &Usage) {
        let start = Start { id: Some(head.id.clone()), model: Some(head.model.clone()) };
        self.events.push(Event::Start(start));
        self.events.push(Event::Usage(*usage));
    }

    fn block_start(&mut self, index: u32, block: &BlockStart<'_>) {
        match block {
            BlockStart::Text | BlockStart::Thinking if index > 0 => self.events.push(Event::NewBlock),
            BlockStart::Text | BlockStart::Thinking => {}
            BlockStart::ToolUse { id, name } => {
                self.tools += 1;
                self.in_tool = true;
                let (slot, id, name) = (self.slot(), (*id).to_owned(), (*name).to_owned());
                self.events.push(Event::ToolStart(ToolStart { slot, id, name }));
            }
            BlockStart::RedactedThinking(data) => self.events.push(Event::RedactedThinking((*data).to_owned())),
            BlockStart::Whole(json) => self.events.push(Event::Block((*json).to_owned())),
        }
    }

    fn delta(&mut self, _: u32, delta: Delta<'_>) {
        if self.joined {
            match (&delta, self.events.last_mut()) {
                (Delta::Text(piece), Some(Event::Text(text)))
                | (Delta::Thinking(piece), Some(Event::Thinking(text)))
                | (Delta::Input(piece), Some(Event::ToolArguments(ToolArguments { json: text, .. }))) => {
                    return text.push_str(piece);
                }
                _ => {}
            }
        }
        self.events.push(match delta {
            Delta::Text(text) => Event::Text(text.to_owned()),
            Delta::Thinking(text) => Event::Thinking(text.to_owned()),
            Delta::Signature(signature) => Event::Signature(signature.to_owned()),
            Delta::Citation(json) => Event::Citation(json.to_owned()),
            Delta::Input(json) => Event::ToolArguments(ToolArguments { slot: self.slot(), json: json.to_owned() }),
        });
    }

    fn block_stop(&mut self, _: u32, complete: bool) {
        if std::mem::take(&mut self.in_tool) && complete {
            self.events.push(Event::ToolEnd(self.slot()));
        }
    }

    fn message_end(&mut self, reason: &FinishReason, usage: &Usage) {
        self.events.push(Event::Usage(*usage));
        self.events.push(Event::Finish(reason.clone()));
    }

    // The failure is asked of the answer itself: how a stream breaks off is each format's own.
    fn error(&mut self, _: &Failure) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccr_messages::answer::Answer;

    fn gathered(sink: EventSink, events: &[Event]) -> Vec<Event> {
        let mut answer = Answer::new(sink, Head { id: "msg_1".into(), model: "m".into() });
        for event in events {
            answer.push(event);
        }
        answer.finish();
        answer.into_sink().take()
    }

    fn tool(slot: u32) -> Event {
        Event::ToolStart(ToolStart { slot, id: format!("t{slot}"), name: "f".into() })
    }

    #[test]
    fn blocks_of_one_kind_stay_apart_and_pieces_are_joined() {
        let text = |text: &str| Event::Text(text.into());
        let events = [text("a"), text("b"), Event::NewBlock, text("c"), Event::Finish(FinishReason::EndTurn)];
        let contents = |sink| -> Vec<Event> {
            let events = gathered(sink, &events);
            events.into_iter().filter(|event| matches!(event, Event::Text(_) | Event::NewBlock)).collect()
        };
        assert_eq!(contents(EventSink::joining()), [text("ab"), Event::NewBlock, text("c")]);
        assert_eq!(contents(EventSink::default()), [text("a"), text("b"), Event::NewBlock, text("c")]);
    }

    #[test]
    fn a_call_that_was_cut_off_has_no_end() {
        let arguments = |slot, json: &str| Event::ToolArguments(ToolArguments { slot, json: json.into() });
        let events = [
            tool(0),
            arguments(0, "{}"),
            Event::ToolEnd(0),
            tool(1),
            arguments(1, "{\"a\""),
            Event::Finish(FinishReason::MaxTokens),
        ];
        let ends: Vec<Event> =
            gathered(EventSink::default(), &events).into_iter().filter(|e| matches!(e, Event::ToolEnd(_))).collect();
        assert_eq!(ends, [Event::ToolEnd(0)]);
    }
}
