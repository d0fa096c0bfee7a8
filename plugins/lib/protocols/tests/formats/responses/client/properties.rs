//! Any request is read or refused, and any answer can be read by the official client.

use super::{checker, decode, streamed, whole};
use crate::common::given;
use ccr_plugin::Fault;
use ccr_plugin::messages::event::{Event, Failure, Start, ToolArguments, ToolStart, Usage};
use ccr_plugin::messages::json::Document;
use ccr_plugin::messages::request::MessagesRequest;
use ccr_plugin::{ClientProtocol, Encoder};
use ccr_protocols::responses::OpenAiResponses;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Names of types, and other texts that the reading looks at.
const WORDS: &[&str] = &[
    "",
    "x",
    "message",
    "reasoning",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "local_shell_call",
    "custom_tool_call_output",
    "local_shell_call_output",
    "web_search_call",
    "item_reference",
    "input_text",
    "output_text",
    "refusal",
    "input_image",
    "input_file",
    "function",
    "custom",
    "local_shell",
    "web_search",
    "allowed_tools",
    "auto",
    "required",
    "none",
    "user",
    "assistant",
    "developer",
    "json_schema",
    "json_object",
    "text",
    "low",
    "minimal",
    "data:image/png;base64,AA",
    "data:,x",
    "ccr1:redacted:AA",
    "{}",
    "{\"a\":",
    "\u{1F600}\n\"",
];

/// Names of members that the reading looks at.
const KEYS: &[&str] = &[
    "type",
    "role",
    "content",
    "text",
    "refusal",
    "id",
    "call_id",
    "name",
    "arguments",
    "input",
    "action",
    "command",
    "output",
    "summary",
    "encrypted_content",
    "image_url",
    "url",
    "file_data",
    "file_url",
    "file_id",
    "filename",
    "detail",
    "parameters",
    "description",
    "format",
    "definition",
    "syntax",
    "strict",
    "filters",
    "allowed_domains",
    "user_location",
    "city",
    "mode",
    "tools",
    "effort",
    "schema",
    "verbosity",
    "success",
];

/// The fields of a request.
const FIELDS: &[&str] = &[
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "max_output_tokens",
    "max_tool_calls",
    "temperature",
    "top_p",
    "prompt_cache_key",
    "stream",
    "metadata",
    "include",
    "store",
    "background",
    "previous_response_id",
    "top_logprobs",
    "unknown",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from), object(KEYS, inner),]
    })
}

fn object(keys: &'static [&'static str], values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((prop::sample::select(keys), values), 0..7)
        .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// Something that looks like an item; most are refused for what they hold.
fn any_item() -> impl Strategy<Value = Value> {
    let parts = prop::collection::vec(object(KEYS, any_json()), 0..3).prop_map(Value::from);
    let content = prop_oneof![any_json(), parts, Just(json!("said"))];
    (prop::sample::select(WORDS), prop::sample::select(WORDS), content, any_json()).prop_map(
        |(kind, role, content, rest)| {
            let mut item = json!({"type": kind, "role": role, "content": content, "call_id": "c", "name": "f",
                "arguments": "{}", "output": content, "action": {}, "summary": [{"text": "t"}]});
            for (key, value) in rest.as_object().into_iter().flatten() {
                item[key] = value.clone();
            }
            item
        },
    )
}

fn is_legal(body: &[u8]) -> bool {
    Document::parse(body).is_ok_and(|document| MessagesRequest::parse(&document).is_ok())
}

