//! The role `client-protocol`: the format of another kind of client than Anthropic's.

use crate::bindings::client::exports::ccr::plugin::client_protocol as wit;
use crate::request::Target;
use crate::{EncodedRequest, Fault, Settings, convert};
use ccr_messages::event::{Event, Failure};
use std::cell::RefCell;
use std::marker::PhantomData;

pub use wit::{ClientAnswer as Answer, ClientFormat as Format, ClientRequest, DecodedRequest};

/// Speaks a client's format, both ways. Registered as `client`.
pub trait ClientProtocol: 'static {
    /// Writes one streamed answer.
    type Encoder: Encoder;

    /// What the host has to know of the format: its paths, what keeps a quiet stream alive, where a model's name stands.
    fn format() -> Format;

    /// Turns the client's request into the inner form (Anthropic Messages JSON).
    ///
    /// # Errors
    /// The request is refused in the client's own format, with the fault's text: name the client's own fields in it.
    fn decode(request: &ClientRequest) -> Result<DecodedRequest, Fault>;

    /// The client's own request for an upstream of the same format, with nothing edited but what the target makes necessary;
    /// `None` if it cannot go as it is.
    ///
    /// Only called for a plugin that has the role `upstream` as well; `settings` are those of that use, `base_path` is as
    /// [`Request::base_path`](crate::Request::base_path).
    ///
    /// # Errors
    /// As in [`crate::UpstreamProtocol::encode`].
    fn forward(
        request: &ClientRequest,
        target: &Target,
        base_path: &str,
        settings: &Settings,
    ) -> Result<Option<EncodedRequest>, Fault> {
        let _ = (request, target, base_path, settings);
        Ok(None)
    }

    /// Writes the whole answer. The events are in the order of a legal stream: blocks one after the other, tool calls put
    /// together, pieces of one block joined. `model` is the name that the client asked for, `id` the answer's (`msg_…`),
    /// `context` what [`ClientProtocol::decode`] left.
    ///
    /// # Errors
    /// The plugin's own.
    fn encode(events: Vec<Event>, id: &str, model: &str, context: &[u8]) -> Result<Answer, Fault>;

    /// Writes an error. `failure.status` is the status of the answer; `path` is the request's.
    fn encode_error(failure: &Failure, request_id: &str, path: &str) -> Answer;

    /// Begins to write a streamed answer.
    fn encoder(id: &str, model: &str, context: &[u8]) -> Self::Encoder;
}

/// The state of one streamed answer.
pub trait Encoder: 'static {
    /// Writes one event; what the client shall read is added to `out` as it goes over the wire
    /// ([`crate::messages::sse::write_event`]).
    ///
    /// The events are in the order of a legal stream; there is no [`Event::ToolDelta`] and no [`Event::Error`] among them.
    ///
    /// # Errors
    /// The plugin's own.
    fn push(&mut self, event: Event, out: &mut Vec<u8>) -> Result<(), Fault>;

    /// The answer has ended well.
    ///
    /// # Errors
    /// The plugin's own.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault>;

    /// The answer broke off: what is written must not look finished. Also called on an encoder that has written nothing.
    fn abort(&mut self, failure: &Failure, out: &mut Vec<u8>);
}

impl ClientRequest {
    /// The value of a header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
    }
}

impl DecodedRequest {
    /// A request of which nothing was left out, whose streamed answer is server-sent events.
    #[must_use]
    pub fn new(body: Vec<u8>, streaming: bool) -> Self {
        Self { body, streaming, stream_type: "text/event-stream".into(), context: Vec::new(), dropped: Vec::new() }
    }
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

    fn format() -> Format {
        T::format()
    }

    fn decode(request: ClientRequest) -> Result<DecodedRequest, Fault> {
        T::decode(&request)
    }

    fn forward(request: ClientRequest, target: Target, base_path: String) -> Result<Option<EncodedRequest>, Fault> {
        T::forward(&request, &target, &base_path, &Settings::default())
    }

    fn encode(events: Vec<wit::Event>, id: String, model: String, context: Vec<u8>) -> Result<Answer, Fault> {
        T::encode(convert::all(events), &id, &model, &context)
    }

    fn encode_error(failure: wit::Failure, request_id: String, path: String) -> Answer {
        T::encode_error(&failure.into(), &request_id, &path)
    }
}

impl<T: ClientProtocol> wit::GuestEncoder for ExportEncoder<T> {
    fn new(id: String, model: String, context: Vec<u8>) -> Self {
        Self(RefCell::new(T::encoder(&id, &model, &context)))
    }

    fn push(&self, events: Vec<wit::Event>) -> Result<Vec<u8>, Fault> {
        // A piece of text becomes an event of some 200 bytes in the formats that are known.
        let mut out = Vec::with_capacity(events.len() * 256);
        let mut encoder = self.0.borrow_mut();
        for event in events {
            encoder.push(event.into(), &mut out)?;
        }
        Ok(out)
    }

    fn finish(&self) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::new();
        self.0.borrow_mut().finish(&mut out)?;
        Ok(out)
    }

    fn abort(&self, failure: wit::Failure) -> Vec<u8> {
        let mut out = Vec::new();
        self.0.borrow_mut().abort(&failure.into(), &mut out);
        out
    }
}
