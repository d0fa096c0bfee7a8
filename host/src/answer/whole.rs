//! Typed events folded into one message, for clients that do not stream.

use ccr_messages::answer::{Answer as Message, Head, Sink};
use ccr_messages::event::Event;
use ccr_messages::fold::Folder;

use super::source::{EventSource, Next};
use super::turns::Source;
use super::writing::EventSink;
use super::{Answer, Whole};
use crate::agents::Conversation;
use crate::client::Answering;
use crate::error::GatewayError;
use crate::plugins::PluginEngine;
use crate::record::OpenRecord;

/// A whole answer being gathered.
pub struct WholeAnswer {
    source: Source,
    writing: Writing,
}

/// What it is written with.
#[allow(clippy::large_enum_variant, reason = "there is one for a request, and it is not moved")]
enum Writing {
    /// Anthropic's format.
    Inner(Message<Folder>),
    /// Another: a component gets the events.
    Foreign(Box<Foreign>),
}

struct Foreign {
    message: Message<EventSink>,
    head: Head,
    answering: Answering,
}

/// Whether all has come.
enum Gathered {
    All,
    /// Agents have calls to answer first.
    Turn,
}

impl WholeAnswer {
    pub(super) fn new(source: Source, head: Head, answering: Option<&Answering>) -> Self {
        let writing = match answering {
            None => Writing::Inner(Message::new(Folder::new(), head)),
            Some(answering) => Writing::Foreign(Box::new(Foreign {
                message: Message::new(EventSink::joining(), head.clone()),
                head,
                answering: answering.clone(),
            })),
        };
        Self { source, writing }
    }

    /// Reads the answer, to its end or up to calls that agents have to answer, and writes it in the client's format.
    pub async fn read(mut self, engine: &PluginEngine, record: &mut OpenRecord) -> Result<Answer, GatewayError> {
        let gathered = match &mut self.writing {
            Writing::Inner(message) => gather(&mut self.source, message, record).await,
            Writing::Foreign(foreign) => gather(&mut self.source, &mut foreign.message, record).await,
        };
        if matches!(gathered?, Gathered::Turn) {
            return Ok(Answer::Waiting(Box::new(self)));
        }
        match self.writing {
            Writing::Inner(message) => {
                let json = message.into_sink().into_json();
                json.map(|json| Answer::Whole(Whole::json(json))).map_err(GatewayError::Upstream)
            }
            Writing::Foreign(foreign) => {
                let Foreign { mut message, head, answering } = *foreign;
                if let Some(failure) = message.failure() {
                    return Err(GatewayError::Upstream(failure.clone()));
                }
                let events = message.sink_mut().take();
                let (written, spent) = answering.encode(engine, events, &head).await?;
                record.add_plugin_time(spent);
                Ok(Answer::Whole(Whole::Foreign(written)))
            }
        }
    }

    /// The agents' part in the answer.
    pub fn agents(&mut self) -> Option<&mut Conversation> {
        self.source.agents()
    }

    /// Goes on with the model's next turn; with none, the client is next.
    pub fn go_on(&mut self, upstream: Option<Box<EventSource>>) {
        self.source.go_on(upstream);
    }
}

/// All events of the answer, or of its turns so far.
async fn gather<S: Sink>(
    source: &mut Source,
    message: &mut Message<S>,
    record: &mut OpenRecord,
) -> Result<Gathered, GatewayError> {
    loop {
        let (events, last) = match source.next().await? {
            Next::Quiet => continue,
            Next::Events(events) => (events, None),
            Next::Turn(events) => (events, Some(Gathered::Turn)),
            Next::Last(events) => (events, Some(Gathered::All)),
            Next::Broken(_, error) => return Err(error),
        };
        for event in &events {
            super::stream::note(record, event);
            match event {
                Event::Error(failure) => message.push(&Event::Error(source.redacted(failure))),
                event => message.push(event),
            }
        }
        if record.record.ms.first_event.is_none() {
            record.record.ms.first_event = Some(record.elapsed_ms());
        }
        match last {
            Some(Gathered::Turn) => return Ok(Gathered::Turn),
            None if !message.is_done() => {}
            _ => break,
        }
    }
    source.close(record);
    message.finish();
    super::stream::note_end(record, message);
    Ok(Gathered::All)
}
