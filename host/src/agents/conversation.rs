//! An answer in several turns, which the client sees as one.
//!
//! Each turn's events come in ([`Conversation::take`]), and what the client may see goes out: no call of an agent's tool, one
//! beginning, one end, counts of tokens that only grow. When a turn ends with such calls, [`Conversation::answer_calls`] has them answered and
//! makes the request for the next turn, or says that the client is next, whose own calls stood beside them.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ccr_messages::event::{Event, Usage};
use futures_util::StreamExt as _;

use super::append;
use super::caller::Caller;
use super::calls::{self, Tool};
use super::history::{Fingerprint, Turns};
use super::joined::Joined;
use super::turn::{Call, EndedTurn};
use crate::answer_editor::Editor;
use crate::base::error::GatewayError;
use crate::base::request::InnerRequest;
use crate::record::RequestRecord;

/// An answer that agents have a part in.
pub struct Conversation {
    caller: Arc<Caller>,
    /// What the present turn was asked with.
    request: InnerRequest,
    /// The agents' tools, by the names that the model knows them by.
    tools: Arc<BTreeMap<String, Tool>>,
    editors: Vec<Editor>,
    joined: Joined,
    /// The model was told to answer with what it has.
    is_last: bool,
    /// The messages of the turns so far, as JSON.
    messages: Vec<String>,
    /// Results of agents' calls that the client's next request has to bring.
    results: Vec<String>,
    /// What the client has seen.
    seen: Fingerprint,
    spent: Duration,
}

/// What is known of an answer in several turns beside its events.
#[derive(Debug, Clone, Copy)]
pub struct ConversationTotals {
    /// How many turns there were.
    pub turns: u32,
    /// Time spent in agents.
    pub plugin_time: Duration,
    /// Token counts of the last turn alone: what the session's context has grown to.
    pub last_usage: Usage,
}

/// What follows a turn with calls.
pub enum Then {
    /// The model goes on.
    Ask(Box<InnerRequest>),
    /// The answer is over: the client has calls of its own to answer.
    End,
}

impl Conversation {
    pub(super) fn new(
        caller: Arc<Caller>,
        request: InnerRequest,
        tools: BTreeMap<String, Tool>,
        editors: Vec<Editor>,
        seen: Fingerprint,
    ) -> Self {
        Self {
            caller,
            request,
            tools: Arc::new(tools),
            editors,
            joined: Joined::new(),
            is_last: false,
            messages: Vec::new(),
            results: Vec::new(),
            seen,
            spent: Duration::ZERO,
        }
    }

    /// What the present turn is asked with.
    pub fn request(&self) -> &InnerRequest {
        &self.request
    }

    /// The names of the agents' tools, whose calls the client does not see.
    pub fn tool_names(&self) -> impl Iterator<Item = String> {
        self.tools.keys().cloned()
    }

    /// Takes events of the present turn; returns what the client sees of them.
    pub fn take(&mut self, events: Vec<Event>) -> Vec<Event> {
        self.joined.take(events, |name| self.tools.contains_key(name))
    }

    /// Lets agents edit what the client sees; `ended` if the answer is over.
    pub async fn edit(&mut self, mut events: Vec<Event>, ended: bool) -> Result<Vec<Event>, GatewayError> {
        for editor in &mut self.editors {
            events = editor.edit(events, ended).await?;
        }
        events.iter().for_each(|event| self.seen.add(event));
        Ok(events)
    }

    /// What the client may see although the next turn has not begun.
    pub fn take_ready(&mut self) -> Vec<Event> {
        self.joined.take_ready()
    }

    /// Whether the turn that has ended waits for agents. `Err` names a tool whose call is not whole.
    pub fn waits(&self) -> Result<bool, String> {
        match self.joined.turn.unfinished() {
            Some(name) => Err(format!("ended in the middle of a call of `{name}`, an agent's tool")),
            None => Ok(self.joined.turn.waits()),
        }
    }

    /// The last events of the answer: why it ended.
    pub fn last_words(&mut self) -> Vec<Event> {
        self.joined.last_words()
    }

