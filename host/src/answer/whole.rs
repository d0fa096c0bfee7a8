//! Typed events folded into one message, for clients that do not stream.

use bytes::Bytes;
use ccr_messages::answer::{Answer, Head};
use ccr_messages::event::Event;
use ccr_messages::fold::Folder;

use super::source::{EventSource, Next};
use crate::error::GatewayError;
use crate::record::OpenRecord;

/// Reads the answer to its end.
pub(super) async fn read(mut source: EventSource, head: Head, record: &mut OpenRecord) -> Result<Bytes, GatewayError> {
    let mut answer = Answer::new(Folder::new(), head);
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
    answer.into_sink().into_json().map(Bytes::from).map_err(GatewayError::Upstream)
}
