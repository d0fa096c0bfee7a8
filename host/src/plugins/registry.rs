//! The plugins of one snapshot: the built-in ones that the config uses, those of the plugins folder, and those that the
//! config names by path.

mod namesakes;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::namesakes::Named;
pub use self::namesakes::{Clash, SetAside, choose};
use super::cache::{CompileCache, digest};
use super::component::{self, Limits, Origin, Plugin};
use super::engine::{MAX_MEMORY, PluginEngine};
use super::error::Cause;
use crate::config::Config;

/// Largest component that is read: Python guests have about 20 MB.
const MAX_FILE: u64 = 256 * 1024 * 1024;

mod built_in {
    include!(concat!(env!("OUT_DIR"), "/built_in.rs"));
}

/// What serves when the config names no protocol: most providers speak it.
pub const DEFAULT_PROTOCOL: &str = "openai";

/// A file that could not be loaded.
#[derive(Debug, Clone)]
pub struct Broken {
    /// The name that requests would ask for: the file's own.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// An earlier version still serves.
    pub earlier_serves: bool,
}

/// All plugins of a snapshot, by lower-case name.
#[derive(Default)]
pub struct Registry {
    plugins: BTreeMap<String, Arc<Plugin>>,
    broken: Vec<Broken>,
    set_aside: Vec<SetAside>,
    clashes: Vec<Clash>,
    /// Config paths of `transformers`, `plugins` and `CUSTOM_ROUTER_PATH` to what they loaded as.
    by_path: BTreeMap<PathBuf, Arc<Plugin>>,
    /// Names that the config switches off.
    disabled: BTreeSet<String>,
}

/// Loads plugins; what has been loaded before is taken over.
pub struct Loader<'a> {
    /// Shared by all.
    pub engine: &'a PluginEngine,
    /// Where compiled code is kept.
    pub cache: &'a CompileCache,
    /// What is meant.
    pub config: &'a Config,
    /// The plugins folder.
    pub folder: &'a Path,
    /// What serves now.
    pub previous: Option<&'a Registry>,
}

impl Registry {
    /// The plugin of this name, without regard to case.
    pub fn get(&self, name: &str) -> Option<&Arc<Plugin>> {
        self.plugins.get(&name.to_ascii_lowercase())
    }

    /// The plugin that was loaded from a path of the config.
    pub fn at(&self, path: &Path) -> Option<&Arc<Plugin>> {
        self.by_path.get(path)
    }

    /// Why there is no usable plugin of this name, if a file of that name is broken.
    pub fn why_broken(&self, name: &str) -> Option<&Broken> {
        self.broken.iter().find(|broken| broken.name.eq_ignore_ascii_case(name))
    }

    /// All plugins, by name; then routers whose name is another's.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Plugin>> {
        let nameless =
            self.by_path.values().filter(|plugin| !self.plugins.values().any(|named| Arc::ptr_eq(named, plugin)));
        self.plugins.values().chain(nameless)
    }

    /// All files that load and do not serve.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// All names of which it is not clear whose they are.
    pub fn clashes(&self) -> &[Clash] {
        &self.clashes
    }

    /// All files that could not be loaded.
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// Whether the config switches off the plugin of this name.
    pub fn is_disabled(&self, name: &str) -> bool {
        self.disabled.contains(&name.to_ascii_lowercase())
    }

    /// Every name that a config may use, for the nearest one in a message.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let built_in = built_in::COMPONENTS.iter().map(|(name, _)| *name);
        let loaded = self.plugins.keys().map(String::as_str);
        built_in.chain(loaded).collect::<BTreeSet<_>>().into_iter()
    }
}

/// Seen from outside, without compiling it: the names of a component's exports stand in it as they are.
fn exports_client_protocol(wasm: &[u8]) -> bool {
    memchr::memmem::find(wasm, b"ccr:plugin/client-protocol@").is_some()
}

/// Whether the binary has a component of this name.
pub fn is_built_in(name: &str) -> bool {
    built_in::COMPONENTS.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
}

