//! The upstream protocol `azure-openai`: Chat Completions as Azure serves them, with its own paths, its own header for the key
//! and a version of the API in the query. Requests and answers are those of [`super::OpenAi`].

mod path;

use super::options::Options;
use super::{StreamDecoder, decode, encode, errors};
use crate::shared::options::{property, read, schema};
use crate::shared::upstream::upstream;
use ccr_plugin::prelude::*;
use ccr_plugin::{Credential, EncodedRequest};

/// The header of the key.
const KEY: &str = "api-key";

/// The option beside those of `openai`, and what it means.
const API_VERSION: &str = "api_version";
const MEANING: &str = "The version of Azure's API (query api-version), such as 2024-10-21. The one of the base URL unless given, else 2025-04-01-preview. The paths under /openai/v1 need none.";

/// The plugin.
#[derive(Debug)]
pub struct AzureOpenAi;

impl Plugin for AzureOpenAi {
    fn describe() -> Description {
        Description::new("azure-openai", env!("CARGO_PKG_VERSION"), "Speaks Azure OpenAI's Chat Completions.")
            .settings_schema(settings_schema())
    }
}

fn settings_schema() -> String {
    schema(|out| {
        property(API_VERSION, MEANING, |version: &Option<String>| version, out);
        Options::properties(out);
    })
}

upstream! {
    AzureOpenAi,
    encode: encode,
    decode: |response, context| decode::whole(&response.body, context),
    errors: |response| errors::TABLE.of_response(response),
}

fn encode(request: &dyn Request, settings: &Settings) -> Result<EncodedRequest, Fault> {
    let mut version: Option<String> = None;
    let options = Options::read_beside(settings, |name, value| {
        if name == API_VERSION {
            version = read(name, value)?;
        }
        Ok(name == API_VERSION)
    })?;
    let mut encoded = encode::encode(request, &options)?;
    if let Some(target) = request.target() {
        encoded.path = path::of(&request.base_path().unwrap_or_default(), &target.model, version.as_deref());
    }
    encoded.credential = Credential::Header(KEY.into());
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::WireResponse;
    use ccr_plugin::messages::event::Event;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::{Value, json};

    fn encode(settings: &str) -> Result<EncodedRequest, Fault> {
        let request = FakeRequest::new(json!({"messages": [{"role": "user", "content": "a"}], "max_tokens": 5}));
        AzureOpenAi::encode(&request, &Settings::of(settings))
    }

    #[test]
    fn the_key_goes_in_azures_header() {
        let encoded = encode(r#"{"api_version":"2024-10-21","max_tokens_field":"max_completion_tokens"}"#).unwrap();
        assert!(matches!(encoded.credential, Credential::Header(name) if name == "api-key"));
        assert_eq!(encoded.path, "/v1/openai/deployments/m/chat/completions?api-version=2024-10-21");
        let body: Value = serde_json::from_slice(&encoded.body).unwrap();
        assert_eq!(body["max_completion_tokens"], json!(5));
    }

    #[test]
    fn options_are_those_of_openai_and_one_more() {
        for (settings, word) in [(r#"{"api_version":1}"#, "api_version"), (r#"{"apiversion":"x"}"#, "apiversion")] {
            assert!(matches!(encode(settings), Err(Fault::Other(message)) if message.contains(word)));
        }
        let schema: Value = serde_json::from_str(&settings_schema()).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        assert!(properties.contains_key("api_version") && properties.contains_key("max_tokens_field"));
    }

    /// A prompt that Azure's filter stops is the request's fault, with or without a status.
    #[test]
    fn filtered_prompts_are_refused_requests() {
        let error = json!({"error": {"message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            "type": null, "param": "prompt", "code": "content_filter", "status": 400,
            "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": true, "severity": "high"}}}}});
        let body = error.to_string().into_bytes();
        let failure = AzureOpenAi::decode_error(&WireResponse { status: 400, headers: Vec::new(), body: body.clone() });
        assert_eq!(failure.kind.as_str(), "invalid_request_error");
        assert!(failure.message.contains("content management policy"), "{}", failure.message);
        let mut unnumbered = error;
        unnumbered["error"].as_object_mut().unwrap().remove("status");
        let body = unnumbered.to_string().into_bytes();
        let fault =
            AzureOpenAi::decode(&WireResponse { status: 200, headers: Vec::new(), body }, b"", &Settings::of("{}"));
        assert!(
            matches!(fault.unwrap().last(), Some(Event::Error(failure)) if failure.kind.as_str() == "invalid_request_error")
        );
    }
}
