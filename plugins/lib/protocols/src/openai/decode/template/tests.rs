#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::Template;
use crate::openai::StreamDecoder;
use ccr_plugin::Decoder as _;
use ccr_plugin::messages::sse::SseEvent;
use proptest::prelude::*;

/// What stands between the quotes, or breaks out of them.
const STRINGS: &[&str] = &[
    "a",
    "b c",
    "",
    "é→😀",
    "a line that is longer than one step of the comparison",
    r"\n",
    r#"\""#,
    r"\\",
    r"\u00e9",
    r"\ud83d\ude00",
    r"\ud800",
    // From here on: what cannot stand there, or ends the string early.
    "\"",
    "\\",
    r"\x",
    r"\u12",
    "\n",
    "\u{1}",
    r#"","content":"b"#,
    r#"","refusal":"b"#,
    r#""},"finish_reason":"stop","x":{"y":""#,
    r#""}}]}"#,
    r#"\\","content":null,"y":""#,
];

/// What a chunk's `delta` holds; `#` stands for a string.
const DELTAS: &[&str] = &[
    r##""content":"#""##,
    r##""role":"assistant","content":"#""##,
    r##""content":"#","reasoning_content":"""##,
    r##""content":"","reasoning_content":"#""##,
    r##""content":null,"reasoning":"#""##,
    r##""content":"#","reasoning":"#""##,
    r##""content":"x","content":"#""##,
    r##""content":"#","content":"x""##,
    r##""content":"#","annotations":[1]"##,
    r##""content":[{"type":"text","text":"#"}]"##,
    r##""content":[{"type":"thinking","thinking":"x"},{"type":"#","text":"y"}]"##,
    r##""refusal":"#""##,
    r##""reasoning_details":[{"text":"#"}]"##,
    r##""tool_calls":[{"index":0,"function":{"arguments":"#"}}]"##,
    r##""tool_calls":[{"index":0,"id":"c","function":{"name":"alias","arguments":"#"}}]"##,
    r##""tool_calls":[{"index":0,"id":"c","function":{"name":"#","arguments":"{}"}}]"##,
    r##""tool_calls":[{"index":0,"function":{"arguments":"x","arguments":{"a":"#"}}}]"##,
    r##""tool_calls":[{"index":0,"function":{"arguments":"#"}},{"index":1,"function":{"arguments":"x"}}]"##,
    r##""function_call":{"arguments":"#"}"##,
    r##""content":"#","tool_calls":[{"index":0,"function":{"arguments":"#"}}]"##,
];

/// What stands around the delta, `@` being the delta and `%` other strings.
const FRAMES: &[&str] = &[
    r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{@},"finish_reason":null}]}"#,
    r#"{"id":"1","created":2,"choices":[{"index":0,"delta":{@},"logprobs":null,"finish_reason":null}],"usage":null}"#,
    r#"{"id":"1","choices":[{"index":0,"delta":{@},"finish_reason":""}]}"#,
    r#"{"id":"1","choices":[{"index":0,"delta":{@},"finish_reason":"stop"}]}"#,
    r#"{"id":"1","choices":[{"index":0,"delta":{@},"finish_reason":"tool_calls"}]}"#,
    r#"{"id":"1","choices":[{"index":0,"delta":{@},"finish_reason":"network_error"}]}"#,
    r#"{"id":"1","choices":[{"index":1,"delta":{@}},{"index":0,"delta":{"content":"x"}}]}"#,
    r#"{"id":"1","choices":[{"index":0,"message":{@}}]}"#,
    r#"{"id":"1","choices":[{"index":0,"delta":{@}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
    r#"{"choices":[{"delta":{@},"usage":{"prompt_tokens":1}}],"usage":{"prompt_tokens":3}}"#,
    r#"{"id":"1","choices":[{"index":0,"delta":{@}}],"obfuscation":"%"}"#,
    r#"{"obfuscation":"%","choices":[{"index":0,"delta":{@}}]}"#,
    r#"{"choices":[{"index":0,"delta":{@}}],"obfuscation":"x","obfuscation":"%","usage":null}"#,
    r#"{"choices":[{"index":0,"delta":{@}}],"obfuscation":null,"obfuscation":"%"}"#,
    r#"{"id":"1","choices":[{"index":0,"delta":{@}}],"error":{"message":"no"}}"#,
    r#" {"id":"1","choices":[{"delta":{@}}]} "#,
];

