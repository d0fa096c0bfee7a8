//! The JSON parts that a streamed answer and a whole message have in common.

use crate::answer::BlockStart;
use crate::event::{Failure, FinishReason, Usage};
use crate::json::Writer;

/// Decimal digits of a number, on the stack: the formatting machinery costs more than the rest of an event.
pub(crate) struct Digits {
    /// Room for the 20 digits of 2^64 - 1.
    digits: [u8; 20],
    start: usize,
}

impl Digits {
    #[inline]
    pub(crate) fn new(number: u64) -> Self {
        let mut digits = [b'0'; 20];
        let mut start = digits.len();
        let mut rest = number;
        for (at, digit) in digits.iter_mut().enumerate().rev() {
            // A digit always fits into a byte.
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            start = at;
            if rest == 0 {
                break;
            }
        }
        Self { digits, start }
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        let digits = self.digits.get(self.start..).unwrap_or_default();
        str::from_utf8(digits).unwrap_or_default()
    }
}

/// The block as it stands in `content_block_start`, or, for whole ones, in a message's `content`.
pub(crate) fn write_content_block(out: &mut Writer, block: &BlockStart<'_>) {
    match block {
        BlockStart::Text => out.escaped_part("{\"type\":\"text\",\"text\":\"\"}"),
        BlockStart::Thinking => out.escaped_part("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"),
        BlockStart::ToolUse { id, name } => out
            .escaped_part("{\"type\":\"tool_use\",\"id\":\"")
            .string_part(id)
            .escaped_part("\",\"name\":\"")
            .string_part(name)
            .escaped_part("\",\"input\":{}}"),
        BlockStart::RedactedThinking(data) => {
            out.escaped_part("{\"type\":\"redacted_thinking\",\"data\":\"").string_part(data).escaped_part("\"}")
        }
        BlockStart::Whole(json) => write_on_one_line(out, json),
    };
}

/// JSON text without line breaks, which would end a line of server-sent events. In JSON they can only stand between tokens.
pub(crate) fn write_on_one_line<'w>(out: &'w mut Writer, json: &str) -> &'w mut Writer {
    for line in json.split(['\n', '\r']) {
        out.escaped_part(line);
    }
    out
}

/// `"stop_reason":…,"stop_sequence":…`
pub(crate) fn write_reason(out: &mut Writer, reason: &FinishReason) {
    out.escaped_part("\"stop_reason\":\"").escaped_part(reason.as_str()).escaped_part("\",\"stop_sequence\":");
    match reason {
        FinishReason::StopSequence(Some(sequence)) => {
            out.escaped_part("\"").string_part(sequence).escaped_part("\"");
        }
        _ => {
            out.escaped_part("null");
        }
    }
}

/// The final counts of a stream. Clients let them replace those of `message_start`, so what is not known is left out;
/// `output_tokens` is always there in Anthropic's.
pub(crate) fn write_usage(out: &mut Writer, usage: &Usage) {
    write_counts(
        out,
        [
            ("{\"output_tokens\":", Some(usage.output_tokens.unwrap_or(0))),
            (",\"input_tokens\":", usage.input_tokens),
            (",\"cache_creation_input_tokens\":", usage.cache_creation_input_tokens),
            (",\"cache_read_input_tokens\":", usage.cache_read_input_tokens),
        ],
    );
    write_searches(out, usage);
    out.escaped_part("}");
}

/// The counts of a message: clients read them as numbers, so what is not known is 0.
pub(crate) fn write_message_usage(out: &mut Writer, usage: &Usage) {
    let known = |count: Option<u64>| Some(count.unwrap_or(0));
    write_counts(
        out,
        [
            ("{\"input_tokens\":", known(usage.input_tokens)),
            (",\"output_tokens\":", known(usage.output_tokens)),
            (",\"cache_creation_input_tokens\":", known(usage.cache_creation_input_tokens)),
            (",\"cache_read_input_tokens\":", known(usage.cache_read_input_tokens)),
        ],
    );
    write_searches(out, usage);
    out.escaped_part("}");
}

fn write_searches(out: &mut Writer, usage: &Usage) {
    if let Some(searches) = usage.web_search_requests {
        out.escaped_part(",\"server_tool_use\":{\"web_search_requests\":")
            .escaped_part(Digits::new(searches).as_str())
            .escaped_part("}");
    }
}

fn write_counts(out: &mut Writer, counts: [(&str, Option<u64>); 4]) {
    for (key, count) in counts {
        if let Some(count) = count {
            out.escaped_part(key).escaped_part(Digits::new(count).as_str());
        }
    }
}

/// `{"type":"error","error":{"type":…,"message":…}}`
pub(crate) fn write_failure(out: &mut Writer, failure: &Failure) {
    out.escaped_part("{\"type\":\"error\",\"error\":{\"type\":\"")
        .escaped_part(failure.kind.as_str())
        .escaped_part("\",\"message\":\"")
        .string_part(&failure.message)
        .escaped_part("\"}}");
}
