//! The client side: what a client of OpenAI's Responses API sends and reads.
//!
//! [`decode`] turns its request into the inner one, [`encode`] writes answers, whole and streamed, [`errors`] failures, and
//! [`forward`] lets a request pass that goes to a provider of the same API. Nothing is kept between requests: fields that
//! ask for a stored response are refused. What every field becomes is told in the README of the folder above.

mod context;
mod decode;
mod encode;
mod errors;
mod forward;
mod reasoning;
mod tool_name;

use crate::responses::OpenAiResponses;
use ccr_plugin::messages::event::{Event, Failure};
use ccr_plugin::{
    Answer, ClientProtocol, ClientRequest, DecodedRequest, EncodedRequest, Fault, Format, Settings, Target,
};

pub use encode::StreamEncoder;

/// The names of what is reached below the API's own paths, with and without the version: clients are told a base URL either way.
const PATHS: [&str; 2] = ["/v1/responses", "/responses"];

impl ClientProtocol for OpenAiResponses {
    type Encoder = StreamEncoder;

    fn format() -> Format {
        Format {
            paths: PATHS.map(str::to_owned).into(),
            // A comment: clients of this API would refuse an event that they do not know.
            keep_alive: Some(": keep-alive\n\n".into()),
            key_parameter: None,
            model_pointers: vec!["/model".into(), "/response/model".into()],
        }
    }

    fn decode(request: &ClientRequest) -> Result<DecodedRequest, Fault> {
        decode::decode(request)
    }

    fn forward(
        request: &ClientRequest,
        target: &Target,
        base_path: &str,
        settings: &Settings,
    ) -> Result<Option<EncodedRequest>, Fault> {
        forward::forward(request, target, base_path, settings)
    }

    fn encode(events: Vec<Event>, id: &str, model: &str, context: &[u8]) -> Result<Answer, Fault> {
        Ok(encode::whole(events, id, model, context))
    }

    fn encode_error(failure: &Failure, request_id: &str, _path: &str) -> Answer {
        errors::answer(failure, request_id)
    }

    fn encoder(id: &str, model: &str, context: &[u8]) -> StreamEncoder {
        StreamEncoder::new(id, model, context)
    }
}
