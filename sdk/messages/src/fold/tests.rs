#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use super::*;
use crate::answer::Answer;
use crate::event::{ErrorKind, Event};
use serde_json::{Value, json};

fn answer() -> Answer<Folder> {
    Answer::new(Folder::new(), Head { id: "msg_1".to_owned(), model: "m".to_owned() })
}

#[test]
fn a_whole_message() {
    let mut answer = answer();
    answer.push(&Event::Usage(Usage { input_tokens: Some(1), output_tokens: Some(2), ..Usage::default() }));
    answer.push(&Event::Text("a\"b".to_owned()));
    answer.finish();
    let message: Value = serde_json::from_slice(&answer.into_sink().into_json().unwrap()).unwrap();
    assert_eq!(
        message,
        json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [{"type": "text", "text": "a\"b"}],
            "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": 1, "output_tokens": 2, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
        })
    );
}

#[test]
fn an_answer_that_did_not_end_is_an_error() {
    let mut answer = answer();
    answer.push(&Event::Text("a".to_owned()));
    assert_eq!(answer.into_sink().into_json().unwrap_err().kind, ErrorKind::Api);
}
