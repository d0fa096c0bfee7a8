//! The role `upstream-protocol`: a provider's wire format.

use crate::bindings::imports::ccr::plugin::{host, types};
use crate::bindings::models::exports::ccr::plugin::upstream_models as models;
use crate::bindings::token_count::exports::ccr::plugin::upstream_token_count as token_count;
use crate::bindings::upstream::exports::ccr::plugin::upstream_protocol as wit;
use crate::request::Lent;
use crate::{Fault, Header, Request, Settings, convert};
use ccr_messages::event::{Event, Failure};
use ccr_messages::sse::SseEvent;
use std::cell::RefCell;
use std::marker::PhantomData;

pub use ccr_messages::endpoint::join as join_endpoint;
pub use models::{ListRequest, ListedModel, ModelPage};
pub use types::{Credential, EncodedRequest, WireResponse};

/// Speaks a provider's wire format, both ways. Registered as `upstream`.
pub trait UpstreamProtocol: 'static {
    /// Reads one streamed answer.
    type Decoder: Decoder;

    /// Turns the inner request into the provider's. `request.target()` and `request.base_path()` say where it goes.
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
    /// The answer cannot be read ([`Fault::bad_answer`]).
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

/// Has the provider count the tokens of requests. Registered as `token_count`, beside `upstream`. The host does not call it yet.
pub trait TokenCount: UpstreamProtocol {
    /// The provider's request for a count of the input tokens; its `context` is not used.
    ///
    /// # Errors
    /// As in [`UpstreamProtocol::encode`].
    fn encode_count(request: &dyn Request, settings: &Settings) -> Result<EncodedRequest, Fault>;

    /// The number of input tokens in an answer with a status of 200 to 299; any other goes to [`UpstreamProtocol::decode_error`].
    ///
    /// # Errors
    /// The answer cannot be read ([`Fault::bad_answer`]).
    fn decode_count(response: &WireResponse, settings: &Settings) -> Result<u64, Fault>;
}

/// Lists the models that a provider serves. Registered as `models`, beside `upstream`. The host does not call it yet.
pub trait Models: UpstreamProtocol {
    /// The provider's request for a list (a GET). `base_path` is as [`Request::base_path`]; `page` is what
    /// [`ModelPage::next`] said, `None` for the first part.
    ///
    /// # Errors
    /// The list cannot be asked for with these options.
    fn encode_list(base_path: &str, page: Option<&str>, settings: &Settings) -> Result<ListRequest, Fault>;

    /// Reads an answer with a status of 200 to 299; any other goes to [`UpstreamProtocol::decode_error`].
    ///
    /// # Errors
    /// The answer cannot be read ([`Fault::bad_answer`]).
    fn decode_list(response: &WireResponse, settings: &Settings) -> Result<ModelPage, Fault>;
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

    fn encode(request: &host::Request) -> Result<EncodedRequest, Fault> {
        T::encode(&Lent(request), &Settings::default())
    }

    fn decode(response: WireResponse, context: Vec<u8>) -> Result<Vec<types::Event>, Fault> {
        T::decode(&response, &context, &Settings::default()).map(convert::all)
    }

    fn decode_error(response: WireResponse) -> types::Failure {
        T::decode_error(&response).into()
    }
}

impl<T: TokenCount> token_count::Guest for Export<T> {
    fn encode_count(request: &host::Request) -> Result<EncodedRequest, Fault> {
        T::encode_count(&Lent(request), &Settings::default())
    }

    fn decode_count(response: WireResponse) -> Result<u64, Fault> {
        T::decode_count(&response, &Settings::default())
    }
}

impl<T: Models> models::Guest for Export<T> {
    fn encode_list(base_path: String, page: Option<String>) -> Result<ListRequest, Fault> {
        T::encode_list(&base_path, page.as_deref(), &Settings::default())
    }

    fn decode_list(response: WireResponse) -> Result<ModelPage, Fault> {
        T::decode_list(&response, &Settings::default())
    }
}

impl<T: UpstreamProtocol> wit::GuestDecoder for ExportDecoder<T> {
    fn new(context: Vec<u8>) -> Self {
        Self(RefCell::new(T::decoder(&context, &Settings::default())))
    }

    fn push(&self, incoming: Vec<types::SseEvent>) -> Result<Vec<types::Event>, Fault> {
        let mut events = Vec::with_capacity(incoming.len());
        let mut decoder = self.0.borrow_mut();
        for event in &incoming {
            decoder.push(SseEvent { event: event.event.as_deref(), data: &event.data }, &mut events)?;
        }
        Ok(convert::all(events))
    }

    fn finish(&self) -> Result<Vec<types::Event>, Fault> {
        let mut events = Vec::new();
        self.0.borrow_mut().finish(&mut events)?;
        Ok(convert::all(events))
    }
}
