//! Bad input from either side: each the right status and type, in Anthropic's form, with words that help, and a record of it.

mod client;
mod stream;
mod upstream;

use gateway_tests::Stopped;
use serde_json::Value;

/// What every record of a request that got an error instead of an answer says.
fn failed(record: &Value, status: u16, kind: &str) {
    assert_eq!(record["outcome"], "failed", "{record}");
    assert_eq!(record["status"], status, "{record}");
    assert_eq!(record["error"]["type"], kind, "{record}");
    let message = record["error"]["message"].as_str().unwrap();
    assert!(!message.is_empty(), "{record}");
}

/// Nothing that was left behind holds a secret.
fn keeps_secrets(stopped: &Stopped) {
    let records: String = stopped.records.iter().map(Value::to_string).collect();
    for secret in ["sk-upstream-secret", "the-clients-own"] {
        assert!(!records.contains(secret), "{secret} is in a record: {records}");
        assert!(!stopped.log.contains(secret), "{secret} is in the log: {}", stopped.log);
    }
}
