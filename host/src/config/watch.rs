//! Says when the configuration file or the plugins folder has changed.
//!
//! The *folders* are watched, since editors replace a file by renaming another over it, and Kubernetes swaps a link beside it. An event only
//! means "look again": whether something changed is told by the contents. Loading and swapping are left to whoever is told.

use std::{
    collections::{BTreeMap, BTreeSet, hash_map::DefaultHasher},
    fs::File,
    hash::Hasher,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use notify::{
    Event, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode, EventKind},
};

/// How long nothing may happen before a change counts as complete: an editor's write, rename and chmod come within
/// milliseconds, a copied component within a few chunks of this length.
const QUIET: Duration = Duration::from_millis(200);

/// The longest that changes are gathered, for a folder in which something is always written.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// What to watch.
#[derive(Debug, Clone)]
pub struct WatchPaths {
    /// It need not exist; its folder must.
    pub config: PathBuf,
    /// It need not exist; a folder above it must.
    pub plugins: PathBuf,
}

/// What has changed since the last call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changed {
    pub config: bool,
    /// A component in the plugins folder, or one of the [extra files](Watcher::set_extra_files).
    pub plugins: bool,
}

/// Watching could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch {}: {source}; changes need a restart to be seen (on Linux, fs.inotify.max_user_watches and max_user_instances may be too low)", path.display())]
pub struct WatchError {
    path: PathBuf,
    source: notify::Error,
}

/// Watches until it is dropped.
pub struct Watcher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    /// One place: a wake-up that is waiting stands for all that come meanwhile.
    wake: SyncSender<()>,
    stop: AtomicBool,
    extra: Mutex<Vec<PathBuf>>,
}

impl Watcher {
    /// Starts watching. `on_change` is called on a thread of its own, never twice at a time; changes during a call lead to one more call.
    pub fn start(paths: WatchPaths, on_change: impl Fn(Changed) + Send + 'static) -> Result<Self, WatchError> {
        let (wake, woken) = sync_channel(1);
        let shared = Arc::new(Shared { wake, stop: AtomicBool::new(false), extra: Mutex::default() });
        let handler = {
            let shared = Arc::clone(&shared);
            move |event| on_event(&shared, event)
        };
        let notifier =
            notify::recommended_watcher(handler).map_err(|source| WatchError { path: paths.config.clone(), source })?;
        let mut folders = Folders { notifier, watched: BTreeSet::new() };
        folders.watch(&paths, &[]).map_err(|(path, source)| WatchError { path, source })?;
        let mut seen = Seen::default();
        seen.look(&paths, &[]);
        let worker = Worker { paths, folders, seen, shared: Arc::clone(&shared), woken };
        let thread = std::thread::Builder::new().name("watch".into()).spawn(move || worker.run(on_change));
        let thread = thread.map_err(|error| WatchError { path: PathBuf::new(), source: notify::Error::io(error) })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Watches these files too, as plugins: components that the configuration names outside the plugins folder.
    pub fn set_extra_files(&self, files: Vec<PathBuf>) {
        *self.shared.extra() = files;
        self.shared.wake();
    }
}

impl Drop for Watcher {
    /// Waits for a call of `on_change` that is under way.
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.wake();
        let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id())
        else {
            return;
        };
        if thread.join().is_err() {
            tracing::error!("the thread that watches the configuration panicked");
        }
    }
}

impl Shared {
    fn wake(&self) {
        // Full means that a wake-up is waiting already, disconnected that nobody is there to be woken.
        let _ = self.wake.try_send(());
    }

