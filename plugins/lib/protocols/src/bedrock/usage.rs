//! Token counts. As in Anthropic's own, `inputTokens` does not include what was read from or written to a cache.

use ccr_plugin::messages::event::Usage;
use ccr_plugin::messages::json::Value;

/// `None` if nothing is counted there.
pub(crate) fn read(usage: Value<'_>) -> Option<Usage> {
    let count = |key: &str| usage.get(key).and_then(Value::as_u64);
    let usage = Usage {
        input_tokens: count("inputTokens"),
        output_tokens: count("outputTokens"),
        cache_read_input_tokens: count("cacheReadInputTokens"),
        cache_creation_input_tokens: count("cacheWriteInputTokens"),
        reasoning_tokens: None,
        web_search_requests: None,
    };
    (usage != Usage::default()).then_some(usage)
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
    fn every_count_has_its_place() {
        let json = r#"{"inputTokens":10,"outputTokens":20,"totalTokens":37,"cacheReadInputTokens":3,
            "cacheWriteInputTokens":4,"cacheDetails":[{"ttl":"5m","inputTokens":4}]}"#;
        let expected = Usage {
            input_tokens: Some(10),
            output_tokens: Some(20),
            cache_read_input_tokens: Some(3),
            cache_creation_input_tokens: Some(4),
            ..Usage::default()
        };
        assert_eq!(usage(json), Some(expected));
    }

    #[test]
    fn what_counts_nothing_is_nothing() {
        for json in ["null", "{}", r#"{"inputTokens":null}"#, "[1]", "7", r#"{"inputTokens":"10"}"#] {
            assert_eq!(usage(json), None, "{json}");
        }
    }
}
