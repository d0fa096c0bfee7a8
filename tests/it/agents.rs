//! Agents end to end: their tools are offered, called and answered within one answer, of which the client sees nothing but the
//! model's words.
//!
//! The agents are `test-agent` and `other-agent` (`tests/hostile/agent`), which do as a test says. What the model says comes from
//! stories, in the format of the upstream; each case is played whole and streamed, with upstreams of two formats.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use gateway_tests::{Asked, FakeUpstream, Format, Script, SeenRequest, Setup, Story, TestGateway};
use serde_json::{Value, json};

mod bounds;
mod clients;
mod config;
mod flow;
mod history;
mod misuse;
mod nested;
mod turns;

/// The formats of the upstreams: one that the gateway reads itself, and one that a component reads.
const FORMATS: [Format; 2] = [Format::Messages, Format::Chat];

/// A gateway with agents, and the provider behind it.
struct Stage {
    upstream: FakeUpstream,
    gateway: TestGateway,
    format: Format,
}

/// What came of a request.
struct Told {
    /// The message, as the client puts it together.
    message: Value,
    /// What the upstream was asked meanwhile.
    seen: Vec<SeenRequest>,
    format: Format,
}

/// A config with one provider and these agents.
fn config(format: Format, upstream: &FakeUpstream, agents: Value) -> Value {
    let grants = json!({"kv": true, "model": true});
    json!({
        "Providers": [format.provider("up", upstream)],
        "Router": {"default": format!("up,{}", format.model())},
        "agents": agents,
        "plugins": [{"name": "test-agent", "grants": grants}, {"name": "other-agent", "grants": grants}],
    })
}

/// A gateway that has both agents at hand.
fn setup(config: &Value) -> Setup {
    Setup::config(config).plugin("hostile/test-agent").plugin("hostile/other-agent")
}

/// Only the test agent, with these tools.
fn with_tools(tools: &[&str]) -> Value {
    json!([["test-agent", {"tools": tools}]])
}

impl Stage {
    /// With these agents.
    async fn new(format: Format, agents: Value) -> Self {
        Self::with(format, agents, |_| {}).await
    }

    /// With these agents and changes to the config.
    async fn with(format: Format, agents: Value, change: impl FnOnce(&mut Value)) -> Self {
        let upstream = FakeUpstream::start().await;
        let mut config = config(format, &upstream, agents);
        change(&mut config);
        let gateway = setup(&config).start().await;
        Self { upstream, gateway, format }
    }

    /// What the model says next, one story for each request.
    fn play(&self, stories: impl IntoIterator<Item = Story>) {
        play(&self.upstream, self.format, stories);
    }

    /// Asks, with the model telling these stories.
    async fn tell(&self, request: &Value, stories: impl IntoIterator<Item = Story>) -> Told {
        self.play(stories);
        let before = self.upstream.requests().len();
        let answer = self.gateway.messages(request).await.expect(200).await;
        let message = match request["stream"] == true {
            true => answer.transcript().await.message(),
            false => answer.json().await,
        };
        let seen = self.upstream.requests().split_off(before);
        Told { message, seen, format: self.format }
    }

    /// Asks for an answer that fails; the error's message.
    async fn fails(&self, request: &Value, stories: impl IntoIterator<Item = Story>) -> String {
        self.play(stories);
        let answer = self.gateway.messages(request).await;
        if answer.status == 200 {
            let transcript = answer.transcript().await;
            return transcript.broken()["message"].as_str().unwrap().to_owned();
        }
        answer.error().await.1
    }
}

/// Has an upstream tell stories, and all is well with those who only ask whether it is.
fn play(upstream: &FakeUpstream, format: Format, stories: impl IntoIterator<Item = Story>) {
    let stories = Arc::new(Mutex::new(stories.into_iter().collect::<VecDeque<_>>()));
    upstream.otherwise(move |request| {
        let asked = format.read(request);
        if asked.prompt() == HEALTHY {
            return format.tell(&Story::says(&["all well"]), asked.streaming);
        }
        match stories.lock().unwrap().pop_front() {
            Some(story) => format.tell(&story, asked.streaming),
            None => Script::text(418, "text/plain", "the test has no story for this request"),
        }
    });
}

impl Told {
    /// The content without what is made up for each answer.
    fn content(&self) -> Value {
        let mut content = self.message["content"].clone();
        for block in content.as_array_mut().unwrap() {
            for name in ["id", "signature", "tool_use_id"] {
                block.as_object_mut().unwrap().remove(name);
            }
        }
        content
    }

    /// The number of requests to the upstream.
    fn turns(&self) -> usize {
        self.seen.len()
    }

    /// A request to the upstream.
    fn asked(&self, turn: usize) -> Asked {
        self.format.read(&self.seen[turn])
    }

    /// Fails the test if the answer is not this, of this number of turns.
    fn expect(&self, content: &Value, stop_reason: &str, turns: u64) {
        assert_eq!(&self.content(), content, "{}", self.message);
        assert_eq!(self.message["stop_reason"], stop_reason);
        assert_eq!(self.turns() as u64, turns);
        // What each story of the default costs.
        let usage = &self.message["usage"];
        let counts = ["input_tokens", "cache_read_input_tokens", "output_tokens"].map(|name| usage[name].as_u64());
        assert_eq!(counts, [13, 7, 5].map(|count| Some(count * turns)), "{usage}");
    }
}

const HEALTHY: &str = "is all well?";

/// A request with two tools of the client's own.
fn ask(stream: bool) -> Value {
    let tool = |name: &str| json!({"name": name, "description": "The client's.", "input_schema": {"type": "object"}});
    json!({
        "model": "claude-test",
        "max_tokens": 100,
        "stream": stream,
        "messages": [{"role": "user", "content": "go"}],
        "tools": [tool("Read"), tool("Write")],
    })
}

/// The request that follows an answer: its message, and what the user says then.
fn go_on(request: &Value, told: &Told, content: Value) -> Value {
    let mut request = request.clone();
    let messages = request["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": told.message["content"]}));
    messages.push(json!({"role": "user", "content": content}));
    request
}

/// A call of the echo.
fn echo(id: &str) -> Story {
    Story::default().and_calls(id, "echo", json!({"x": 1}))
}

/// What it answers.
const HEARD: &str = "test-agent heard {\"x\":1}";

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn thinks(text: &str) -> Value {
    json!({"type": "thinking", "thinking": text})
}

fn calls(name: &str, input: Value) -> Value {
    json!({"type": "tool_use", "name": name, "input": input})
}

fn pair(id: &str, text: &str) -> (String, String) {
    (id.to_owned(), text.to_owned())
}