/// One block of an answer and what ends it.
fn any_block() -> impl Strategy<Value = Vec<Event>> {
    let text = || "[a-zé\"\\\\\n]{0,5}";
    let thinking = (prop::collection::vec(text(), 0..3), text()).prop_map(|(pieces, signature)| {
        pieces.into_iter().map(Event::Thinking).chain([Event::Signature(signature)]).collect()
    });
    let said = prop::collection::vec(text(), 1..4).prop_map(|pieces| {
        let cite = || Event::Citation(json!({"url": "u", "title": "t"}).to_string());
        [Event::NewBlock].into_iter().chain(pieces.into_iter().flat_map(|piece| [Event::Text(piece), cite()])).collect()
    });
    let call = (prop::sample::select(vec!["f", "patch", "local_shell"]), prop::collection::vec(text(), 0..3)).prop_map(
        |(name, pieces)| {
            let start = Event::ToolStart(ToolStart { slot: 0, id: "c".into(), name: name.into() });
            let json = json!({"input": pieces.concat(), "command": pieces}).to_string();
            let (one, other) = json.split_at(json.floor_char_boundary(json.len() / 2));
            let piece = |json: &str| Event::ToolArguments(ToolArguments { slot: 0, json: json.into() });
            vec![start, piece(one), piece(other), Event::ToolEnd(0)]
        },
    );
    let blocks = vec![
        json!({"type": "server_tool_use", "name": "web_search", "id": "s", "input": {"query": "q"}}),
        json!({"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"url": "u"}]}),
        json!({"type": "web_search_tool_result", "tool_use_id": "s", "content": {"error_code": "x"}}),
        json!({"type": "image", "source": {"data": "AA"}}),
        json!({"type": "other"}),
    ];
    let block = prop::sample::select(blocks).prop_map(|block| vec![Event::Block(block.to_string())]);
    let rest = prop_oneof![
        Just(vec![Event::NewBlock]),
        text().prop_map(|data| vec![Event::RedactedThinking(data)]),
        any::<u32>()
            .prop_map(|count| vec![Event::Usage(Usage { input_tokens: Some(count.into()), ..Usage::default() })]),
    ];
    prop_oneof![thinking, said, call, block, rest]
}

const CONTEXT: &[u8] = b"{\"created_at\":1,\"tools\":{\"patch\":[\"custom\",\"\",\"patch\"],\
    \"local_shell\":[\"local_shell\",\"\",\"local_shell\"],\"f\":[\"function\",\"ns\",\"f\"]}}\n\"tools\":[]";

fn any_answer() -> impl Strategy<Value = Vec<Event>> {
    let reasons = prop::sample::select(vec!["end_turn", "max_tokens", "tool_use", "refusal"]);
    (prop::collection::vec(any_block(), 0..6), reasons, any::<bool>()).prop_map(|(blocks, reason, cut)| {
        let mut answer = vec![Event::Start(Start::default())];
        answer.extend(blocks.into_iter().flatten());
        if cut && matches!(answer.last(), Some(Event::ToolEnd(_))) {
            answer.pop();
        }
        answer.push(Event::Finish(given::reason(reason)));
        answer
    })
}

proptest! {
    #[test]
    fn any_request_is_read_or_refused(
        fields in object(FIELDS, any_json()), items in prop::collection::vec(any_item(), 0..5), read_items in any::<bool>(),
    ) {
        let mut body = fields;
        body["model"] = json!("m");
        if read_items {
            body["input"] = json!(items);
        }
        match decode(&body) {
            Ok(decoded) => {
                prop_assert!(is_legal(&decoded.body), "{}", String::from_utf8_lossy(&decoded.body));
                // What is repeated of the request makes a legal answer.
                prop_assert!(whole(Vec::new(), &decoded.context)["tools"].is_array() || !body["tools"].is_array());
            }
            Err(Fault::InvalidRequest(message) | Fault::Unsupported(message)) => prop_assert!(message.ends_with('.')),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn the_official_client_reads_every_answer(events in any_answer()) {
        let stream = streamed(events.clone(), CONTEXT);
        let folded = checker::fold(&stream);
        prop_assert_eq!(folded, Ok(whole(events, CONTEXT)));
    }

    #[test]
    fn what_broke_off_never_looks_finished(events in any_answer(), count in 0_usize..20) {
        let mut encoder = OpenAiResponses::encoder("msg_1", "m", CONTEXT);
        let mut stream = Vec::new();
        for event in events.into_iter().take(count) {
            encoder.push(event, &mut stream).unwrap();
        }
        let failure = given::failure(&json!({"kind": "api_error", "message": "gone"}));
        let failure = Failure { status: None, ..failure };
        encoder.abort(&failure, &mut stream);
        let events = checker::events(&stream);
        prop_assert!(checker::fold(&stream).is_err());
        prop_assert_eq!(&events[0]["type"], "response.created");
        prop_assert!(events.iter().zip(0_u64..).all(|(event, number)| event["sequence_number"] == number));
        prop_assert_eq!(&events[events.len() - 2]["response"]["status"], "failed");
        prop_assert_eq!(&events[events.len() - 1]["error"]["message"], "gone");
    }
}
