//! What the host keeps beside one instance: its limits, its deadline, what it was lent.
//!
//! It lives in the instance's store and is dropped with it. The functions that a plugin may call are in [`super::requests`]
//! (requests) and [`super::imports`] (everything else).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::http::{HttpGrant, HttpUse};
use super::kv::Store;
use super::model::Models;
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::tokens::{TokenCounts, Tokenizers};

/// Lines that one instance may write to the log: enough to tell what it does with one request, too few to fill a disk.
const LOG_LINES: u32 = 64;

/// Table elements of one instance: JavaScript and Python guests need tens of thousands.
const TABLE_ELEMENTS: usize = 100_000;

/// What one use of a plugin sees of the world around it.
#[derive(Clone)]
pub struct Surroundings {
    /// The plugin's name, for its log lines.
    pub name: Arc<str>,
    /// The options of this use, a JSON object.
    pub settings: Arc<str>,
    /// The public part of the config, as JSON.
    pub config: Arc<str>,
    /// Whose request it is for, where that matters to what the plugin may keep.
    pub session: Option<Arc<str>>,
    /// The plugin's store, if it may have one.
    pub kv: Option<Arc<Store>>,
    /// Whom it may ask over HTTP, if it asks for that.
    pub http: Option<Arc<HttpGrant>>,
    /// Calls models for it, if it may.
    pub models: Option<Arc<dyn Models>>,
    /// How tokens are counted for it: as for the provider that it is used for.
    pub tokenizers: Arc<Tokenizers>,
}

impl Surroundings {
    /// Those of a plugin that is asked about itself.
    pub fn bare(name: &str) -> Self {
        Self {
            name: name.into(),
            settings: "{}".into(),
            config: "{}".into(),
            session: None,
            kv: None,
            http: None,
            models: None,
            tokenizers: Arc::default(),
        }
    }
}

/// The data of one store.
pub struct Guest {
    pub(super) table: ResourceTable,
    pub(super) memory: MemoryLimit,
    /// When the call at hand began.
    started: Instant,
    /// How long it has waited for the host.
    waited: Duration,
    running: Running,
    /// How long it may run.
    pub(super) limit: Duration,
    /// Ticks of the clock that it has met while it ran.
    pub(super) ticks: u32,
    pub(super) timed_out: bool,
    pub(super) surroundings: Surroundings,
    pub(super) http: HttpUse,
    pub(super) tokens: Arc<TokenCounts>,
    pub(super) log_lines_left: u32,
    /// Only for components that import WASI (their language's runtime does): a world with nothing in it.
    wasi: Option<Box<WasiCtx>>,
}

impl Guest {
    pub(super) fn new(
        surroundings: Surroundings,
        tokens: Arc<TokenCounts>,
        memory_bytes: usize,
        wasi: bool,
        running: Running,
    ) -> Self {
        Self {
            table: ResourceTable::new(),
            memory: MemoryLimit { limit: memory_bytes, peak: 0, exceeded: false },
            started: Instant::now(),
            waited: Duration::ZERO,
            running,
            limit: Duration::ZERO,
            ticks: 0,
            timed_out: false,
            surroundings,
            http: HttpUse::default(),
            tokens,
            log_lines_left: LOG_LINES,
            wasi: wasi.then(|| Box::new(WasiCtx::builder().build())),
        }
    }

    /// A call begins that may run for `limit`.
    pub(super) fn begin(&mut self, limit: Duration) {
        self.started = Instant::now();
        self.waited = Duration::ZERO;
        self.limit = limit;
        self.ticks = 0;
        self.running.set(true);
    }

    /// The call is over; how long it has waited for the host.
    pub(super) fn end(&mut self) -> Duration {
        self.running.set(false);
        self.waited
    }

    /// How long the call at hand has taken, without what it waited for the host.
    pub(super) fn own_time(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.waited)
    }

    /// Waits for what the guest asked of the world outside. That is not the guest's time, and no clock needs to tick for it.
    pub(super) async fn wait_for<T>(&mut self, outside: impl Future<Output = T>) -> T {
        let began = Instant::now();
        self.running.set(false);
        let came = outside.await;
        self.running.set(true);
        self.waited += began.elapsed();
        came
    }
}

/// Whether a call is under way, for the clock; a call that is dropped half-way counts as over.
pub(super) struct Running {
    count: Arc<AtomicUsize>,
    now: bool,
}

impl Running {
    pub(super) fn new(count: Arc<AtomicUsize>) -> Self {
        Self { count, now: false }
    }

    fn set(&mut self, now: bool) {
        if now != self.now {
            self.now = now;
            if now {
                self.count.fetch_add(1, Relaxed);
            } else {
                self.count.fetch_sub(1, Relaxed);
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.set(false);
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        // Only the linker for WASI components leads here, and they get a context; for any other an empty one is as good.
        let ctx = self.wasi.get_or_insert_with(|| Box::new(WasiCtx::builder().build()));
        WasiCtxView { ctx, table: &mut self.table }
    }
}

/// Bounds an instance's memory and remembers how far it went.
#[derive(Debug)]
pub(super) struct MemoryLimit {
    limit: usize,
    pub(super) peak: usize,
    /// The instance asked for more than it may have; what follows in the guest is usually a trap.
    pub(super) exceeded: bool,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.limit {
            self.exceeded = true;
            return Ok(false);
        }
        self.peak = self.peak.max(desired);
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}
