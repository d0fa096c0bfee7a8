//! Why the model stopped: the spellings of `finish_reason`, and which of them are failures.

use crate::shared::ending::Ending;
use ccr_plugin::messages::event::{ErrorKind, FinishReason};

/// Spellings seen, in lower case. The first four rows are OpenAI's own; then Mistral, Anthropic behind proxies,
/// GLM (`sensitive`), Gemini's compatible endpoint, and servers that pass a model's end token on.
const REASONS: &[(&str, FinishReason)] = &[
    ("stop", FinishReason::EndTurn),
    ("length", FinishReason::MaxTokens),
    ("tool_calls", FinishReason::ToolUse),
    ("function_call", FinishReason::ToolUse),
    ("content_filter", FinishReason::Refusal),
    ("model_length", FinishReason::ContextWindowExceeded),
    ("model_context_window_exceeded", FinishReason::ContextWindowExceeded),
    ("max_tokens", FinishReason::MaxTokens),
    ("tool_use", FinishReason::ToolUse),
    ("refusal", FinishReason::Refusal),
    ("sensitive", FinishReason::Refusal),
    ("safety", FinishReason::Refusal),
    ("recitation", FinishReason::Refusal),
    ("blocklist", FinishReason::Refusal),
    ("prohibited_content", FinishReason::Refusal),
];

/// Reasons that mean "try again": of OpenRouter and GLM (`error`, `network_error`), DeepSeek (the third), Gemini (the last).
const FAILURES: &[(&str, ErrorKind)] = &[
    ("error", ErrorKind::Api),
    ("network_error", ErrorKind::Api),
    ("insufficient_system_resource", ErrorKind::Overloaded),
    ("malformed_function_call", ErrorKind::Api),
];

/// `None` for an empty reason, which some servers send with every chunk. An unknown reason is an ordinary end.
pub(crate) fn ending(reason: &str) -> Option<Ending> {
    if reason.is_empty() {
        return None;
    }
    if let Some(kind) = failure(reason) {
        return Some(Ending::Failed(kind));
    }
    let known = REASONS.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(reason));
    Some(Ending::Finished(known.map_or(FinishReason::EndTurn, |(_, meaning)| meaning.clone())))
}

/// The kind of failure that a reason stands for. Gemini's comes with a word before it (`function_call_filter: …`).
pub(crate) fn failure(reason: &str) -> Option<ErrorKind> {
    let reason = reason.rsplit(' ').next().unwrap_or(reason);
    FAILURES.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(reason)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::ending;
    use crate::shared::ending::Ending;
    use ccr_plugin::messages::event::{ErrorKind, FinishReason};

    #[test]
    fn an_empty_reason_is_no_end() {
        assert_eq!(ending(""), None);
    }

    #[test]
    fn every_reason_has_a_meaning() {
        for (reason, meaning) in [
            ("stop", FinishReason::EndTurn),
            ("STOP", FinishReason::EndTurn),
            ("length", FinishReason::MaxTokens),
            ("MAX_TOKENS", FinishReason::MaxTokens),
            ("tool_calls", FinishReason::ToolUse),
            ("function_call", FinishReason::ToolUse),
            ("content_filter", FinishReason::Refusal),
            ("model_length", FinishReason::ContextWindowExceeded),
            ("eos_token", FinishReason::EndTurn),
        ] {
            assert_eq!(ending(reason), Some(Ending::Finished(meaning)), "{reason}");
        }
    }

    #[test]
    fn failures_are_not_ends() {
        assert_eq!(ending("network_error"), Some(Ending::Failed(ErrorKind::Api)));
        assert_eq!(ending("MALFORMED_FUNCTION_CALL"), Some(Ending::Failed(ErrorKind::Api)));
        assert_eq!(ending("function_call_filter: MALFORMED_FUNCTION_CALL"), Some(Ending::Failed(ErrorKind::Api)));
        assert_eq!(ending("insufficient_system_resource"), Some(Ending::Failed(ErrorKind::Overloaded)));
    }
}