    fn extra(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.extra.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn on_event(shared: &Shared, event: notify::Result<Event>) {
    match event {
        // Reading is an event too, and answering it by reading would never end.
        Ok(Event { kind: EventKind::Access(access), .. }) if access != AccessKind::Close(AccessMode::Write) => {}
        Ok(_) => shared.wake(),
        Err(error) => {
            tracing::warn!(%error, "watching the configuration: the system reported an error, looking again");
            shared.wake();
        }
    }
}

struct Worker {
    paths: WatchPaths,
    folders: Folders,
    seen: Seen,
    shared: Arc<Shared>,
    woken: Receiver<()>,
}

impl Worker {
    fn run(mut self, on_change: impl Fn(Changed)) {
        let mut known_extra = Vec::new();
        while self.woken.recv().is_ok() && self.settle() {
            let extra = self.shared.extra().clone();
            if let Err((path, error)) = self.folders.watch(&self.paths, &extra) {
                tracing::warn!(path = %path.display(), %error, "cannot watch, changes there will not be seen");
            }
            if extra != known_extra {
                // Files that are new to the watch are not changes.
                self.seen.extra = contents(&extra);
                known_extra.clone_from(&extra);
            }
            let changed = self.seen.look(&self.paths, &extra);
            if changed != Changed::default() {
                on_change(changed);
            }
        }
    }

    /// Waits until nothing more happens; false if it is time to stop.
    fn settle(&self) -> bool {
        let deadline = Instant::now() + LONGEST_WAIT;
        while !self.shared.stop.load(Ordering::Acquire) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.woken.recv_timeout(QUIET.min(left)) {
                Ok(()) if left > Duration::ZERO => {}
                Ok(()) | Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        false
    }
}

/// The folders that the system reports on.
struct Folders {
    notifier: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
}

impl Folders {
    /// Watches every folder that matters now, and gives the last one that could not be. Called after each change, since
    /// folders come and go.
    fn watch(&mut self, paths: &WatchPaths, extra: &[PathBuf]) -> Result<(), (PathBuf, notify::Error)> {
        let wanted = wanted(paths, extra);
        for gone in self.watched.difference(&wanted) {
            // It fails for a folder that is deleted, which is what is wanted.
            let _ = self.notifier.unwatch(gone);
        }
        self.watched.retain(|folder| wanted.contains(folder));
        let mut result = Ok(());
        for folder in wanted {
            // Again even if it is watched: it may have been deleted and made anew since, and then the old watch is dead.
            match self.notifier.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.watched.insert(folder)),
                Err(error) => result = Err((folder, error)),
            }
        }
        result
    }
}

/// The folders of the files, also of what they link to; the plugins folder and the nearest folder above it, which is where it
/// appears and disappears.
fn wanted(paths: &WatchPaths, extra: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    for file in std::iter::once(&paths.config).chain(extra) {
        folders.extend(existing_ancestor(file));
        folders.extend(file.canonicalize().ok().and_then(|target| target.parent().map(Path::to_owned)));
    }
    folders.extend(existing_ancestor(&paths.plugins));
    if paths.plugins.is_dir() {
        folders.insert(paths.plugins.clone());
    }
    folders
}

/// The nearest folder above a path that exists.
fn existing_ancestor(path: &Path) -> Option<PathBuf> {
    let folder = |folder: &Path| {
        if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }
    };
    path.ancestors().skip(1).map(folder).find(|folder| folder.is_dir())
}

/// The contents that were seen last, as hashes. A collision would lose one change in 2^64, and nobody gains by forging one.
#[derive(Default)]
struct Seen {
    config: Option<u64>,
    plugins: BTreeMap<PathBuf, Option<u64>>,
    extra: BTreeMap<PathBuf, Option<u64>>,
}

impl Seen {
    /// Looks again, and says what is different.
    fn look(&mut self, paths: &WatchPaths, extra: &[PathBuf]) -> Changed {
        let now = Self {
            config: hash(&paths.config).ok(),
            plugins: contents(&components(&paths.plugins)),
            extra: contents(extra),
        };
        let changed = Changed {
            config: now.config != self.config,
            plugins: now.plugins != self.plugins || now.extra != self.extra,
        };
        *self = now;
        changed
    }
}

/// The components in a folder; other files there (a README, a half-copied `.part`) do not matter.
fn components(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wasm"))).collect()
}

fn contents(files: &[PathBuf]) -> BTreeMap<PathBuf, Option<u64>> {
    files.iter().map(|file| (file.clone(), hash(file).ok())).collect()
}

fn hash(path: &Path) -> io::Result<u64> {
    /// Components are megabytes: large reads, bounded memory.
    const CHUNK: usize = 64 * 1024;
    let mut file = File::open(path)?;
    let mut hasher = DefaultHasher::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = file.read(&mut chunk)?;
        match chunk.get(..length) {
            Some(bytes) if length > 0 => hasher.write(bytes),
            _ => return Ok(hasher.finish()),
        }
    }
}

#[cfg(test)]
mod tests;
