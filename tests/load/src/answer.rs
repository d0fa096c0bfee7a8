//! What the mock provider answers, rendered once per kind and then only written.
//!
//! Two wire formats, OpenAI Chat Completions and Anthropic Messages, each whole or as an SSE stream with a
//! chosen number of text events. One event is one HTTP chunk, as providers send them.

use std::fmt::Write as _;

/// The wire format, told from the request's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    OpenAi,
    Anthropic,
}

/// When the events of a stream are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// All at once, in one write: what a gateway costs at its busiest.
    Burst,
    /// One write per event, so many milliseconds apart.
    Millis(u64),
}

/// How to answer, set on the command line and by words in the request's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Text events in a stream.
    pub chunks: usize,
    /// Letters of text in one event.
    pub bytes: usize,
    pub pace: Pace,
    /// Milliseconds of silence before the answer's head.
    pub delay: u64,
}

impl Plan {
    /// A plan with the words `chunks=`, `bytes=`, `pace=` and `delay=` of a target put in, wherever they stand:
    /// `/chunks=2000,pace=5/v1/messages` and `/v1/messages?chunks=2000&pace=5` say the same. A path survives
    /// every gateway and proxy; a query or a header may not.
    pub fn with_target(mut self, target: &str) -> Self {
        for (name, value) in target.split(['/', '?', '&', ',']).filter_map(|word| word.split_once('=')) {
            let number: Option<u64> = value.parse().ok();
            match (name, number) {
                ("chunks", Some(number)) => self.chunks = number as usize,
                ("bytes", Some(number)) => self.bytes = number as usize,
                ("delay", Some(number)) => self.delay = number,
                ("pace", Some(number)) => self.pace = Pace::Millis(number),
                ("pace", None) if value == "burst" => self.pace = Pace::Burst,
                _ => {}
            }
        }
        self
    }
}

/// The format that a request's target asks for, if it is one of the two.
pub fn format_of(target: &str) -> Option<Format> {
    let path = target.split('?').next().unwrap_or("");
    if path.ends_with("/chat/completions") {
        Some(Format::OpenAi)
    } else if path.ends_with("/messages") {
        Some(Format::Anthropic)
    } else {
        None
    }
}

/// A whole HTTP answer, and where it may be cut: after the head and after each event.
pub struct Rendered {
    pub bytes: Vec<u8>,
    pub cuts: Vec<usize>,
}

/// The answer to a request that is not streamed.
pub fn whole(format: Format, plan: &Plan) -> Rendered {
    let text = text(plan).repeat(plan.chunks);
    let tokens = plan.chunks;
    let json = match format {
        Format::OpenAi => format!(
            r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":100,"completion_tokens":{tokens},"total_tokens":{}}}}}"#,
            100 + tokens
        ),
        Format::Anthropic => format!(
            r#"{{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":100,"output_tokens":{tokens}}}}}"#
        ),
    };
    let length = json.len();
    let bytes = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{json}")
        .into_bytes();
    Rendered { cuts: vec![bytes.len()], bytes }
}

/// The answer to a streamed request.
pub fn stream(format: Format, plan: &Plan) -> Rendered {
    let mut out = Stream::new();
    match format {
        Format::OpenAi => openai_events(&mut out, plan),
        Format::Anthropic => anthropic_events(&mut out, plan),
    }
    out.text.push_str("0\r\n\r\n");
    out.cuts.push(out.text.len());
    Rendered { bytes: out.text.into_bytes(), cuts: out.cuts }
}

fn text(plan: &Plan) -> String {
    "lorem ipsum dolor sit amet ".chars().cycle().take(plan.bytes).collect()
}

