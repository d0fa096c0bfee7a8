//! Transformers: edits of requests and answers on their way to and from a target. One trait per hook, as one interface per hook
//! is exported: what a component exports is what the host calls.

use crate::bindings::{answer_transformer, imports, request_transformer, wire_transformer};
use crate::request::Lent;
use crate::role::answer::{AnswerStream, ExportStream};
use crate::{Fault, Request, Settings, WireRequest};
use answer_transformer::exports::ccr::plugin::answer_transformer as answer;
use imports::ccr::plugin::{host, types};
use std::marker::PhantomData;

/// Edits the inner request (Anthropic Messages JSON) before it is encoded for the provider. Registered as `request_transformer`.
pub trait RequestTransformer: 'static {
    /// Edits one request; called once for each target that is tried, on the original request.
    ///
    /// # Errors
    /// The request is refused.
    fn transform_request(request: &mut dyn Request, settings: &Settings) -> Result<(), Fault>;
}

/// Edits the request as it goes over the wire. Registered as `wire_transformer`.
pub trait WireTransformer: 'static {
    /// Edits one request, after the protocol has written it.
    ///
    /// # Errors
    /// The request is refused.
    fn transform_wire_request(request: &mut dyn WireRequest, settings: &Settings) -> Result<(), Fault>;
}

/// Edits the events of answers, streamed or not. Registered as `answer_transformer`.
pub trait AnswerTransformer: 'static {
    /// Begins to edit one answer ([`Unchanged`](crate::Unchanged) leaves it as it is).
    fn answer(settings: &Settings) -> Box<dyn AnswerStream>;
}

/// The component's side of the three.
#[doc(hidden)]
#[derive(Debug)]
pub struct Export<T>(PhantomData<T>);

impl<T: RequestTransformer> request_transformer::exports::ccr::plugin::request_transformer::Guest for Export<T> {
    fn transform_request(request: &host::Request) -> Result<(), Fault> {
        T::transform_request(&mut Lent(request), &Settings::default())
    }
}

impl<T: WireTransformer> wire_transformer::exports::ccr::plugin::wire_transformer::Guest for Export<T> {
    fn transform_wire_request(request: &host::WireRequest) -> Result<(), Fault> {
        T::transform_wire_request(&mut Lent(request), &Settings::default())
    }
}

impl<T: AnswerTransformer> answer::Guest for Export<T> {
    type AnswerStream = Stream<T>;
}

/// The component's side of one answer.
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "never printed")]
pub struct Stream<T>(ExportStream, PhantomData<T>);

impl<T: AnswerTransformer> answer::GuestAnswerStream for Stream<T> {
    fn new() -> Self {
        Self(ExportStream::new(T::answer(&Settings::default())), PhantomData)
    }

    fn push(&self, incoming: Vec<types::Event>) -> Result<Vec<types::Event>, Fault> {
        self.0.edit(incoming)
    }

    fn finish(&self) -> Result<Vec<types::Event>, Fault> {
        self.0.end()
    }
}
