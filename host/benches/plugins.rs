//! What a request and a chunk cost in the sandbox, beside the same code compiled natively. `cargo bench -p gateway`.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use ccr_messages::sse::SseEvent;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Decoder as _, Settings, UpstreamProtocol as _};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use gateway::base::request::InnerRequest;
use gateway::plugins::bindings;
use gateway::plugins::cache::CompileCache;
use gateway::plugins::component::{self, Limits, Origin, Plugin};
use gateway::plugins::{Destination, PluginEngine, Surroundings, upstream};
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

/// Bodies of a first question, of a usual turn and of a long session.
const SIZES: [usize; 3] = [1_000, 67_000, 440_000];

struct World {
    runtime: Runtime,
    engine: PluginEngine,
    openai: Arc<Plugin>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let engine = PluginEngine::new().expect("an engine");
    let folder = std::env::temp_dir().join("ccr-bench-cache");
    let cache = CompileCache::open(folder);
    let wasm = std::fs::read(plugins_folder().join("openai.wasm")).expect("`cargo xtask plugins` has been run");
    // In a task, as loading blocks in place.
    let loading = async {
        component::load(&engine, &cache, &wasm, "openai", Origin::BuiltIn, |_| Limits::default())
            .await
            .expect("it loads")
    };
    let openai = Arc::new(runtime.block_on(loading));
    World { runtime, engine, openai }
});

/// Two builds of the plugins can be compared without compiling the host twice: `CCR_PLUGINS_DIR` says which.
fn plugins_folder() -> PathBuf {
    let usual = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
    std::env::var_os("CCR_PLUGINS_DIR").map_or_else(usual, PathBuf::from)
}

fn surroundings() -> Surroundings {
    Surroundings {
        name: "openai".into(),
        settings: "{}".into(),
        config: "{}".into(),
        session: None,
        kv: None,
        http: None,
        models: None,
        tokenizers: Arc::default(),
    }
}

fn target() -> Destination {
    Destination::new("p", "m", "/v1".into())
}

fn request(size: usize) -> InnerRequest {
    InnerRequest::parse(gateway_load::body(size), "req", http::HeaderMap::new(), None).expect("legal")
}

#[divan::bench(args = SIZES)]
fn read_request(bencher: Bencher, size: usize) {
    let body = gateway_load::body(size);
    bencher
        .counter(BytesCount::new(size))
        .with_inputs(|| body.clone())
        .bench_values(|body| InnerRequest::parse(body, "req", http::HeaderMap::new(), None));
}

#[divan::bench(args = SIZES)]
fn encode_native(bencher: Bencher, size: usize) {
    let request = FakeRequest::from_bytes(gateway_load::body(size));
    bencher
        .counter(BytesCount::new(size))
        .bench_local(|| ccr_protocols::openai::OpenAi::encode(&request, &Settings::of("{}")));
}

#[divan::bench(args = SIZES)]
fn encode_component(bencher: Bencher, size: usize) {
    let world = &*WORLD;
    let request = request(size);
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        let encoded = upstream::encode(&world.engine, &world.openai, surroundings(), request.clone(), target());
        world.runtime.block_on(encoded).expect("it encodes")
    });
}

/// A fresh instance with its decoder, and its end.
#[divan::bench]
fn instantiate(bencher: Bencher) {
    let world = &*WORLD;
    bencher.bench_local(|| {
        let decoder = upstream::Decoder::open(&world.engine, &world.openai, surroundings(), None, &[]);
        drop(world.runtime.block_on(decoder).expect("it opens"));
    });
}

const CHUNK: &str = r#"{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"content":"Hello there"},"logprobs":null,"finish_reason":null}]}"#;

/// Chunks that one read brings.
const BATCHES: [usize; 4] = [1, 8, 64, 256];

#[divan::bench(args = BATCHES)]
fn chunks_native(bencher: Bencher, batch: usize) {
    let mut decoder = ccr_protocols::openai::OpenAi::decoder(&[], &Settings::of("{}"));
    bencher.counter(ItemsCount::new(batch)).bench_local(|| {
        let mut events = Vec::with_capacity(batch);
        for _ in 0..batch {
            decoder.push(SseEvent { event: None, data: CHUNK }, &mut events).expect("legal");
        }
        events
    });
}

#[divan::bench(args = BATCHES)]
fn chunks_component(bencher: Bencher, batch: usize) {
    let world = &*WORLD;
    let mut decoder = world
        .runtime
        .block_on(upstream::Decoder::open(&world.engine, &world.openai, surroundings(), None, &[]))
        .expect("it opens");
    let events: Vec<_> = (0..batch).map(|_| bindings::SseEvent { event: None, data: CHUNK.to_owned() }).collect();
    bencher
        .counter(ItemsCount::new(batch))
        .bench_local(|| world.runtime.block_on(decoder.push(&events)).expect("legal"));
}
