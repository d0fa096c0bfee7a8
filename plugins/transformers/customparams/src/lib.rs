//! The transformer `customparams`: adds members to the wire request, under the name that claude-code-router gave it.
//!
//! Objects are merged to any depth; whatever else is there already stays as it is.

use ccr_plugin::prelude::*;
use dialect::merge::{Wins, into_wire};
use dialect::options;

const SETTINGS: &str = r#"{
    "type": "object",
    "description": "Members of the request as it goes over the wire. What the request has already is kept; objects are merged.",
    "additionalProperties": true
}"#;

/// The plugin.
#[derive(Debug)]
pub struct CustomParams;

impl Plugin for CustomParams {
    fn describe() -> Description {
        Description::new("customparams", env!("CARGO_PKG_VERSION"), "Adds members to the request over the wire.")
            .settings_schema(SETTINGS)
    }
}

impl WireTransformer for CustomParams {
    fn transform_wire_request(request: &mut dyn WireRequest, settings: &Settings) -> Result<(), Fault> {
        into_wire(request, options(settings)?.root(), Wins::Old)
    }
}

register!(CustomParams: wire_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeWireRequest;
    use serde_json::json;

    #[test]
    fn existing_scalars_win_and_objects_are_merged() {
        let mut request = FakeWireRequest::new(json!({"temperature": 0.2, "extra_body": {"a": 1}, "stop": ["x"]}));
        let settings = json!({"temperature": 1, "extra_body": {"a": 2, "b": {"c": 3}}, "stop": ["y"], "seed": 7});
        CustomParams::transform_wire_request(&mut request, &Settings::of(settings.to_string())).unwrap();
        let expected = json!({"temperature": 0.2, "extra_body": {"a": 1, "b": {"c": 3}}, "stop": ["x"], "seed": 7});
        assert_eq!(request.body, expected);
    }

    #[test]
    fn no_options_change_nothing() {
        let mut request = FakeWireRequest::new(json!({"a": 1}));
        CustomParams::transform_wire_request(&mut request, &Settings::of("{}")).unwrap();
        assert_eq!(request.body, json!({"a": 1}));
    }
}
