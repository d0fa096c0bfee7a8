//! Failures within streams; errors with a status are in `fixtures/bedrock/errors`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::{in_stream, is_exception, of_response};
use ccr_plugin::messages::event::ErrorKind;
use ccr_plugin::messages::json::Document;
use ccr_plugin::{Header, WireResponse};
use proptest::prelude::*;

#[test]
fn every_exception_of_a_stream_has_a_kind() {
    for (name, kind) in [
        ("internalServerException", ErrorKind::Api),
        ("modelStreamErrorException", ErrorKind::Api),
        ("validationException", ErrorKind::InvalidRequest),
        ("throttlingException", ErrorKind::RateLimit),
        ("serviceUnavailableException", ErrorKind::Overloaded),
        ("ModelTimeoutException", ErrorKind::Timeout),
        ("somethingNewException", ErrorKind::Api),
    ] {
        let document = Document::parse(br#"{"message":"m"}"#).unwrap();
        assert!(is_exception(name));
        assert_eq!(in_stream(name, document.root()).kind, kind, "{name}");
        let empty = Document::parse(b"{}").unwrap();
        assert!(in_stream(name, empty.root()).message.contains(name));
    }
    for name in ["messageStart", "contentBlockDelta", "metadata", "", "initial-response"] {
        assert!(!is_exception(name), "{name}");
    }
}

#[test]
fn what_the_models_own_server_said_is_told() {
    let json = br#"{"message":"The model broke","originalStatusCode":529,"originalMessage":"Overloaded"}"#;
    let document = Document::parse(json).unwrap();
    let failure = in_stream("modelStreamErrorException", document.root());
    assert_eq!((failure.kind, failure.status), (ErrorKind::Overloaded, Some(529)));
    assert_eq!(failure.message, "The model broke (Overloaded)");
}

proptest! {
    #[test]
    fn any_body_becomes_a_short_message(
        status in 300_u16..600, body in prop::collection::vec(any::<u8>(), 0..3000), name in "[a-zA-Z#:/.]{0,30}",
    ) {
        let headers = vec![Header { name: "x-amzn-errortype".into(), value: name }];
        let failure = of_response(&WireResponse { status, headers, body });
        prop_assert!(!failure.message.is_empty());
        prop_assert!(failure.message.chars().count() < 2200);
        prop_assert_eq!(failure.status, Some(status));
    }
}
