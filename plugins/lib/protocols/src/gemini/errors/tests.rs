//! Errors within answers whose status is good; errors with a status are in `fixtures/errors`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::TABLE;
use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::Document;

fn failure(error: &str) -> Failure {
    TABLE.in_answer(Document::parse(error.as_bytes()).unwrap().root())
}

#[test]
fn the_kind_comes_from_reason_code_or_status() {
    for (error, kind) in [
        (r#"{"message":"m","code":429}"#, ErrorKind::RateLimit),
        (r#"{"message":"m","code":503,"status":"UNAVAILABLE"}"#, ErrorKind::Overloaded),
        (r#"{"message":"m","status":"UNAVAILABLE"}"#, ErrorKind::Overloaded),
        (r#"{"message":"m","status":"PERMISSION_DENIED"}"#, ErrorKind::Permission),
        (r#"{"message":"m","code":500,"status":"INTERNAL"}"#, ErrorKind::Api),
        (r#"{"message":"m","code":13}"#, ErrorKind::Api),
        (
            r#"{"message":"m","code":400,"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}"#,
            ErrorKind::Authentication,
        ),
        (r#""just words""#, ErrorKind::Api),
    ] {
        assert_eq!(failure(error).kind, kind, "{error}");
    }
}

#[test]
fn an_error_always_says_something() {
    assert_eq!(failure(r#"{"status":"INTERNAL"}"#).message, "INTERNAL");
    assert_eq!(failure(r#"{"foo":1}"#).message, r#"{"foo":1}"#);
    for error in ["true", "{}", "[]", "\"\""] {
        assert!(!failure(error).message.is_empty(), "{error}");
    }
}

#[test]
fn retry_info_says_how_long_to_wait() {
    for (delay, expected) in [("34.074824224s", Some(34_075)), ("0s", Some(0)), ("5", None), ("-1s", None), ("", None)]
    {
        let error = format!(
            r#"{{"code":429,"message":"m","details":[{{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{delay}"}}]}}"#
        );
        assert_eq!(failure(&error).retry_after_ms, expected, "{delay}");
    }
}