    /// Has the calls of the turn answered.
    pub async fn answer_calls(&mut self, record: &mut RequestRecord) -> Result<Then, GatewayError> {
        record.turns = Some(self.joined.number);
        let turn = self.joined.end_turn();
        let (usage, client_calls, finish) = (turn.usage, turn.client_calls, turn.finish.clone());
        let EndedTurn { message, calls } = turn.end().map_err(GatewayError::Upstream)?;
        self.caller.spend.add(&usage);
        self.messages.push(message);
        let results = self.call_agents(&calls, record).await;
        if client_calls {
            self.results = results;
            self.joined.turn.finish = finish;
            return Ok(Then::End);
        }
        self.messages.push(format!(r#"{{"role":"user","content":[{}]}}"#, results.join(",")));
        self.next_turn().map_err(GatewayError::invalid)?;
        record.turns = Some(self.joined.number);
        Ok(Then::Ask(Box::new(self.request.clone())))
    }

    async fn call_agents(&mut self, calls: &[Call], record: &mut RequestRecord) -> Vec<String> {
        let tools = Arc::clone(&self.tools);
        let tool = |call: &Call| tools.get(&call.offered_as);
        let mut results = Vec::with_capacity(calls.len());
        let mut answers = pin!(calls::answer_all(&self.caller, calls, tool, self.joined.number));
        while let Some(answered) = answers.next().await {
            results.push(answered.result);
            self.joined.show(answered.shown);
            record.agent_calls.push(answered.note);
            self.spent += answered.spent;
        }
        results
    }

    /// The request for the turn that follows.
    fn next_turn(&mut self) -> Result<(), String> {
        let added = self.messages.len().saturating_sub(2);
        append::messages(&mut self.request, self.messages.get(added..).unwrap_or_default())?;
        self.joined.begin_turn();
        // A choice that named an agent's tool is fulfilled; it would be called in every turn.
        let chosen = self.request.get("/tool_choice/name").map(|name| name.trim_matches('"').to_owned());
        if chosen.is_some_and(|name| self.tools.contains_key(&name)) {
            self.request.set("/tool_choice", r#"{"type":"auto"}"#)?;
        }
        let limits = &self.caller.snapshot.config.agent_limits;
        let reached = match self.caller.spend.within(limits) {
            Err(bound) => Some(bound),
            Ok(()) => (self.joined.number >= limits.turns).then(|| format!("agentLimits.turns is {}", limits.turns)),
        };
        if let Some(bound) = reached {
            self.is_last = true;
            tracing::info!(request = self.caller.request, "the model's last turn, without agents' tools: {bound}");
            append::without_tools(&mut self.request, |name| self.tools.contains_key(name))?;
        }
        Ok(())
    }

    /// What to say of a model that calls agents' tools which it has no more.
    pub fn beyond_limits(&self) -> Option<String> {
        self.is_last.then(|| {
            let called = self.joined.turn.called().unwrap_or_default();
            let agent = self.tools.get(called).map(|tool| &*tool.agent.used.plugin.name).unwrap_or_default();
            let limits = &self.caller.snapshot.config.agent_limits;
            format!(
                "calls `{called}` of agent `{agent}` again and again: after {} turns the bounds of `agentLimits` are reached \
                 (turns: {}, tokens: {}, time_ms: {})",
                self.joined.number,
                limits.turns,
                limits.tokens,
                limits.time.as_millis()
            )
        })
    }

    /// What is known of the answer so far beside its events.
    pub fn totals(&self) -> ConversationTotals {
        let plugin_time = self.spent + self.editors.iter().map(Editor::spent).sum::<Duration>();
        ConversationTotals { turns: self.joined.number, plugin_time, last_usage: self.joined.last_usage() }
    }

    /// The answer has ended: what the client did not see of it is kept for its next request.
    pub fn keep_hidden_turns(&mut self) {
        if self.messages.is_empty() {
            return;
        }
        // A turn that ended with the client's calls was put in already.
        if self.results.is_empty() {
            match self.joined.end_turn().end() {
                Ok(ended) => {
                    self.messages.push(ended.message);
                    self.results = calls::unanswered(&ended.calls);
                }
                // It ended without a word; then there is nothing to find it by either.
                Err(_) => return,
            }
        }
        let turns = Turns {
            store: self.caller.engine.turns(),
            session: self.caller.session.as_ref(),
            client_key: self.caller.client_key.as_deref(),
        };
        turns.keep(std::mem::take(&mut self.seen), &self.messages, &self.results);
    }
}
