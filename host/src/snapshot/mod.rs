//! Everything that must agree within one request: the config, the loaded plugins, and how the two fit together.
//!
//! A request takes one `Arc<Snapshot>` and keeps it to its end, so a reload never changes a request in flight.

mod options;
mod resolver;
mod unresolved;
mod uses;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

use self::resolver::Resolver;
pub use self::unresolved::Unresolved;
pub use self::uses::{Chain, Format, PluginUse, Protocol};
use self::uses::{INNER_PROTOCOL, ProviderPlan};
use crate::config::projects::Projects;
use crate::config::{Config, Home, ModelRef, Provider, TransformerUse};
use crate::plugins::cache::CompileCache;
use crate::plugins::capabilities::config_line;
use crate::plugins::registry::{DEFAULT_PROTOCOL, Loader, Registry};
use crate::plugins::{Plugin, PluginEngine};
use crate::upstream::Upstreams;

/// One generation of config and plugins.
pub struct Snapshot {
    /// What the config file means.
    pub config: Config,
    /// The plugins that are loaded.
    pub registry: Registry,
    /// The public part of the config, for plugins.
    pub public_config: Arc<str>,
    /// One per provider of the config, in its order.
    plans: Vec<ProviderPlan>,
    /// The custom routers, in their order.
    pub routers: Vec<Result<PluginUse, String>>,
    /// The agents, in the order in which they are asked.
    pub agents: Vec<PluginUse>,
    /// Routers of single projects.
    pub projects: Projects,
    /// Formats of clients beside Anthropic's; loaded when the first such client comes.
    formats: OnceCell<Vec<Format>>,
    /// What plugins' HTTP goes over.
    upstreams: Arc<Upstreams>,
}

impl Snapshot {
    /// Loads the plugins and fits them to the config. `Err` lists the names that nothing answers to.
    pub async fn build(
        config: Config,
        engine: &PluginEngine,
        cache: &CompileCache,
        folder: &Path,
        home: &Home,
        upstreams: &Arc<Upstreams>,
        previous: Option<&Self>,
    ) -> Result<Self, Vec<Unresolved>> {
        let loader =
            Loader { engine, cache, config: &config, folder, previous: previous.map(|snapshot| &snapshot.registry) };
        let registry = loader.load().await;
        let public_config: Arc<str> = public_view(&config, &registry).into();
        let resolver =
            Resolver { engine, config: &config, registry: &registry, public_config: &public_config, upstreams };
        let mut unresolved = resolver.unresolved();
        unresolved.extend(resolver.wrong_options());
        if !unresolved.is_empty() {
            return Err(unresolved);
        }
        let plans = config.providers.iter().map(|provider| resolver.plan(provider)).collect();
        let routers = config.custom_routers.iter().map(|path| resolver.router(path)).collect();
        let agents = resolver.agents();
        let projects = Projects::of(home);
        let (formats, upstreams) = (OnceCell::new(), Arc::clone(upstreams));
        let snapshot = Self { agents, plans, routers, public_config, registry, config, projects, formats, upstreams };
        for (message, hint) in snapshot.ungranted() {
            tracing::warn!("{message}; {hint}");
        }
        Ok(snapshot)
    }

    /// What plugins ask for and do not have: what is missing, and what to do.
    pub fn ungranted(&self) -> Vec<(String, String)> {
        let lacking = |plugin: &Arc<Plugin>| {
            let grants = self.config.plugin(&plugin.name).map(|settings| &settings.grants);
            let missing = plugin.asks.missing(&plugin.asks.granted(&plugin.origin, grants)).join(", ");
            (!missing.is_empty()).then(|| {
                let message = format!("plugin `{}` asks for what it is not granted", plugin.name);
                (message, format!("if it is to have it, write {}", config_line(&plugin.name, &missing)))
            })
        };
        self.registry.iter().filter_map(lacking).collect()
    }

    /// The first format whose clients post to this path.
    pub async fn format(&self, engine: &PluginEngine, cache: &CompileCache, path: &str) -> Option<Format> {
        let formats = self.formats.get_or_init(|| self.load_formats(engine, cache)).await;
        formats.iter().find(|format| format.serves(path)).cloned()
    }

    async fn load_formats(&self, engine: &PluginEngine, cache: &CompileCache) -> Vec<Format> {
        let previous = Some(&self.registry);
        let loader = Loader { engine, cache, config: &self.config, folder: Path::new(""), previous };
        let resolver = Resolver {
            engine,
            config: &self.config,
            registry: &self.registry,
            public_config: &self.public_config,
            upstreams: &self.upstreams,
        };
        let plugins = loader.formats(&self.registry).await;
        let used = |plugin: Arc<Plugin>| {
            let format = Arc::new(plugin.client_format.clone()?);
            let name = Arc::clone(&plugin.name);
            Some(Format { used: resolver.with_options(&plugin, &name, &Value::Null, &Value::Null), format })
        };
        plugins.into_iter().filter_map(used).collect()
    }

    /// The formats of clients that have been loaded so far.
    pub fn loaded_formats(&self) -> impl Iterator<Item = &Arc<Plugin>> {
        self.formats.get().into_iter().flatten().map(|format| &format.used.plugin)
    }

    /// How requests for a target are made; `Err` says why none can be.
    pub fn chain(&self, target: &ModelRef) -> Result<&Arc<Chain>, &str> {
        let plan = self.plans.get(target.provider).ok_or("the provider is gone")?;
        plan.per_model.get(&target.model).unwrap_or(&plan.any_model).as_ref().map_err(String::as_str)
    }
}

/// What plugins may know of the config: never keys, nor addresses.
fn public_view(config: &Config, registry: &Registry) -> String {
    let providers: Vec<Value> = config
        .providers
        .iter()
        .map(|provider| {
            let models: Vec<&str> = provider.models.iter().map(|model| &**model).collect();
            json!({ "name": &*provider.name, "models": models, "protocol": protocol_name(provider, registry) })
        })
        .collect();
    let router: Map<String, Value> = config
        .router
        .targets
        .iter()
        .map(|(scenario, target)| (scenario.as_str().to_owned(), Value::String(target.display(config))))
        .collect();
    json!({ "Providers": providers, "Router": router, "forceUseImageAgent": config.force_use_image_agent }).to_string()
}

/// What a provider speaks, as far as names tell.
fn protocol_name(provider: &Provider, registry: &Registry) -> String {
    let speaks = |used: &&TransformerUse| {
        let inner = used.name.eq_ignore_ascii_case(INNER_PROTOCOL);
        inner || registry.get(&used.name).is_some_and(|plugin| plugin.is_protocol())
    };
    let named = provider.transformers.iter().find(speaks).map(|used| used.name.as_str());
    named.or(provider.protocol.as_deref()).unwrap_or(DEFAULT_PROTOCOL).to_ascii_lowercase()
}
