//! Typed events on their way to a client that streams.

use bytes::Bytes;
use ccr_messages::event::{Event, Start};

use super::turns::{Step, TurnSource};
use super::{Blame, StreamEnd, Totals};
use crate::agents::Conversation;
use crate::base::error::GatewayError;
use crate::client::StreamWriter;
use crate::reading::EventSource;

/// A streamed answer, written in the client's format.
pub struct EventStream {
    source: TurnSource,
    writer: StreamWriter,
    start: Start,
    state: State,
    /// What has been written already: where a component cannot write even the beginning, there is still time to say so.
    written: Option<Bytes>,
}

/// What is next.
enum State {
    /// More events.
    Going,
    /// Agents have calls to answer.
    Turn,
    /// The answer has ended.
    Ended(StreamEnd),
}

/// What a stream brings next.
pub enum StreamNext {
    /// Bytes for the client.
    Bytes(Bytes),
    /// Agents have calls to answer: [`EventStream::agents`], then [`EventStream::go_on`].
    Turn,
    /// The last bytes, if there are any, and how the answer ended.
    End(Option<Bytes>, StreamEnd),
}

impl EventStream {
    /// Writes what of the answer is there.
    pub async fn begin(source: TurnSource, writer: StreamWriter) -> Result<Self, GatewayError> {
        let mut stream = Self { source, writer, start: Start::default(), state: State::Going, written: None };
        while let Some(step) = stream.source.next_ahead().await? {
            stream.take(step);
        }
        stream.written = stream.writer.take().await?;
        Ok(stream)
    }

    /// The next bytes for the client.
    pub async fn next(&mut self) -> StreamNext {
        loop {
            let written = match self.written.take() {
                Some(written) => Some(written),
                None => match self.writer.take().await {
                    Ok(written) => written,
                    Err(error) => {
                        self.source.close();
                        return StreamNext::End(None, StreamEnd::Cut(error.into()));
                    }
                },
            };
            match (std::mem::replace(&mut self.state, State::Going), written) {
                (State::Ended(end), written) => return StreamNext::End(written, end),
                (state, Some(written)) => {
                    self.state = state;
                    return StreamNext::Bytes(written);
                }
                (State::Turn, None) => return StreamNext::Turn,
                (State::Going, None) => match self.source.next().await {
                    Ok(step) => self.take(step),
                    Err(error) => self.abort(error),
                },
            }
        }
    }

    /// The agents' part in the answer.
    pub fn agents(&mut self) -> Option<&mut Conversation> {
        self.source.agents()
    }

    /// Goes on with the model's next turn, or ends: with none because the client is next, with an error because there is none.
    pub fn go_on(&mut self, turn: Result<Option<EventSource>, GatewayError>) {
        match turn {
            Ok(upstream) => self.source.go_on(upstream),
            Err(error) => self.abort(error),
        }
    }

    /// What is known so far.
    pub fn totals(&mut self) -> Totals {
        let mut totals = Totals {
            start: self.start.clone(),
            usage: *self.writer.usage(),
            finish: self.writer.finish_reason().cloned(),
            dropped: self.writer.notes().to_vec(),
            plugin_time: self.writer.plugin_time(),
            ..Totals::default()
        };
        self.source.add_to(&mut totals);
        totals
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Quiet => self.writer.ping(),
            Step::Events(events) => self.write(&events),
            Step::Turn(events) => {
                self.write(&events);
                if matches!(self.state, State::Going) {
                    self.state = State::Turn;
                }
            }
            Step::Last(events) => {
                self.write(&events);
                self.finish();
            }
            Step::Broken(events, error) => {
                self.write(&events);
                self.abort(error);
            }
        }
    }

    fn write(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Start(start) => self.start = start.clone(),
                Event::Error(failure) => self.writer.push(&Event::Error(self.source.redacted(failure))),
                event => self.writer.push(event),
            }
        }
        if let Some(failure) = self.writer.failure() {
            let end = StreamEnd::Broken(failure.clone(), Blame::Upstream);
            self.end(end);
        }
    }

    fn finish(&mut self) {
        // With a failure, that was told as it came.
        if !self.writer.is_done() {
            self.writer.finish();
            let failure = self.writer.failure().cloned();
            self.end(failure.map_or(StreamEnd::Complete, |failure| StreamEnd::Broken(failure, Blame::Upstream)));
        }
    }

    fn abort(&mut self, error: GatewayError) {
        let blame = Blame::of(&error);
        let failure = error.into_failure();
        self.writer.abort(failure.clone());
        self.end(StreamEnd::Broken(failure, blame));
    }

    fn end(&mut self, end: StreamEnd) {
        if !matches!(self.state, State::Ended(_)) {
            self.source.close();
            self.state = State::Ended(end);
        }
    }
}
