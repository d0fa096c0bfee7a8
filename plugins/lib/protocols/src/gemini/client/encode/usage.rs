//! `usageMetadata`: Gemini's prompt includes what was read from a cache, its candidates leave thoughts out.

use ccr_plugin::messages::event::Usage;
use ccr_plugin::messages::json::Writer;

pub(super) fn write(usage: &Usage, out: &mut Writer) {
    let count = |count: Option<u64>| count.unwrap_or(0);
    let cached = count(usage.cache_read_input_tokens);
    let prompt =
        count(usage.input_tokens).saturating_add(cached).saturating_add(count(usage.cache_creation_input_tokens));
    let output = count(usage.output_tokens);
    let thoughts = count(usage.reasoning_tokens).min(output);
    out.begin_object().key("promptTokenCount").number(prompt);
    out.key("candidatesTokenCount").number(output - thoughts);
    out.key("totalTokenCount").number(prompt.saturating_add(output));
    for (name, number) in [("cachedContentTokenCount", cached), ("thoughtsTokenCount", thoughts)] {
        if number > 0 {
            out.key(name).number(number);
        }
    }
    out.end_object();
}
