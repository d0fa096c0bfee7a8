//! Failures as providers tell them: [`told`] reads what was said, [`overflow`] recognises a prompt that is too long, [`words`]
//! shortens pages and texts that were never meant for an API, [`retry`] reads how long to wait. Which kind a failure is of
//! stays with each format; what to do about it (retry, fall back) is the host's.

pub(crate) mod overflow;
pub(crate) mod retry;
pub(crate) mod told;
pub(crate) mod words;

use ccr_plugin::Fault;
use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::{Document, Value};
use told::Told;

/// Codes, types or names, and what they mean.
pub(crate) type Kinds = [(&'static str, ErrorKind)];

/// What the first of these names that the table has means. Providers differ in capital letters.
pub(crate) fn kind_of(names: &[String], table: &Kinds) -> Option<ErrorKind> {
    let of = |name: &String| table.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind);
    names.iter().find_map(of)
}

/// What a body says, JSON or not.
pub(crate) fn told(body: &[u8]) -> Told {
    match Document::parse(body) {
        Ok(document) => Told::by(document.root()),
        Err(_) => Told { message: words::first(body), ..Told::default() },
    }
}

/// The failure of an answer that came without a text.
pub(crate) fn without_text(status: u16) -> String {
    format!("The provider answered with status {status} and no text.")
}

/// A prompt that is too long: no waiting makes it shorter.
pub(crate) fn too_long(message: String, status: Option<u16>) -> Failure {
    Failure { kind: ErrorKind::InvalidRequest, message, status, retry_after_ms: None }
}

/// Whether a member `error` reports one: some providers send it empty or null with every answer.
pub(crate) fn says_something(error: Value<'_>) -> bool {
    error.as_bool().unwrap_or_else(|| error.as_str().map_or_else(|| !error.is_empty(), |text| !text.is_empty()))
}

/// An answer that is no JSON although its status is good. `who` answered, as a sentence begins with it.
pub(crate) fn unreadable(who: &str, body: &[u8]) -> Fault {
    let words = words::first(body);
    if words.is_empty() {
        return Fault::unreadable(format!("{who} answered with nothing. Try again, or check `api_base_url`."));
    }
    Fault::unreadable(format!("{who}'s answer is not JSON: {words} (check `api_base_url`)"))
}

/// [`unreadable`]'s `who` where many speak a format.
pub(crate) const PROVIDER: &str = "The provider";
