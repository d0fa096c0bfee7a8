//! Why the model stopped: Bedrock's `stopReason`, and which of them are failures.

use crate::shared::ending::Ending;
use ccr_plugin::messages::event::{ErrorKind, FinishReason};

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
        "malformed_model_output" | "malformed_tool_use" => return Ending::Failed(ErrorKind::Api),
        _ => FinishReason::EndTurn,
    })
}

#[cfg(test)]
mod tests {
    use super::ending;
    use crate::shared::ending::Ending;
    use ccr_plugin::messages::event::{ErrorKind, FinishReason};

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
        assert_eq!(ending("malformed_tool_use", None), Ending::Failed(ErrorKind::Api));
        assert_eq!(ending("malformed_model_output", None), Ending::Failed(ErrorKind::Api));
    }
}
