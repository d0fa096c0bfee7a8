//! A protocol whose JSON is none: in the request, or in a block of the answer (option `what` is `request` or `answer`).

use ccr_plugin::messages::event::{ErrorKind, Failure, FinishReason};
use ccr_plugin::messages::sse::SseEvent;
use ccr_plugin::prelude::*;
use ccr_plugin::{EncodedRequest, WireResponse};

/// It ends too early.
const BROKEN: &str = r#"{"type":"server_tool_use","#;

/// The plugin.
#[derive(Debug)]
pub struct WrongJson;

impl Plugin for WrongJson {
    fn describe() -> Description {
        Description::new("hostile-wrong-json", "0.1.0", "Its JSON is none.")
    }
}

impl UpstreamProtocol for WrongJson {
    type Decoder = Answer;

    fn encode(_: &dyn Request, settings: &Settings) -> Result<EncodedRequest, Fault> {
        let body = if settings.json().contains("request") { BROKEN } else { "{}" };
        Ok(EncodedRequest::new("/v1/wrong".into(), body.into()))
    }

    fn decode(_: &WireResponse, _: &[u8], _: &Settings) -> Result<Vec<Event>, Fault> {
        Ok(wrong_answer())
    }

    fn decode_error(_: &WireResponse) -> Failure {
        Failure { kind: ErrorKind::Api, message: BROKEN.into(), status: None, retry_after_ms: None }
    }

    fn decoder(_: &[u8], _: &Settings) -> Answer {
        Answer
    }
}

fn wrong_answer() -> Vec<Event> {
    vec![Event::Block(BROKEN.into()), Event::Finish(FinishReason::EndTurn)]
}

/// The state of one answer.
#[derive(Debug)]
pub struct Answer;

impl Decoder for Answer {
    fn push(&mut self, _: SseEvent<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
        events.extend(wrong_answer());
        Ok(())
    }
}

register!(WrongJson: upstream);
