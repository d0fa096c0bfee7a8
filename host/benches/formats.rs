//! What each built-in protocol makes of a usual turn in the sandbox, and what each transformer adds. `cargo bench -p gateway`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use divan::Bencher;
use gateway::base::request::InnerRequest;
use gateway::plugins::cache::CompileCache;
use gateway::plugins::component::{self, Limits, Origin, Plugin};
use gateway::plugins::{Destination, PluginEngine, Surroundings, transformer, upstream};
use tokio::runtime::Runtime;

/// As in the binary: what a call costs depends on it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

/// A turn of Claude Code: the size that the figures of this project are told for.
const SIZE: usize = 67_000;

const PROTOCOLS: [&str; 8] =
    ["openai", "azure-openai", "openai-responses", "gemini", "vertex-gemini", "anthropic", "vertex-claude", "bedrock"];

/// With options that make them do their work.
const TRANSFORMERS: [(&str, &str); 12] = [
    ("maxtoken", r#"{"max_tokens":1000}"#),
    ("sampling", r#"{"temperature":0.5}"#),
    ("customparams", r#"{"a":1}"#),
    ("reasoning", r#"{"enable":true}"#),
    ("cleancache", "{}"),
    ("maxcompletiontokens", "{}"),
    ("streamoptions", "{}"),
    ("deepseek", "{}"),
    ("openrouter", "{}"),
    ("groq", "{}"),
    ("cerebras", "{}"),
    ("enhancetool", "{}"),
];

struct World {
    runtime: Runtime,
    engine: PluginEngine,
    plugins: HashMap<&'static str, Arc<Plugin>>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let engine = PluginEngine::new().expect("an engine");
    let cache = CompileCache::open(std::env::temp_dir().join("ccr-bench-cache"));
    let names = PROTOCOLS.into_iter().chain(TRANSFORMERS.map(|(name, _)| name));
    let plugins = names.map(|name| (name, load(&runtime, &engine, &cache, name))).collect();
    World { runtime, engine, plugins }
});

fn load(runtime: &Runtime, engine: &PluginEngine, cache: &CompileCache, name: &str) -> Arc<Plugin> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
    let wasm = std::fs::read(folder.join(format!("{name}.wasm"))).expect("`cargo xtask plugins` has been run");
    // In a task, as loading blocks in place.
    let loading = async { component::load(engine, cache, &wasm, name, Origin::BuiltIn, |_| Limits::default()).await };
    Arc::new(runtime.block_on(loading).expect("it loads"))
}

fn surroundings(name: &str, settings: &str) -> Surroundings {
    Surroundings { settings: settings.into(), ..Surroundings::bare(name) }
}

fn target() -> Destination {
    Destination::new("p", "m", "/v1/projects/p/locations/l".into())
}

fn request() -> InnerRequest {
    InnerRequest::parse(gateway_load::body(SIZE), "req", http::HeaderMap::new(), None).expect("legal")
}

#[divan::bench(args = PROTOCOLS)]
fn encode(bencher: Bencher, name: &str) {
    let (world, request) = (&*WORLD, request());
    let plugin = &world.plugins[name];
    bencher.bench_local(|| {
        let settings = if name.starts_with("vertex") { r#"{"project":"p"}"# } else { "{}" };
        let encoded = upstream::encode(&world.engine, plugin, surroundings(name, settings), request.clone(), target());
        world.runtime.block_on(encoded).expect("it encodes")
    });
}

#[divan::bench(args = TRANSFORMERS.map(|(name, _)| name))]
fn transform(bencher: Bencher, name: &str) {
    let (world, request) = (&*WORLD, request());
    let plugin = &world.plugins[name];
    let settings = TRANSFORMERS.iter().find(|(known, _)| *known == name).map_or("{}", |(_, settings)| settings);
    bencher.bench_local(|| {
        let edited = transformer::transform_request(
            &world.engine,
            plugin,
            surroundings(name, settings),
            request.clone(),
            target(),
        );
        world.runtime.block_on(edited).expect("it edits")
    });
}
