//! Token counts. OpenAI's `input_tokens` include what was read from a cache, Anthropic's do not.

use ccr_plugin::messages::event::Usage;
use ccr_plugin::messages::json::Value;

/// `None` if nothing is counted there. `searches` are those of the answer; OpenAI does not count them.
pub(crate) fn read(usage: Option<Value<'_>>, searches: u64) -> Option<Usage> {
    let count = |path: &[&str]| path.iter().try_fold(usage?, |value, key| value.get(key))?.as_u64();
    let input = count(&["input_tokens"]);
    let cached = count(&["input_tokens_details", "cached_tokens"]);
    let usage = Usage {
        input_tokens: input.map(|input| input.saturating_sub(cached.unwrap_or(0))),
        output_tokens: count(&["output_tokens"]),
        cache_read_input_tokens: cached,
        cache_creation_input_tokens: None,
        reasoning_tokens: count(&["output_tokens_details", "reasoning_tokens"]),
        web_search_requests: (searches > 0).then_some(searches),
    };
    (usage != Usage::default()).then_some(usage)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::read;
    use ccr_plugin::messages::event::Usage;
    use ccr_plugin::messages::json::Document;

    fn usage(json: &str, searches: u64) -> Option<Usage> {
        read(Some(Document::parse(json.as_bytes()).unwrap().root()), searches)
    }

    #[test]
    fn cached_tokens_are_not_counted_twice() {
        let json = r#"{"input_tokens":100,"input_tokens_details":{"cached_tokens":60},
            "output_tokens":9,"output_tokens_details":{"reasoning_tokens":4},"total_tokens":109}"#;
        let expected = Usage {
            input_tokens: Some(40),
            output_tokens: Some(9),
            cache_read_input_tokens: Some(60),
            reasoning_tokens: Some(4),
            ..Usage::default()
        };
        assert_eq!(usage(json, 0), Some(expected));
        assert_eq!(usage(json, 2), Some(Usage { web_search_requests: Some(2), ..expected }));
    }

    #[test]
    fn input_never_falls_below_zero() {
        let json = r#"{"input_tokens":10,"input_tokens_details":{"cached_tokens":60}}"#;
        assert_eq!(usage(json, 0).unwrap().input_tokens, Some(0));
    }

    #[test]
    fn what_counts_nothing_is_nothing() {
        for json in ["null", "{}", r#"{"input_tokens":null}"#, "[1]", "7", r#"{"input_tokens":"10"}"#] {
            assert_eq!(usage(json, 0), None, "{json}");
        }
        assert_eq!(read(None, 1), Some(Usage { web_search_requests: Some(1), ..Usage::default() }));
    }
}
