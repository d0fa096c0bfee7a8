//! Failures: Google's `{"error":{"code":…,"message":…,"status":…,"details":[…]}}`, alone or in a list, turned into the one
//! that clients know.
//!
//! Prompts that are too long are recognised in [`crate::shared::errors`], which also shortens what was never meant for an API.
//! What to do about a failure (retry, fall back) is the host's.

#[cfg(test)]
mod tests;

use crate::shared::errors::provider_error::ProviderError;
use crate::shared::errors::{ErrorTable, Kinds};
use ccr_plugin::Fault;
use ccr_plugin::messages::event::ErrorKind;
use ccr_plugin::messages::json::Value;

/// Google's names of statuses (`google.rpc.Code`), for errors that come without a number.
const STATUSES: &Kinds = &[
    ("INVALID_ARGUMENT", ErrorKind::InvalidRequest),
    ("FAILED_PRECONDITION", ErrorKind::InvalidRequest),
    ("OUT_OF_RANGE", ErrorKind::InvalidRequest),
    ("UNAUTHENTICATED", ErrorKind::Authentication),
    ("PERMISSION_DENIED", ErrorKind::Permission),
    ("NOT_FOUND", ErrorKind::NotFound),
    ("RESOURCE_EXHAUSTED", ErrorKind::RateLimit),
    ("DEADLINE_EXCEEDED", ErrorKind::Timeout),
    ("UNAVAILABLE", ErrorKind::Overloaded),
];

/// Reasons (`google.rpc.ErrorInfo`) that say more than the status: a wrong key is answered with 400, which would read as a
/// mistake of the client's.
const REASONS: &Kinds = &[
    ("API_KEY_INVALID", ErrorKind::Authentication),
    ("API_KEY_SERVICE_BLOCKED", ErrorKind::Permission),
    ("BILLING_DISABLED", ErrorKind::Billing),
];

/// How prompts that are too long are told of, beyond the words that other providers use too; in lower case.
const TOO_LONG: &[&str] = &["exceeds the maximum number of tokens"];

/// What Google's names mean.
pub(crate) const TABLE: ErrorTable =
    ErrorTable { stronger_than_status: REASONS, without_status: STATUSES, too_long: TOO_LONG };

/// An answer that is JSON and none of Gemini's.
pub(crate) fn no_candidates(root: Value<'_>) -> Fault {
    let reported = ProviderError::of(root);
    if !reported.is_error && reported.names.is_empty() && reported.status.is_none() {
        return Fault::bad_answer(
            "The provider's answer has no `candidates`. Try again, or check that `api_base_url` is Gemini's API.",
        );
    }
    TABLE.failure(reported, None).into()
}
