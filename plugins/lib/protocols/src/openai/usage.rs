//! Token counts, in every place and convention that providers have for them.
//!
//! OpenAI's `prompt_tokens` include what was read from a cache, Anthropic's `input_tokens` do not.

use ccr_plugin::messages::event::Usage;
use ccr_plugin::messages::json::Value;

/// Where a count stands within `usage`: a member, or a member of a member. The first that is there counts.
type Places = &'static [&'static [&'static str]];

const PROMPT: Places = &[&["prompt_tokens"], &["input_tokens"]];
const COMPLETION: Places = &[&["completion_tokens"], &["output_tokens"]];
const TOTAL: Places = &[&["total_tokens"]];
/// OpenAI; DeepSeek; Moonshot; proxies in front of Anthropic.
const CACHE_READ: Places = &[
    &["prompt_tokens_details", "cached_tokens"],
    &["prompt_cache_hit_tokens"],
    &["cached_tokens"],
    &["cache_read_input_tokens"],
    &["input_tokens_details", "cached_tokens"],
];
/// OpenRouter; proxies in front of Anthropic.
const CACHE_WRITE: Places = &[
    &["prompt_tokens_details", "cache_write_tokens"],
    &["prompt_tokens_details", "cache_creation_tokens"],
    &["cache_creation_input_tokens"],
];
/// OpenAI; Perplexity and others.
const REASONING: Places = &[
    &["completion_tokens_details", "reasoning_tokens"],
    &["reasoning_tokens"],
    &["output_tokens_details", "reasoning_tokens"],
];

fn count(usage: Value<'_>, places: Places) -> Option<u64> {
    places.iter().find_map(|place| place.iter().try_fold(usage, |value, key| value.get(key))?.as_u64())
}

/// `None` if nothing is counted there.
pub(crate) fn read(usage: Value<'_>) -> Option<Usage> {
    let prompt = count(usage, PROMPT);
    let completion = count(usage, COMPLETION);
    if prompt.is_none() && completion.is_none() {
        return None;
    }
    let cache_read = count(usage, CACHE_READ);
    let cache_write = count(usage, CACHE_WRITE);
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    Some(Usage {
        input_tokens: prompt.map(|prompt| prompt.saturating_sub(cached)),
        output_tokens: output(prompt, completion, count(usage, TOTAL)),
        cache_read_input_tokens: cache_read,
        cache_creation_input_tokens: cache_write,
        reasoning_tokens: count(usage, REASONING),
        web_search_requests: None,
    })
}

/// Gemini and xAI leave reasoning out of `completion_tokens` but not out of the total: what the prompt did not use, the
/// answer did.
fn output(prompt: Option<u64>, completion: Option<u64>, total: Option<u64>) -> Option<u64> {
    let by_total = prompt.zip(total).map(|(prompt, total)| total.saturating_sub(prompt));
    completion.map(|completion| completion.max(by_total.unwrap_or(0)))
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

    fn of(input: u64, output: u64, cached: Option<u64>) -> Usage {
        Usage {
            input_tokens: Some(input),
            output_tokens: Some(output),
            cache_read_input_tokens: cached,
            ..Usage::default()
        }
    }

    #[test]
    fn cached_tokens_of_every_provider_are_not_counted_twice() {
        for json in [
            r#"{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":60}}"#,
            r#"{"prompt_tokens":100,"completion_tokens":5,"prompt_cache_hit_tokens":60,"prompt_cache_miss_tokens":40}"#,
            r#"{"prompt_tokens":100,"completion_tokens":5,"cached_tokens":60}"#,
            r#"{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":null,"cache_read_input_tokens":60}"#,
        ] {
            assert_eq!(usage(json), Some(of(40, 5, Some(60))), "{json}");
        }
    }

    #[test]
    fn input_never_falls_below_zero() {
        let json = r#"{"prompt_tokens":10,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":60}}"#;
        assert_eq!(usage(json), Some(of(0, 1, Some(60))));
    }

    #[test]
    fn reasoning_outside_of_the_completion_is_output() {
        let xai = usage(
            r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":45,
                "completion_tokens_details":{"reasoning_tokens":30}}"#,
        );
        assert_eq!(xai, Some(Usage { reasoning_tokens: Some(30), ..of(10, 35, None) }));
        let openai = usage(
            r#"{"prompt_tokens":10,"completion_tokens":35,"total_tokens":45,
                "completion_tokens_details":{"reasoning_tokens":30}}"#,
        );
        assert_eq!(openai, Some(Usage { reasoning_tokens: Some(30), ..of(10, 35, None) }));
        assert_eq!(usage(r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":45}"#), Some(of(10, 35, None)));
    }

    #[test]
    fn what_counts_nothing_is_nothing() {
        for json in ["null", "{}", r#"{"prompt_tokens":null}"#, "[1]", "7", r#"{"prompt_tokens":"10"}"#] {
            assert_eq!(usage(json), None, "{json}");
        }
    }
}
