//! A streamed answer on its way to the client, and its record, which closes with it.

use bytes::Bytes;
use ccr_messages::answer::{Answer, Head, Sink};
use ccr_messages::event::Event;

use super::raw::RawStream;
use super::source::{EventSource, Next};
use super::turns::Source;
use super::writing::Writing;
use crate::agents::Conversation;
use crate::body::Cut;
use crate::client::Answering;
use crate::error::GatewayError;
use crate::plugins::PluginEngine;
use crate::record::{OpenRecord, Outcome};

/// A stream whose first content is in hand.
pub enum LiveStream {
    /// Typed events, written in the client's format.
    Events(Box<EventStream>),
    /// The upstream's own bytes.
    Raw(Box<RawStream>),
}

/// What a stream says next.
pub enum Said {
    /// Bytes for the client.
    Bytes(Bytes),
    /// It is cut off without a word.
    Cut(Cut),
    /// Agents have calls to answer: [`LiveStream::agents`], then [`LiveStream::go_on`].
    Turn,
    /// Nothing follows.
    Over,
}

impl LiveStream {
    /// The next bytes for the client. The record says how it went.
    pub async fn next(&mut self, record: &mut OpenRecord) -> Said {
        let said = match self {
            Self::Events(stream) => stream.next(record).await,
            Self::Raw(stream) => stream.next(record).await.map_or(Said::Over, Said::Bytes),
        };
        if let Said::Bytes(bytes) = &said {
            record.answered(bytes);
        }
        said
    }

    /// The agents' part in the answer.
    pub fn agents(&mut self) -> Option<&mut Conversation> {
        match self {
            Self::Events(stream) => stream.source.agents(),
            Self::Raw(_) => None,
        }
    }

    /// Goes on with the model's next turn, or ends: with none because the client is next, with an error because there is none.
    pub fn go_on(&mut self, turn: Result<Option<Box<EventSource>>, GatewayError>, record: &mut OpenRecord) {
        let Self::Events(stream) = self else { return };
        stream.waits = false;
        match turn {
            Ok(upstream) => stream.source.go_on(upstream),
            Err(error) => stream.abort(error, record),
        }
    }
}

/// Typed events being written.
pub struct EventStream {
    source: Source,
    writing: Writing,
    /// Agents have calls to answer.
    waits: bool,
    /// What has been written already: where a component cannot write even the beginning, there is still time to say so.
    written: Option<Bytes>,
}

/// Reads up to the first content. What fails before it can be answered by another target.
pub(super) async fn begin(
    source: Source,
    engine: &PluginEngine,
    head: Head,
    answering: Option<&Answering>,
    expected_input: Option<u64>,
    record: &mut OpenRecord,
) -> Result<LiveStream, GatewayError> {
    let mut stream =
        EventStream { source, waits: false, writing: Writing::new(engine, head, answering).await?, written: None };
    stream.writing.expect_input(expected_input);
    while !stream.writing.has_content() && !stream.writing.is_done() && !stream.waits {
        match stream.source.next().await? {
            Next::Quiet => {}
            Next::Events(events) => stream.take(&events, record),
            Next::Turn(events) => {
                stream.take(&events, record);
                stream.waits = true;
            }
            Next::Last(events) => {
                stream.take(&events, record);
                stream.finish(record);
            }
            Next::Broken(events, error) => {
                stream.take(&events, record);
                if !stream.writing.has_content() {
                    return Err(error);
                }
                stream.abort(error, record);
            }
        }
    }
    record.record.ms.first_event = Some(record.elapsed_ms());
    match stream.writing.failure() {
        Some(failure) if !stream.writing.has_content() => Err(GatewayError::Upstream(failure)),
        _ => {
            stream.written = stream.writing.take().await?;
            Ok(LiveStream::Events(Box::new(stream)))
        }
    }
}

impl EventStream {
    async fn next(&mut self, record: &mut OpenRecord) -> Said {
        if let Some(written) = self.written.take() {
            return Said::Bytes(written);
        }
        loop {
            match self.writing.take().await {
                Ok(Some(bytes)) => return Said::Bytes(bytes),
                Ok(None) => {}
                Err(error) => return Said::Cut(self.cut(error.into(), record)),
            }
            if self.writing.is_done() {
                return Said::Over;
            }
            if self.waits {
                return Said::Turn;
            }
            match self.source.next().await {
                Ok(Next::Quiet) => self.writing.ping(),
                Ok(Next::Events(events)) => self.take(&events, record),
                Ok(Next::Turn(events)) => {
                    self.take(&events, record);
                    self.waits = true;
                }
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
                Event::Error(failure) => self.writing.push(&Event::Error(self.source.redacted(failure))),
                event => self.writing.push(event),
            }
        }
        if let Some(failure) = self.writing.failure() {
            record.fail(Outcome::BrokenUpstream, &failure);
            self.close(record);
        }
    }

    fn finish(&mut self, record: &mut OpenRecord) {
        if self.writing.is_done() {
            // With a failure, that was told and noted as it came.
            return;
        }
        self.writing.finish();
        match self.writing.failure() {
            Some(failure) => record.fail(Outcome::BrokenUpstream, &failure),
            None => record.end(Outcome::Completed),
        }
        self.close(record);
    }

    fn abort(&mut self, error: GatewayError, record: &mut OpenRecord) {
        if let (GatewayError::Plugin(_), Some(lease)) = (&error, &mut record.lease) {
            lease.excuse();
        }
        let failure = error.into_failure();
        record.fail(Outcome::BrokenUpstream, &failure);
        self.writing.abort(failure);
        self.close(record);
    }

    /// The component that writes has failed: nobody can tell the client so in its format.
    fn cut(&mut self, error: GatewayError, record: &mut OpenRecord) -> Cut {
        tracing::error!(request = record.record.id, "the answer is cut off: {error}");
        record.fail(Outcome::Failed, &error.into_failure());
        self.close(record);
        Cut
    }

    fn close(&mut self, record: &mut OpenRecord) {
        self.source.close(record);
        record.add_plugin_time(self.writing.spent());
        self.writing.note_end(record);
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
