//! The client side of OpenAI Responses: golden files, and properties that hold for every request and every answer.
mod checker;
mod golden;
mod properties;
mod round_trip;

use ccr_plugin::messages::event::Event;
use ccr_plugin::{ClientProtocol, ClientRequest, DecodedRequest, Encoder, Fault};
use ccr_protocols::responses::OpenAiResponses;
use serde_json::Value;

/// The id of every answer here.
const ID: &str = "msg_01";

/// The model that every client here asked for.
const MODEL: &str = "some-model";

fn request(body: &Value) -> ClientRequest {
    ClientRequest { path: "/v1/responses".into(), headers: Vec::new(), body: body.to_string().into_bytes() }
}

fn decode(body: &Value) -> Result<DecodedRequest, Fault> {
    OpenAiResponses::decode(&request(body))
}

/// The whole answer.
fn whole(events: Vec<Event>, context: &[u8]) -> Value {
    let answer = OpenAiResponses::encode(events, ID, MODEL, context).unwrap();
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"));
    serde_json::from_slice(&answer.body).unwrap()
}

/// The bytes of the streamed answer.
fn streamed(events: Vec<Event>, context: &[u8]) -> Vec<u8> {
    let mut encoder = OpenAiResponses::encoder(ID, MODEL, context);
    let mut out = Vec::new();
    for event in events {
        encoder.push(event, &mut out).unwrap();
    }
    encoder.finish(&mut out).unwrap();
    out
}