fn openai_events(out: &mut Stream, plan: &Plan) {
    let head = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":"#;
    let text = text(plan);
    out.event(
        "",
        &format!(r#"{head}[{{"index":0,"delta":{{"role":"assistant","content":""}},"finish_reason":null}}]}}"#),
    );
    for _ in 0..plan.chunks {
        out.event("", &format!(r#"{head}[{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":null}}]}}"#));
    }
    out.event("", &format!(r#"{head}[{{"index":0,"delta":{{}},"finish_reason":"stop"}}]}}"#));
    let (tokens, total) = (plan.chunks, plan.chunks + 100);
    out.event(
        "",
        &format!(r#"{head}[],"usage":{{"prompt_tokens":100,"completion_tokens":{tokens},"total_tokens":{total}}}}}"#),
    );
    out.event("", "[DONE]");
}

fn anthropic_events(out: &mut Stream, plan: &Plan) {
    let text = text(plan);
    out.event("message_start", r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":100,"output_tokens":1}}}"#);
    out.event(
        "content_block_start",
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    );
    for _ in 0..plan.chunks {
        out.event(
            "content_block_delta",
            &format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#),
        );
    }
    out.event("content_block_stop", r#"{"type":"content_block_stop","index":0}"#);
    let tokens = plan.chunks;
    out.event("message_delta", &format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn","stop_sequence":null}},"usage":{{"output_tokens":{tokens}}}}}"#));
    out.event("message_stop", r#"{"type":"message_stop"}"#);
}

struct Stream {
    text: String,
    cuts: Vec<usize>,
}

impl Stream {
    fn new() -> Self {
        let text =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
        Self { cuts: vec![text.len()], text }
    }

    /// One SSE event as one HTTP chunk; OpenAI's events have no name.
    fn event(&mut self, name: &str, data: &str) {
        let named = if name.is_empty() { String::new() } else { format!("event: {name}\n") };
        let size = named.len() + "data: ".len() + data.len() + 2;
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{size:x}\r\n{named}data: {data}\n\n\r\n");
        self.cuts.push(self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, Pace, Plan, format_of, stream, whole};
    use serde_json::Value;

    const PLAN: Plan = Plan { chunks: 3, bytes: 5, pace: Pace::Burst, delay: 0 };

    #[test]
    fn a_target_changes_the_plan_from_path_or_query() {
        let expected = Plan { chunks: 7, bytes: 9, pace: Pace::Millis(2), delay: 4 };
        assert_eq!(PLAN.with_target("/chunks=7,bytes=9,pace=2,delay=4/v1/messages"), expected);
        assert_eq!(PLAN.with_target("/v1/messages?chunks=7&bytes=9&pace=2&delay=4"), expected);
        assert_eq!(PLAN.with_target("/v1/messages?beta=true&chunks=x"), PLAN);
    }

    #[test]
    fn the_path_decides_the_format() {
        assert_eq!(format_of("/a/v1/chat/completions?x=1"), Some(Format::OpenAi));
        assert_eq!(format_of("/v1/messages"), Some(Format::Anthropic));
        assert_eq!(format_of("/v1/messages/count_tokens"), None);
    }

    #[test]
    fn whole_answers_are_json_of_the_stated_length() {
        for format in [Format::OpenAi, Format::Anthropic] {
            let bytes = whole(format, &PLAN).bytes;
            let text = String::from_utf8(bytes).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.ends_with(&format!("content-length: {}", body.len())));
            let value: Value = serde_json::from_str(body).unwrap();
            let answer = value.pointer("/choices/0/message/content").or_else(|| value.pointer("/content/0/text"));
            assert_eq!(answer.unwrap(), "loremloremlorem");
        }
    }

    #[test]
    fn every_cut_of_a_stream_but_the_first_and_last_is_one_chunk_with_one_json_event() {
        for (format, events) in [(Format::OpenAi, 3 + 4), (Format::Anthropic, 3 + 5)] {
            let rendered = stream(format, &PLAN);
            let text = String::from_utf8(rendered.bytes).unwrap();
            assert_eq!(rendered.cuts.len(), events + 2);
            for pair in rendered.cuts[..=events].windows(2) {
                let (size, chunk) = text[pair[0]..pair[1]].split_once("\r\n").unwrap();
                assert_eq!(usize::from_str_radix(size, 16).unwrap(), chunk.len() - 2);
                let data = chunk.trim_end().rsplit_once("data: ").unwrap().1;
                assert!(data == "[DONE]" || serde_json::from_str::<Value>(data).is_ok(), "{data}");
            }
            assert!(text.ends_with("\r\n0\r\n\r\n"));
        }
    }
}
