//! The editing of one answer, as transformers and agents have it.

use crate::bindings::imports::ccr::plugin::types as wit;
use crate::{Fault, convert};
use ccr_messages::event::Event;
use std::cell::RefCell;

/// The state of one answer that is being edited.
pub trait AnswerStream {
    /// Reads one event and adds what shall stand in its place to `events`.
    ///
    /// # Errors
    /// The answer is refused and ends there.
    fn push(&mut self, event: Event, events: &mut Vec<Event>) -> Result<(), Fault>;

    /// The answer has ended; what shall still be added to it goes into `events`.
    ///
    /// # Errors
    /// As in [`AnswerStream::push`].
    fn finish(&mut self, _events: &mut Vec<Event>) -> Result<(), Fault> {
        Ok(())
    }
}

/// Passes every event on as it is, for answers that need no edit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unchanged;

impl AnswerStream for Unchanged {
    fn push(&mut self, event: Event, events: &mut Vec<Event>) -> Result<(), Fault> {
        events.push(event);
        Ok(())
    }
}

/// The component's side of an [`AnswerStream`].
#[allow(missing_debug_implementations, reason = "never printed")]
pub(super) struct ExportStream(RefCell<Box<dyn AnswerStream>>);

impl ExportStream {
    pub(super) fn new(stream: Box<dyn AnswerStream>) -> Self {
        Self(RefCell::new(stream))
    }

    pub(super) fn edit(&self, incoming: Vec<wit::Event>) -> Result<Vec<wit::Event>, Fault> {
        let mut events = Vec::with_capacity(incoming.len());
        let mut stream = self.0.borrow_mut();
        for event in incoming {
            stream.push(event.into(), &mut events)?;
        }
        Ok(convert::all(events))
    }

    pub(super) fn end(&self) -> Result<Vec<wit::Event>, Fault> {
        let mut events = Vec::new();
        self.0.borrow_mut().finish(&mut events)?;
        Ok(convert::all(events))
    }
}
