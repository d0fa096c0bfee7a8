//! Where the events of an answer come from, in all its turns: an upstream, and where agents have a part in it, one upstream after
//! the other.

use std::time::Duration;

use ccr_messages::event::{Event, Failure};

use super::Totals;
use crate::agents::Conversation;
use crate::base::error::GatewayError;
use crate::reading::{EventSource, Next};

/// The events of an answer.
pub struct TurnSource {
    /// None between two turns, and behind the last if that was the client's to end.
    upstream: Option<EventSource>,
    agents: Option<Box<Conversation>>,
    /// Time spent in plugins for the turns before.
    spent: Duration,
}

/// What the next step brought.
pub(super) enum Step {
    /// Events, perhaps none.
    Events(Vec<Event>),
    /// The last events of a turn, after which agents have calls to answer and the model goes on.
    Turn(Vec<Event>),
    /// The last events: the answer has come to its end.
    Last(Vec<Event>),
    /// The last events of an answer that broke off, and how.
    Broken(Vec<Event>, GatewayError),
    /// A ping is due.
    Quiet,
}

impl TurnSource {
    /// The first turn's upstream, and the agents that have a part in the answer.
    pub fn new(upstream: EventSource, agents: Option<Box<Conversation>>) -> Self {
        Self { upstream: Some(upstream), agents, spent: Duration::ZERO }
    }

    /// The next events.
    pub(super) async fn next(&mut self) -> Result<Step, GatewayError> {
        let Some(agents) = &mut self.agents else {
            return match &mut self.upstream {
                Some(upstream) => Ok(plain(upstream.next().await?, upstream)),
                None => Ok(Step::Last(Vec::new())),
            };
        };
        let ready = agents.take_ready();
        let Some(upstream) = &mut self.upstream else {
            let mut last = ready;
            last.extend(agents.last_words());
            return Ok(Step::Last(agents.edit(last, true).await?));
        };
        if !ready.is_empty() {
            return Ok(Step::Events(agents.edit(ready, false).await?));
        }
        let step = plain(upstream.next().await?, upstream);
        joined(agents, step, upstream.provider()).await
    }

    /// What is there without waiting.
    pub(super) async fn next_ahead(&mut self) -> Result<Option<Step>, GatewayError> {
        let Some(upstream) = &mut self.upstream else { return Ok(None) };
        let Some(next) = upstream.next_ahead() else { return Ok(None) };
        let step = plain(next, upstream);
        match &mut self.agents {
            None => Ok(Some(step)),
            Some(agents) => joined(agents, step, upstream.provider()).await.map(Some),
        }
    }

    /// The agents' part in the answer.
    pub(super) fn agents(&mut self) -> Option<&mut Conversation> {
        self.agents.as_deref_mut()
    }

    /// Goes on with the next turn; with none, the answer ends here.
    pub(super) fn go_on(&mut self, upstream: Option<EventSource>) {
        let before = std::mem::replace(&mut self.upstream, upstream);
        self.spent += before.map(|before| before.plugin_time()).unwrap_or_default();
    }

    /// A failure as the client may see it.
    pub(super) fn redacted(&self, failure: &Failure) -> Failure {
        self.upstream.as_ref().map_or_else(|| failure.clone(), |upstream| upstream.redacted(failure))
    }

    /// The answer has ended.
    pub(super) fn close(&mut self) {
        if let Some(agents) = &mut self.agents {
            agents.keep_hidden_turns();
        }
    }

    /// Adds what is known here to an answer's totals.
    pub(super) fn add_to(&self, totals: &mut Totals) {
        totals.plugin_time += self.spent + self.upstream.as_ref().map(EventSource::plugin_time).unwrap_or_default();
        if let Some(agents) = self.agents.as_ref().map(|agents| agents.totals()) {
            totals.plugin_time += agents.plugin_time;
            totals.turns = Some(agents.turns);
            totals.last_usage = Some(agents.last_usage);
        }
    }
}

/// A step of one turn.
fn plain(next: Next, upstream: &EventSource) -> Step {
    match next {
        Next::Quiet => Step::Quiet,
        Next::Events(events) => Step::Events(events),
        Next::Last(events) => Step::Last(events),
        Next::Broken(events, reason) => Step::Broken(events, upstream.broken_off(&reason)),
    }
}

/// A step as the client sees it of an answer that agents have a part in.
async fn joined(agents: &mut Conversation, step: Step, provider: &str) -> Result<Step, GatewayError> {
    match step {
        Step::Quiet => Ok(Step::Quiet),
        Step::Events(events) | Step::Turn(events) => {
            let visible = agents.take(events);
            Ok(Step::Events(agents.edit(visible, false).await?))
        }
        Step::Broken(events, error) => {
            let visible = agents.take(events);
            Ok(Step::Broken(agents.edit(visible, false).await?, error))
        }
        Step::Last(events) => {
            let failed = events.iter().any(|event| matches!(event, Event::Error(_)));
            let visible = agents.take(events);
            end_of_turn(agents, visible, failed, provider).await
        }
    }
}

async fn end_of_turn(
    agents: &mut Conversation,
    mut visible: Vec<Event>,
    failed: bool,
    provider: &str,
) -> Result<Step, GatewayError> {
    let bad = |reason| GatewayError::BadAnswer { provider: provider.to_owned(), reason };
    let waits = match agents.waits() {
        _ if failed => Ok(false),
        Ok(true) => agents.beyond_limits().map_or(Ok(true), Err),
        other => other,
    };
    match waits {
        Err(reason) => Ok(Step::Broken(agents.edit(visible, false).await?, bad(reason))),
        Ok(true) => Ok(Step::Turn(agents.edit(visible, false).await?)),
        Ok(false) => {
            visible.extend(agents.last_words());
            Ok(Step::Last(agents.edit(visible, true).await?))
        }
    }
}
