//! What holds for any request and for any answer.

use super::checker::fold;
use super::golden::wire;
use ccr_plugin::messages::event::{Event, FinishReason, Start, ToolArguments, ToolStart, Usage};
use ccr_plugin::messages::json::Document;
use ccr_plugin::messages::request::MessagesRequest;
use ccr_plugin::{ClientProtocol, ClientRequest, Encoder, Fault};
use ccr_protocols::openai::OpenAi;
use proptest::prelude::*;
use serde_json::{Value, json};

fn decode(body: &[u8]) -> Result<Value, String> {
    let request = ClientRequest { path: "/v1/chat/completions".into(), headers: Vec::new(), body: body.to_vec() };
    match <OpenAi as ClientProtocol>::decode(&request) {
        Ok(decoded) => {
            let document = Document::parse(&decoded.body).unwrap();
            if let Err(error) = MessagesRequest::parse(&document) {
                panic!("{error}: {}", String::from_utf8_lossy(&decoded.body));
            }
            Ok(serde_json::from_slice(&decoded.body).unwrap())
        }
        Err(Fault::InvalidRequest(message) | Fault::Unsupported(message)) => {
            assert!(message.len() > 10, "{message}");
            Err(message)
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// Values that stand in wrong places, and sometimes in right ones.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop::sample::select(vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1.5),
        json!(""),
        json!("x"),
        json!("user"),
        json!("text"),
        json!("{}"),
        json!("data:image/png;base64,AA"),
        json!("auto"),
        json!("required"),
        json!("function"),
        json!([]),
        json!({}),
    ]);
    leaf.prop_recursive(3, 12, 4, |inner| {
        let key = prop::sample::select(vec![
            "type",
            "text",
            "content",
            "name",
            "id",
            "function",
            "arguments",
            "url",
            "image_url",
            "signature",
            "data",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|members| members.into_iter().map(|(k, v)| (String::from(k), v)).collect()),
        ]
    })
}

fn any_part() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => prop::sample::select(vec![
            json!({"type": "text", "text": "t"}), json!({"type": "text", "text": ""}), json!("bare"),
            json!({"type": "text", "text": "c", "cache_control": {"type": "ephemeral"}}),
            json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}}),
            json!({"type": "image_url", "image_url": "https://x/y.png"}),
            json!({"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}),
            json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,AA", "filename": "f\"\n"}}),
            json!({"type": "refusal", "refusal": "no"}),
            json!({"type": "thinking", "thinking": [{"type": "text", "text": "m"}]}),
        ]),
        1 => any_value(),
    ]
}

fn any_message() -> impl Strategy<Value = Value> {
    let role = prop::sample::select(vec![
        "system",
        "developer",
        "user",
        "user",
        "assistant",
        "assistant",
        "tool",
        "tool",
        "function",
    ]);
    let content = prop_oneof![
        3 => prop::sample::select(vec![json!("x"), json!(""), Value::Null]),
        3 => prop::collection::vec(any_part(), 0..4).prop_map(Value::from),
        1 => any_value(),
    ];
    let call = prop::sample::select(vec![
        json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}}),
        json!({"id": "b", "type": "function", "function": {"name": "f", "arguments": "{x:"}}),
        json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}),
        json!({"id": "d", "type": "custom", "custom": {"name": "g", "input": "any \"text\""}}),
        json!({"id": "e", "function": {"name": "f", "arguments": "[1]"}}),
    ]);
    let extra = prop_oneof![
        3 => prop::collection::vec(call, 0..3).prop_map(|calls| json!({"tool_calls": calls, "tool_call_id": "a"})),
        1 => Just(json!({"function_call": {"name": "f", "arguments": "{}"}, "name": "f", "tool_call_id": "b"})),
        1 => Just(json!({"reasoning_content": "r", "tool_call_id": "c"})),
        1 => Just(json!({"reasoning_details": [
            {"type": "reasoning.text", "text": "t", "signature": "s"}, {"type": "reasoning.encrypted", "data": "d", "format": "google-gemini-v1"},
            {"type": "reasoning.summary", "summary": "u", "format": "openai-responses-v1", "id": "rs_1"}, {"type": "reasoning.text", "text": ""},
        ], "tool_call_id": "d"})),
        1 => any_value().prop_map(|value| json!({"tool_calls": value, "cache_control": value, "reasoning_details": value, "tool_call_id": "a"})),
    ];
    (role, content, extra).prop_map(|(role, content, extra)| {
        let mut message = extra;
        message["role"] = role.into();
        message["content"] = content;
        message
    })
}

fn any_request() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "tools",
        "functions",
        "tool_choice",
        "function_call",
        "parallel_tool_calls",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "top_k",
        "stop",
        "stream",
        "stream_options",
        "response_format",
        "reasoning_effort",
        "reasoning",
        "thinking",
        "seed",
        "n",
        "ccr",
        "metadata",
    ]);
    let value = prop_oneof![
        2 => any_value(),
        1 => prop::sample::select(vec![
            json!([{"type": "function", "function": {"name": "f", "parameters": {}, "strict": true}}]),
            json!([{"type": "custom", "custom": {"name": "g", "format": {"grammar": {"syntax": "lark", "definition": "a"}}}}]),
            json!([{"name": "f"}]), json!("high"), json!("minimal"), json!(1), json!(["a", ""]), json!({"include_usage": true}),
            json!({"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}), json!({"type": "json_object"}),
            json!({"type": "function", "function": {"name": "f"}}), json!({"effort": "high"}), json!({"type": "enabled"}),
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "f"}}]}}),
        ]),
    ];
    (prop::collection::vec(any_message(), 0..6), prop::collection::vec((key, value), 0..5)).prop_map(
        |(messages, members)| {
            let mut request = json!({"model": "m", "messages": messages});
            for (key, value) in members {
                request[key] = value;
            }
            request
        },
    )
}

