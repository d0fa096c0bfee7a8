//! The role `upstream-protocol`: a provider's wire format.

use crate::bindings::upstream::exports::ccr::plugin::upstream_protocol as wit;
use crate::request::Lent;
use crate::{Fault, Header, Request, Settings, convert};
use ccr_messages::event::{Event, Failure};
use ccr_messages::sse::SseEvent;
use std::cell::RefCell;
use std::marker::PhantomData;

pub use ccr_messages::endpoint::join as join_endpoint;
pub use wit::{Credential, EncodedRequest, WireResponse};

/// Speaks a provider's wire format, both ways.
pub trait UpstreamProtocol: 'static {
    /// Reads one streamed answer.
    type Decoder: Decoder;

    /// Turns the inner request into the provider's. `request.target()` says where it goes.
    ///
    /// What cannot be expressed is converted, noted with [`Request::dropped`], or refused.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] where leaving something out would change the meaning, [`Fault::InvalidRequest`] where the
    /// request makes no sense.
    fn encode(request: &dyn Request, settings: &Settings) -> Result<EncodedRequest, Fault>;

    /// Reads a whole answer with a status of 200 to 299. `context` is what [`UpstreamProtocol::encode`] left.
    ///
    /// # Errors
    /// The answer cannot be read ([`Fault::unreadable`]).
    fn decode(response: &WireResponse, context: &[u8], settings: &Settings) -> Result<Vec<Event>, Fault>;

    /// Reads an answer with any other status.
    fn decode_error(response: &WireResponse) -> Failure;

    /// Begins to read a streamed answer.
    fn decoder(context: &[u8], settings: &Settings) -> Self::Decoder;
}

/// The state of one streamed answer.
pub trait Decoder: 'static {
    /// Reads one event of the wire; what it means is added to `events`.
    ///
    /// # Errors
    /// The event cannot be read; the answer ends there.
    fn push(&mut self, event: SseEvent<'_>, events: &mut Vec<Event>) -> Result<(), Fault>;

    /// The stream has ended.
    ///
    /// # Errors
    /// As in [`Decoder::push`].
    fn finish(&mut self, _events: &mut Vec<Event>) -> Result<(), Fault> {
        Ok(())
    }
}

impl WireResponse {
    /// The value of a header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
    }
}

impl EncodedRequest {
    /// A request with a bearer key, no further headers and no context.
    #[must_use]
    pub fn new(path: String, body: Vec<u8>) -> Self {
        Self { path, body, headers: Vec::<Header>::new(), credential: Credential::Bearer, context: Vec::new() }
    }
}

/// The component's side of [`UpstreamProtocol`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Export<T>(PhantomData<T>);

/// The component's side of [`Decoder`].
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "never printed")]
pub struct ExportDecoder<T: UpstreamProtocol>(RefCell<T::Decoder>);

impl<T: UpstreamProtocol> wit::Guest for Export<T> {
    type Decoder = ExportDecoder<T>;

    fn encode(request: &wit::Request) -> Result<EncodedRequest, Fault> {
        T::encode(&Lent(request), &Settings::default())
    }

    fn decode(response: WireResponse, context: Vec<u8>) -> Result<Vec<wit::Event>, Fault> {
        T::decode(&response, &context, &Settings::default()).map(convert::all)
    }

    fn decode_error(response: WireResponse) -> wit::Failure {
        T::decode_error(&response).into()
    }
}

impl<T: UpstreamProtocol> wit::GuestDecoder for ExportDecoder<T> {
    fn new(context: Vec<u8>) -> Self {
        Self(RefCell::new(T::decoder(&context, &Settings::default())))
    }

    fn push(&self, incoming: Vec<wit::SseEvent>) -> Result<Vec<wit::Event>, Fault> {
        let mut events = Vec::with_capacity(incoming.len());
        let mut decoder = self.0.borrow_mut();
        for event in &incoming {
            decoder.push(SseEvent { event: event.event.as_deref(), data: &event.data }, &mut events)?;
        }
        Ok(convert::all(events))
    }

    fn finish(&self) -> Result<Vec<wit::Event>, Fault> {
        let mut events = Vec::new();
        self.0.borrow_mut().finish(&mut events)?;
        Ok(convert::all(events))
    }
}
