//! Typed events being written in the client's format: Anthropic's by the host itself, any other by the component that speaks it.
//!
//! Both go through the same state machine first ([`ccr_messages::answer::Answer`]), so that a component only ever gets events in
//! a legal order, and no format can be made to write an illegal stream.

use std::time::Duration;

use bytes::Bytes;
use ccr_messages::answer::{Answer, BlockStart, Delta, Head, Sink};
use ccr_messages::encode::StreamEncoder;
use ccr_messages::event::{Event, Failure, FinishReason, Start, ToolArguments, ToolStart, Usage};

use crate::client::Answering;
use crate::plugins::client::Encoder;
use crate::plugins::{PluginEngine, PluginError};

/// A streamed answer and what writes it.
#[allow(clippy::large_enum_variant, reason = "it lives in its stream's box, and the large one is the usual one")]
pub(super) enum Writing {
    /// Anthropic's stream.
    Inner(Answer<StreamEncoder>),
    /// Another format's.
    Foreign(Box<Foreign>),
}

pub(super) struct Foreign {
    answer: Answer<EventSink>,
    encoder: Encoder,
    keep_alive: Option<Bytes>,
    /// The client should hear something.
    quiet: bool,
    /// The end has been written.
    closed: bool,
}

/// Does the same for both kinds of answers.
macro_rules! answer {
    ($self:expr, $answer:ident => $do:expr) => {
        match $self {
            Writing::Inner($answer) => $do,
            Writing::Foreign(foreign) => {
                let $answer = &mut foreign.answer;
                $do
            }
        }
    };
}

impl Writing {
    pub(super) async fn new(
        engine: &PluginEngine,
        head: Head,
        answering: Option<&Answering>,
    ) -> Result<Self, PluginError> {
        let Some(answering) = answering else {
            return Ok(Self::Inner(Answer::new(StreamEncoder::new(), head)));
        };
        let encoder = answering.encoder(engine, &head).await?;
        Ok(Self::Foreign(Box::new(Foreign {
            answer: Answer::new(EventSink::default(), head),
            encoder,
            keep_alive: answering.foreign.format.keep_alive.clone().map(Bytes::from),
            quiet: false,
            closed: false,
        })))
    }

    /// What the input may come to, for the beginning of the stream. Other formats tell counts at the end only, where an
    /// estimate would pass for the provider's word.
    pub(super) fn expect_input(&mut self, tokens: Option<u64>) {
        if let (Self::Inner(answer), Some(tokens)) = (self, tokens) {
            answer.expect_input(tokens);
        }
    }

    pub(super) fn push(&mut self, event: &Event) {
        answer!(self, answer => answer.push(event));
    }

    pub(super) fn finish(&mut self) {
        answer!(self, answer => answer.finish());
    }

    pub(super) fn abort(&mut self, failure: Failure) {
        answer!(self, answer => answer.abort(failure));
    }

    /// A keep-alive is due.
    pub(super) fn ping(&mut self) {
        match self {
            Self::Inner(answer) => answer.sink_mut().ping(),
            Self::Foreign(foreign) => foreign.quiet = true,
        }
    }

    pub(super) fn has_content(&mut self) -> bool {
        answer!(self, answer => answer.has_content())
    }

    pub(super) fn is_done(&mut self) -> bool {
        answer!(self, answer => answer.is_done())
    }

    pub(super) fn failure(&mut self) -> Option<Failure> {
        answer!(self, answer => answer.failure().cloned())
    }

    /// Keeps what is known at the end.
    pub(super) fn note_end(&mut self, record: &mut crate::record::OpenRecord) {
        answer!(self, answer => super::stream::note_end(record, answer));
    }

    /// What has been written since the last time; `None` if it is nothing.
    pub(super) async fn take(&mut self) -> Result<Option<Bytes>, PluginError> {
        match self {
            Self::Inner(answer) => {
                let sink = answer.sink_mut();
                Ok((!sink.is_empty()).then(|| sink.take().into()))
            }
            Self::Foreign(foreign) => foreign.take().await,
        }
    }

    /// Time spent in the component that writes.
    pub(super) fn spent(&self) -> Duration {
        match self {
            Self::Inner(_) => Duration::ZERO,
            Self::Foreign(foreign) => foreign.encoder.spent(),
        }
    }
}

impl Foreign {
    async fn take(&mut self) -> Result<Option<Bytes>, PluginError> {
        let mut out = Vec::new();
        let events = self.answer.sink_mut().take();
        if !events.is_empty() {
            out = self.encoder.push(events).await?;
        }
        if self.answer.is_done() && !std::mem::replace(&mut self.closed, true) {
            let last = match self.answer.failure() {
                Some(failure) => self.encoder.abort(&failure.clone().into()).await?,
                None => self.encoder.finish().await?,
            };
            out.extend_from_slice(&last);
        }
        let quiet = std::mem::take(&mut self.quiet);
        if out.is_empty() {
            return Ok(self.keep_alive.clone().filter(|_| quiet));
        }
        Ok(Some(out.into()))
    }
}

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
