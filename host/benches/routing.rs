//! What a routing decision costs without counting tokens, what a router component adds to it, and how much memory sessions take.
//! `cargo bench -p gateway --bench routing`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use divan::Bencher;
use divan::counter::BytesCount;
use gateway::base::request::InnerRequest;
use gateway::config::projects::Projects;
use gateway::config::{Config, Overrides, load_text};
use gateway::plugins::cache::CompileCache;
use gateway::plugins::component::{self, Limits, Origin, Plugin};
use gateway::plugins::{PluginEngine, Surroundings, router};
use gateway::routing::count::TokenCount;
use gateway::routing::question::Question;
use gateway::routing::rules::decide;
use gateway::routing::sessions::Sessions;
use gateway::routing::tags;
use gateway::routing::trace::Trace;
use gateway_load::procfs;
use tokio::runtime::Runtime;

/// As in the binary: what a call costs depends on it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    remembered_sessions();
    divan::main();
}

/// Sessions that shall be remembered, and what they may take.
const SESSIONS: (usize, u64) = (10_000, 20_000);

/// Prints what remembering them takes, and fails if that is more than it may: by the memory of the process, so before anything
/// else is done in it.
fn remembered_sessions() {
    let (config, home) = (config(), std::env::temp_dir().join("ccr-bench-home"));
    let rss = || procfs::rss_kb(std::process::id()).expect("/proc is there");
    let before = rss();
    let (sessions, projects) = (Sessions::default(), Projects::at(home.clone(), Some(home)));
    for number in 0..SESSIONS.0 {
        let session: Arc<str> = format!("0b5e4a4c-7b1e-4f0a-9c3d-{number:012}").into();
        sessions.note(&session, 1000, None);
        projects.router(&config, Some(&session));
    }
    let taken = rss().saturating_sub(before);
    println!("{} sessions remembered: {taken} kB", SESSIONS.0);
    assert!(sessions.last_input("0b5e4a4c-7b1e-4f0a-9c3d-000000000000").is_some(), "the first is remembered still");
    assert!(taken <= SESSIONS.1, "more than {} kB", SESSIONS.1);
    drop(projects);
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

/// The example `hello-router`, which asks for the summary and has no opinion.
struct World {
    runtime: Runtime,
    engine: PluginEngine,
    plugin: Arc<Plugin>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let engine = PluginEngine::new().expect("an engine");
    let cache = CompileCache::open(std::env::temp_dir().join("ccr-bench-cache"));
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/plugins/examples/hello-router.wasm");
    let wasm = std::fs::read(file).expect("`cargo xtask plugins` has been run");
    // In a task, as loading blocks in place.
    let loading =
        async { component::load(&engine, &cache, &wasm, "hello-router", Origin::BuiltIn, |_| Limits::default()).await };
    let plugin = Arc::new(runtime.block_on(loading).expect("it loads"));
    World { runtime, engine, plugin }
});

#[divan::bench(args = SIZES)]
fn router_component(bencher: Bencher, size: usize) {
    let world = &*WORLD;
    let request = InnerRequest::parse(gateway_load::body(size), "r", http::HeaderMap::new(), None).expect("legal");
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        let settings = r#"{"large":"p,m","above_kb":1000}"#;
        let surroundings = Surroundings { settings: settings.into(), ..Surroundings::bare("hello-router") };
        let asked = router::route(&world.engine, &world.plugin, surroundings, &request);
        world.runtime.block_on(asked).expect("it answers").0.is_none()
    });
}