impl Loader<'_> {
    /// Loads everything that this config can use. What the config names goes before what lies in the folder, and a file in the
    /// folder never takes the place of a built-in plugin by itself: requests and keys' money would go where nobody sent them.
    pub async fn load(&self) -> Registry {
        let mut registry = Registry { disabled: self.disabled(), ..Registry::default() };
        for named in self.named() {
            if let Some(plugin) = self.file_once(&named.path, &mut registry).await {
                registry.take_named(&named, plugin);
            }
        }
        for path in wasm_files(self.folder).into_iter().filter(|path| !self.names_file(path)) {
            if let Some(plugin) = self.file(&path, &mut registry).await {
                registry.take(plugin, &path);
            }
        }
        for path in &self.config.custom_routers {
            // Routers are asked by their file; the name is for looks.
            if let Some(plugin) = self.file_once(path, &mut registry).await
                && !is_built_in(&plugin.name)
            {
                registry.plugins.entry(plugin.name.to_ascii_lowercase()).or_insert(plugin);
            }
        }
        for (name, wasm) in built_in::COMPONENTS {
            let free = registry.get(name).is_none() && !registry.clashes.iter().any(|clash| clash.name == *name);
            if self.is_used(name) && free && !registry.is_disabled(name) {
                self.built_in(name, wasm, &mut registry).await;
            }
        }
        for aside in &registry.set_aside {
            tracing::warn!(file = %aside.path.display(), "plugin not used: {}; {}", aside.reason, aside.hint);
        }
        registry
    }

    /// The plugins that speak formats of clients: the built-in ones, which are loaded only when a client of another format
    /// than Anthropic's comes, then those of `registry`, by name.
    pub async fn formats(&self, registry: &Registry) -> Vec<Arc<Plugin>> {
        let mut formats = Vec::new();
        for (name, wasm) in built_in::COMPONENTS {
            if !exports_client_protocol(wasm) || registry.is_disabled(name) {
                continue;
            }
            match registry.get(name) {
                // In its place, and serving its paths.
                Some(plugin) => formats.push(Arc::clone(plugin)),
                None => match self.loaded(wasm, name, Origin::BuiltIn).await {
                    Ok(plugin) => formats.push(plugin),
                    Err(cause) => tracing::error!(plugin = name, "clients of its format are not served: {cause}"),
                },
            }
        }
        formats.extend(registry.iter().filter(|plugin| !is_built_in(&plugin.name)).cloned());
        formats.retain(|plugin| plugin.client_format.is_some());
        formats
    }

    /// Files that the config gives a name to.
    fn named(&self) -> impl Iterator<Item = Named> {
        let custom = self.config.transformers.iter().map(|custom| Named {
            path: custom.path.clone(),
            name: custom.name.clone(),
            own_name: false,
            at: custom.at.clone(),
        });
        let plugins = self.config.plugins.iter().filter_map(|settings| {
            let (path, name) = (settings.path.clone()?, Some(settings.name.clone()));
            Some(Named { path, name, own_name: true, at: settings.at.clone() })
        });
        custom.chain(plugins)
    }

    /// Whether the config names this file of the plugins folder, and so has loaded it already.
    fn names_file(&self, file: &Path) -> bool {
        let plugins = self.config.plugins.iter().filter_map(|settings| settings.path.as_ref());
        let custom = self.config.transformers.iter().map(|custom| &custom.path);
        custom.chain(plugins).chain(&self.config.custom_routers).any(|path| same_file(path, file))
    }

    /// Loads a file that the config names, if it is not loaded yet.
    async fn file_once(&self, path: &Path, registry: &mut Registry) -> Option<Arc<Plugin>> {
        if let Some(plugin) = registry.by_path.get(path) {
            return Some(Arc::clone(plugin));
        }
        let same = registry.by_path.iter().find(|(known, _)| same_file(known, path));
        let plugin = match same.map(|(_, plugin)| Arc::clone(plugin)) {
            Some(plugin) => plugin,
            None => self.file(path, registry).await?,
        };
        registry.by_path.insert(path.to_owned(), Arc::clone(&plugin));
        Some(plugin)
    }

    fn disabled(&self) -> BTreeSet<String> {
        let off = self.config.plugins.iter().filter(|settings| !settings.enabled);
        off.map(|settings| settings.name.to_ascii_lowercase()).collect()
    }

    /// Built-in components that nobody uses are not even compiled.
    fn is_used(&self, name: &str) -> bool {
        let uses = |transformers: &[crate::config::TransformerUse]| {
            transformers.iter().any(|transformer| transformer.name.eq_ignore_ascii_case(name))
        };
        let in_provider = self.config.providers.iter().any(|provider| {
            uses(&provider.transformers)
                || provider.per_model.iter().any(|(_, transformers)| uses(transformers))
                || provider.protocol.as_deref().is_some_and(|protocol| protocol.eq_ignore_ascii_case(name))
        });
        let as_agent = self.config.active_agents().any(|(agent, _)| agent.eq_ignore_ascii_case(name));
        in_provider || as_agent || (name == DEFAULT_PROTOCOL && !self.config.providers.is_empty())
    }

    async fn built_in(&self, name: &str, wasm: &[u8], registry: &mut Registry) {
        match self.loaded(wasm, name, Origin::BuiltIn).await {
            Ok(plugin) => {
                registry.plugins.insert(name.to_ascii_lowercase(), plugin);
            }
            Err(cause) => registry.broken.push(Broken {
                name: name.into(),
                path: PathBuf::from("(built in)"),
                reason: cause.to_string(),
                earlier_serves: false,
            }),
        }
    }

    /// Loads one file. A file that does not load leaves its earlier version serving.
    async fn file(&self, path: &Path, registry: &mut Registry) -> Option<Arc<Plugin>> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if registry.is_disabled(&name) {
            tracing::info!(plugin = name, "switched off by the config");
            return None;
        }
        let loaded = match read(path) {
            Ok(wasm) => self.loaded(&wasm, &name, Origin::File(path.to_owned())).await,
            Err(reason) => Err(Cause::NotLoaded(reason)),
        };
        match loaded {
            Ok(plugin) if registry.is_disabled(&plugin.name) => {
                tracing::info!(plugin = %plugin.label(), "switched off by the config");
                None
            }
            Ok(plugin) => Some(plugin),
            Err(cause) => {
                let earlier = self.previous.and_then(|previous| previous.at_file(path));
                tracing::error!(file = %path.display(), "plugin not loaded: {cause}");
                registry.broken.push(Broken {
                    name,
                    path: path.to_owned(),
                    reason: cause.to_string(),
                    earlier_serves: earlier.is_some(),
                });
                earlier
            }
        }
    }

    async fn loaded(&self, wasm: &[u8], known_as: &str, origin: Origin) -> Result<Arc<Plugin>, Cause> {
        let hash = digest(wasm);
        if let Some(same) = self.previous.and_then(|previous| previous.same(&hash, &origin))
            && same.limits == self.limits(&same.name, known_as)
        {
            return Ok(same);
        }
        // JavaScript and Python guests bring their interpreters along.
        if wasm.len() > 4 * 1024 * 1024 {
            tracing::info!(plugin = known_as, "a large component: compiling it takes some seconds when it is new");
        }
        let limits = |name: &str| self.limits(name, known_as);
        let plugin = component::load(self.engine, self.cache, wasm, known_as, origin, limits)
            .await
            .map_err(|error| error.cause)?;
        tracing::info!(plugin = %plugin.label(), roles = ?plugin.role_names(), origin = ?plugin.origin, "plugin loaded");
        Ok(Arc::new(plugin))
    }

    /// The limits that the config sets for a plugin by its own name, or by its file's.
    fn limits(&self, name: &str, known_as: &str) -> Limits {
        let defaults = own_limits(name);
        let Some(settings) = self.config.plugin(name).or_else(|| self.config.plugin(known_as)) else { return defaults };
        let memory = settings.memory.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(defaults.memory);
        Limits {
            memory: memory.min(MAX_MEMORY),
            request: settings.timeouts.request.unwrap_or(defaults.request),
            events: settings.timeouts.events.unwrap_or(defaults.events),
            init: settings.timeouts.init.unwrap_or(defaults.init),
            tool: settings.timeouts.tool.unwrap_or(defaults.tool),
            fail: settings.fail,
        }
    }
}

