//! A streamed answer on its way to the client, and its record, which closes with it.

use bytes::Bytes;
use ccr_messages::answer::{Answer, Head, Sink};
use ccr_messages::encode::StreamEncoder;
use ccr_messages::event::Event;

use super::raw::RawStream;
use super::source::{EventSource, Next};
use crate::error::GatewayError;
use crate::record::{OpenRecord, Outcome};

/// A stream whose first content is in hand.
pub enum LiveStream {
    /// Typed events, written as Anthropic's stream.
    Events(Box<EventStream>),
    /// The upstream's own bytes.
    Raw(Box<RawStream>),
}

impl LiveStream {
    /// The next bytes for the client; `None` when the stream is over. The record says how it went.
    pub async fn next(&mut self, record: &mut OpenRecord) -> Option<Bytes> {
        let bytes = match self {
            Self::Events(stream) => stream.next(record).await,
            Self::Raw(stream) => stream.next(record).await,
        };
        if let Some(bytes) = &bytes {
            record.answered(bytes);
        }
        bytes
    }
}

/// Typed events being written.
pub struct EventStream {
    source: EventSource,
    answer: Answer<StreamEncoder>,
}

/// Reads up to the first content. What fails before it can be answered by another target.
pub(super) async fn begin(
    source: EventSource,
    head: Head,
    record: &mut OpenRecord,
) -> Result<LiveStream, GatewayError> {
    let mut stream = EventStream { source, answer: Answer::new(StreamEncoder::new(), head) };
    while !stream.answer.has_content() && !stream.answer.is_done() {
        match stream.source.next().await? {
            Next::Quiet => {}
            Next::Events(events) => stream.take(&events, record),
            Next::Last(events) => {
                stream.take(&events, record);
                stream.finish(record);
            }
            Next::Broken(events, error) => {
                stream.take(&events, record);
                if !stream.answer.has_content() {
                    return Err(error);
                }
                stream.abort(error, record);
            }
        }
    }
    record.record.ms.first_event = Some(record.elapsed_ms());
    match stream.answer.failure() {
        Some(failure) if !stream.answer.has_content() => Err(GatewayError::Upstream(failure.clone())),
        _ => Ok(LiveStream::Events(Box::new(stream))),
    }
}

impl EventStream {
    async fn next(&mut self, record: &mut OpenRecord) -> Option<Bytes> {
        loop {
            if !self.answer.sink_mut().is_empty() {
                return Some(self.answer.sink_mut().take().into());
            }
            if self.answer.is_done() {
                return None;
            }
            match self.source.next().await {
                Ok(Next::Quiet) => self.answer.sink_mut().ping(),
                Ok(Next::Events(events)) => self.take(&events, record),
                Ok(Next::Last(events)) => {
                    self.take(&events, record);
                    self.finish(record);
                }
                Ok(Next::Broken(events, error)) => {
                    self.take(&events, record);
                    self.abort(error, record);
                }
                Err(error) => self.abort(error, record),
            }
        }
    }

    fn take(&mut self, events: &[Event], record: &mut OpenRecord) {
        for event in events {
            note(record, event);
            match event {
                Event::Error(failure) => self.answer.push(&Event::Error(self.source.redacted(failure))),
                event => self.answer.push(event),
            }
        }
        if let Some(failure) = self.answer.failure() {
            record.fail(Outcome::BrokenUpstream, failure);
            self.close(record);
        }
    }

    fn finish(&mut self, record: &mut OpenRecord) {
        self.answer.finish();
        match self.answer.failure() {
            Some(failure) => record.fail(Outcome::BrokenUpstream, failure),
            None => record.end(Outcome::Completed),
        }
        self.close(record);
    }

    fn abort(&mut self, error: GatewayError, record: &mut OpenRecord) {
        let failure = error.into_failure();
        record.fail(Outcome::BrokenUpstream, &failure);
        self.answer.abort(failure);
        self.close(record);
    }

    fn close(&self, record: &mut OpenRecord) {
        record.add_plugin_time(self.source.plugin_time());
        note_end(record, &self.answer);
    }
}

/// Keeps of an event what belongs into the record.
pub(super) fn note(record: &mut OpenRecord, event: &Event) {
    match event {
        Event::Start(start) => record.record.upstream_model.clone_from(&start.model),
        Event::Dropped(what) => record.record.dropped.push(what.clone()),
        _ => {}
    }
}

/// Keeps what is known at the end.
pub(super) fn note_end<S: Sink>(record: &mut OpenRecord, answer: &Answer<S>) {
    record.record.usage = (*answer.usage()).into();
    record.record.stop_reason = answer.finish_reason().map(|reason| reason.as_str().to_owned());
    record.record.dropped.extend(answer.notes().iter().cloned());
}
