//! Everything of the request that is neither a message nor a tool: limits, sampling, reasoning, output format, streaming.

use super::hints::{param, speak_of_thinking};
use super::notes::Notes;
use crate::openai::functions;
use crate::openai::model::{Class, class};
use crate::openai::options::{MaxTokensField, Options, Replay, ResponseFormat};
use crate::shared::body::{Body, DEFAULT_MAX_TOKENS};
use crate::shared::context::ContextWriter;
use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::json::{Kind, Value, Writer};

/// OpenAI takes at most four (its API reference, `stop`).
const MOST_STOP_SEQUENCES: usize = 4;

pub(super) fn write(
    body: &Body<'_>,
    model: &str,
    options: &Options,
    context: &mut ContextWriter,
    notes: &mut Notes,
    out: &mut Writer,
) {
    let class = class(model);
    max_tokens(body, class, options, out);
    sampling(body, class, context, notes, out);
    reasoning(body, class, options, notes, out);
    response_format(body, options, notes, out);
    if body.streams() {
        out.key("stream").bool(true);
        if options.include_usage {
            out.key("stream_options").raw(r#"{"include_usage":true}"#);
        }
    }
}

fn max_tokens(body: &Body<'_>, class: Class, options: &Options, out: &mut Writer) {
    // The inner form must have a limit; of a client that gave none the decoding says so. Another one is a transformer's.
    let unlimited = body.is_unlimited();
    let given = body.max_tokens.filter(|limit| !unlimited || limit.as_u64() != Some(DEFAULT_MAX_TOKENS));
    if given.is_none() && options.default_max_tokens.is_none() {
        return;
    }
    let field = match (options.max_tokens_field, class) {
        (MaxTokensField::MaxCompletionTokens, _) | (MaxTokensField::Auto, Class::Reasoning) => "max_completion_tokens",
        (MaxTokensField::MaxTokens, _) | (MaxTokensField::Auto, Class::Chat) => "max_tokens",
    };
    out.key(field);
    match given {
        Some(limit) => _ = out.value(limit),
        None => _ = out.number(options.default_max_tokens.unwrap_or_default()),
    }
}

fn sampling(body: &Body<'_>, class: Class, context: &mut ContextWriter, notes: &mut Notes, out: &mut Writer) {
    for (name, value) in [("temperature", body.temperature), ("top_p", body.top_p)] {
        match value {
            Some(value) if class == Class::Chat => _ = out.key(name).value(value),
            // 1 is what these models do anyway.
            Some(value) if value.as_f64() != Some(1.0) => notes.dropped(name),
            _ => {}
        }
    }
    let sequences =
        || body.stop_sequences.into_iter().flat_map(Value::items).filter(|item| item.kind() == Kind::String);
    match sequences().count() {
        0 => return,
        _ if class == Class::Reasoning => return notes.dropped("stop_sequences"),
        count if count > MOST_STOP_SEQUENCES => notes.dropped("stop_sequences beyond the fourth"),
        _ => {}
    }
    let mut array = Writer::new();
    array.begin_array();
    for sequence in sequences().take(MOST_STOP_SEQUENCES) {
        array.value(sequence);
    }
    array.end_array();
    context.stop(array.as_str());
    out.key("stop").raw(array.as_str());
}

fn reasoning(body: &Body<'_>, class: Class, options: &Options, notes: &mut Notes, out: &mut Writer) {
    let sent = options.reasoning_effort.or(class == Class::Reasoning);
    // Steps that Anthropic's form does not have (`none`, `minimal`).
    if let Some(effort) = param(body.ccr, "reasoning_effort").filter(|_| sent) {
        out.key("reasoning_effort").value(effort);
        return;
    }
    if body.thinking_is("disabled") {
        return;
    }
    match effort(body) {
        Some(effort) if sent => {
            if effort > options.max_effort {
                notes.dropped(format!("reasoning effort above {}", options.max_effort.as_str()));
            }
            out.key("reasoning_effort").string(effort.min(options.max_effort).as_str());
        }
        // A model that thinks by itself does what was asked, if not for as long.
        Some(_) if options.reasoning == Replay::Off && !speak_of_thinking(body.ccr) => notes.dropped("thinking"),
        _ => {}
    }
}

/// How much the request wants the model to think, if it says so; OpenAI's steps end below Anthropic's `max`.
fn effort(body: &Body<'_>) -> Option<Effort> {
    Effort::asked(body.output_config, body.thinking).map(|asked| asked.min(Effort::Xhigh))
}

/// Structured output, as the option `response_format` says.
fn response_format(body: &Body<'_>, options: &Options, notes: &mut Notes, out: &mut Writer) {
    let Some(format) = body.format() else {
        // Such as `json_object`, which Anthropic's form does not have.
        if let Some(format) = param(body.ccr, "response_format") {
            out.key("response_format").value(format);
        }
        return;
    };
    match options.response_format {
        ResponseFormat::JsonSchema => {
            out.key("response_format").begin_object().key("type").string("json_schema");
            out.key("json_schema").begin_object();
            functions::json_schema(format, out);
            out.end_object().end_object();
        }
        ResponseFormat::JsonObject => {
            notes.dropped("output_config.format.schema");
            out.key("response_format").raw(r#"{"type":"json_object"}"#);
        }
        ResponseFormat::Omit => notes.dropped("output_config.format"),
    }
}