/// Events that are not made of these.
const OTHERS: &[&str] =
    &["[DONE]", "", "{}", "[]", "{", r#"{"choices":[]}"#, r#"{"id":"1","usage":{"prompt_tokens":9}}"#];

#[derive(Debug, Clone)]
enum Step {
    Chunk {
        frame: usize,
        delta: usize,
        strings: [usize; 3],
    },
    /// The chunk before with other strings.
    Repeated(usize, usize),
    /// The chunk before without some of its bytes.
    Cut(usize, usize),
    /// The chunk before once more as the data of an event of this name.
    Named(bool),
    Other(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let string = || 0..STRINGS.len();
    let step = prop_oneof![
        4 => (0..FRAMES.len(), 0..DELTAS.len(), string(), string(), string())
            .prop_map(|(frame, delta, one, two, three)| Step::Chunk { frame, delta, strings: [one, two, three] }),
        8 => (string(), string()).prop_map(|(one, two)| Step::Repeated(one, two)),
        2 => (0..300_usize, 0..20_usize).prop_map(|(at, length)| Step::Cut(at, length)),
        1 => any::<bool>().prop_map(Step::Named),
        1 => (0..OTHERS.len()).prop_map(Step::Other),
    ];
    proptest::collection::vec(step, 1..24)
}

/// The events' names and data.
fn wire(steps: &[Step]) -> Vec<(Option<&'static str>, String)> {
    let (mut frame, mut delta) = (0, 0);
    let mut wire: Vec<(Option<&'static str>, String)> = Vec::new();
    for step in steps {
        let last = wire.last().map(|(_, data)| data.clone()).unwrap_or_default();
        let chunk = |frame: usize, delta: usize, strings: [usize; 3]| {
            let delta = DELTAS[delta].replacen('#', STRINGS[strings[0]], 1).replacen('#', STRINGS[strings[1]], 1);
            FRAMES[frame].replacen('%', STRINGS[strings[2]], 1).replacen('@', &delta, 1)
        };
        wire.push(match step {
            Step::Chunk { frame: new_frame, delta: new_delta, strings } => {
                (frame, delta) = (*new_frame, *new_delta);
                (None, chunk(frame, delta, *strings))
            }
            Step::Repeated(one, two) => (None, chunk(frame, delta, [*one, 0, *two])),
            Step::Cut(at, length) => {
                let kept = last.char_indices().filter(|(place, _)| !(*at..at + length).contains(place));
                (None, kept.map(|(_, character)| character).collect())
            }
            Step::Named(is_error) => (Some(if *is_error { "error" } else { "message" }), last),
            Step::Other(other) => (None, OTHERS[*other].to_owned()),
        });
    }
    wire
}

fn decoder() -> StreamDecoder {
    StreamDecoder::new(br#"{"tools":{"alias":"real"},"stop":[]}"#)
}

/// What has been said so far, without the notes on how the last chunk was read.
fn state(decoder: &StreamDecoder) -> String {
    let all = format!("{:?}", decoder.answer);
    all.split(", steps: ").next().unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn templates_change_nothing(steps in steps()) {
        let (mut with, mut without) = (decoder(), decoder());
        for (event, data) in wire(&steps) {
            let (mut events, mut expected) = (Vec::new(), Vec::new());
            let result = with.push(SseEvent { event, data: &data }, &mut events);
            without.template = Template::default();
            let expected_result = without.push(SseEvent { event, data: &data }, &mut expected);
            prop_assert_eq!(format!("{result:?}"), format!("{expected_result:?}"), "{}", data);
            prop_assert_eq!(events, expected, "{}", data);
            prop_assert_eq!(state(&with), state(&without), "{}", data);
        }
        let (mut events, mut expected) = (Vec::new(), Vec::new());
        with.finish(&mut events).unwrap();
        without.finish(&mut expected).unwrap();
        prop_assert_eq!(events, expected);
    }
}

/// Whether the second chunk is read by the first as its template.
fn is_like(first: &str, second: &str) -> bool {
    let mut decoder = decoder();
    decoder.push(SseEvent { event: None, data: first }, &mut Vec::new()).unwrap();
    decoder.template.role.is_some() && decoder.template.varying(second).is_some()
}

#[test]
fn chunks_of_every_kind_are_templates() {
    for delta in [0, 1, 2, 3, 4, 13, 14] {
        for frame in [0, 1, 2, 6, 10, 12, 13, 15] {
            let chunk = |text| FRAMES[frame].trim().replacen('@', &DELTAS[delta].replacen('#', text, 1), 1);
            // In the frame with two choices the second one counts, and its text is the same each time.
            assert_eq!(is_like(&chunk("one"), &chunk(r"two\n")), frame != 6, "{}", chunk("one"));
        }
    }
}

#[test]
fn padding_may_differ() {
    let chunk =
        |frame: usize, text, padding| FRAMES[frame].replace('%', padding).replace('@', &DELTAS[0].replace('#', text));
    for frame in [10, 12, 13] {
        assert!(is_like(&chunk(frame, "one", "AbC"), &chunk(frame, "two", "")), "{frame}");
        assert!(!is_like(&chunk(frame, "one", "AbC"), &chunk(frame, "two", "\\x")), "{frame}");
        assert!(!is_like(&chunk(frame, "one", "AbC"), &(chunk(frame, "two", "A") + "}")), "{frame}");
    }
    assert!(!is_like(&chunk(11, "one", "AbC"), &chunk(11, "two", "A")));
}

#[test]
fn what_does_more_than_one_thing_is_no_template() {
    for (frame, delta) in [(0, 5), (0, 8), (0, 11), (0, 17), (3, 0), (5, 0), (7, 0), (8, 0), (9, 0), (14, 0)] {
        let chunk = |text| FRAMES[frame].replacen('@', &DELTAS[delta].replacen('#', text, 1), 1);
        assert!(!is_like(&chunk("one"), &chunk("two")), "{}", chunk("one"));
    }
}

#[test]
fn what_surrounds_the_string_does_not_overlap() {
    let chunk = |text: &str| format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}}}}]}}"#);
    assert!(is_like(&chunk("one"), &chunk("o")));
    assert!(!is_like(&chunk("one"), &chunk("")));
    // One quote is both the opening and the closing one.
    assert!(!is_like(&chunk("one"), &chunk("").replace(r#""""#, r#"""#)));
}
