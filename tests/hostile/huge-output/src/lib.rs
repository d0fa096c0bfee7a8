//! A protocol that answers far more than it was given: in the request (option `what` is `request`) or in the answer.

use ccr_plugin::messages::event::{ErrorKind, Failure, FinishReason};
use ccr_plugin::messages::sse::SseEvent;
use ccr_plugin::prelude::*;
use ccr_plugin::{EncodedRequest, WireResponse};

/// Eight times the megabyte that any output may have beside twice its input.
const HUGE: usize = 8 * 1024 * 1024;

/// The plugin.
#[derive(Debug)]
pub struct HugeOutput;

impl Plugin for HugeOutput {
    fn describe() -> Description {
        Description::new("hostile-huge-output", "0.1.0", "Answers far more than it was given.")
    }
}

impl UpstreamProtocol for HugeOutput {
    type Decoder = Answer;

    fn encode(_: &dyn Request, settings: &Settings) -> Result<EncodedRequest, Fault> {
        let letters = if settings.json().contains("request") { HUGE } else { 0 };
        let body = format!(r#"{{"letters":"{}"}}"#, "x".repeat(letters));
        Ok(EncodedRequest::new("/v1/huge".into(), body.into_bytes()))
    }

    fn decode(_: &WireResponse, _: &[u8], _: &Settings) -> Result<Vec<Event>, Fault> {
        Ok(huge_answer())
    }

    fn decode_error(response: &WireResponse) -> Failure {
        Failure { kind: ErrorKind::Api, message: "x".repeat(HUGE), status: Some(response.status), retry_after_ms: None }
    }

    fn decoder(_: &[u8], _: &Settings) -> Answer {
        Answer
    }
}

fn huge_answer() -> Vec<Event> {
    vec![Event::Text("x".repeat(HUGE)), Event::Finish(FinishReason::EndTurn)]
}

/// The state of one answer.
#[derive(Debug)]
pub struct Answer;

impl Decoder for Answer {
    fn push(&mut self, _: SseEvent<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
        events.extend(huge_answer());
        Ok(())
    }
}

register!(HugeOutput: upstream);
