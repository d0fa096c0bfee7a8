//! One instance of a plugin: made for one call or one streamed answer, thrown away after it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::Resource;
use wasmtime::{Store, UpdateDeadline};

use super::component::Plugin;
use super::engine::{PluginEngine, TICK};
use super::error::{Cause, PluginError};
use super::exports::Interface;
use super::guest::{Guest, Running, Surroundings};

/// How long a request waits for a free instance before it is told that the gateway is overloaded: longer than any burst of
/// short calls lasts, shorter than a client's patience.
const WAIT_FOR_INSTANCE: Duration = Duration::from_secs(1);

/// How much longer than it may run a call may take with all its waiting for a processor. What it waits for the host is not counted.
const WALL_FACTOR: u32 = 20;

/// What a plugin's output may exceed its input by, beside twice its length (design §6): JSON in another format is of the same
/// size, and small inputs may grow by more than their own length.
const OUTPUT_ALLOWANCE: usize = 1024 * 1024;

/// A store with its place among the live instances, its limits and its clock.
pub(super) struct BoundedStore {
    store: Store<Guest>,
    limit: Duration,
    memory_limit: usize,
    _permit: OwnedSemaphorePermit,
}

impl BoundedStore {
    /// Waits (within bounds) for a place and makes a store.
    pub(super) async fn open(
        engine: &PluginEngine,
        surroundings: Surroundings,
        wasi: bool,
        memory: usize,
    ) -> Result<Self, Cause> {
        let permits = engine.permits();
        let permit = match Arc::clone(permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(WAIT_FOR_INSTANCE, Arc::clone(permits).acquire_owned())
                .await
                .ok()
                .and_then(Result::ok)
                .ok_or(Cause::Busy)?,
        };
        let running = Running::new(Arc::clone(engine.running()));
        let guest = Guest::new(surroundings, Arc::clone(engine.tokens()), memory, wasi, running);
        let mut store = Store::new(engine.wasmtime(), guest);
        store.limiter(|guest| &mut guest.memory);
        store.set_hostcall_fuel(OUTPUT_ALLOWANCE);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| {
            let guest = context.data_mut();
            guest.ticks += 1;
            if TICK * guest.ticks < guest.limit && guest.own_time() < guest.limit * WALL_FACTOR {
                return Ok(UpdateDeadline::Yield(1));
            }
            guest.timed_out = true;
            Ok(UpdateDeadline::Interrupt)
        });
        Ok(Self { store, limit: Duration::ZERO, memory_limit: memory, _permit: permit })
    }

    /// Sets how long the next call may run. What counts are the ticks of the clock that it meets while it runs: in a burst, or
    /// beside a compiler that takes all processors, an honest call waits for longer than it works, and must not be blamed for it.
    pub(super) fn arm(&mut self, limit: Duration) {
        self.limit = limit;
        self.store.data_mut().begin(limit);
        self.store.set_epoch_deadline(1);
    }

    pub(super) fn store(&mut self) -> &mut Store<Guest> {
        &mut self.store
    }

    pub(super) fn guest(&mut self) -> &mut Guest {
        self.store.data_mut()
    }

    fn peak_memory(&self) -> usize {
        self.store.data().memory.peak
    }

    /// Why the last call ended as it did.
    pub(super) fn why(&self, error: &wasmtime::Error) -> Cause {
        let guest = self.store.data();
        if guest.timed_out {
            Cause::TimedOut(self.limit)
        } else if guest.memory.exceeded {
            Cause::OutOfMemory(self.memory_limit)
        } else {
            match error.root_cause().to_string() {
                // wasmtime's words for a guest that hands over more than `arm` allowed; it has no type for them.
                cause if cause.contains("fuel allocated for hostcalls") => {
                    Cause::BadOutput("its output is more than twice as large as its input".into())
                }
                cause => Cause::Trapped(cause),
            }
        }
    }
}

/// A plugin's instance with the bindings of the interface that it is used by.
pub(super) struct Instance<B> {
    store: BoundedStore,
    bindings: B,
    plugin: Arc<Plugin>,
    /// Time spent in this instance so far, its making included.
    spent: Duration,
    started: Instant,
}

