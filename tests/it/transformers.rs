//! The built-in transformers as existing configs name them: what each changes on the wire, and in the answer.
//!
//! Their details have unit tests of their own. Here is shown that the real gateway runs them: by names in any case, with options
//! beside the name, for a provider and for a model, in both directions, whole and streamed.

use gateway_tests::gateway::openai_config;
use gateway_tests::{FakeUpstream, Format, Request, Script, Setup, Story, TestGateway};
use serde_json::{Value, json};

use crate::support::{ask, with};

mod limits;
mod onion;
mod reasoning;
mod tools;

/// A gateway with one provider, `up`, and its upstream.
pub(crate) struct Bench {
    upstream: FakeUpstream,
    gateway: TestGateway,
}

/// One request: what the upstream got, and what came back.
pub(crate) struct Exchange {
    pub(crate) sent: Value,
    pub(crate) message: Value,
    pub(crate) dropped: String,
}

impl Bench {
    /// With this `transformer` in the config.
    pub(crate) async fn new(transformer: Value) -> Self {
        let upstream = FakeUpstream::start().await;
        let mut config = openai_config(&upstream.base_url());
        config["Providers"][0]["transformer"] = transformer;
        let gateway = Setup::config(&config).start().await;
        Self { upstream, gateway }
    }

    /// Sends a request; the upstream answers with the story in OpenAI's format.
    pub(crate) async fn tell(&self, request: &Value, story: &Story) -> Exchange {
        self.play(request, Format::Chat.tell(story, request["stream"] == true)).await
    }

    /// Sends a request; the upstream plays the script.
    pub(crate) async fn play(&self, request: &Value, script: Script) -> Exchange {
        self.upstream.next(script);
        let answer = self.gateway.client().send(&Request::messages(request)).await;
        let answer = answer.expect(200).await;
        let dropped = answer.headers.get("x-ccr-dropped").unwrap_or_default().to_owned();
        let message = match request["stream"] == true {
            true => answer.transcript().await.message(),
            false => answer.json().await,
        };
        Exchange { sent: self.upstream.request().await.json(), message, dropped }
    }

    /// Sends a request, and plays the script; the answer's text.
    pub(crate) async fn raw(&self, request: &Value, script: Script) -> String {
        self.upstream.next(script);
        self.gateway.client().send(&Request::messages(request)).await.expect(200).await.text().await
    }

    /// Sends a request whose answer cannot be read: the client gets an error, whichever way.
    pub(crate) async fn fails(&self, request: &Value, script: Script) {
        self.upstream.next(script);
        let answer = self.gateway.client().send(&Request::messages(request)).await;
        match answer.status {
            200 => _ = answer.transcript().await.broken().clone(),
            status => assert_eq!((status, answer.error().await.0.as_str()), (502, "api_error")),
        }
    }

    /// What the upstream gets of a request; the answer is a word.
    pub(crate) async fn sent(&self, request: &Value) -> Value {
        self.tell(request, &Story::says(&["ok"])).await.sent
    }
}

/// A request for this model of the provider.
pub(crate) fn to(model: &str, more: Value) -> Value {
    let mut request = with(ask("hi"), "model", json!(format!("up,{model}")));
    for (key, value) in more.as_object().unwrap() {
        request[key] = value.clone();
    }
    request
}

/// A request for the provider's usual model.
pub(crate) fn asking(more: Value) -> Value {
    to("m", more)
}

/// A conversation that had a thought and a call, with the result as its last message.
pub(crate) fn after_a_call() -> Value {
    json!([
        {"role": "user", "content": "What is 1 + 2?"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "I add.", "signature": "RXJVQkNrWUlCeGdDS2tE"},
            {"type": "tool_use", "id": "call_kT3vQz8wLm01", "name": "add", "input": {"a": 1, "b": 2}},
        ]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_kT3vQz8wLm01", "content": "3"}]},
    ])
}

/// A tool.
pub(crate) fn add() -> Value {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}});
    json!({"name": "add", "description": "Adds.", "input_schema": schema})
}

/// Thinking as clients of the older kind ask for it.
pub(crate) fn thinking() -> Value {
    json!({"type": "enabled", "budget_tokens": 2048})
}
