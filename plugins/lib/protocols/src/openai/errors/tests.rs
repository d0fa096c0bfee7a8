//! Errors within answers whose status is good; errors with a status are in `fixtures/errors`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::TABLE;
use ccr_plugin::WireResponse;
use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::Document;
use proptest::prelude::*;

fn failure(error: &str) -> Failure {
    TABLE.in_answer(Document::parse(error.as_bytes()).unwrap().root())
}

#[test]
fn the_kind_comes_from_code_or_type() {
    for (error, kind) in [
        (r#"{"message":"m","code":429}"#, ErrorKind::RateLimit),
        (r#"{"message":"m","code":"429"}"#, ErrorKind::RateLimit),
        (r#"{"message":"m","code":"rate_limit_exceeded"}"#, ErrorKind::RateLimit),
        (r#"{"message":"m","type":"overloaded_error"}"#, ErrorKind::Overloaded),
        (r#"{"message":"m","code":503}"#, ErrorKind::Overloaded),
        (r#"{"message":"m","type":"invalid_request_error"}"#, ErrorKind::InvalidRequest),
        (r#"{"message":"m","status":"PERMISSION_DENIED"}"#, ErrorKind::Permission),
        (r#"{"message":"m","type":"server_error","code":"server_error"}"#, ErrorKind::Api),
        (r#""just words""#, ErrorKind::Api),
    ] {
        assert_eq!(failure(error).kind, kind, "{error}");
    }
}

#[test]
fn an_error_always_says_something() {
    assert_eq!(failure(r#"{"code":"x_y","type":"z"}"#).message, "x_y, z");
    assert_eq!(failure(r#"{"foo":1}"#).message, r#"{"foo":1}"#);
    for error in ["true", "{}", "[]", "\"\""] {
        assert!(!failure(error).message.is_empty(), "{error}");
    }
}

proptest! {
    #[test]
    fn any_body_becomes_a_short_message(status in 300_u16..600, body in prop::collection::vec(any::<u8>(), 0..3000)) {
        let failure = TABLE.of_response(&WireResponse { status, headers: Vec::new(), body });
        prop_assert!(!failure.message.is_empty());
        prop_assert!(failure.message.chars().count() < 1100);
        prop_assert_eq!(failure.status, Some(status));
    }
}
