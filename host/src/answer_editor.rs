//! Plugins that edit an answer: transformers each turn of it, agents the whole as the client gets it
//! (`wit/0.2.0/roles.wit`, `answer-transformer` and `agent-answer`).

use std::time::Duration;

use ccr_messages::event::Event;

use crate::base::error::GatewayError;
use crate::plugins::answer_stream::AnswerStream;
use crate::plugins::bindings;
use crate::snapshot::PluginUse;

/// One of them at work on one answer.
pub struct Editor {
    used: PluginUse,
    /// `None` once it failed and the answer goes on without it.
    stream: Option<AnswerStream>,
}

impl Editor {
    /// An editor whose instance is ready.
    pub fn new(used: PluginUse, stream: AnswerStream) -> Self {
        Self { used, stream: Some(stream) }
    }

    /// Edits a batch; `ended` if nothing follows.
    pub async fn edit(&mut self, events: Vec<Event>, ended: bool) -> Result<Vec<Event>, GatewayError> {
        let Some(stream) = &mut self.stream else { return Ok(events) };
        if events.is_empty() && !ended {
            return Ok(events);
        }
        let batch: Vec<bindings::Event> = events.into_iter().map(Into::into).collect();
        let mut edited = match if batch.is_empty() { Ok(Vec::new()) } else { stream.push(&batch).await } {
            Ok(edited) => edited,
            Err(error) => {
                let note = self.used.fail_open(error)?;
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
                    let note = self.used.fail_open(error)?;
                    self.stream = None;
                    edited.push(bindings::Event::Dropped(note));
                }
            }
        }
        Ok(edited.into_iter().map(Into::into).collect())
    }

    /// Time spent in the plugin.
    pub fn spent(&self) -> Duration {
        self.stream.as_ref().map_or(Duration::ZERO, AnswerStream::spent)
    }
}
