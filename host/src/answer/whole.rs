//! Typed events folded into one message, for clients that do not stream.

use ccr_messages::answer::{Answer, Head, Sink};
use ccr_messages::event::Event;
use ccr_messages::fold::Folder;

use super::Whole;
use super::source::{EventSource, Next};
use super::writing::EventSink;
use crate::client::Answering;
use crate::error::GatewayError;
use crate::plugins::PluginEngine;
use crate::record::OpenRecord;

/// Reads the answer to its end and writes it in the client's format.
pub(super) async fn read(
    source: EventSource,
    engine: &PluginEngine,
    head: Head,
    answering: Option<&Answering>,
    record: &mut OpenRecord,
) -> Result<Whole, GatewayError> {
    let Some(answering) = answering else {
        let folder = gather(source, Answer::new(Folder::new(), head), record).await?.into_sink();
        return folder.into_json().map(Whole::json).map_err(GatewayError::Upstream);
    };
    let mut answer = gather(source, Answer::new(EventSink::joining(), head.clone()), record).await?;
    if let Some(failure) = answer.failure() {
        return Err(GatewayError::Upstream(failure.clone()));
    }
    let events = answer.sink_mut().take();
    let (written, spent) = answering.encode(engine, events, &head).await?;
    record.add_plugin_time(spent);
    Ok(Whole::Foreign(written))
}

/// All events of the answer.
async fn gather<S: Sink>(
    mut source: EventSource,
    mut answer: Answer<S>,
    record: &mut OpenRecord,
) -> Result<Answer<S>, GatewayError> {
    loop {
        let (events, last) = match source.next().await? {
            Next::Quiet => continue,
            Next::Events(events) => (events, false),
            Next::Last(events) => (events, true),
            Next::Broken(_, error) => return Err(error),
        };
        for event in &events {
            super::stream::note(record, event);
            match event {
                Event::Error(failure) => answer.push(&Event::Error(source.redacted(failure))),
                event => answer.push(event),
            }
        }
        if record.record.ms.first_event.is_none() {
            record.record.ms.first_event = Some(record.elapsed_ms());
        }
        if last || answer.is_done() {
            break;
        }
    }
    record.add_plugin_time(source.plugin_time());
    answer.finish();
    super::stream::note_end(record, &answer);
    Ok(answer)
}