impl<B: Interface> Instance<B> {
    /// Makes an instance, within the limits of the plugin.
    pub(super) async fn new(
        engine: &PluginEngine,
        plugin: &Arc<Plugin>,
        surroundings: Surroundings,
    ) -> Result<Self, PluginError> {
        let fail = |cause| PluginError { plugin: plugin.label(), step: "instantiate", cause };
        let started = Instant::now();
        if let Some(rest) = plugin.breaker.resting(started) {
            return Err(fail(Cause::Resting(rest)));
        }
        let mut store =
            BoundedStore::open(engine, surroundings, plugin.needs_wasi, plugin.limits.memory).await.map_err(fail)?;
        store.arm(plugin.limits.init);
        match B::instantiate(&plugin.exports, store.store()).await {
            Ok(bindings) => {
                store.guest().end();
                Ok(Self { store, bindings, plugin: Arc::clone(plugin), spent: started.elapsed(), started })
            }
            Err(error) => {
                let cause = store.why(&error);
                Err(note_failure(plugin, "instantiate", cause))
            }
        }
    }

    /// Begins a call that may take `limit`, and may hand over as much as fits its input; ended by [`Instance::end`].
    pub(super) fn begin(&mut self, limit: Duration, input_bytes: usize) -> (&B, &mut Store<Guest>) {
        self.begin_bounded(limit, input_bytes * 2 + OUTPUT_ALLOWANCE)
    }

    /// Begins a call that may take `limit` and hand over `output_bytes`, whatever it does with references to the same memory.
    pub(super) fn begin_bounded(&mut self, limit: Duration, output_bytes: usize) -> (&B, &mut Store<Guest>) {
        self.started = Instant::now();
        self.store.arm(limit);
        self.store.store.set_hostcall_fuel(output_bytes);
        (&self.bindings, &mut self.store.store)
    }

    /// Ends a call: counts its time, and turns a trap into what it was.
    pub(super) fn end<T>(&mut self, step: &'static str, result: wasmtime::Result<T>) -> Result<T, PluginError> {
        // What it waited for is somebody else's time.
        let time = self.started.elapsed().saturating_sub(self.store.guest().end());
        self.spent += time;
        self.plugin.meter.add(time, self.store.peak_memory(), result.is_err());
        result.map_err(|error| {
            let cause = self.store.why(&error);
            note_failure(&self.plugin, step, cause)
        })
    }

    /// Ends a call that was not waited for any longer; the instance is of no use then.
    pub(super) fn gave_up(&mut self, step: &'static str, cause: Cause) -> PluginError {
        let time = self.started.elapsed().saturating_sub(self.store.guest().end());
        self.plugin.meter.add(time, self.store.peak_memory(), true);
        note_failure(&self.plugin, step, cause)
    }

    /// A refusal by the plugin itself.
    pub(super) fn refused(&self, step: &'static str, fault: super::bindings::Fault) -> PluginError {
        PluginError { plugin: self.plugin.label(), step, cause: Cause::Refused(fault) }
    }

    /// An answer of the plugin that cannot be used; counts as a failure.
    pub(super) fn bad_output(&self, step: &'static str, reason: impl Into<String>) -> PluginError {
        note_failure(&self.plugin, step, Cause::BadOutput(reason.into()))
    }

    /// Puts a request where the guest can borrow it.
    pub(super) fn lend<R: Send + 'static>(
        &mut self,
        step: &'static str,
        request: R,
    ) -> Result<Resource<R>, PluginError> {
        let pushed = self.store.guest().table.push(request);
        pushed.map_err(|error| self.bad_output(step, error.to_string()))
    }

    /// Takes a request back after the call.
    pub(super) fn take_back<R: 'static>(&mut self, step: &'static str, handle: Resource<R>) -> Result<R, PluginError> {
        let taken = self.store.guest().table.delete(handle);
        taken.map_err(|error| self.bad_output(step, error.to_string()))
    }

    pub(super) fn plugin(&self) -> &Arc<Plugin> {
        &self.plugin
    }

    /// Time spent in this instance since this was last asked.
    pub(super) fn take_spent(&mut self) -> Duration {
        std::mem::take(&mut self.spent)
    }

    /// Time spent in this instance so far.
    pub(super) fn spent(&self) -> Duration {
        self.spent
    }
}

fn note_failure(plugin: &Plugin, step: &'static str, cause: Cause) -> PluginError {
    if cause.is_failure() && plugin.breaker.failed(Instant::now()) {
        tracing::warn!(plugin = %plugin.label(), "left alone for a while after repeated failures, the last one: {cause}");
    }
    PluginError { plugin: plugin.label(), step, cause }
}
