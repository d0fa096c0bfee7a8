//! What becomes of a conversation.

use super::*;

fn result(content: Value) -> Value {
    json!({"type": "tool_result", "tool_use_id": "t", "content": content})
}

/// The placeholders of a conversation, in order.
fn placeholders(messages: &Value) -> Vec<String> {
    let text = messages.to_string();
    let found = text.match_indices(r#"{"text":"[Image #"#).chain(text.match_indices(r#""text":"[Image #"#));
    let mut places: Vec<usize> = found.map(|(at, part)| at + part.len() - "[Image #".len()).collect();
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|at| text[at..].split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn images_become_text_wherever_they_stand() {
    configure();
    let called = json!({"type": "tool_use", "id": "t", "name": "f", "input": {"content": [{"type": "image"}]}});
    let before = json!([
        user(&[text("look"), block(b"one")]),
        {"role": "assistant", "content": [called]},
        user(&[
            result(json!([text("file"), block(b"two")])),
            json!({"type": "document", "source": {"type": "content", "content": [block(b"three")]}}),
            json!({"type": "image", "cache_control": {"type": "ephemeral"}, "source": {"type": "url", "url": "https://e.com/a"}}),
        ]),
        {"role": "user", "content": "plain [Image #8]"},
    ]);
    let (after, preparation) = prepared(&before);
    let expected = json!([
        user(&[text("look"), text("[Image #1]")]),
        {"role": "assistant", "content": [called]},
        user(&[
            result(json!([text("file"), text("[Image #2]")])),
            json!({"type": "document", "source": {"type": "content", "content": [text("[Image #3]")]}}),
            json!({"type": "text", "text": "[Image #4]", "cache_control": {"type": "ephemeral"}}),
        ]),
        {"role": "user", "content": "plain [Image #8]"},
    ]);
    assert_eq!(after, expected);
    assert_eq!(preparation.tools.len(), 1);
    assert!(serde_json::from_str::<Value>(&preparation.tools[0].input_schema).is_ok());
    assert!(preparation.system.unwrap().contains(&preparation.tools[0].name));
    let state = String::from_utf8(preparation.state).unwrap();
    assert_eq!(state.lines().count(), 5, "{state}");
}

#[test]
fn one_image_has_one_number() {
    configure();
    let again = json!({"type": "image", "source": {"type": "base64", "data": format!("data:image/png;base64,{}", encoded(b"one"))}});
    let (after, preparation) = prepared(&json!([user(&[block(b"one"), block(b"two"), again]), user(&[block(b"two")])]));
    assert_eq!(placeholders(&after), ["[Image #1]", "[Image #2]", "[Image #1]", "[Image #2]"]);
    assert_eq!(preparation.state.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count(), 3);
}

#[test]
fn numbers_of_the_text_are_taken() {
    configure();
    let messages = json!([
        user(&[text("[Image #3] and [Image #5], [Image #3] most"), block(b"one"), block(b"two")]),
        user(&[result(json!([block(b"three")])), text("[Image #7]"), block(b"four")]),
    ]);
    let (after, _) = prepared(&messages);
    assert_eq!(
        placeholders(&after),
        [
            "[Image #3] and [Image #5], [Image #3] most",
            "[Image #3]",
            "[Image #5]",
            "[Image #6]",
            "[Image #7]",
            "[Image #7]"
        ]
    );
}

#[test]
fn numbers_of_the_text_that_are_taken_or_do_not_fit_are_not() {
    configure();
    let (after, _) = prepared(&json!([
        user(&[result(json!([block(b"one")])), block(b"two"), text("[Image #1]")]),
        user(&[text("[Image #1] [Image #2] [Image #9]"), block(b"three")]),
        user(&[text("[Image #99999]"), block(b"four"), text("[Image #x]")]),
    ]));
    let two = "[Image #2] (in the text beside it: [Image #1])";
    assert_eq!(after[0]["content"][1], text(two));
    assert_eq!(after[1]["content"][1], text("[Image #3]"));
    assert_eq!(after[2]["content"][1], text("[Image #4] (in the text beside it: [Image #99999])"));
}

#[test]
fn numbers_outlive_the_history_within_a_session() {
    configure();
    prepared(&json!([user(&[block(b"one"), block(b"two")])]));
    let (after, _) = prepared(&json!([user(&[block(b"two"), block(b"three")])]));
    assert_eq!(placeholders(&after), ["[Image #2]", "[Image #3]"]);
    host::forget();
    let (after, _) = prepared(&json!([user(&[block(b"two"), block(b"three")])]));
    assert_eq!(placeholders(&after), ["[Image #1]", "[Image #2]"]);
}

#[test]
fn without_a_session_the_order_counts() {
    configure();
    host::set_session(false);
    for _ in 0..2 {
        let mut request = request(&json!([user(&[block(b"two"), block(b"three")])]));
        request.session = None;
        let preparation = Image::prepare(&mut request, &Settings::of("{}")).unwrap().unwrap_or_default();
        assert_eq!(placeholders(&request.body["messages"]), ["[Image #1]", "[Image #2]"]);
        assert!(preparation.state.starts_with(b"global\n"));
    }
}

#[test]
fn nothing_to_do_is_nothing_done() {
    configure();
    let mut request = request(&json!([user(&[text("hi")])]));
    let before = request.body.clone();
    let preparation = Image::prepare(&mut request, &Settings::of("{}")).unwrap().unwrap_or_default();
    assert_eq!(request.body, before);
    assert!(preparation.tools.is_empty() && preparation.system.is_none());
}
