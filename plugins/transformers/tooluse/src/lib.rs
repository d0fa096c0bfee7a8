//! The transformer `tooluse`: makes a model that talks instead of calling tools call one, under the name that
//! claude-code-router gave it.
//!
//! The model must call a tool in every turn; a tool of its own, `ExitTool`, is the way to say something instead. A call of it
//! becomes the text that it carries ([`exit`]), so the client never sees that tool.

mod exit;

use ccr_plugin::messages::json::{Document, Value, Writer};
use ccr_plugin::prelude::*;

const SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

/// The tool that ends a turn.
const EXIT_TOOL: &str = "ExitTool";

/// The one argument of that tool.
const RESPONSE: &str = "response";

const TOOL: &str = r#"{"name":"ExitTool","description":"Ends your turn with a message to the user. Call it when the task is done, when you need an answer from the user, or when none of the other tools can help; it is the only way to speak to the user. Check first whether another tool fits, and call that one instead if it does.","input_schema":{"type":"object","properties":{"response":{"type":"string","description":"Your message. The user reads it exactly as you write it."}},"required":["response"]}}"#;

const REMINDER: &str = "<system-reminder>Tool mode is on: every answer of yours must be a call of a tool. Choose the tool that \
    brings the user's task forward, and look closely whether it fits before you call it. When no tool fits or the task is done, \
    call `ExitTool` with your message to the user; there is no other way to leave tool mode.</system-reminder>";

/// The plugin.
#[derive(Debug)]
pub struct ToolUse;

impl Plugin for ToolUse {
    fn describe() -> Description {
        Description::new(
            "tooluse",
            env!("CARGO_PKG_VERSION"),
            "Makes a model call tools instead of talking about them.",
        )
        .settings_schema(SETTINGS)
    }
}

impl RequestTransformer for ToolUse {
    fn transform_request(request: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
        let choice = request.get("/tool_choice");
        // A client that forbids tools, or forces one, has decided for itself.
        let decided = choice.as_deref().is_some_and(|choice| matches!(kind(choice).as_str(), "none" | "tool"));
        if decided || request.summary().tools == 0 {
            return Ok(());
        }
        request.set("/tools/-", TOOL)?;
        match choice {
            Some(choice) if choice.starts_with('{') => request.set("/tool_choice/type", r#""any""#)?,
            _ => request.set("/tool_choice", r#"{"type":"any"}"#)?,
        }
        remind(request)
    }
}

impl AnswerTransformer for ToolUse {
    fn answer(_: &Settings) -> Box<dyn AnswerStream> {
        Box::new(exit::Exit::default())
    }
}

fn kind(choice: &str) -> String {
    let document = Document::parse(choice.as_bytes()).ok();
    let kind = document.as_ref().and_then(|document| document.root().get("type")?.as_str());
    kind.map(|kind| kind.decode().into_owned()).unwrap_or_default()
}

/// Puts the reminder at the end of the system text, where every provider takes it and it changes in no turn, so that prompt
/// caches stay warm.
fn remind(request: &mut dyn Request) -> Result<(), Fault> {
    let mut block = Writer::new();
    block.begin_object().key("type").string("text").key("text").string(REMINDER).end_object();
    let Some(system) = request.get("/system").filter(|system| system != "null") else {
        return request.set("/system", &format!("[{}]", block.as_str()));
    };
    if system.starts_with('[') {
        return request.set("/system/-", block.as_str());
    }
    let document = Document::parse(system.as_bytes()).map_err(|error| Fault::own(error.to_string()))?;
    let mut text = Writer::with_capacity(system.len() + REMINDER.len() + 8);
    text.begin_string().escaped_part(document.root().as_str().map(|text| text.raw()).unwrap_or_default());
    text.escaped_part("\\n\\n").string_part(REMINDER).end_string();
    request.set("/system", text.as_str())
}

/// The text that a complete call of the tool carries.
fn response(arguments: &str) -> Option<String> {
    let document = Document::parse(arguments.as_bytes()).ok()?;
    let response = document.root().get(RESPONSE)?;
    Some(response.as_str().map_or_else(|| Value::raw(response).to_owned(), |text| text.decode().into_owned()))
}

register!(ToolUse: request_transformer, answer_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::json;

    fn edited(body: serde_json::Value) -> serde_json::Value {
        let mut request = FakeRequest::new(body);
        ToolUse::transform_request(&mut request, &Settings::of("{}")).unwrap();
        request.body
    }

    #[test]
    fn a_request_with_tools_must_call_one() {
        let body = edited(json!({"system": "a", "tools": [{"name": "t"}]}));
        assert_eq!(body["tool_choice"], json!({"type": "any"}));
        assert_eq!(body["tools"][1]["name"], json!(EXIT_TOOL));
        assert_eq!(body["tools"][1]["input_schema"]["required"], json!([RESPONSE]));
        assert_eq!(body["system"], json!(format!("a\n\n{REMINDER}")));
    }

    #[test]
    fn the_reminder_follows_any_kind_of_system_text() {
        let with =
            |system: serde_json::Value| edited(json!({"system": system, "tools": [{"name": "t"}]}))["system"].clone();
        let block = json!({"type": "text", "text": REMINDER});
        assert_eq!(with(json!([{"type": "text", "text": "a"}])), json!([{"type": "text", "text": "a"}, block]));
        assert_eq!(with(json!(null)), json!([block]));
        assert_eq!(edited(json!({"tools": [{"name": "t"}]}))["system"], json!([block]));
    }

    #[test]
    fn parallel_calls_stay_forbidden() {
        let choice = json!({"type": "auto", "disable_parallel_tool_use": true});
        let body = edited(json!({"tools": [{"name": "t"}], "tool_choice": choice}));
        assert_eq!(body["tool_choice"], json!({"type": "any", "disable_parallel_tool_use": true}));
    }

    #[test]
    fn a_client_that_has_decided_is_left_alone() {
        for body in [
            json!({"messages": []}),
            json!({"tools": []}),
            json!({"tools": [{"name": "t"}], "tool_choice": {"type": "none"}}),
            json!({"tools": [{"name": "t"}], "tool_choice": {"type": "tool", "name": "t"}}),
        ] {
            assert_eq!(edited(body.clone()), body);
        }
    }
}
