//! Failures in the shapes that Anthropic and those who speak its format have for them.
//!
//! Anthropic's own error object goes on as it is. Imitators and clouds answer in shapes of their own (OpenAI's, Google's, plain
//! text): these are read as the plugin `openai` reads them. What to do about a failure is the host's.

use crate::shared::errors::provider_error::ProviderError;
use crate::shared::errors::{overflow, retry};
use ccr_plugin::WireResponse;
use ccr_plugin::messages::anthropic::decode_error;
use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::{Document, Str, Value};

/// An answer with a status outside of 200 to 299.
pub(super) fn of_response(response: &WireResponse) -> Failure {
    let mut failure = decode_error(response.status, &response.body);
    if let Ok(document) = Document::parse(&response.body) {
        let reported = ProviderError::of(document.root());
        if !reported.message.is_empty() && !is_anthropics(document.root()) {
            failure.message.clone_from(&reported.message);
        }
        if let Some(message) = overflow::message(&reported, &[], Some(response.status)) {
            (failure.kind, failure.message) = (ErrorKind::InvalidRequest, message);
        }
    }
    failure.retry_after_ms = retry::after_ms(response);
    failure
}

/// `{"type":"error","error":{"type":"…_error","message":…}}`
fn is_anthropics(root: Value<'_>) -> bool {
    let kind = root.pointer("/error/type").and_then(Value::as_str).map(Str::decode);
    let says = root.pointer("/error/message").is_some();
    says && kind.is_some_and(|kind| kind == "request_too_large" || kind.ends_with("_error"))
}
