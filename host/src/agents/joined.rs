//! Several turns as the client sees them: one answer. No call of an agent's tool, one beginning and one end, calls numbered in one
//! row, tokens of all turns together. Pure bookkeeping over events; who answers calls and asks for turns is
//! [`super::conversation`]'s.

use std::collections::HashSet;

use ccr_messages::event::{Event, Usage};

use super::turn::Turn;

/// The turns so far.
pub(super) struct Joined {
    /// The present one.
    pub(super) turn: Turn,
    /// Its number, from 1.
    pub(super) number: u32,
    /// Tokens of the turns before, and of the last of them alone.
    before: Usage,
    last: Usage,
    /// Ids of all calls so far.
    ids: HashSet<String>,
    /// First slot of the present turn's calls, as the client counts them.
    first_slot: u32,
    next_slot: u32,
    /// For the client, before what comes next.
    ready: Vec<Event>,
}

impl Joined {
    pub(super) fn new() -> Self {
        Self {
            turn: Turn::new(),
            number: 1,
            before: Usage::default(),
            last: Usage::default(),
            ids: HashSet::new(),
            first_slot: 0,
            next_slot: 0,
            ready: Vec::new(),
        }
    }

    /// Takes events of the present turn; returns what the client sees of them. `is_agents` says whose a tool is.
    pub(super) fn take(&mut self, events: Vec<Event>, is_agents: impl Fn(&str) -> bool) -> Vec<Event> {
        let mut visible = self.take_ready();
        visible.reserve(events.len());
        for event in events {
            if self.number > 1 && matches!(event, Event::Start(_)) {
                continue;
            }
            let seen = self.turn.take(event, &is_agents, &mut self.ids);
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

    /// What the client may see although the next turn has not begun.
    pub(super) fn take_ready(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.ready)
    }

    /// The client gets to see blocks in the place of a call.
    pub(super) fn show(&mut self, blocks: impl IntoIterator<Item = String>) {
        self.ready.extend(blocks.into_iter().map(Event::Block));
    }

    /// Hands the turn over, with its tokens counted; the present one is empty then.
    pub(super) fn end_turn(&mut self) -> Turn {
        let turn = std::mem::replace(&mut self.turn, Turn::new());
        self.before = sum(&self.before, &turn.usage);
        self.last = turn.usage;
        turn
    }

    /// The next turn begins.
    pub(super) fn begin_turn(&mut self) {
        self.number += 1;
        self.first_slot = self.next_slot;
        self.ready.push(Event::NewBlock);
    }

    /// The last events of the answer: why it ended.
    pub(super) fn last_words(&mut self) -> Vec<Event> {
        let mut last = self.take_ready();
        last.extend(self.turn.finish.clone().map(Event::Finish));
        last
    }

    /// Tokens of the last turn that told them.
    pub(super) fn last_usage(&self) -> Usage {
        if self.turn.usage.input_tokens.is_some() { self.turn.usage } else { self.last }
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

#[cfg(test)]
#[path = "joined_tests.rs"]
mod tests;
