//! The failures that an answer itself finds.

use crate::event::{ErrorKind, Failure};

fn provider_failure(message: &str) -> Failure {
    Failure { kind: ErrorKind::Api, message: message.to_owned(), status: None, retry_after_ms: None }
}

pub(super) fn empty_answer() -> Failure {
    provider_failure("the provider sent an empty answer; try again, or use another model")
}

pub(super) fn unfinished_call() -> Failure {
    provider_failure(
        "the provider ended the answer in the middle of a tool call's arguments; try again, or use another model",
    )
}

pub(super) fn broken_input() -> Failure {
    provider_failure("the arguments of a tool call are not a JSON object; try again, or use another model")
}
