//! The client side: programs that speak Gemini's API to the gateway, such as those made with Google's own libraries.
//!
//! [`decode`] turns their request into the inner one, [`encode`] writes answers whole, as server-sent events, or as the JSON
//! array that Google streams without `alt=sse`; [`forward`] passes a request on to an upstream of the same format.
//! [`path`] reads what Gemini has in the path: model and method. What `thoughtSignature` carries is in [`thoughts`].

mod context;
mod decode;
mod encode;
mod errors;
mod forward;
mod path;
mod thoughts;

use crate::gemini::Gemini;
use crate::gemini::options::Options;
use ccr_plugin::messages::event::{Event, Failure};
use ccr_plugin::{
    Answer, ClientProtocol, ClientRequest, DecodedRequest, EncodedRequest, Fault, Format, Settings, Target,
};

pub use encode::StreamEncoder;

/// Google's libraries take a comment in a stream for the beginning of an error, but pass over empty lines, which mean nothing
/// in server-sent events nor between the items of a JSON array. Two, since the Go library splits events at two line ends and
/// would put a single one before the next event.
const KEEP_ALIVE: &str = "\n\n";

impl ClientProtocol for Gemini {
    type Encoder = StreamEncoder;

    fn format() -> Format {
        Format {
            paths: path::SERVED.iter().map(|path| (*path).to_owned()).collect(),
            keep_alive: Some(KEEP_ALIVE.into()),
            key_parameter: Some("key".into()),
            model_pointers: vec!["/modelVersion".into()],
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
        forward::forward(request, target, base_path, &Options::read(settings)?)
    }

    fn encode(events: Vec<Event>, id: &str, model: &str, context: &[u8]) -> Result<Answer, Fault> {
        Ok(encode::whole(events, id, model, context))
    }

    fn encode_error(failure: &Failure, request_id: &str, path: &str) -> Answer {
        errors::answer(failure, request_id, path)
    }

    fn encoder(id: &str, model: &str, context: &[u8]) -> StreamEncoder {
        StreamEncoder::new(id, model, context)
    }
}
