//! Token counts: `usageMetadata`.
//!
//! Gemini's `promptTokenCount` includes what was read from a cache, Anthropic's `input_tokens` do not. Its
//! `candidatesTokenCount` leaves the thoughts out, Anthropic's `output_tokens` do not.

use ccr_plugin::messages::event::Usage;
use ccr_plugin::messages::json::Value;

/// `None` if nothing is counted there.
pub(crate) fn read(usage: Value<'_>) -> Option<Usage> {
    let (mut prompt, mut cached, mut tools, mut candidates, mut thoughts) = (None, None, None, None, None);
    for (key, value) in usage.members() {
        match key.raw() {
            "promptTokenCount" => prompt = value.as_u64(),
            "cachedContentTokenCount" => cached = value.as_u64(),
            // What Google's own tools, such as the search, put into the prompt.
            "toolUsePromptTokenCount" => tools = value.as_u64(),
            "candidatesTokenCount" => candidates = value.as_u64(),
            "thoughtsTokenCount" => thoughts = value.as_u64(),
            _ => {}
        }
    }
    let counts = Usage {
        input_tokens: prompt
            .map(|prompt: u64| prompt.saturating_sub(cached.unwrap_or(0)).saturating_add(tools.unwrap_or(0))),
        output_tokens: sum(candidates, thoughts),
        cache_read_input_tokens: cached,
        reasoning_tokens: thoughts,
        ..Usage::default()
    };
    (counts != Usage::default()).then_some(counts)
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::read;
    use ccr_plugin::messages::event::Usage;
    use ccr_plugin::messages::json::Document;

    fn usage(json: &str) -> Option<Usage> {
        read(Document::parse(json.as_bytes()).unwrap().root())
    }

    #[test]
    fn cached_tokens_are_not_counted_twice_and_thoughts_are_output() {
        let counts = usage(
            r#"{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":5,"thoughtsTokenCount":30,
                "toolUsePromptTokenCount":7,"totalTokenCount":142,"promptTokensDetails":[{"modality":"TEXT"}]}"#,
        );
        let expected = Usage {
            input_tokens: Some(47),
            output_tokens: Some(35),
            cache_read_input_tokens: Some(60),
            reasoning_tokens: Some(30),
            ..Usage::default()
        };
        assert_eq!(counts, Some(expected));
    }

    #[test]
    fn input_never_falls_below_zero() {
        let counts = usage(r#"{"promptTokenCount":10,"cachedContentTokenCount":60}"#).unwrap();
        assert_eq!(counts.input_tokens, Some(0));
        assert_eq!(counts.output_tokens, None);
    }

    #[test]
    fn what_counts_nothing_is_nothing() {
        for json in ["null", "{}", r#"{"promptTokenCount":null}"#, "[1]", "7", r#"{"totalTokenCount":3}"#] {
            assert_eq!(usage(json), None, "{json}");
        }
    }
}
