//! An answer in several turns, which the client sees as one.
//!
//! Each turn's events come in ([`Conversation::take`]), and what the client may see goes out: no call of an agent's tool, one
//! beginning, one end, counts of tokens that only grow. When a turn ends with such calls, [`Conversation::answer_calls`] has them answered and
//! makes the request for the next turn, or says that the client is next, whose own calls stood beside them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use ccr_messages::event::{Event, Usage};

use super::append;
use super::caller::Caller;
use super::calls::{self, Tool};
use super::editors::Editor;
use super::history::{Looks, Turns};
use super::turn::{Call, Said, Turn};
use crate::error::GatewayError;
use crate::record::OpenRecord;
use crate::request::InnerRequest;

/// An answer that agents have a part in.
pub struct Conversation {
    caller: Arc<Caller>,
    /// What the present turn was asked with.
    request: InnerRequest,
    /// The agents' tools, by the names that the model knows them by.
    tools: Arc<BTreeMap<String, Tool>>,
    editors: Vec<Editor>,
    turn: Turn,
    /// Number of the present turn, from 1.
    number: u32,
    /// The model was told to answer with what it has.
    is_last: bool,
    /// Tokens of the turns before, and of the last of them alone.
    before: Usage,
    last: Usage,
    /// The messages of the turns so far, as JSON.
    messages: Vec<String>,
    /// Results of agents' calls that the client's next request has to bring.
    results: Vec<String>,
    /// What the client has seen.
    looks: Looks,
    /// Ids of all calls so far.
    ids: HashSet<String>,
    /// First slot of the present turn's calls, as the client counts them.
    first_slot: u32,
    next_slot: u32,
    /// For the client, before what comes next.
    ready: Vec<Event>,
    spent: Duration,
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
    ) -> Self {
        Self {
            caller,
            request,
            tools: Arc::new(tools),
            editors,
            turn: Turn::new(),
            number: 1,
            is_last: false,
            last: Usage::default(),
            before: Usage::default(),
            messages: Vec::new(),
            results: Vec::new(),
            looks: Looks::default(),
            ids: HashSet::new(),
            first_slot: 0,
            next_slot: 0,
            ready: Vec::new(),
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
        let mut visible = std::mem::take(&mut self.ready);
        visible.reserve(events.len());
        for event in events {
            if self.number > 1 && matches!(event, Event::Start(_)) {
                continue;
            }
            let tools = &self.tools;
            let seen = self.turn.take(event, |name| tools.contains_key(name), &mut self.ids);
            visible.extend(seen.map(|event| self.renumbered(event)));
        }
        visible
    }

    /// The slots of several turns in one row, and token counts of all turns.
    fn renumbered(&mut self, event: Event) -> Event {
        match event {
            Event::ToolStart(mut start) => {
                start.slot = start.slot.saturating_add(self.first_slot);
                self.next_slot = self.next_slot.max(start.slot.saturating_add(1));
                Event::ToolStart(start)
            }
            Event::ToolArguments(mut piece) => {
                piece.slot = piece.slot.saturating_add(self.first_slot);
                Event::ToolArguments(piece)
            }
            Event::ToolEnd(slot) => Event::ToolEnd(slot.saturating_add(self.first_slot)),
            Event::Usage(usage) => Event::Usage(sum(&self.before, &usage)),
            other => other,
        }
    }

    /// Lets agents edit what the client sees; `ended` if the answer is over.
    pub async fn edit(&mut self, mut events: Vec<Event>, ended: bool) -> Result<Vec<Event>, GatewayError> {
        for editor in &mut self.editors {
            events = editor.edit(events, ended).await?;
        }
        events.iter().for_each(|event| self.looks.add(event));
        Ok(events)
    }

    /// What the client may see although the next turn has not begun.
    pub fn take_ready(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.ready)
    }

    /// Whether the turn that has ended waits for agents. `Err` names a tool whose call is not whole.
    pub fn waits(&self) -> Result<bool, String> {
        match self.turn.unfinished() {
            Some(name) => Err(format!("ended in the middle of a call of `{name}`, an agent's tool")),
            None => Ok(self.turn.waits()),
        }
    }

    /// The last events of the answer: why it ended.
    pub fn last_words(&mut self) -> Vec<Event> {
        let mut last = std::mem::take(&mut self.ready);
        last.extend(self.turn.finish.clone().map(Event::Finish));
        last
    }

    /// Has the calls of the turn answered.
    pub async fn answer_calls(&mut self, record: &mut OpenRecord) -> Result<Then, GatewayError> {
        let turn = std::mem::replace(&mut self.turn, Turn::new());
        let (usage, client_calls, finish) = (turn.usage, turn.client_calls, turn.finish.clone());
        let Said { message, calls } = turn.end().map_err(GatewayError::Upstream)?;
        self.caller.spend.add(&usage.into());
        self.before = sum(&self.before, &usage);
        self.last = usage;
        self.messages.push(message);
        let results = self.call_agents(&calls, record).await;
        if client_calls {
            self.results = results;
            self.turn.finish = finish;
            return Ok(Then::End);
        }
        self.messages.push(format!(r#"{{"role":"user","content":[{}]}}"#, results.join(",")));
        self.next_turn().map_err(GatewayError::invalid)?;
        Ok(Then::Ask(Box::new(self.request.clone())))
    }

    async fn call_agents(&mut self, calls: &[Call], record: &mut OpenRecord) -> Vec<String> {
        let tools = Arc::clone(&self.tools);
        let tool = |call: &Call| tools.get(&call.offered_as);
        let mut results = Vec::with_capacity(calls.len());
        for answered in calls::answer_all(&self.caller, calls, tool, self.number).await {
            results.push(answered.result);
            self.ready.extend(answered.shown.into_iter().map(Event::Block));
            record.agent_called(answered.note);
            self.spent += answered.spent;
        }
        results
    }

    /// The request for the turn that follows.
    fn next_turn(&mut self) -> Result<(), String> {
        let added = self.messages.len().saturating_sub(2);
        append::messages(&mut self.request, self.messages.get(added..).unwrap_or_default())?;
        self.number += 1;
        self.first_slot = self.next_slot;
        self.ready.push(Event::NewBlock);
        let limits = &self.caller.snapshot.config.agent_limits;
        let reached = match self.caller.spend.within(limits) {
            Err(bound) => Some(bound),
            Ok(()) => (self.number >= limits.turns).then(|| format!("agentLimits.turns is {}", limits.turns)),
        };
        if let Some(bound) = reached {
            self.is_last = true;
            tracing::info!(request = self.caller.request, "the model's last turn, without agents' tools: {bound}");
            return append::without_tools(&mut self.request, |name| self.tools.contains_key(name));
        }
        // A choice that named an agent's tool is fulfilled; it would be called in every turn.
        let chosen = self.request.get("/tool_choice/name").map(|name| name.trim_matches('"').to_owned());
        if chosen.is_some_and(|name| self.tools.contains_key(&name)) {
            self.request.set("/tool_choice", r#"{"type":"auto"}"#)?;
        }
        Ok(())
    }

    /// What to say of a model that calls agents' tools which it has no more.
    pub fn beyond_limits(&self) -> Option<String> {
        self.is_last.then(|| {
            let called = self.turn.called().unwrap_or_default();
            let agent = self.tools.get(called).map(|tool| &*tool.agent.used.plugin.name).unwrap_or_default();
            let limits = &self.caller.snapshot.config.agent_limits;
            format!(
                "calls `{called}` of agent `{agent}` again and again: after {} turns the bounds of `agentLimits` are reached \
                 (turns: {}, tokens: {}, time_ms: {})",
                self.number,
                limits.turns,
                limits.tokens,
                limits.time.as_millis()
            )
        })
    }

    /// Closes the answer: what the client did not see of it is kept for its next request.
    pub fn close(&mut self, record: &mut OpenRecord) {
        record.add_plugin_time(self.spent + self.editors.iter().map(Editor::spent).sum::<Duration>());
        record.record.turns = Some(self.number);
        let last = if self.turn.usage.input_tokens.is_some() { self.turn.usage } else { self.last };
        record.last_usage = Some(last.into());
        if self.messages.is_empty() {
            return;
        }
        // A turn that ended with the client's calls was put in already.
        if self.results.is_empty() {
            let turn = std::mem::replace(&mut self.turn, Turn::new());
            match turn.end() {
                Ok(said) => self.messages.push(said.message),
                // It ended without a word; then there is nothing to find it by either.
                Err(_) => return,
            }
        }
        let turns = Turns {
            store: self.caller.gateway.engine().turns(),
            session: self.caller.session.as_ref(),
            client_key: self.caller.client_key.as_deref(),
        };
        turns.keep(std::mem::take(&mut self.looks), &self.messages, &self.results);
    }
}

/// Tokens of several turns together.
fn sum(before: &Usage, now: &Usage) -> Usage {
    let add = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (None, None) => None,
        (one, other) => Some(one.unwrap_or(0).saturating_add(other.unwrap_or(0))),
    };
    Usage {
        input_tokens: add(before.input_tokens, now.input_tokens),
        output_tokens: add(before.output_tokens, now.output_tokens),
        cache_read_input_tokens: add(before.cache_read_input_tokens, now.cache_read_input_tokens),
        cache_creation_input_tokens: add(before.cache_creation_input_tokens, now.cache_creation_input_tokens),
        reasoning_tokens: add(before.reasoning_tokens, now.reasoning_tokens),
        web_search_requests: add(before.web_search_requests, now.web_search_requests),
    }
}
