//! Failures as providers tell them: [`provider_error`] reads what was said, [`overflow`] recognises a prompt that is too long, [`excerpt`]
//! shortens pages and texts that were never meant for an API, [`retry`] reads how long to wait. What codes and types mean each
//! format says in an [`ErrorTable`]; what to do about a failure (retry, fall back) is the host's.

pub(crate) mod excerpt;
pub(crate) mod overflow;
pub(crate) mod provider_error;
pub(crate) mod retry;

use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::{Document, Value};
use ccr_plugin::{Fault, WireResponse};
use provider_error::ProviderError;

/// Codes, types or names, and what they mean.
pub(crate) type Kinds = [(&'static str, ErrorKind)];

/// What the errors of a format mean.
pub(crate) struct ErrorTable {
    /// Codes and types that say more than the status.
    pub(crate) stronger_than_status: &'static Kinds,
    /// Codes and types for errors that come without a status, as within streams.
    pub(crate) without_status: &'static Kinds,
    /// How prompts that are too long are told of, beyond the phrases that providers share; in lower case.
    pub(crate) too_long: &'static [&'static str],
}

impl ErrorTable {
    /// An answer with a status outside of 200 to 299.
    pub(crate) fn of_response(&self, response: &WireResponse) -> Failure {
        let reported = match Document::parse(&response.body) {
            Ok(document) => ProviderError::of(document.root()),
            Err(_) => ProviderError { message: excerpt::of(&response.body), ..ProviderError::default() },
        };
        let mut failure = self.failure(reported, Some(response.status));
        if failure.message.is_empty() {
            failure.message = format!("The provider answered with status {} and no text.", response.status);
        }
        failure.retry_after_ms = failure.retry_after_ms.or_else(|| retry::after_ms(response));
        failure
    }

    /// An error within an answer whose status said that all is well.
    pub(crate) fn in_answer(&self, error: Value<'_>) -> Failure {
        let mut failure = self.failure(ProviderError::of(error), None);
        // The name of a streamed error's event is no message.
        if matches!(&*failure.message, "" | "error") {
            failure.message = "The provider reported an error without saying which.".into();
        }
        failure
    }

    /// What was told of a failure, sorted into the kinds that clients know.
    pub(crate) fn failure(&self, reported: ProviderError, status: Option<u16>) -> Failure {
        let status = status.or(reported.status);
        if let Some(message) = overflow::message(&reported, self.too_long, status) {
            return too_long(message, status);
        }
        let named = |table| kind_of(&reported.names, table);
        let kind = named(self.stronger_than_status).or_else(|| status.map(ErrorKind::from_status));
        let kind = kind.or_else(|| named(self.without_status)).unwrap_or(ErrorKind::Api);
        Failure { kind, message: reported.message, status, retry_after_ms: reported.retry_after_ms }
    }
}

/// What the first of these names that the table has means. Providers differ in capital letters.
fn kind_of(names: &[String], table: &Kinds) -> Option<ErrorKind> {
    let of = |name: &String| table.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind);
    names.iter().find_map(of)
}

/// A prompt that is too long: no waiting makes it shorter.
pub(crate) fn too_long(message: String, status: Option<u16>) -> Failure {
    Failure { kind: ErrorKind::InvalidRequest, message, status, retry_after_ms: None }
}

/// Whether a member `error` reports one: some providers send it empty or null with every answer.
pub(crate) fn says_something(error: Value<'_>) -> bool {
    error.as_bool().unwrap_or_else(|| error.as_str().map_or_else(|| !error.is_empty(), |text| !text.is_empty()))
}

/// An answer that is not valid JSON although its status is good. `who` answered, as a sentence begins with it.
pub(crate) fn unreadable_by(who: &str, body: &[u8]) -> Fault {
    let words = excerpt::of(body);
    if words.is_empty() {
        return Fault::bad_answer(format!("{who} answered with nothing. Try again, or check `api_base_url`."));
    }
    Fault::bad_answer(format!("{who}'s answer is not JSON: {words} (check `api_base_url`)"))
}

/// The same where many speak a format.
pub(crate) fn unreadable(body: &[u8]) -> Fault {
    unreadable_by("The provider", body)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::says_something;
    use ccr_plugin::messages::json::Document;

    #[test]
    fn an_empty_error_is_none() {
        for (error, says) in [
            ("null", false),
            ("\"\"", false),
            ("{}", false),
            ("[]", false),
            ("false", false),
            ("0", false),
            ("true", true),
            ("\"x\"", true),
            (r#"{"code":1}"#, true),
        ] {
            assert_eq!(says_something(Document::parse(error.as_bytes()).unwrap().root()), says, "{error}");
        }
    }
}
