//! Where the events of an answer come from, in all its turns: an upstream, and where agents have a part in it, one upstream after
//! the other.

use std::time::Duration;

use ccr_messages::event::{Event, Failure};

use super::source::{EventSource, Next};
use crate::agents::Conversation;
use crate::error::GatewayError;
use crate::record::OpenRecord;

/// The events of an answer.
pub(super) struct Source {
    /// None between two turns, and behind the last if that was the client's to end.
    upstream: Option<EventSource>,
    agents: Option<Box<Conversation>>,
    /// Time spent in plugins for the turns before.
    spent: Duration,
    over: bool,
}

impl Source {
    pub(super) fn new(upstream: EventSource, agents: Option<Box<Conversation>>) -> Self {
        Self { upstream: Some(upstream), agents, spent: Duration::ZERO, over: false }
    }

    /// The next events.
    pub(super) async fn next(&mut self) -> Result<Next, GatewayError> {
        let Some(agents) = &mut self.agents else {
            return match &mut self.upstream {
                Some(upstream) => upstream.next().await,
                None => Ok(Next::Last(Vec::new())),
            };
        };
        let ready = agents.take_ready();
        let Some(upstream) = self.upstream.as_mut().filter(|_| !self.over) else {
            self.over = true;
            let mut last = ready;
            last.extend(agents.last_words());
            return Ok(Next::Last(agents.edit(last, true).await?));
        };
        if !ready.is_empty() {
            return Ok(Next::Events(agents.edit(ready, false).await?));
        }
        match upstream.next().await? {
            Next::Quiet => Ok(Next::Quiet),
            Next::Turn(events) | Next::Events(events) => {
                let visible = agents.take(events);
                Ok(Next::Events(agents.edit(visible, false).await?))
            }
            Next::Broken(events, error) => {
                let visible = agents.take(events);
                Ok(Next::Broken(agents.edit(visible, false).await?, error))
            }
            Next::Last(events) => {
                let failed = events.iter().any(|event| matches!(event, Event::Error(_)));
                let visible = agents.take(events);
                Self::end_of_turn(agents, visible, failed, upstream.provider()).await
            }
        }
    }

    async fn end_of_turn(
        agents: &mut Conversation,
        mut visible: Vec<Event>,
        failed: bool,
        provider: &str,
    ) -> Result<Next, GatewayError> {
        let bad = |reason| GatewayError::BadAnswer { provider: provider.to_owned(), reason };
        let waits = match agents.waits() {
            _ if failed => Ok(false),
            Ok(true) => agents.beyond_limits().map_or(Ok(true), Err),
            other => other,
        };
        match waits {
            Err(reason) => Ok(Next::Broken(agents.edit(visible, false).await?, bad(reason))),
            Ok(true) => Ok(Next::Turn(agents.edit(visible, false).await?)),
            Ok(false) => {
                visible.extend(agents.last_words());
                Ok(Next::Last(agents.edit(visible, true).await?))
            }
        }
    }

    /// The agents' part; there is one wherever [`Next::Turn`] came.
    pub(super) fn agents(&mut self) -> Option<&mut Conversation> {
        self.agents.as_deref_mut()
    }

    /// Goes on with the next turn; with none, the answer ends here.
    pub(super) fn go_on(&mut self, upstream: Option<Box<EventSource>>) {
        let before = std::mem::replace(&mut self.upstream, upstream.map(|upstream| *upstream));
        self.spent += before.map(|before| before.plugin_time()).unwrap_or_default();
    }

    /// A failure as the client may see it.
    pub(super) fn redacted(&self, failure: &Failure) -> Failure {
        self.upstream.as_ref().map_or_else(|| failure.clone(), |upstream| upstream.redacted(failure))
    }

    /// Keeps what is known at the end.
    pub(super) fn close(&mut self, record: &mut OpenRecord) {
        let upstream = self.upstream.as_ref().map(EventSource::plugin_time).unwrap_or_default();
        record.add_plugin_time(self.spent + upstream);
        if let Some(agents) = &mut self.agents {
            agents.close(record);
        }
    }
}
