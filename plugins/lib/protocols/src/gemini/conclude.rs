//! Why the model stopped: Gemini's `finishReason`, and which of them are failures.

use crate::shared::ending::Ending;
use ccr_plugin::messages::event::{ErrorKind, FinishReason};

/// The reasons of the API reference (`FinishReason`) under which the model did not want to, or was not allowed to, go on.
const REFUSALS: &[&str] = &[
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MODEL_ARMOR",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
];

/// Reasons under which the model said something that Google could not read.
const FAILURES: &[&str] = &[
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_RESPONSE",
];

/// `None` where no reason is given. An unknown reason, such as `OTHER`, is an end if there was something to end.
pub(crate) fn ending(reason: &str, has_content: bool) -> Option<Ending> {
    Some(match reason {
        "" | "FINISH_REASON_UNSPECIFIED" => return None,
        "STOP" => Ending::Finished(FinishReason::EndTurn),
        "MAX_TOKENS" => Ending::Finished(FinishReason::MaxTokens),
        _ if REFUSALS.contains(&reason) => Ending::Finished(FinishReason::Refusal),
        _ if FAILURES.contains(&reason) || !has_content => Ending::Failed(ErrorKind::Api),
        _ => Ending::Finished(FinishReason::EndTurn),
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
            ("STOP", Ending::Finished(FinishReason::EndTurn)),
            ("MAX_TOKENS", Ending::Finished(FinishReason::MaxTokens)),
            ("SAFETY", Ending::Finished(FinishReason::Refusal)),
            ("RECITATION", Ending::Finished(FinishReason::Refusal)),
            ("BLOCKLIST", Ending::Finished(FinishReason::Refusal)),
            ("PROHIBITED_CONTENT", Ending::Finished(FinishReason::Refusal)),
            ("SPII", Ending::Finished(FinishReason::Refusal)),
            ("MALFORMED_FUNCTION_CALL", Ending::Failed(ErrorKind::Api)),
            ("UNEXPECTED_TOOL_CALL", Ending::Failed(ErrorKind::Api)),
            ("OTHER", Ending::Failed(ErrorKind::Api)),
        ] {
            assert_eq!(ending(reason, false), Some(meaning), "{reason}");
        }
    }

    #[test]
    fn an_unknown_reason_ends_what_was_said() {
        assert_eq!(ending("OTHER", true), Some(Ending::Finished(FinishReason::EndTurn)));
        assert_eq!(ending("MALFORMED_FUNCTION_CALL", true), Some(Ending::Failed(ErrorKind::Api)));
        assert_eq!(ending("", true), None);
        assert_eq!(ending("FINISH_REASON_UNSPECIFIED", true), None);
    }
}
