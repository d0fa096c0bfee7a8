//! Why the model stopped: Bedrock's `stopReason`, and which of them are failures.

use ccr_plugin::messages::event::{ErrorKind, Failure, FinishReason};

/// What a stop reason means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    Finished(FinishReason),
    /// The answer broke although the status said that all is well; trying again may help.
    Failed,
}

/// `sequence` is the stop sequence that was hit, where it is told. The reasons are those of the API reference
/// (`Converse`, `stopReason`) and Anthropic's own, which Bedrock may pass on; an unknown one is an ordinary end.
pub(crate) fn ending(reason: &str, sequence: Option<String>) -> Ending {
    Ending::Finished(match reason {
        "tool_use" => FinishReason::ToolUse,
        "max_tokens" => FinishReason::MaxTokens,
        "stop_sequence" => FinishReason::StopSequence(sequence),
        "guardrail_intervened" | "content_filtered" | "refusal" => FinishReason::Refusal,
        "model_context_window_exceeded" => FinishReason::ContextWindowExceeded,
        "pause_turn" => FinishReason::PauseTurn,
        "malformed_model_output" | "malformed_tool_use" => return Ending::Failed,
        _ => FinishReason::EndTurn,
    })
}

/// What the client reads of an answer that ended in a failure.
pub(crate) fn broken(reason: &str) -> Failure {
    let message = format!("Bedrock broke off the answer ({reason}). Try again.");
    Failure { kind: ErrorKind::Api, message, status: None, retry_after_ms: None }
}

#[cfg(test)]
mod tests {
    use super::{Ending, ending};
    use ccr_plugin::messages::event::FinishReason;

    #[test]
    fn every_reason_has_a_meaning() {
        for (reason, meaning) in [
            ("end_turn", FinishReason::EndTurn),
            ("tool_use", FinishReason::ToolUse),
            ("max_tokens", FinishReason::MaxTokens),
            ("stop_sequence", FinishReason::StopSequence(Some("END".into()))),
            ("guardrail_intervened", FinishReason::Refusal),
            ("content_filtered", FinishReason::Refusal),
            ("model_context_window_exceeded", FinishReason::ContextWindowExceeded),
            ("something_new", FinishReason::EndTurn),
        ] {
            assert_eq!(ending(reason, Some("END".into())), Ending::Finished(meaning), "{reason}");
        }
        assert_eq!(ending("malformed_tool_use", None), Ending::Failed);
        assert_eq!(ending("malformed_model_output", None), Ending::Failed);
    }
}
