//! The answer: what stands between the tags becomes thinking, wherever the stream is cut.
//!
//! An opening tag counts only at the beginning of a line, so that a model which talks about the tag is not misread; a closing
//! one counts anywhere. Once thoughts have ended, white space before the answer goes with them.

use crate::{CLOSE, OPEN};
use ccr_plugin::Fault;
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::fingerprint::Fingerprint;
use ccr_plugin::prelude::AnswerStream;

/// How signatures of this plugin begin: the gateway's envelope, then the origin. Clients replay only signed thinking.
const SIGNATURE: &str = "ccr1:forcereasoning:";

/// The answer being read.
#[derive(Debug)]
pub(crate) struct Tags {
    state: State,
    /// What may be the beginning of a tag.
    held: String,
    fingerprint: Fingerprint,
}

/// Where the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a line: a tag may open. `blank`: nothing has been said since thoughts ended.
    LineStart { blank: bool },
    /// Within a line of the answer.
    Line,
    /// Between the tags; `begun` once a thought has been sent.
    Thoughts { begun: bool },
}

impl Default for Tags {
    fn default() -> Self {
        Self { state: State::LineStart { blank: true }, held: String::new(), fingerprint: Fingerprint::default() }
    }
}

impl AnswerStream for Tags {
    fn push(&mut self, event: Event, events: &mut Vec<Event>) -> Result<(), Fault> {
        match event {
            Event::Text(text) => {
                let mut text = std::mem::take(&mut self.held) + &text;
                while let Some(rest) = self.read(&text, events) {
                    text = rest.to_owned();
                }
            }
            Event::Start(_) | Event::Usage(_) | Event::Dropped(_) => events.push(event),
            other => {
                self.flush(events);
                events.push(other);
            }
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        self.flush(events);
        Ok(())
    }
}

impl Tags {
    /// Reads up to the next change of state and returns what is left; `None` when all is read or held.
    fn read<'t>(&mut self, text: &'t str, events: &mut Vec<Event>) -> Option<&'t str> {
        if text.is_empty() {
            return None;
        }
        match self.state {
            State::LineStart { blank } => self.line_start(text, blank, events),
            State::Line => {
                let end = text.find('\n').map_or(text.len(), |newline| newline + 1);
                let (line, rest) = text.split_at_checked(end)?;
                events.push(Event::Text(line.to_owned()));
                if line.ends_with('\n') {
                    self.state = State::LineStart { blank: false };
                }
                Some(rest)
            }
            State::Thoughts { .. } => self.thoughts(text, events),
        }
    }

    fn line_start<'t>(&mut self, text: &'t str, blank: bool, events: &mut Vec<Event>) -> Option<&'t str> {
        let said = text.trim_start();
        if let Some(rest) = said.strip_prefix(OPEN) {
            self.state = State::Thoughts { begun: false };
            return Some(rest);
        }
        if OPEN.starts_with(said) {
            // Nothing but white space, or a part of the tag: what comes next decides.
            text.clone_into(&mut self.held);
            return None;
        }
        self.state = State::Line;
        Some(if blank { said } else { text }).filter(|rest| !rest.is_empty()).map(|rest| {
            // White space at the beginning may hold line ends of its own; the line is the last of them.
            let spaces = rest.len() - rest.trim_start().len();
            let (before, line) = rest.split_at_checked(spaces).unwrap_or(("", rest));
            if !before.is_empty() {
                events.push(Event::Text(before.to_owned()));
            }
            line
        })
    }

    fn thoughts<'t>(&mut self, text: &'t str, events: &mut Vec<Event>) -> Option<&'t str> {
        if let Some((thought, rest)) = text.split_once(CLOSE) {
            self.think(thought.trim_end(), events);
            self.sign(events);
            self.state = State::LineStart { blank: true };
            return Some(rest);
        }
        // A part of the tag at the end, and white space before it, which would end the thoughts.
        let partial = (1..CLOSE.len()).rev().filter_map(|length| CLOSE.get(..length)).find(|part| text.ends_with(part));
        let certain = text.get(..text.len() - partial.map_or(0, str::len)).unwrap_or(text).trim_end();
        self.think(certain, events);
        text.get(certain.len()..).unwrap_or_default().clone_into(&mut self.held);
        None
    }

    fn think(&mut self, thought: &str, events: &mut Vec<Event>) {
        let State::Thoughts { begun } = self.state else { return };
        let thought = if begun { thought } else { thought.trim_start() };
        if !thought.is_empty() {
            self.fingerprint.add(thought);
            events.push(Event::Thinking(thought.to_owned()));
            self.state = State::Thoughts { begun: true };
        }
    }

    fn sign(&mut self, events: &mut Vec<Event>) {
        if self.state == (State::Thoughts { begun: true }) {
            events.push(Event::Signature(format!("{SIGNATURE}{}", std::mem::take(&mut self.fingerprint).digits())));
        }
    }

    /// Something other than text comes, or nothing more: what was held is what it looks like.
    fn flush(&mut self, events: &mut Vec<Event>) {
        let held = std::mem::take(&mut self.held);
        let thinking = matches!(self.state, State::Thoughts { .. });
        if thinking {
            self.think(held.trim_end(), events);
            self.sign(events);
        } else if !(held.is_empty() || self.state == State::LineStart { blank: true } && held.trim().is_empty()) {
            events.push(Event::Text(held));
        }
        self.state = State::LineStart { blank: thinking };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::messages::event::{FinishReason, ToolStart};

    /// Neighbours of a kind joined: where the stream was cut must not matter.
    fn read(incoming: impl IntoIterator<Item = Event>) -> Vec<Event> {
        let (mut tags, mut events) = (Tags::default(), Vec::new());
        for event in incoming {
            tags.push(event, &mut events).unwrap();
        }
        tags.finish(&mut events).unwrap();
        let mut joined: Vec<Event> = Vec::new();
        for event in events {
            match (joined.last_mut(), event) {
                (Some(Event::Text(said)), Event::Text(more)) | (Some(Event::Thinking(said)), Event::Thinking(more)) => {
                    said.push_str(&more);
                }
                (_, event) => joined.push(event),
            }
        }
        joined
    }

    fn thought(text: &str) -> [Event; 2] {
        [Event::Thinking(text.into()), Event::Signature(format!("{SIGNATURE}{}", Fingerprint::of(text).digits()))]
    }

    fn said(text: &str) -> Event {
        Event::Text(text.into())
    }

    #[test]
    fn any_split_gives_the_same() {
        let text =
            "\n<reasoning_content>\nthe < thought </\nof ü\n</reasoning_content>\n\nThe answer,\nin two lines.\n";
        let expected = [&thought("the < thought </\nof ü")[..], &[said("The answer,\nin two lines.\n")]].concat();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let (Some(a), Some(b), Some(c)) = (text.get(..first), text.get(first..second), text.get(second..))
                else {
                    continue;
                };
                assert_eq!(read([said(a), said(b), said(c)]), expected, "{first} {second}");
            }
        }
        assert_eq!(read(text.chars().map(|c| said(&c.to_string()))), expected);
    }

    #[test]
    fn text_without_tags_stays() {
        for text in [
            "Hello",
            "a\n\n  b\n",
            "Use <reasoning_content> like this: </reasoning_content>",
            "a\n<reasoning",
            "a\n \n",
        ] {
            assert_eq!(read([said(text)]), [said(text)], "{text}");
            assert_eq!(read(text.chars().map(|c| said(&c.to_string()))), [said(text)], "{text}");
        }
    }

    #[test]
    fn thoughts_may_come_between_and_after_words() {
        let text =
            "First.\n<reasoning_content>one</reasoning_content>Second.\n<reasoning_content>two</reasoning_content>";
        let expected = [&[said("First.\n")], &thought("one")[..], &[said("Second.\n")], &thought("two")[..]].concat();
        assert_eq!(read([said(text)]), expected);
    }

    #[test]
    fn a_call_or_the_end_closes_open_thoughts() {
        let call = Event::ToolStart(ToolStart { slot: 0, id: "1".into(), name: "t".into() });
        let open = said("<reasoning_content>half</reas");
        let expected = [&thought("half</reas")[..], std::slice::from_ref(&call)].concat();
        assert_eq!(read([open.clone(), call]), expected);
        let finish = Event::Finish(FinishReason::MaxTokens);
        assert_eq!(read([open, finish.clone()]), [&thought("half</reas")[..], &[finish]].concat());
    }

    #[test]
    fn what_comes_in_between_takes_no_space_away() {
        let citation = Event::Citation("{}".into());
        let events = [said("one"), citation.clone(), said(" two"), Event::NewBlock, said("three")];
        assert_eq!(read(events.clone()), events);
    }

    #[test]
    fn empty_thoughts_are_none() {
        assert_eq!(read([said("<reasoning_content>\n</reasoning_content>\nyes")]), [said("yes")]);
        assert_eq!(read([said("  \n")]), []);
    }
}
