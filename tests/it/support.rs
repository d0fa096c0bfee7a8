//! Requests that many tests send, and a config with two providers.

use gateway_tests::gateway::openai_config;
use gateway_tests::{FakeUpstream, Setup};
use serde_json::{Value, json};

/// A small request that is answered whole.
pub(crate) fn ask(text: &str) -> Value {
    json!({"model": "claude-test", "max_tokens": 100, "messages": [{"role": "user", "content": text}]})
}

/// A small request that is answered with a stream.
pub(crate) fn ask_stream(text: &str) -> Value {
    with(ask(text), "stream", json!(true))
}

/// A request for a target by its name.
pub(crate) fn ask_model(model: &str, stream: bool) -> Value {
    with(with(ask("hi"), "stream", json!(stream)), "model", json!(model))
}

/// An object with one member set.
pub(crate) fn with(mut object: Value, key: &str, value: Value) -> Value {
    object[key] = value;
    object
}

/// The usual config with one more setting.
pub(crate) fn setup_with(upstream: &FakeUpstream, key: &str, value: Value) -> Setup {
    Setup::config(&with(openai_config(&upstream.base_url()), key, value))
}

/// A config with provider `up` as it is, and `bent`, which goes through `transformer.use`; both lead to the same upstream.
pub(crate) fn two_providers(upstream: &FakeUpstream, uses: Value) -> Value {
    let mut config = openai_config(&upstream.base_url());
    let mut bent = config["Providers"][0].clone();
    bent["name"] = json!("bent");
    bent["transformer"] = json!({"use": uses});
    config["Providers"].as_array_mut().unwrap().push(bent);
    config
}

/// The text of a message's only block.
pub(crate) fn text_of(message: &Value) -> &str {
    assert_eq!(message["content"].as_array().map(Vec::len), Some(1), "{message}");
    message["content"][0]["text"].as_str().unwrap()
}