impl Registry {
    fn all(&self) -> impl Iterator<Item = &Arc<Plugin>> {
        self.plugins.values().chain(self.by_path.values())
    }

    fn same(&self, hash: &str, origin: &Origin) -> Option<Arc<Plugin>> {
        self.all().find(|plugin| plugin.digest == hash && plugin.origin == *origin).cloned()
    }

    fn at_file(&self, path: &Path) -> Option<Arc<Plugin>> {
        self.all().find(|plugin| plugin.origin == Origin::File(path.to_owned())).cloned()
    }
}

/// The limits of a plugin of which the config says nothing. Pictures are large: one of twenty megapixels, decoded to be cut or
/// scaled, takes 250 MB, and a conversation full of them takes longer to go through than one of words (measured).
fn own_limits(name: &str) -> Limits {
    match name {
        "image" => {
            Limits { memory: 256 * 1024 * 1024, request: std::time::Duration::from_secs(1), ..Limits::default() }
        }
        _ => Limits::default(),
    }
}

/// Whether two paths lead to one file.
fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The components of the plugins folder, in the order of their names.
fn wasm_files(folder: &Path) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                tracing::error!(folder = %folder.display(), "the plugins folder cannot be read: {error}");
            }
            return Vec::new();
        }
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .collect();
    files.sort();
    files
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if about.len() > MAX_FILE {
        return Err(format!("it is larger than {} MiB", MAX_FILE / (1024 * 1024)));
    }
    std::fs::read(path).map_err(|error| error.to_string())
}
