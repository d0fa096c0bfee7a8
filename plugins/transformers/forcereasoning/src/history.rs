//! The request: thoughts of earlier answers in tags, and the words that ask for new ones.

use crate::{CLOSE, OPEN, PROMPT};
use ccr_plugin::messages::json::{Document, Splice, Str, Value, Writer};
use ccr_plugin::{Fault, Request};

/// How many of the latest answers keep their thoughts, as in claude-code-router: enough to show the form, few enough that old
/// thoughts do not fill the context.
const KEPT: usize = 10;

/// Writes the thoughts of the latest answers as text between the tags. Older ones are left to the protocol, which drops and
/// notes what the provider cannot take.
pub(crate) fn write_thoughts(request: &mut dyn Request) -> Result<(), Fault> {
    let Some(text) = request.get("/messages").filter(|text| text.contains(r#""thinking""#)) else { return Ok(()) };
    let Ok(document) = Document::parse(text.as_bytes()) else { return Ok(()) };
    let messages: Vec<_> = document.root().items().collect();
    let thoughtful = messages.iter().rev().filter(|message| thoughts(**message).next().is_some());
    let mut splice = Splice::new();
    for (block, thought) in thoughtful.take(KEPT).flat_map(|message| thoughts(*message)) {
        let mut tagged = Writer::with_capacity(thought.raw().len() + OPEN.len() + CLOSE.len() + 32);
        tagged.begin_object().key("type").string("text").key("text").begin_string();
        tagged.string_part(OPEN).escaped_part(thought.raw()).string_part(CLOSE).string_part("\n");
        tagged.end_string().end_object();
        splice.replace(block.span(), tagged.into_string());
    }
    if splice.is_empty() {
        return Ok(());
    }
    let edited = splice.apply(text.as_bytes()).map_err(|error| Fault::own(error.to_string()))?;
    request.set("/messages", &String::from_utf8_lossy(&edited))
}

/// The thinking blocks of an assistant's message, and what they say.
fn thoughts(message: Value<'_>) -> impl Iterator<Item = (Value<'_>, Str<'_>)> {
    let is = |value: Option<Value<'_>>, text: &str| value.and_then(Value::as_str).is_some_and(|said| said == text);
    let content = message.get("content").filter(|_| is(message.get("role"), "assistant"));
    let blocks = content.into_iter().flat_map(Value::items).filter(move |block| is(block.get("type"), "thinking"));
    blocks.filter_map(|block| Some((block, block.get("thinking")?.as_str()?))).filter(|(_, text)| !text.is_empty())
}

/// Adds the words to the last message if it is the user's.
pub(crate) fn prompt(request: &mut dyn Request) -> Result<(), Fault> {
    let Some(last) = request.summary().messages.checked_sub(1) else { return Ok(()) };
    if request.get(&format!("/messages/{last}/role")).as_deref() != Some(r#""user""#) {
        return Ok(());
    }
    let pointer = format!("/messages/{last}/content");
    let Some(content) = request.get(&pointer) else { return Ok(()) };
    let mut block = Writer::new();
    block.begin_object().key("type").string("text").key("text").string(PROMPT).end_object();
    if content.starts_with('[') {
        return request.set(&[&pointer, "/-"].concat(), block.as_str());
    }
    let mut blocks = Writer::with_capacity(content.len() + PROMPT.len() + 64);
    blocks.begin_array().begin_object().key("type").string("text").key("text").raw(&content).end_object();
    blocks.raw(block.as_str()).end_array();
    request.set(&pointer, blocks.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use crate::{ForceReasoning, PROMPT};
    use ccr_plugin::testing::FakeRequest;
    use ccr_plugin::{RequestTransformer as _, Settings};
    use serde_json::{Value, json};

    fn edited(body: Value) -> Value {
        let mut request = FakeRequest::new(body);
        ForceReasoning::transform_request(&mut request, &Settings::of("{}")).unwrap();
        request.body
    }

    fn text(text: &str) -> Value {
        json!({"type": "text", "text": text})
    }

    #[test]
    fn the_last_user_message_asks_for_thoughts() {
        let body = edited(json!({"messages": [{"role": "user", "content": "a"}], "thinking": {"type": "adaptive"}}));
        assert_eq!(body, json!({"messages": [{"role": "user", "content": [text("a"), text(PROMPT)]}]}));
        let result = json!({"type": "tool_result", "tool_use_id": "1", "content": "x"});
        let body = edited(json!({"messages": [{"role": "user", "content": [result]}]}));
        assert_eq!(body["messages"][0]["content"], json!([result, text(PROMPT)]));
    }

    #[test]
    fn no_thoughts_are_asked_for_where_there_is_no_place_or_no_wish() {
        for body in [
            json!({"messages": [{"role": "assistant", "content": "a"}]}),
            json!({"messages": []}),
            json!({"messages": [{"role": "user", "content": "a"}], "thinking": {"type": "disabled"}}),
        ] {
            assert_eq!(edited(body.clone()), body);
        }
    }

    #[test]
    fn thoughts_of_the_latest_answers_go_back_in_tags() {
        let answer = |number: usize| {
            json!({"role": "assistant", "content": [
                {"type": "thinking", "thinking": format!("t{number}\n"), "signature": "s"}, text("a"),
            ]})
        };
        let messages: Vec<Value> = (0..12).map(answer).collect();
        let body = edited(json!({ "messages": messages }));
        assert_eq!(body["messages"][1], answer(1));
        let tagged = text("<reasoning_content>t2\n</reasoning_content>\n");
        assert_eq!(body["messages"][2]["content"], json!([tagged, text("a")]));
        assert_eq!(body["messages"][11]["content"][0]["type"], json!("text"));
    }
}
