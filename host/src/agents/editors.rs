//! Agents that edit the answer as the client gets it (`wit/roles.wit`, `answer-stream`): one after the other, in the order in which
//! they were asked, over all turns.

use std::time::Duration;

use ccr_messages::event::Event;

use crate::error::GatewayError;
use crate::plugins::agent::AnswerStream;
use crate::plugins::bindings;
use crate::snapshot::PluginUse;
use crate::transform;

/// One of them at work.
pub(super) struct Editor {
    used: PluginUse,
    /// `None` once it failed and the answer goes on without it.
    stream: Option<AnswerStream>,
}

impl Editor {
    pub(super) fn new(used: PluginUse, stream: AnswerStream) -> Self {
        Self { used, stream: Some(stream) }
    }

    /// Edits a batch; `ended` if nothing follows.
    pub(super) async fn edit(&mut self, events: Vec<Event>, ended: bool) -> Result<Vec<Event>, GatewayError> {
        let Some(stream) = &mut self.stream else { return Ok(events) };
        if events.is_empty() && !ended {
            return Ok(events);
        }
        let batch: Vec<bindings::Event> = events.into_iter().map(Into::into).collect();
        let mut edited = match if batch.is_empty() { Ok(Vec::new()) } else { stream.push(&batch).await } {
            Ok(edited) => edited,
            Err(error) => {
                let note = transform::without(&self.used, error)?;
                self.stream = None;
                let mut events: Vec<Event> = batch.into_iter().map(Into::into).collect();
                events.push(Event::Dropped(note));
                return Ok(events);
            }
        };
        if ended {
            match stream.finish().await {
                Ok(last) => edited.extend(last),
                Err(error) => {
                    let note = transform::without(&self.used, error)?;
                    self.stream = None;
                    edited.push(bindings::Event::Dropped(note));
                }
            }
        }
        Ok(edited.into_iter().map(Into::into).collect())
    }

    pub(super) fn spent(&self) -> Duration {
        self.stream.as_ref().map_or(Duration::ZERO, AnswerStream::spent)
    }
}
