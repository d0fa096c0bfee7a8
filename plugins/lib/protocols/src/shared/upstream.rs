//! The upstream side of a plugin, as all formats have it.

/// Implements `UpstreamProtocol` with the `StreamDecoder` of the module in which it stands: `encode` is given the request and the
/// options as they were written, `decode` a whole answer and the request's context, `errors` an answer that tells of a failure.
macro_rules! upstream {
    ($plugin:ty, encode: $encode:expr, decode: $decode:expr, errors: $errors:expr $(,)?) => {
        impl ccr_plugin::UpstreamProtocol for $plugin {
            type Decoder = StreamDecoder;

            fn encode(
                request: &dyn ccr_plugin::Request,
                settings: &ccr_plugin::Settings,
            ) -> Result<ccr_plugin::EncodedRequest, ccr_plugin::Fault> {
                let encode: fn(&dyn ccr_plugin::Request, &ccr_plugin::Settings) -> _ = $encode;
                encode(request, settings)
            }

            fn decode(
                response: &ccr_plugin::WireResponse,
                context: &[u8],
                _: &ccr_plugin::Settings,
            ) -> Result<Vec<ccr_plugin::messages::event::Event>, ccr_plugin::Fault> {
                let decode: fn(&ccr_plugin::WireResponse, &[u8]) -> _ = $decode;
                decode(response, context)
            }

            fn decode_error(response: &ccr_plugin::WireResponse) -> ccr_plugin::messages::event::Failure {
                let errors: fn(&ccr_plugin::WireResponse) -> _ = $errors;
                errors(response)
            }

            fn decoder(context: &[u8], _: &ccr_plugin::Settings) -> StreamDecoder {
                StreamDecoder::new(context)
            }
        }
    };
}
pub(crate) use upstream;
