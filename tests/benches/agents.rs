//! What agents cost end to end: a round of the loop beside two plain requests, the first byte where no tool is called, and the
//! memory of many sessions at once. `cargo test --release --workspace --bench agents -- --bench`, after `cargo xtask plugins`.
//!
//! The provider answers at once, so that what is left is the gateway and two loopbacks.

use std::time::{Duration, Instant};

use gateway_tests::{FakeUpstream, Format, Gate, Script, Setup, Story, TestGateway, within};
use serde_json::{Value, json};

/// Requests of which the median is taken: the longest of them take half a second in all.
const ROUNDS: usize = 200;

/// As many as the promise names.
const SESSIONS: usize = 200;

/// A usual turn of a coding agent, in bytes.
const SIZE: usize = 67_000;

/// The words by which the provider knows what to answer.
const CALL: &str = "call-A1";

/// What it says otherwise; what the requests' history has nothing of, as that would be found again there with the call.
const ANSWER: &str = "It was heard, and here is what came of it.";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for format in [Format::Messages, Format::Chat] {
            time(format).await;
            memory(format, "echo").await;
            memory(format, "asks").await;
        }
    });
}

async fn start(format: Format, upstream: &FakeUpstream, agents: Value) -> TestGateway {
    let config = json!({
        "Providers": [format.provider("up", upstream)],
        "Router": {"default": format!("up,{}", format.model())},
        "agents": agents,
        "plugins": [{"name": "test-agent", "grants": {"model": true}}],
    });
    Setup::config(&config).plugin("hostile/test-agent").start().await
}

fn agents(tool: &str) -> Value {
    json!([["test-agent", {"tools": [tool]}]])
}

fn request(stream: bool) -> Value {
    let mut body: Value = serde_json::from_slice(&gateway_load::body(SIZE)).expect("JSON");
    body["model"] = json!("claude-test");
    body["stream"] = json!(stream);
    body
}

/// Calls the agent's tool if it is offered and was not called yet.
fn calling(upstream: &FakeUpstream, format: Format) {
    upstream.otherwise(move |request| {
        let body = String::from_utf8_lossy(&request.body);
        let streaming = body.contains("\"stream\":true");
        let story = match body.contains("\"echo\"") && !body.contains(CALL) {
            true => Story::default().and_calls(CALL, "echo", json!({"x": 1})),
            false => Story::says(&[ANSWER]),
        };
        format.tell(&story, streaming)
    });
}

async fn median(mut once: impl AsyncFnMut() -> Duration) -> f64 {
    let mut all = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        all.push(once().await);
    }
    all.sort_unstable();
    all[ROUNDS / 2].as_secs_f64() * 1000.0
}

/// The whole of an answer.
async fn whole(gateway: &TestGateway, request: &Value) -> Duration {
    let started = Instant::now();
    gateway.messages(request).await.expect(200).await.bytes().await;
    started.elapsed()
}

async fn first_byte(gateway: &TestGateway, request: &Value) -> Duration {
    let started = Instant::now();
    let mut answer = gateway.messages(request).await.expect(200).await;
    answer.piece().await.expect("a first piece");
    let took = started.elapsed();
    while answer.piece().await.is_some() {}
    took
}

async fn time(format: Format) {
    let upstream = FakeUpstream::start().await;
    calling(&upstream, format);
    let plain = start(format, &upstream, json!([])).await;
    let round = start(format, &upstream, agents("echo")).await;
    let silent = start(format, &upstream, agents("state")).await;
    let off = start(format, &upstream, json!([["test-agent", {"prepare": "none"}]])).await;
    for stream in [false, true] {
        let request = request(stream);
        let before = upstream.requests().len();
        whole(&round, &request).await;
        assert_eq!(upstream.requests().len(), before + 2, "the tool is not called");
        let one = median(async || whole(&plain, &request).await).await;
        let two = median(async || whole(&plain, &request).await + whole(&plain, &request).await).await;
        let with_round = median(async || whole(&round, &request).await).await;
        let not_applying = median(async || whole(&off, &request).await).await;
        let name = format.name();
        println!(
            "{name}, stream {stream}: plain {one:.3} ms; two plain {two:.3}, one with a round {with_round:.3}, \
             difference {:.3}; an agent that does not apply adds {:.3}",
            with_round - two,
            not_applying - one
        );
    }
    let request = request(true);
    let without = median(async || first_byte(&plain, &request).await).await;
    let with = median(async || first_byte(&silent, &request).await).await;
    println!(
        "{}: first byte {without:.3} ms, with an agent prepared {with:.3}, later by {:.3}",
        format.name(),
        with - without
    );
}

/// Sessions that all wait at once: for the second turn (`echo`), or for the model that a tool asks (`asks`).
async fn memory(format: Format, tool: &'static str) {
    let upstream = FakeUpstream::start().await;
    let gate = Gate::new();
    let waits = gate.clone();
    upstream.otherwise(move |request| {
        let body = String::from_utf8_lossy(&request.body);
        let streaming = body.contains("\"stream\":true");
        let inner =
            json!({"request": {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "inner"}]}});
        if streaming && !body.contains(CALL) {
            return format.tell(&Story::says(&["I ask."]).and_calls(CALL, tool, inner), true);
        }
        Script::new().wait(&waits).then(format.tell(&Story::says(&["Done."]), streaming))
    });
    let gateway = start(format, &upstream, agents(tool)).await;
    let before = resident(&gateway);
    let request = request(true);
    let sessions: Vec<_> = (0..SESSIONS)
        .map(|_| {
            let (client, request) = (gateway.client(), request.clone());
            tokio::spawn(async move { client.messages(&request).await.expect(200).await.transcript().await.message() })
        })
        .collect();
    within("all sessions in their second request", async {
        for _ in 0..2 * SESSIONS {
            upstream.request().await;
        }
    })
    .await;
    let during = resident(&gateway);
    gate.open();
    for session in sessions {
        let message = session.await.expect("it ran");
        assert_eq!(message["content"][1]["text"], "Done.", "{message}");
    }
    println!("{}: {SESSIONS} sessions in `{tool}`: {during:.1} MB resident, {before:.1} before", format.name());
}

/// Megabytes of memory that are really there.
fn resident(gateway: &TestGateway) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.pid())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is told");
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().expect("a number");
    kilobytes * 1024.0 / 1_000_000.0
}
