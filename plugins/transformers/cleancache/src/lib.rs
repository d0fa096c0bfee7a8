//! The transformer `cleancache`: strips `cache_control`, under the name that claude-code-router gave it.
//!
//! It asks the protocol by a hint not to write the marks (see [`dialect::Hints`]): leaving them out while a request is encoded
//! costs nothing, where finding and cutting them out beforehand would cost as much as encoding does.

use ccr_plugin::prelude::*;
use dialect::Hints;

const SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

/// The plugin.
#[derive(Debug)]
pub struct CleanCache;

impl Plugin for CleanCache {
    fn describe() -> Description {
        Description::new("cleancache", env!("CARGO_PKG_VERSION"), "Strips cache_control.").settings_schema(SETTINGS)
    }
}

impl RequestTransformer for CleanCache {
    fn transform_request(request: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
        let mut hints = Hints::default();
        hints.option("cache_control", "false");
        hints.give(request)
    }
}

register!(CleanCache: request_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::json;

    #[test]
    fn the_protocol_is_asked_to_leave_the_marks_out() {
        let mut request = FakeRequest::new(json!({"messages": [], "ccr": {"cache_control": true, "extra": {"a": 1}}}));
        CleanCache::transform_request(&mut request, &Settings::of("{}")).unwrap();
        assert_eq!(request.body, json!({"messages": [], "ccr": {"cache_control": false, "extra": {"a": 1}}}));
    }
}
