//! A whole answer being gathered, and written in the client's format.

use std::time::Duration;

use bytes::Bytes;
use ccr_messages::answer::{Answer, Head};
use ccr_messages::event::{Event, FinishReason, Usage};
use ccr_messages::fold::Folder;
use http::{HeaderValue, Response, StatusCode, header};

use super::Component;
use super::events::EventSink;
use crate::base::body::{self, Body};
use crate::base::error::GatewayError;
use crate::plugins::PluginEngine;
use crate::plugins::client::ClientAnswer;

/// An answer in one piece, as the client gets it.
pub struct WholeAnswer {
    status: StatusCode,
    content_type: HeaderValue,
    /// The bytes.
    pub body: Bytes,
    /// Time that a component took to write it.
    pub plugin_time: Duration,
}

impl WholeAnswer {
    /// JSON that went well.
    pub fn json(body: impl Into<Bytes>) -> Self {
        let content_type = HeaderValue::from_static("application/json");
        Self { status: StatusCode::OK, content_type, body: body.into(), plugin_time: Duration::ZERO }
    }

    /// As a component wrote it, which the sandbox has checked for a legal status and content type.
    pub(super) fn of_component(answer: ClientAnswer, plugin_time: Duration) -> Self {
        let status = StatusCode::from_u16(answer.status).unwrap_or_default();
        let content_type =
            HeaderValue::try_from(answer.content_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
        Self { status, content_type, body: answer.body.into(), plugin_time }
    }

    /// As a response.
    pub fn into_response(self) -> Response<Body> {
        let mut response = Response::new(body::empty());
        self.replace(&mut response);
        response
    }

    /// In the place of a response's own status, type and body.
    pub(super) fn replace(self, response: &mut Response<Body>) {
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, self.content_type);
        *response.body_mut() = body::full(self.body);
    }
}

/// Gathers the events of an answer.
pub struct Collector(Gathered);

#[allow(clippy::large_enum_variant, reason = "there is one for a request, and it is not moved")]
enum Gathered {
    /// Into Anthropic's message.
    Anthropic(Answer<Folder>),
    /// For a component to write.
    Component(Answer<EventSink>, Head, Box<Component>),
}

/// Does the same with either answer.
macro_rules! either {
    ($self:expr, $answer:ident => $do:expr) => {
        match &mut $self.0 {
            Gathered::Anthropic($answer) => $do,
            Gathered::Component($answer, ..) => $do,
        }
    };
}

impl Collector {
    pub(super) fn anthropic(head: Head) -> Self {
        Self(Gathered::Anthropic(Answer::new(Folder::new(), head)))
    }

    pub(super) fn component(head: Head, component: Component) -> Self {
        let answer = Answer::new(EventSink::joining(), head.clone());
        Self(Gathered::Component(answer, head, Box::new(component)))
    }

    /// Takes an event.
    pub fn push(&mut self, event: &Event) {
        either!(self, answer => answer.push(event));
    }

    /// The upstream has sent everything.
    pub fn finish(&mut self) {
        either!(self, answer => answer.finish());
    }

    /// Whether it has ended, with an error perhaps.
    pub fn is_done(&mut self) -> bool {
        either!(self, answer => answer.is_done())
    }

    /// The token counts.
    pub fn usage(&mut self) -> &Usage {
        either!(self, answer => answer.usage())
    }

    /// Why the model stopped.
    pub fn finish_reason(&mut self) -> Option<&FinishReason> {
        either!(self, answer => answer.finish_reason())
    }

    /// What was left out of the answer.
    pub fn notes(&mut self) -> &[String] {
        either!(self, answer => answer.notes())
    }

    /// Writes the answer.
    pub async fn write(self, engine: &PluginEngine) -> Result<WholeAnswer, GatewayError> {
        match self.0 {
            Gathered::Anthropic(answer) => {
                answer.into_sink().into_json().map(WholeAnswer::json).map_err(GatewayError::Upstream)
            }
            Gathered::Component(mut answer, head, component) => {
                if let Some(failure) = answer.failure() {
                    return Err(GatewayError::Upstream(failure.clone()));
                }
                let events = answer.sink_mut().take();
                Ok(component.encode(engine, events, &head).await?)
            }
        }
    }
}
