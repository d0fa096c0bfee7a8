//! The transformer `cleancache`: strips `cache_control`, under the name that claude-code-router gave it.
//!
//! It edits the inner request, so that it works in front of every protocol. Where the marks may stand is [`dialect`]'s part.

use ccr_plugin::prelude::*;

const SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

/// The plugin.
#[derive(Debug)]
pub struct CleanCache;

impl Plugin for CleanCache {
    fn describe() -> Description {
        Description::new("cleancache", env!("CARGO_PKG_VERSION"), "Strips cache_control.").settings_schema(SETTINGS)
    }
}

impl Transformer for CleanCache {
    fn transform_request(request: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
        dialect::cache_control::strip(request)
    }
}

register!(CleanCache: transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::json;

    #[test]
    fn marks_are_gone_and_noted() {
        let block = json!({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}});
        let mut request =
            FakeRequest::new(json!({"system": [block], "messages": [{"role": "user", "content": [block]}]}));
        CleanCache::transform_request(&mut request, &Settings::of("{}")).unwrap();
        let clean = json!({"type": "text", "text": "a"});
        assert_eq!(request.body, json!({"system": [clean], "messages": [{"role": "user", "content": [clean]}]}));
        assert_eq!(*request.dropped.borrow(), ["cache_control"]);
    }

    #[test]
    fn nothing_to_strip_is_nothing_noted() {
        let body = json!({"system": "a", "messages": [{"role": "user", "content": "b"}]});
        let mut request = FakeRequest::new(body.clone());
        CleanCache::transform_request(&mut request, &Settings::of("{}")).unwrap();
        assert_eq!(request.body, body);
        assert!(request.dropped.borrow().is_empty());
    }
}
