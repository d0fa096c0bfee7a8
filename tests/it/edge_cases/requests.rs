//! Odd requests: what a client sends, and what of it reaches an upstream of one format or another.
//!
//! A row is a line of the collection of cases: its name, the provider, the request beside its first words, and what must be true
//! of the bytes that were sent. One gateway with a provider of each kind serves all rows of a file.

use gateway_tests::{FakeUpstream, Format, Setup, Story, TestGateway};
use serde_json::{Value, json};

mod messages;
mod thinking;
mod tools;

/// One line: a name, a provider, the request, and whether what was sent is right.
pub(super) type Row = (&'static str, &'static str, Value, fn(&Value) -> bool);

/// The providers: name, format, model, and what it goes through.
fn providers() -> Vec<(&'static str, Format, &'static str, Value)> {
    let openai = |options: Value| json!([["openai", options]]);
    vec![
        ("chat", Format::Chat, "m", json!(["openai"])),
        ("chat-gpt", Format::Chat, "gpt-5", json!(["openai"])),
        ("chat-replays", Format::Chat, "m", openai(json!({"reasoning": "reasoning_content"}))),
        ("chat-empty", Format::Chat, "m", openai(json!({"empty_content": "empty"}))),
        ("chat-omit", Format::Chat, "m", openai(json!({"empty_content": "omit"}))),
        ("chat-128", Format::Chat, "m", openai(json!({"max_tools": 128}))),
        ("responses", Format::Responses, "gpt-5.1", json!(["openai-responses"])),
        ("gemini", Format::Gemini, "gemini-3-pro", json!(["gemini"])),
        ("claude", Format::Messages, "claude-sonnet-4-5", json!(["Anthropic"])),
        (
            "claude-1500",
            Format::Messages,
            "claude-sonnet-4-5",
            json!(["Anthropic", ["maxtoken", {"max_tokens": 1500}]]),
        ),
    ]
}

/// The gateway with all of them, and the upstream that they share.
pub(super) struct Desk {
    upstream: FakeUpstream,
    gateway: TestGateway,
}

impl Desk {
    pub(super) async fn open() -> Self {
        let upstream = FakeUpstream::start().await;
        let all: Vec<Value> = providers()
            .into_iter()
            .map(|(name, format, model, uses)| {
                let mut provider = format.provider(name, &upstream);
                provider["models"] = json!([model]);
                provider["transformer"] = json!({"use": uses});
                provider
            })
            .collect();
        let gateway = Setup::config(&json!({"Providers": all, "Router": {"default": "chat,m"}})).start().await;
        Self { upstream, gateway }
    }

    /// Sends a request to this provider: its answer's status and text, and what the upstream got of it, if anything.
    pub(super) async fn send(&self, provider: &str, more: &Value) -> (u16, String, Option<Value>) {
        let known = providers();
        let (_, format, model, _) = known.iter().find(|known| known.0 == provider).unwrap();
        let mut request = json!({"max_tokens": 4000, "messages": [{"role": "user", "content": "hi"}]});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request["model"] = json!(format!("{provider},{model}"));
        let before = self.upstream.requests().len();
        let at = *format;
        self.upstream.otherwise(move |_| at.tell(&Story::says(&["ok"]), false));
        let answer = self.gateway.messages(&request).await;
        let (status, text) = (answer.status, answer.text().await);
        (status, text, self.upstream.requests().get(before).map(gateway_tests::SeenRequest::json))
    }
}

/// Sends all rows, and tells every one that went wrong.
pub(super) async fn all(rows: Vec<Row>) {
    let desk = Desk::open().await;
    let mut wrong = String::new();
    for (name, provider, request, right) in rows {
        match desk.send(provider, &request).await {
            (200, _, Some(sent)) if right(&sent) => {}
            (status, text, sent) => {
                let sent = sent.unwrap_or_default();
                wrong += &format!("{name} ({provider}): {status} {text}\n  sent: {sent}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Whether a text stands anywhere in what was sent.
pub(super) fn holds(sent: &Value, text: &str) -> bool {
    sent.to_string().contains(text)
}
