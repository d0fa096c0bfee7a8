//! What agents cost in the host, beside the model and the network: to be asked, to prepare, to answer a call. `cargo bench -p
//! gateway --bench agents`; a whole round, first bytes and memory are in `tests/benches/agents.rs`.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use divan::Bencher;
use divan::counter::BytesCount;
use gateway::base::request::InnerRequest;
use gateway::plugins::agent::{self, ToolCall};
use gateway::plugins::cache::CompileCache;
use gateway::plugins::component::{self, Limits, Origin, Plugin};
use gateway::plugins::{Destination, PluginEngine, Surroundings};
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

/// Bodies of a first question, of a usual turn and of a long session.
const SIZES: [usize; 3] = [1_000, 67_000, 440_000];

struct World {
    runtime: Runtime,
    engine: PluginEngine,
    agent: Arc<Plugin>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let engine = PluginEngine::new().expect("an engine");
    let cache = CompileCache::open(std::env::temp_dir().join("ccr-bench-cache"));
    let plugins = std::env::var_os("CCR_PLUGINS_DIR").map(PathBuf::from);
    let plugins = plugins.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/plugins"));
    let wasm = std::fs::read(plugins.join("hostile/test-agent.wasm")).expect("`cargo xtask plugins` has been run");
    // In a task, as loading blocks in place.
    let loading = async {
        component::load(&engine, &cache, &wasm, "test-agent", Origin::BuiltIn, |_| Limits::default())
            .await
            .expect("it loads")
    };
    let agent = Arc::new(runtime.block_on(loading));
    World { runtime, engine, agent }
});

fn surroundings(settings: &str) -> Surroundings {
    Surroundings { settings: settings.into(), ..Surroundings::bare("test-agent") }
}

fn target() -> Destination {
    Destination::new("p", "m", "/v1".into())
}

/// `applies`, and `prepare` if it does.
fn prepare(bencher: Bencher, size: usize, settings: &str) {
    let world = &*WORLD;
    let request = InnerRequest::parse(gateway_load::body(size), "r", http::HeaderMap::new(), None).expect("legal");
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        let asked = agent::prepare(&world.engine, &world.agent, surroundings(settings), request.clone(), target());
        world.runtime.block_on(asked).expect("it answers")
    });
}

#[divan::bench(args = SIZES)]
fn does_not_apply(bencher: Bencher, size: usize) {
    prepare(bencher, size, r#"{"prepare":"none"}"#);
}

#[divan::bench(args = SIZES)]
fn prepares_tools(bencher: Bencher, size: usize) {
    prepare(bencher, size, r#"{"tools":["echo"]}"#);
}

#[divan::bench]
fn answers_a_call(bencher: Bencher) {
    let world = &*WORLD;
    let call = ToolCall { id: "call-1".into(), name: "echo".into(), input: r#"{"x":1}"#.into() };
    bencher.bench_local(|| {
        let called = agent::call_tool(&world.engine, &world.agent, surroundings("{}"), &call, b"state");
        world.runtime.block_on(called).expect("it answers")
    });
}
