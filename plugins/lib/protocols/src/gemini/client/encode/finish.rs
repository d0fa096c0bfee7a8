//! Why the answer ended, in Gemini's words.

use ccr_plugin::messages::event::FinishReason;

/// Gemini says `STOP` also after function calls and at a stop sequence.
pub(super) fn reason(reason: Option<&FinishReason>) -> &'static str {
    match reason {
        Some(FinishReason::MaxTokens | FinishReason::ContextWindowExceeded) => "MAX_TOKENS",
        Some(FinishReason::Refusal) => "SAFETY",
        Some(
            FinishReason::EndTurn | FinishReason::StopSequence(_) | FinishReason::ToolUse | FinishReason::PauseTurn,
        )
        | None => "STOP",
    }
}

/// What Gemini's reason leaves out, for people (`finishMessage`).
pub(super) fn message(reason: Option<&FinishReason>) -> Option<&'static str> {
    match reason {
        Some(FinishReason::Refusal) => Some("The model refused to go on."),
        Some(FinishReason::ContextWindowExceeded) => Some("The context window of the model is full."),
        Some(FinishReason::PauseTurn) => Some("The provider paused the turn; send the conversation again to go on."),
        _ => None,
    }
}