proptest! {
    #[test]
    fn any_request_becomes_a_legal_one_or_is_refused(request in any_request()) {
        _ = decode(request.to_string().as_bytes());
    }

    #[test]
    fn any_bytes_are_refused_or_read(body in any::<Vec<u8>>()) {
        prop_assert!(decode(&body).is_err());
    }

    /// The wire form of what was decoded is read as the same inner request again: nothing drifts from turn to turn.
    #[test]
    fn the_formats_own_upstream_side_says_the_same(
        messages in prop::collection::vec(any_message(), 1..6),
    ) {
        // A conversation of system messages alone, or one that becomes so, is asked as a question: not what is tested here.
        let messages: Vec<_> = [json!({"role": "user", "content": "q"})].into_iter().chain(messages).collect();
        if let Ok(inner) = decode(json!({"model": "m", "messages": messages}).to_string().as_bytes()) {
            let once = wire(&inner, "m", &Value::Null);
            if let Ok(again) = decode(once.to_string().as_bytes()) {
                prop_assert_eq!(wire(&again, "m", &Value::Null), once);
            }
        }
    }
}

/// The events of one block, as the host gives them.
fn any_block() -> impl Strategy<Value = Vec<Event>> {
    let text = || prop::sample::select(vec!["a", "b\n\"", "\u{1F600}", "\\"]).prop_map(String::from);
    let citation = prop::sample::select(vec![
        json!({"type": "web_search_result_location", "url": "https://x", "title": "t\"", "cited_text": "c"}),
        json!({"type": "char_location", "document_index": 0}),
    ]);
    prop_oneof![
        3 => (prop::collection::vec(text(), 1..4), prop::option::of(citation), any::<bool>()).prop_map(|(pieces, citation, first)| {
            let mut events = vec![Event::NewBlock];
            events.extend(pieces.into_iter().map(Event::Text));
            if let Some(citation) = citation {
                let at = if first { 1 } else { events.len() };
                events.insert(at, Event::Citation(citation.to_string()));
            }
            events
        }),
        2 => (prop::collection::vec(text(), 0..3), any::<bool>()).prop_map(|(pieces, ours)| {
            let mut events = vec![Event::NewBlock];
            events.extend(pieces.into_iter().map(Event::Thinking));
            events.push(Event::Signature(if ours { "ccr1:gemini:x" } else { "abc=" }.into()));
            events
        }),
        1 => text().prop_map(|text| vec![Event::NewBlock, Event::Thinking(text), Event::NewBlock]),
        1 => Just(vec![Event::RedactedThinking("d".into())]),
        1 => Just(vec![Event::Block(json!({"type": "server_tool_use", "id": "i"}).to_string())]),
        3 => (prop::sample::select(vec!["f", "custom"]), any::<bool>()).prop_map(|(name, split)| {
            let start = ToolStart { slot: 0, id: "id".into(), name: name.into() };
            let pieces = if split { vec!["{\"input\":", "\"x\\ny\"}"] } else { vec!["{}"] };
            let piece = |json: &str| Event::ToolArguments(ToolArguments { slot: 0, json: json.into() });
            let mut events = vec![Event::ToolStart(start)];
            events.extend(pieces.into_iter().map(piece));
            events.push(Event::ToolEnd(0));
            events
        }),
    ]
}

fn number_calls(events: &mut [Event]) {
    let mut calls = 0;
    for event in events {
        match event {
            Event::ToolStart(start) => (start.slot, start.id) = (calls, format!("call_{calls}")),
            Event::ToolArguments(piece) => piece.slot = calls,
            Event::ToolEnd(slot) => {
                *slot = calls;
                calls += 1;
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn a_streams_content_is_the_whole_answers(
        blocks in prop::collection::vec(any_block(), 0..6),
        context in prop::sample::select(vec!["", r#"{"usage":true,"custom":["custom"]}"#]),
        finish in prop::sample::select(vec![FinishReason::EndTurn, FinishReason::ToolUse, FinishReason::Refusal, FinishReason::MaxTokens]),
    ) {
        let mut events = vec![Event::Start(Start::default())];
        events.extend(blocks.into_iter().flatten());
        number_calls(&mut events);
        events.push(Event::Usage(Usage { input_tokens: Some(3), output_tokens: Some(2), cache_read_input_tokens: Some(4), ..Usage::default() }));
        events.push(Event::Finish(finish));
        let mut encoder = OpenAi::encoder("msg_1", "m", context.as_bytes());
        let mut out = Vec::new();
        for event in &events {
            encoder.push(event.clone(), &mut out).unwrap();
        }
        encoder.finish(&mut out).unwrap();
        let whole = <OpenAi as ClientProtocol>::encode(events, "msg_1", "m", context.as_bytes()).unwrap();
        let whole: Value = serde_json::from_slice(&whole.body).unwrap();
        let folded = fold(&out, !context.is_empty());
        prop_assert_eq!(&folded.message, &whole["choices"][0]["message"]);
        prop_assert_eq!(&folded.finish, &whole["choices"][0]["finish_reason"]);
        prop_assert!(context.is_empty() || folded.usage == whole["usage"]);
        prop_assert_eq!(&whole["usage"]["prompt_tokens"], &json!(7));
    }
}
