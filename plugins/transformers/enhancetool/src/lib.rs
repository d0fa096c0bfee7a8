//! The transformer `enhancetool`: repairs tool calls whose arguments are not valid JSON, under the name that claude-code-router gave it.
//!
//! A transformer sees calls that are put together, and broken ones never get that far. So it asks, by a hint in the inner
//! request, for the repair where calls are put together; how they are repaired is told in `ccr_messages::repair`.

use ccr_plugin::prelude::*;
use dialect::Hints;

const SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

/// The plugin.
#[derive(Debug)]
pub struct EnhanceTool;

impl Plugin for EnhanceTool {
    fn describe() -> Description {
        Description::new("enhancetool", env!("CARGO_PKG_VERSION"), "Repairs tool calls whose arguments are not JSON.")
            .settings_schema(SETTINGS)
    }
}

impl RequestTransformer for EnhanceTool {
    fn transform_request(request: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
        let mut hints = Hints::default();
        hints.option("repair_tool_arguments", "true");
        hints.give(request)
    }
}

register!(EnhanceTool: request_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::json;

    #[test]
    fn repair_is_asked_for() {
        let mut request = FakeRequest::new(json!({"messages": []}));
        EnhanceTool::transform_request(&mut request, &Settings::of("{}")).unwrap();
        assert_eq!(request.body, json!({"messages": [], "ccr": {"repair_tool_arguments": true}}));
    }
}
