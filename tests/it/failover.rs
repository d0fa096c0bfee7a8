//! What the gateway does when an upstream fails: each way of failing, before and after the first content, streaming or not;
//! retries, key pools, names for several targets, and what the client, the record and `/health` say of it.

mod balance;
mod broken;
mod hedge;
mod keys;
mod matrix;
mod retries;

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Script, SeenRequest, Setup};
use serde_json::{Value, json};

/// A config with provider `up` and its model `m`, which fails over to `spare` and its model `m`.
fn chain(up: &str, spare: &str) -> Value {
    json!({
        "Providers": [provider("up", up), provider("spare", spare)],
        "Router": {"default": "up,m"},
        "fallback": {"default": ["spare,m"]},
    })
}

fn provider(name: &str, url: &str) -> Value {
    json!({"name": name, "api_base_url": url, "api_key": format!("sk-secret-of-{name}"), "models": ["m", "n"]})
}

/// An upstream that answers everything, whole or as a stream, with the text `served`.
async fn good() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(served);
    upstream
}

fn served(request: &SeenRequest) -> Script {
    let streams = request.json()["stream"] == json!(true);
    if streams { openai::text_stream(&["served"]) } else { openai::text("served") }
}

fn refusing(status: u16) -> Script {
    openai::error(status, "the provider's words", "x")
}

/// What a provider says that wants nothing more for so many seconds.
fn refusing_for(status: u16, seconds: u64) -> Script {
    let body = json!({"error": {"message": "slow down", "type": "requests"}}).to_string();
    let seconds = seconds.to_string();
    let headers = [("content-type", "application/json"), ("retry-after", seconds.as_str())];
    Script::whole(status, &headers, body.as_bytes())
}

fn with_fallback(mut config: Value, fallback: Value) -> Setup {
    config["Router"]["fallback"] = fallback;
    Setup::config(&config)
}

/// The classes of a record's failed attempts.
fn classes(record: &Value) -> Vec<&str> {
    let attempts = record["attempts"].as_array().unwrap();
    attempts.iter().filter_map(|attempt| attempt["class"].as_str()).collect()
}
