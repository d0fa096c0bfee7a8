//! What the demo provider says: who it is and what it got; and, when asked for a tool, one short conversation with it.

use serde_json::{Value, json};

/// The models that the demo serves: one that talks, one that always uses a tool first.
pub(super) const MODELS: [&str; 2] = ["demo", "demo-tools"];

/// Tools that the demo knows how to call without doing harm, and with what.
const HARMLESS: [(&str, &str); 2] = [
    ("Bash", r#"{"command":"echo hello from the demo provider","description":"Say hello"}"#),
    ("Read", r#"{"file_path":"README.md"}"#),
];

/// One reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Words.
    Text(String),
    /// A tool's name and arguments.
    Tool { name: String, arguments: String },
}

/// Chooses the reply to a Chat Completions request.
pub(super) fn reply(request: &Value) -> Reply {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    // Claude Code ends with a system message of its own; what the user typed stands before it.
    let last = messages.iter().rfind(|message| message["role"] != "system").unwrap_or(&Value::Null);
    if last["role"] == "tool" {
        return Reply::Text(format!(
            "The tool answered:\n\n{}\n\nThat is all this demo does.",
            brief(&text(&last["content"]))
        ));
    }
    let said = text(&last["content"]);
    let tools = request["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
    if request["model"] == MODELS[1] || said.to_lowercase().contains("use a tool") {
        let known = HARMLESS.iter().find(|(name, _)| tools.iter().any(|tool| tool["function"]["name"] == *name));
        if let Some((name, arguments)) = known {
            return Reply::Tool { name: (*name).to_owned(), arguments: (*arguments).to_owned() };
        }
    }
    Reply::Text(format!(
        "Hello from the gateway's demo provider. Your request came here through a sandboxed WebAssembly component: \
         {} messages, {} tools. You said: {}\n\nSay \"use a tool\" to see a tool call.",
        messages.len(),
        tools.len(),
        brief(&said)
    ))
}

/// The visible text of a message's content, a string or a list of parts.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

/// The end of a text, which is what a user typed last.
fn brief(text: &str) -> String {
    // A screenful.
    const CHARACTERS: usize = 400;
    let count = text.chars().count();
    text.chars().skip(count.saturating_sub(CHARACTERS)).collect()
}

fn usage(request: &Value, reply: &Reply) -> Value {
    let output = match reply {
        Reply::Text(text) => text.len(),
        Reply::Tool { arguments, .. } => arguments.len(),
    };
    // Four bytes a token is near enough for a demo.
    let (input, output) = (request.to_string().len() / 4, output / 4 + 1);
    json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output })
}

/// The whole answer.
pub(super) fn whole(request: &Value, reply: &Reply) -> Value {
    let (message, reason) = match reply {
        Reply::Text(text) => (json!({ "role": "assistant", "content": text }), "stop"),
        Reply::Tool { name, arguments } => {
            let call =
                json!({ "id": "call_demo", "type": "function", "function": { "name": name, "arguments": arguments } });
            (json!({ "role": "assistant", "content": null, "tool_calls": [call] }), "tool_calls")
        }
    };
    json!({
        "id": "chatcmpl-demo",
        "object": "chat.completion",
        "model": request["model"],
        "choices": [{ "index": 0, "message": message, "finish_reason": reason }],
        "usage": usage(request, reply),
    })
}

/// The `data:` of each chunk of a streamed answer, the final `[DONE]` included.
pub(super) fn chunks(request: &Value, reply: &Reply) -> Vec<String> {
    let chunk = |delta: Value, reason: Value| {
        json!({
            "id": "chatcmpl-demo",
            "object": "chat.completion.chunk",
            "model": request["model"],
            "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }],
        })
        .to_string()
    };
    let mut chunks = vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)];
    let reason = match reply {
        Reply::Text(text) => {
            chunks.extend(text.split_inclusive(' ').map(|word| chunk(json!({ "content": word }), Value::Null)));
            "stop"
        }
        Reply::Tool { name, arguments } => {
            let head = json!({ "index": 0, "id": "call_demo", "type": "function", "function": { "name": name, "arguments": "" } });
            chunks.push(chunk(json!({ "tool_calls": [head] }), Value::Null));
            let rest = json!({ "index": 0, "function": { "arguments": arguments } });
            chunks.push(chunk(json!({ "tool_calls": [rest] }), Value::Null));
            "tool_calls"
        }
    };
    chunks.push(chunk(json!({}), json!(reason)));
    chunks
        .push(json!({ "object": "chat.completion.chunk", "choices": [], "usage": usage(request, reply) }).to_string());
    chunks.push("[DONE]".to_owned());
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_called_when_asked_for_and_its_answer_is_repeated() {
        let tools = json!([{ "type": "function", "function": { "name": "Bash" } }]);
        let asked = json!({ "messages": [{ "role": "user", "content": "please use a tool" }], "tools": tools });
        assert!(matches!(reply(&asked), Reply::Tool { name, .. } if name == "Bash"));
        let answered = json!({ "messages": [{ "role": "tool", "content": "hello" }], "tools": tools });
        assert!(matches!(reply(&answered), Reply::Text(text) if text.contains("hello")));
        let without = json!({ "messages": [{ "role": "user", "content": "use a tool" }] });
        assert!(matches!(reply(&without), Reply::Text(_)));
    }
}
