//! The role `client-protocol`: the format of another kind of client than Anthropic's.

use crate::bindings::client::exports::ccr::plugin::client_protocol as wit;
use crate::{Fault, Settings, convert};
use ccr_messages::event::{Event, Failure};
use std::cell::RefCell;
use std::marker::PhantomData;

pub use wit::{ClientAnswer as Answer, ClientRequest, DecodedRequest};

/// Speaks a client's format, both ways.
pub trait ClientProtocol: 'static {
    /// Writes one streamed answer.
    type Encoder: Encoder;

    /// Turns the client's request into the inner form.
    ///
    /// # Errors
    /// The request is refused in the client's own format.
    fn decode(request: &ClientRequest, settings: &Settings) -> Result<DecodedRequest, Fault>;

    /// Writes the whole answer. `model` is the name that the client asked for.
    ///
    /// # Errors
    /// The plugin's own.
    fn encode(events: Vec<Event>, id: &str, model: &str, context: &[u8]) -> Result<Answer, Fault>;

    /// Writes an error.
    fn encode_error(failure: &Failure, request_id: &str) -> Answer;

    /// Begins to write a streamed answer.
    fn encoder(id: &str, model: &str, context: &[u8]) -> Self::Encoder;
}

/// The state of one streamed answer.
pub trait Encoder: 'static {
    /// Writes one event; what the client shall read is added to `out` as (`event:`, `data:`).
    ///
    /// # Errors
    /// The plugin's own.
    fn push(&mut self, event: Event, out: &mut Vec<(Option<String>, String)>) -> Result<(), Fault>;

    /// The answer has ended well.
    ///
    /// # Errors
    /// The plugin's own.
    fn finish(&mut self, out: &mut Vec<(Option<String>, String)>) -> Result<(), Fault>;

    /// The answer broke off: what is written must not look finished.
    fn abort(&mut self, failure: &Failure, out: &mut Vec<(Option<String>, String)>);
}

/// The component's side of [`ClientProtocol`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Export<T>(PhantomData<T>);

/// The component's side of [`Encoder`].
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "never printed")]
pub struct ExportEncoder<T: ClientProtocol>(RefCell<T::Encoder>);

impl<T: ClientProtocol> wit::Guest for Export<T> {
    type Encoder = ExportEncoder<T>;

    fn decode(request: ClientRequest) -> Result<DecodedRequest, Fault> {
        T::decode(&request, &Settings::default())
    }

    fn encode(events: Vec<wit::Event>, id: String, model: String, context: Vec<u8>) -> Result<Answer, Fault> {
        T::encode(convert::all(events), &id, &model, &context)
    }

    fn encode_error(failure: wit::Failure, request_id: String) -> Answer {
        T::encode_error(&failure.into(), &request_id)
    }
}

fn events(written: Vec<(Option<String>, String)>) -> Vec<wit::SseEvent> {
    written.into_iter().map(|(event, data)| wit::SseEvent { event, data }).collect()
}

impl<T: ClientProtocol> wit::GuestEncoder for ExportEncoder<T> {
    fn new(id: String, model: String, context: Vec<u8>) -> Self {
        Self(RefCell::new(T::encoder(&id, &model, &context)))
    }

    fn push(&self, incoming: Vec<wit::Event>) -> Result<Vec<wit::SseEvent>, Fault> {
        let mut out = Vec::with_capacity(incoming.len());
        let mut encoder = self.0.borrow_mut();
        for event in incoming {
            encoder.push(event.into(), &mut out)?;
        }
        Ok(events(out))
    }

    fn finish(&self) -> Result<Vec<wit::SseEvent>, Fault> {
        let mut out = Vec::new();
        self.0.borrow_mut().finish(&mut out)?;
        Ok(events(out))
    }

    fn abort(&self, failure: wit::Failure) -> Vec<wit::SseEvent> {
        let mut out = Vec::new();
        self.0.borrow_mut().abort(&failure.into(), &mut out);
        events(out)
    }
}
