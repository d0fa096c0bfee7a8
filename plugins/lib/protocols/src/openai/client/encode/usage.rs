//! Token counts in OpenAI's convention: `prompt_tokens` include what was read from a cache or written to one.

use ccr_plugin::messages::event::Usage;
use ccr_plugin::messages::json::Writer;

/// The value of `usage`.
pub(super) fn write(usage: &Usage, out: &mut Writer) {
    let read = usage.cache_read_input_tokens.unwrap_or(0);
    let written = usage.cache_creation_input_tokens.unwrap_or(0);
    let prompt = usage.input_tokens.unwrap_or(0).saturating_add(read).saturating_add(written);
    let completion = usage.output_tokens.unwrap_or(0);
    out.begin_object().key("prompt_tokens").number(prompt).key("completion_tokens").number(completion);
    out.key("total_tokens").number(prompt.saturating_add(completion));
    out.key("prompt_tokens_details").begin_object().key("cached_tokens").number(read).key("audio_tokens").number(0);
    if written > 0 {
        // OpenRouter's name; OpenAI's caches cost nothing to write.
        out.key("cache_write_tokens").number(written);
    }
    out.end_object().key("completion_tokens_details").begin_object();
    out.key("reasoning_tokens").number(usage.reasoning_tokens.unwrap_or(0));
    for name in ["audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens"] {
        out.key(name).number(0);
    }
    out.end_object().end_object();
}
