//! The wasmtime engine, its linkers and its clock: what is made once per process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use super::bindings::imports::Imports;
use super::guest::Guest;
use super::kv::{Store, Stores};
use crate::tokens::TokenCounts;

/// How often guest code that runs lets others run, and its time is counted: a request beside plugins that spin waits for a turn of
/// each at every step, so a turn must be short.
pub(super) const TICK: Duration = Duration::from_millis(1);

/// How often the clock looks whether any guest runs: a thousand wake-ups a second for nothing would cost half a percent of a core.
const IDLE_TICK: Duration = Duration::from_millis(5);

/// Instances that may live at once. A streamed answer holds one for as long as it lasts, so it bounds streams, too.
pub const MAX_INSTANCES: u32 = 1000;

/// Largest memory that a plugin's limit may be set to; the pool reserves (but does not use) it for each instance.
pub const MAX_MEMORY: usize = 512 * 1024 * 1024;

/// Bytes of an instance's memory that are wiped by hand when it ends. Beyond them the pages go back to the system, which
/// costs the next instance a page fault each; a translated 67 kB request touches about this much.
const KEEP_RESIDENT: usize = 256 * 1024;

/// Everything of wasmtime that plugins share.
pub struct PluginEngine {
    engine: Engine,
    /// For components that import nothing but `ccr:plugin`.
    bare: Linker<Guest>,
    /// For those whose language brings WASI along.
    wasi: Linker<Guest>,
    permits: Arc<Semaphore>,
    stores: Stores,
    turns: Store,
    /// Here and not in the gateway's own state, as plugins ask for counts, too.
    tokens: Arc<TokenCounts>,
    /// Calls under way; the clock stops when the engine, which holds this, goes.
    running: Arc<AtomicUsize>,
}

impl PluginEngine {
    /// Makes the engine, with a pool of instances where the system lets it reserve the address space, else without.
    pub fn new() -> anyhow::Result<Self> {
        let engine = match Engine::new(&config(true)) {
            Ok(engine) => engine,
            Err(error) => {
                tracing::warn!("plugins run without an instance pool (each request costs a little more): {error:#}");
                Engine::new(&config(false)).map_err(plain).context("the WebAssembly engine does not start")?
            }
        };
        let mut bare = Linker::new(&engine);
        Imports::add_to_linker::<_, HasSelf<_>>(&mut bare, |guest| guest).map_err(plain)?;
        let mut wasi = bare.clone();
        wasmtime_wasi::p2::add_to_linker_async(&mut wasi).map_err(plain)?;
        let running = start_clock(&engine)?;
        let permits = Arc::new(Semaphore::new(MAX_INSTANCES as usize));
        Ok(Self {
            engine,
            bare,
            wasi,
            permits,
            stores: Stores::default(),
            turns: Store::default(),
            tokens: Arc::default(),
            running,
        })
    }

    pub(super) fn wasmtime(&self) -> &Engine {
        &self.engine
    }

    /// What plugins keep.
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Turns of models that clients did not see, for their next requests.
    pub fn turns(&self) -> &Store {
        &self.turns
    }

    /// Counts tokens.
    pub fn tokens(&self) -> &Arc<TokenCounts> {
        &self.tokens
    }

    /// How many calls are under way.
    pub(super) fn running(&self) -> &Arc<AtomicUsize> {
        &self.running
    }

    pub(super) fn permits(&self) -> &Arc<Semaphore> {
        &self.permits
    }

    /// The linker that serves what this component imports.
    pub(super) fn linker(&self, needs_wasi: bool) -> &Linker<Guest> {
        if needs_wasi { &self.wasi } else { &self.bare }
    }

    pub(super) fn compile(&self, wasm: &[u8]) -> wasmtime::Result<Component> {
        Component::new(&self.engine, wasm)
    }
}

/// wasmtime's error as the one that start-up works with.
pub(super) fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}

fn config(pooled: bool) -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        // All calls are plain ones; the bookkeeping for concurrent ones costs more than the calls.
        .concurrency_support(false)
        // Not lent to plugins: nothing that they need, and every proposal is code that could be wrong.
        .wasm_memory64(false);
    if pooled {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    }
    config
}

/// Limits that let JavaScript and Python guests in; what they reserve is address space, not memory.
fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(MAX_INSTANCES)
        // A guest with imports has its own module and two small ones that tie it to them; Python brings dozens.
        .total_core_instances(MAX_INSTANCES * 4)
        .max_core_instances_per_component(200)
        .total_memories(MAX_INSTANCES)
        .max_memories_per_component(20)
        .max_memory_size(MAX_MEMORY)
        .total_tables(MAX_INSTANCES * 2)
        .max_tables_per_component(20)
        .table_elements(100_000)
        .total_stacks(MAX_INSTANCES)
        .max_component_instance_size(4 * 1024 * 1024)
        .max_core_instance_size(4 * 1024 * 1024)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(64 * 1024)
        .async_stack_keep_resident(64 * 1024)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// The ticking thread; it ends when the counter of running calls is gone everywhere else.
fn start_clock(engine: &Engine) -> anyhow::Result<Arc<AtomicUsize>> {
    let running = Arc::new(AtomicUsize::new(0));
    let watched = Arc::downgrade(&running);
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("plugin-clock".into())
        .spawn(move || {
            while let (Some(running), Some(engine)) = (watched.upgrade(), engine.upgrade()) {
                engine.increment_epoch();
                let pause = if running.load(Relaxed) > 0 { TICK } else { IDLE_TICK };
                drop((running, engine));
                std::thread::sleep(pause);
            }
        })
        .context("the plugins' clock does not start")?;
    Ok(running)
}
