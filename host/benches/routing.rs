//! What a routing decision costs, without counting tokens and without custom routers. `cargo bench -p gateway --bench routing`.

use std::path::Path;

use divan::Bencher;
use divan::counter::BytesCount;
use gateway::config::{Config, Overrides, load_text};
use gateway::request::InnerRequest;
use gateway::routing::count::TokenCount;
use gateway::routing::order::{Question, decide};
use gateway::routing::tags;
use gateway::routing::trace::Trace;

fn main() {
    divan::main();
}

/// Bodies of a first question, of a usual turn and of a long session.
const SIZES: [usize; 3] = [1_000, 67_000, 440_000];

/// Every scenario has its model, and three rules come before them; none of it applies, so that all of it is asked.
const CONFIG: &str = r#"{
    Providers: [{ name: "p", api_base_url: "http://127.0.0.1:1/v1", api_key: "k", models: ["m"] }],
    Router: {
        default: "p,m", background: "p,m", think: "p,m", longContext: "p,m", webSearch: "p,m", image: "p,m",
        rules: [
            { condition: { left: "request.header.x-team", operator: "==", right: "red" }, target: "p,m" },
            { type: "model-prefix", prefix: "gpt-", target: "p,m" },
            { condition: { left: "tools", operator: "contains", right: "NoSuchTool" }, target: "p,m" },
        ],
    },
}"#;

/// Never many.
struct Free;

impl TokenCount for Free {
    fn exceeds(&self, _: u64) -> (bool, Option<u64>) {
        (false, None)
    }

    fn count(&self) -> u64 {
        0
    }
}

fn config() -> Config {
    let loaded = load_text("config.json", CONFIG, Path::new("/"), &|_| None, &Overrides::default());
    loaded.map(|(config, _)| config).unwrap_or_else(|problems| panic!("{problems}"))
}

#[divan::bench(args = SIZES)]
fn decision(bencher: Bencher, size: usize) {
    let config = config();
    let request = InnerRequest::parse(gateway_load::body(size), "r", http::HeaderMap::new(), None).expect("legal");
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        let tag = tags::find(&request);
        let question = Question {
            config: &config,
            router: &config.router,
            request: &request,
            tag: tag.as_deref(),
            client_key: None,
            last_input: None,
            tokens: &Free,
        };
        let mut trace = Trace::default();
        (decide(&question, &mut trace).map(|decision| decision.target).expect("a target"), trace)
    });
}
