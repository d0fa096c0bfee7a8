//! The role `transformer`: edits of requests and answers.

use crate::bindings::transformer::exports::ccr::plugin::transformer as wit;
use crate::request::Lent;
use crate::{Fault, Request, Settings, WireRequest, convert};
use ccr_messages::event::Event;
use std::cell::RefCell;
use std::marker::PhantomData;

pub use crate::bindings::description::exports::ccr::plugin::plugin::TransformerHooks as Hooks;

/// Edits requests and answers on their way to and from a target. Every method does nothing unless it is written.
///
/// The host calls only the hooks that [`Description::hooks`](crate::Description::hooks) names.
pub trait Transformer: 'static {
    /// Edits the inner request (Anthropic Messages JSON) before it is encoded for the provider.
    ///
    /// # Errors
    /// The request is refused.
    fn transform_request(_request: &mut dyn Request, _settings: &Settings) -> Result<(), Fault> {
        Ok(())
    }

    /// Edits the request as it goes over the wire.
    ///
    /// # Errors
    /// The request is refused.
    fn transform_wire_request(_request: &mut dyn WireRequest, _settings: &Settings) -> Result<(), Fault> {
        Ok(())
    }

    /// Begins to edit an answer.
    fn answer(_settings: &Settings) -> Box<dyn AnswerStream> {
        Box::new(Unchanged)
    }
}

/// The state of one answer that is being edited.
pub trait AnswerStream {
    /// Reads one event and adds what shall stand in its place to `events`.
    ///
    /// # Errors
    /// The answer is refused and ends there.
    fn push(&mut self, event: Event, events: &mut Vec<Event>) -> Result<(), Fault>;

    /// The answer has ended.
    ///
    /// # Errors
    /// As in [`AnswerStream::push`].
    fn finish(&mut self, _events: &mut Vec<Event>) -> Result<(), Fault> {
        Ok(())
    }
}

/// Passes every event on as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unchanged;

impl AnswerStream for Unchanged {
    fn push(&mut self, event: Event, events: &mut Vec<Event>) -> Result<(), Fault> {
        events.push(event);
        Ok(())
    }
}

/// The component's side of [`Transformer`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Export<T>(PhantomData<T>);

/// The component's side of [`AnswerStream`].
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "never printed")]
pub struct ExportStream<T>(RefCell<Box<dyn AnswerStream>>, PhantomData<T>);

impl<T: Transformer> wit::Guest for Export<T> {
    type AnswerStream = ExportStream<T>;

    fn transform_request(request: &wit::Request) -> Result<(), Fault> {
        T::transform_request(&mut Lent(request), &Settings::default())
    }

    fn transform_wire_request(request: &wit::WireRequest) -> Result<(), Fault> {
        T::transform_wire_request(&mut Lent(request), &Settings::default())
    }
}

impl<T: Transformer> wit::GuestAnswerStream for ExportStream<T> {
    fn new() -> Self {
        Self(RefCell::new(T::answer(&Settings::default())), PhantomData)
    }

    fn push(&self, incoming: Vec<wit::Event>) -> Result<Vec<wit::Event>, Fault> {
        let mut events = Vec::with_capacity(incoming.len());
        let mut stream = self.0.borrow_mut();
        for event in incoming {
            stream.push(event.into(), &mut events)?;
        }
        Ok(convert::all(events))
    }

    fn finish(&self) -> Result<Vec<wit::Event>, Fault> {
        let mut events = Vec::new();
        self.0.borrow_mut().finish(&mut events)?;
        Ok(convert::all(events))
    }
}
