//! What is to be thought of an upstream's answer: whether it has said anything, whether it is whole, and how it failed.
//!
//! The one judge for all ways that an answer can take: as typed events, as bytes that go through untouched, streamed or whole.

use crate::event::{Event, Failure, FinishReason, Start, Usage};

/// What an answer has shown of itself so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    start: Start,
    usage: Usage,
    finish: Option<FinishReason>,
    failure: Option<Failure>,
    content: bool,
}

/// What an answer is, if nothing more of it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// An answer.
    Complete,
    /// It ended well and said nothing.
    Empty,
    /// It ended without a reason: something of it is missing.
    BrokenOff,
    /// The upstream said that it failed.
    Failed(Failure),
}

impl Verdict {
    /// Takes the next event into account. What follows a failure does not count.
    pub fn note(&mut self, event: &Event) {
        if self.failure.is_some() {
            return;
        }
        match event {
            Event::Start(start) => self.start = start.clone(),
            Event::Usage(usage) => self.usage.update(usage),
            Event::Finish(reason) => self.finish = Some(reason.clone()),
            Event::Error(failure) => self.failure = Some(failure.clone()),
            other => self.content |= other.is_content(),
        }
    }

    /// Whether anything of an answer has come. From then on no other target may be asked.
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.content
    }

    /// The failure that the upstream told.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Why the model stopped, once that is known.
    #[must_use]
    pub fn finish(&self) -> Option<&FinishReason> {
        self.finish.as_ref()
    }

    /// Whether the upstream has said how its answer ends, so that nothing that follows is missed.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.finish.is_some() || self.failure.is_some()
    }

    /// The token counts so far.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// What the upstream calls the answer.
    #[must_use]
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Judges the answer as it stands.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match (&self.failure, &self.finish) {
            (Some(failure), _) => Ending::Failed(failure.clone()),
            (None, Some(reason)) if !self.content && !explains_silence(reason) => Ending::Empty,
            (None, Some(_)) => Ending::Complete,
            (None, None) => Ending::BrokenOff,
        }
    }
}

/// Whether an answer without any content is an answer when it ends for this reason: the limit was reached before the first word,
/// a stop sequence came first, the model refuses or will go on. The end of a turn in which nothing was said explains nothing.
#[must_use]
pub fn explains_silence(reason: &FinishReason) -> bool {
    match reason {
        FinishReason::EndTurn | FinishReason::ToolUse => false,
        FinishReason::MaxTokens
        | FinishReason::StopSequence(_)
        | FinishReason::Refusal
        | FinishReason::PauseTurn
        | FinishReason::ContextWindowExceeded => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(events: &[Event]) -> Ending {
        let mut verdict = Verdict::default();
        events.iter().for_each(|event| verdict.note(event));
        verdict.ending()
    }

    #[test]
    fn an_empty_turn_is_no_answer_unless_its_reason_explains_it() {
        let nothing = [Event::Start(Start::default()), Event::NewBlock, Event::Text(String::new())];
        let end = |reason| ending(&[&nothing[..], &[Event::Finish(reason)]].concat());
        assert_eq!(end(FinishReason::EndTurn), Ending::Empty);
        assert_eq!(end(FinishReason::ToolUse), Ending::Empty);
        assert_eq!(end(FinishReason::MaxTokens), Ending::Complete);
        assert_eq!(end(FinishReason::Refusal), Ending::Complete);
        assert_eq!(ending(&nothing), Ending::BrokenOff);
    }

    #[test]
    fn content_needs_a_reason_for_its_end() {
        let text = Event::Text("a".into());
        assert_eq!(ending(std::slice::from_ref(&text)), Ending::BrokenOff);
        assert_eq!(ending(&[text, Event::Finish(FinishReason::EndTurn)]), Ending::Complete);
    }
}
