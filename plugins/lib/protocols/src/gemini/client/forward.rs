//! The client's own request for an upstream that is Gemini's API as well: the body goes byte for byte.

use super::path::Call;
use super::thoughts;
use crate::gemini::encode::{KEY_HEADER, path};
use crate::gemini::model;
use crate::gemini::options::Options;
use crate::shared::forward::with_model;
use crate::shared::options::Rule;
use ccr_plugin::messages::json::{Document, Value};
use ccr_plugin::{ClientRequest, Credential, EncodedRequest, Fault, Target};

/// Fields that only Vertex knows; the Gemini API refuses them.
const OF_VERTEX: [&str; 2] = ["labels", "modelArmorConfig"];

/// `None` where the request cannot go as it is: the options of the target edit it, it carries thoughts of another provider, or
/// calls of another provider that this model would refuse.
pub(super) fn forward(
    request: &ClientRequest,
    target: &Target,
    base_path: &str,
    options: &Options,
) -> Result<Option<EncodedRequest>, Fault> {
    let call = Call::read(&request.path)?;
    // A stream that is an array could not be read beside its way to the client.
    if options.edits() || (call.streaming && !call.sse) {
        return Ok(None);
    }
    let Ok(text) = std::str::from_utf8(&request.body) else { return Ok(None) };
    let Ok(document) = Document::parse_str(text) else { return Ok(None) };
    let root = document.root();
    if text.contains(thoughts::BEGINNING) || OF_VERTEX.iter().any(|name| root.get(name).is_some()) {
        return Ok(None);
    }
    let checks = options.missing_signature == Rule::Auto && model::checks_signatures(&target.model);
    if checks && root.get("contents").is_some_and(lacks_signatures) {
        return Ok(None);
    }
    let prefix = if target.model.contains('/') { "" } else { "models/" };
    Ok(Some(EncodedRequest {
        path: path::of(base_path, &target.model, call.streaming),
        headers: Vec::new(),
        // Some clients name the model in the body as well.
        body: with_model(&request.body, root, &[prefix, &target.model].concat())?,
        credential: Credential::Header(KEY_HEADER.into()),
        context: Vec::new(),
    }))
}

/// Whether a turn's first function call has no signature: those of other providers, and of clients that lose it.
fn lacks_signatures(contents: Value<'_>) -> bool {
    contents.items().any(|content| {
        let parts = content.get("parts").into_iter().flat_map(Value::items);
        let mut calls = parts.filter(|part| either(*part, ["functionCall", "function_call"]));
        calls.next().is_some_and(|call| !either(call, ["thoughtSignature", "thought_signature"]))
    })
}

fn either(part: Value<'_>, names: [&str; 2]) -> bool {
    names.iter().any(|name| part.get(name).is_some_and(|value| !value.is_null()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::forward;
    use crate::gemini::client::thoughts;
    use crate::gemini::options::Options;
    use ccr_plugin::{ClientRequest, Credential, Settings, Target};

    fn forwarded(path: &str, body: &str, settings: &str) -> Option<(String, String)> {
        let request = ClientRequest { path: path.into(), headers: Vec::new(), body: body.into() };
        let target = Target::new("p", "gemini-3-pro");
        let forwarded =
            forward(&request, &target, "/v1beta/models/", &Options::read(&Settings::of(settings)).unwrap()).unwrap()?;
        assert!(matches!(forwarded.credential, Credential::Header(name) if name == "x-goog-api-key"));
        Some((forwarded.path, String::from_utf8(forwarded.body).unwrap()))
    }

    const PATH: &str = "/v1beta/models/p,gemini-x:generateContent";
    const STREAM: &str = "/v1/models/m:streamGenerateContent?alt=sse";

    #[test]
    fn the_body_goes_byte_for_byte() {
        let body = "{ \"contents\" : [{\"parts\":[{\"text\":\"\\u0041\"}]}],\"generation_config\":{\"topK\":1.0}}";
        let path = "/v1beta/models/gemini-3-pro:generateContent".to_owned();
        assert_eq!(forwarded(PATH, body, "{}"), Some((path, body.into())));
        let path = "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse".to_owned();
        assert_eq!(forwarded(STREAM, body, "{}"), Some((path, body.into())));
        let (_, body) = forwarded(PATH, r#"{"model": "models/x","contents":[]}"#, "{}").unwrap();
        assert_eq!(body, r#"{"model": "models/gemini-3-pro","contents":[]}"#);
    }

    #[test]
    fn what_this_target_needs_changed_is_translated() {
        let part = |signature: &str| {
            format!(
                r#"{{"contents":[{{"parts":[{{"functionCall":{{"name":"f"}},"thoughtSignature":"{signature}"}}]}}]}}"#
            )
        };
        assert!(forwarded(PATH, &part("CpcC"), "{}").is_some());
        assert!(forwarded(PATH, &part(&thoughts::of_signature("x")), "{}").is_none());
        let unsigned = r#"{"contents":[{"parts":[{"function_call":{"name":"f"}}]}]}"#;
        assert!(forwarded(PATH, unsigned, "{}").is_none());
        assert!(forwarded(PATH, "{", "{}").is_none());
        assert!(forwarded(PATH, r#"{"labels":{}}"#, "{}").is_none());
        assert!(forwarded("/v1beta/models/m:streamGenerateContent", "{}", "{}").is_none());
        for settings in [r#"{"call_ids":false}"#, r#"{"thinking":"omit"}"#, r#"{"safety_settings":[]}"#] {
            assert!(forwarded(PATH, "{}", settings).is_none(), "{settings}");
        }
    }
}
