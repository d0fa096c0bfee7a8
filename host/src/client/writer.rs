//! Typed events being written in the client's format: Anthropic's by the host itself, any other by the component that speaks it.
//!
//! Both go through the same state machine first ([`ccr_messages::answer::Answer`]), so that a component only ever gets events in
//! a legal order, and no format can be made to write an illegal stream.

use std::time::Duration;

use bytes::Bytes;
use ccr_messages::answer::{Answer, BlockStart, Delta, Head, Sink};
use ccr_messages::encode::StreamEncoder;
use ccr_messages::event::{Event, Failure, FinishReason, Usage};

use super::events::EventSink;
use crate::plugins::PluginError;
use crate::plugins::client::Encoder;

/// A streamed answer and what writes it.
pub struct StreamWriter {
    answer: Answer<ClientSink>,
}

/// Takes the steps of an answer in the client's format.
#[allow(clippy::large_enum_variant, reason = "it lives in its stream's box, and the large one is the usual one")]
pub(super) enum ClientSink {
    /// Anthropic's stream.
    Anthropic(StreamEncoder),
    /// Another format's.
    Component(Box<ComponentSink>),
}

pub(super) struct ComponentSink {
    events: EventSink,
    encoder: Encoder,
    keep_alive: Bytes,
    /// The client should hear something.
    quiet: bool,
    /// The end has been written.
    closed: bool,
}

impl ComponentSink {
    pub(super) fn new(encoder: Encoder, keep_alive: Bytes) -> Self {
        Self { events: EventSink::default(), encoder, keep_alive, quiet: false, closed: false }
    }
}

impl StreamWriter {
    pub(super) fn new(sink: ClientSink, head: Head) -> Self {
        Self { answer: Answer::new(sink, head) }
    }

    /// What the input may come to, for the beginning of a stream that tells it there.
    pub fn expect_input(&mut self, tokens: u64) {
        self.answer.expect_input(tokens);
    }

    /// Writes an event.
    pub fn push(&mut self, event: &Event) {
        self.answer.push(event);
    }

    /// The upstream has sent everything.
    pub fn finish(&mut self) {
        self.answer.finish();
    }

    /// The upstream broke off.
    pub fn abort(&mut self, failure: Failure) {
        self.answer.abort(failure);
    }

    /// A keep-alive is due.
    pub fn ping(&mut self) {
        match self.answer.sink_mut() {
            ClientSink::Anthropic(encoder) => encoder.ping(),
            ClientSink::Component(sink) => sink.quiet = true,
        }
    }

    /// Whether the answer has ended, well or not.
    pub fn is_done(&self) -> bool {
        self.answer.is_done()
    }

    /// The failure that ended it.
    pub fn failure(&self) -> Option<&Failure> {
        self.answer.failure()
    }

    /// The token counts so far.
    pub fn usage(&self) -> &Usage {
        self.answer.usage()
    }

    /// Why the model stopped.
    pub fn finish_reason(&self) -> Option<&FinishReason> {
        self.answer.finish_reason()
    }

    /// What was left out of the answer.
    pub fn notes(&self) -> &[String] {
        self.answer.notes()
    }

    /// What has been written since the last time; `None` if it is nothing.
    pub async fn take(&mut self) -> Result<Option<Bytes>, PluginError> {
        let end = self.answer.is_done().then(|| self.answer.failure().cloned());
        match self.answer.sink_mut() {
            ClientSink::Anthropic(encoder) => Ok((!encoder.is_empty()).then(|| encoder.take().into())),
            ClientSink::Component(sink) => sink.take(end).await,
        }
    }

    /// Time spent in the component that writes.
    pub fn plugin_time(&mut self) -> Duration {
        match self.answer.sink_mut() {
            ClientSink::Anthropic(_) => Duration::ZERO,
            ClientSink::Component(sink) => sink.encoder.spent(),
        }
    }
}

impl ComponentSink {
    /// `end` is there once the answer has ended: the failure that ended it, if one did.
    async fn take(&mut self, end: Option<Option<Failure>>) -> Result<Option<Bytes>, PluginError> {
        let mut out = Vec::new();
        let events = self.events.take();
        if !events.is_empty() {
            out = self.encoder.push(events).await?;
        }
        if let Some(failure) = end
            && !std::mem::replace(&mut self.closed, true)
        {
            let last = match failure {
                Some(failure) => self.encoder.abort(&failure.into()).await?,
                None => self.encoder.finish().await?,
            };
            out.extend_from_slice(&last);
        }
        let quiet = std::mem::take(&mut self.quiet);
        if out.is_empty() {
            return Ok(Some(self.keep_alive.clone()).filter(|bytes| quiet && !bytes.is_empty()));
        }
        Ok(Some(out.into()))
    }
}

/// Does the same with either sink.
macro_rules! either {
    ($self:expr, $sink:ident => $do:expr) => {
        match $self {
            ClientSink::Anthropic($sink) => $do,
            ClientSink::Component(component) => {
                let $sink = &mut component.events;
                $do
            }
        }
    };
}

impl Sink for ClientSink {
    fn message_start(&mut self, head: &Head, usage: &Usage) {
        either!(self, sink => sink.message_start(head, usage));
    }

    fn block_start(&mut self, index: u32, block: &BlockStart<'_>) {
        either!(self, sink => sink.block_start(index, block));
    }

    fn delta(&mut self, index: u32, delta: Delta<'_>) {
        either!(self, sink => sink.delta(index, delta));
    }

    fn block_stop(&mut self, index: u32, complete: bool) {
        either!(self, sink => sink.block_stop(index, complete));
    }

    fn message_end(&mut self, reason: &FinishReason, usage: &Usage) {
        either!(self, sink => sink.message_end(reason, usage));
    }

    fn error(&mut self, failure: &Failure) {
        either!(self, sink => sink.error(failure));
    }
}
