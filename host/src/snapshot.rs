//! Everything that must agree within one request: the config, the loaded plugins, and how the two fit together.
//!
//! A request takes one `Arc<Snapshot>` and keeps it to its end, so a reload never changes a request in flight.

mod unresolved;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

pub use self::unresolved::Unresolved;
use crate::client::{Client, Format};
use crate::config::{Config, Grants, Home, ModelRef, Provider, TransformerUse};
use crate::inventory;
use crate::plugins::cache::CompileCache;
use crate::plugins::http::HttpGrant;
use crate::plugins::registry::{DEFAULT_PROTOCOL, Loader, Registry};
use crate::plugins::{Origin, Plugin, PluginEngine, Surroundings};
use crate::routing::projects::Projects;
use crate::upstream::Upstreams;

/// One generation of config and plugins.
pub struct Snapshot {
    /// What is meant.
    pub config: Config,
    /// What is loaded.
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

/// How a provider's requests are made.
struct ProviderPlan {
    any_model: Result<Arc<Chain>, String>,
    /// Models with transformers of their own.
    per_model: HashMap<Arc<str>, Result<Arc<Chain>, String>>,
}

/// A protocol, and the transformers around it, the outermost first.
#[derive(Debug)]
pub struct Chain {
    /// Who speaks with the provider.
    pub protocol: Protocol,
    /// Who edits.
    pub transformers: Vec<PluginUse>,
}

/// Who speaks a provider's format.
#[derive(Debug, Clone)]
pub enum Protocol {
    /// The inner form itself, Anthropic Messages: nothing has to be translated.
    Inner {
        /// The key goes as `Authorization: Bearer`, not as `x-api-key` (option `UseBearer`).
        use_bearer: bool,
        /// The option `thinking` is set, so that reasoning has to be looked at both ways.
        thinking: bool,
        /// Speaks for requests that cannot go as they are: those of other clients, edited ones, and those with a history from
        /// elsewhere.
        component: PluginUse,
    },
    /// A component.
    Plugin(PluginUse),
}

/// The name of the protocol that needs no component.
const INNER_PROTOCOL: &str = "anthropic";

/// A plugin with the options of one use.
#[derive(Clone)]
pub struct PluginUse {
    /// What is called.
    pub plugin: Arc<Plugin>,
    /// What it gets to see.
    pub surroundings: Surroundings,
    /// As an agent, it may call models.
    pub may_call_models: bool,
}

impl PluginUse {
    /// What the plugin gets to see in a request of this session.
    pub fn in_session(&self, session: Option<&Arc<str>>) -> Surroundings {
        Surroundings { session: session.cloned(), ..self.surroundings.clone() }
    }
}

impl std::fmt::Debug for PluginUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.plugin.label())
    }
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
        for (message, hint) in inventory::ungranted(&config, &registry) {
            tracing::warn!("{message}; {hint}");
        }
        let plans = config.providers.iter().map(|provider| resolver.plan(provider)).collect();
        let routers = config.custom_routers.iter().map(|path| resolver.router(path)).collect();
        let agents = resolver.agents();
        let projects = Projects::of(home);
        let (formats, upstreams) = (OnceCell::new(), Arc::clone(upstreams));
        Ok(Self { agents, plans, routers, public_config, registry, config, projects, formats, upstreams })
    }

    /// Who posts to this path: a client of the first format that serves it.
    pub async fn client(&self, engine: &PluginEngine, cache: &CompileCache, path: &str) -> Option<Client> {
        let formats = self.formats.get_or_init(|| self.load_formats(engine, cache)).await;
        formats.iter().find(|format| format.serves(path)).cloned().map(Client::Component)
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
        let foreign = |plugin: Arc<Plugin>| {
            let format = Arc::new(plugin.client_format.clone()?);
            let name = Arc::clone(&plugin.name);
            Some(Format { used: resolver.with_options(&plugin, &name, &Value::Null, &Value::Null), format })
        };
        plugins.into_iter().filter_map(foreign).collect()
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

struct Resolver<'a> {
    engine: &'a PluginEngine,
    config: &'a Config,
    registry: &'a Registry,
    public_config: &'a Arc<str>,
    upstreams: &'a Arc<Upstreams>,
}

impl Resolver<'_> {
    /// Every use whose options do not fit what the plugin says of them.
    fn wrong_options(&self) -> Vec<Unresolved> {
        let mut wrong = Vec::new();
        for provider in &self.config.providers {
            if let Some(plugin) = provider.protocol.as_deref().and_then(|name| self.registry.get(name)) {
                let used = self.with_options(plugin, &plugin.name, provider.preset_options(&plugin.name), &Value::Null);
                wrong.extend(options_problem(plugin, &used.surroundings.settings, &provider.path));
            }
            let per_model = provider.per_model.iter().flat_map(|(_, transformers)| transformers);
            for transformer in provider.transformers.iter().chain(per_model) {
                let Some(plugin) = self.registry.get(&transformer.name) else { continue };
                let used = self.with_options(
                    plugin,
                    &transformer.name,
                    provider.preset_options(&plugin.name),
                    &transformer.options,
                );
                wrong.extend(options_problem(plugin, &used.surroundings.settings, &transformer.path));
            }
        }
        for (name, entry) in self.config.active_agents() {
            let Some(plugin) = self.registry.get(name) else { continue };
            let options = entry.map_or(&Value::Null, |entry| &*entry.options);
            let used = self.with_options(plugin, name, &Value::Null, options);
            let general = self.config.plugin(name).map_or("", |settings| settings.at.as_str());
            let path = entry.map_or(general, |entry| entry.path.as_str());
            wrong.extend(options_problem(plugin, &used.surroundings.settings, path));
        }
        wrong
    }

    fn is_known(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(INNER_PROTOCOL)
            || self.registry.get(name).is_some()
            || self.registry.is_disabled(name)
            || self.registry.why_broken(name).is_some()
    }

    fn plan(&self, provider: &Provider) -> ProviderPlan {
        let chain = |model_transformers: &[TransformerUse]| self.chain(provider, model_transformers).map(Arc::new);
        ProviderPlan {
            any_model: chain(&[]),
            per_model: provider
                .per_model
                .iter()
                .map(|(model, transformers)| (Arc::clone(model), chain(transformers)))
                .collect(),
        }
    }

    /// Provider level outside, model level inside: an onion, in both directions.
    fn chain(&self, provider: &Provider, model_transformers: &[TransformerUse]) -> Result<Chain, String> {
        let mut protocol = None;
        let mut transformers = Vec::new();
        for transformer in provider.transformers.iter().chain(model_transformers) {
            if transformer.name.eq_ignore_ascii_case(INNER_PROTOCOL) {
                only_one(&mut protocol, self.inner(provider, &transformer.options)?, provider)?;
                continue;
            }
            let used = self.plugin(provider, &transformer.name, &transformer.options)?;
            if used.plugin.is_protocol() {
                only_one(&mut protocol, Protocol::Plugin(used.clone()), provider)?;
            } else if !used.plugin.is_transformer() {
                return Err(format!("plugin `{}` is neither a protocol nor a transformer", used.plugin.label()));
            }
            if used.plugin.is_transformer() {
                transformers.push(used);
            }
        }
        let protocol = match protocol {
            Some(protocol) => protocol,
            None => self.default_protocol(provider)?,
        };
        Ok(Chain { protocol, transformers })
    }

    fn default_protocol(&self, provider: &Provider) -> Result<Protocol, String> {
        match provider.protocol.as_deref() {
            Some(name) if name.eq_ignore_ascii_case(INNER_PROTOCOL) => self.inner(provider, &Value::Null),
            name => Ok(Protocol::Plugin(self.plugin(provider, name.unwrap_or(DEFAULT_PROTOCOL), &Value::Null)?)),
        }
    }

    fn router(&self, path: &Path) -> Result<PluginUse, String> {
        let Some(plugin) = self.registry.at(path) else {
            let reason =
                self.registry.broken().iter().find(|broken| broken.path == path).map(|broken| broken.reason.as_str());
            return Err(format!("router {}: {}", path.display(), reason.unwrap_or("not loaded")));
        };
        if !plugin.is_router() {
            return Err(format!("plugin `{}` (CUSTOM_ROUTER_PATH) has no role `router`", plugin.label()));
        }
        Ok(self.with_options(plugin, &plugin.name, &Value::Null, &Value::Null))
    }

    /// The agents that are on; one that cannot be used is said, and left out.
    fn agents(&self) -> Vec<PluginUse> {
        let mut agents = Vec::new();
        for (name, entry) in self.config.active_agents() {
            if self.registry.is_disabled(name) {
                tracing::info!(agent = name, "switched off by the config");
                continue;
            }
            let options = entry.map_or(&Value::Null, |entry| &*entry.options);
            match self.registry.get(name).filter(|plugin| plugin.is_agent()) {
                Some(plugin) => agents.push(self.with_options(plugin, name, &Value::Null, options)),
                None => {
                    let reason =
                        self.registry.why_broken(name).map_or("it has no role `agent`", |broken| &broken.reason);
                    tracing::error!(agent = name, "requests go on without this agent: {reason}");
                }
            }
        }
        agents
    }

    fn plugin(&self, provider: &Provider, name: &str, options: &Value) -> Result<PluginUse, String> {
        match self.registry.get(name) {
            Some(plugin) => {
                let mut used = self.with_options(plugin, name, provider.preset_options(&plugin.name), options);
                used.surroundings.tokenizers = Arc::clone(&provider.tokenizers);
                Ok(used)
            }
            None if self.registry.is_disabled(name) => Err(format!("plugin `{name}` is switched off in the config")),
            None => {
                let reason = self.registry.why_broken(name).map_or("it is not there", |broken| &broken.reason);
                Err(format!("plugin `{name}` cannot be used: {reason}"))
            }
        }
    }

    /// The inner form as a protocol; its options may come from a preset.
    fn inner(&self, provider: &Provider, options: &Value) -> Result<Protocol, String> {
        let component = self.plugin(provider, INNER_PROTOCOL, options)?;
        let settings: Value = serde_json::from_str(&component.surroundings.settings).unwrap_or_default();
        let use_bearer = settings.get("UseBearer").and_then(Value::as_bool).unwrap_or_default();
        let thinking = settings.get("thinking").and_then(Value::as_str).is_some_and(|rule| rule != "auto");
        Ok(Protocol::Inner { use_bearer, thinking, component })
    }

    fn grants(&self, plugin: &Plugin) -> Option<&Grants> {
        self.config.plugin(&plugin.name).map(|settings| &settings.grants)
    }

    /// The options of a use lie over those of its `transformers` entry, those over what `plugins` says in general, and that
    /// over a preset's.
    fn with_options(&self, plugin: &Arc<Plugin>, name: &str, preset: &Value, options: &Value) -> PluginUse {
        let mut settings = Map::new();
        let general = self.config.plugin(&plugin.name).map(|settings| &*settings.options);
        let custom = self.config.transformers.iter().find(|custom| {
            let called = custom.name.as_deref().unwrap_or(&plugin.name);
            called.eq_ignore_ascii_case(name)
                && self.registry.at(&custom.path).is_some_and(|at| Arc::ptr_eq(at, plugin))
        });
        let custom = custom.map(|custom| &*custom.options);
        for layer in [Some(preset), general, custom, Some(options)].into_iter().flatten() {
            if let Value::Object(members) = layer {
                settings.extend(members.clone());
            }
        }
        if plugin.origin == Origin::BuiltIn {
            from_environment(plugin, &mut settings, |name| std::env::var(name).ok());
        }
        let grants = self.grants(plugin);
        let granted = plugin.asks.granted(&plugin.origin, grants);
        let may_call_models = granted.model;
        let surroundings = Surroundings {
            name: plugin.label().into(),
            settings: Value::Object(settings).to_string().into(),
            config: Arc::clone(self.public_config),
            session: None,
            kv: granted.kv.then(|| self.engine.stores().of(&plugin.name)),
            http: HttpGrant::new(plugin, granted, grants, self.upstreams),
            models: None,
            tokenizers: Arc::default(),
        };
        PluginUse { plugin: Arc::clone(plugin), surroundings, may_call_models }
    }
}

/// Options that a built-in plugin takes from the environment where the config does not set them: claude-code-router's Vertex
/// transformers know their project only from there. The schema names the variable (`x-ccr-env`); another's plugin could name
/// any, so only our own are asked.
fn from_environment(plugin: &Plugin, settings: &mut Map<String, Value>, variable: impl Fn(&str) -> Option<String>) {
    let schema = plugin.settings_schema.as_deref().and_then(|schema| serde_json::from_str::<Value>(schema).ok());
    let Some(properties) = schema.as_ref().and_then(|schema| schema.get("properties")?.as_object()) else { return };
    for (option, about) in properties {
        let Some(name) = about.get("x-ccr-env").and_then(Value::as_str) else { continue };
        if settings.contains_key(option) || settings.contains_key(name) {
            continue;
        }
        if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
            settings.insert(option.clone(), Value::String(value));
        }
    }
}

/// What does not fit in a plugin's options. A schema that is none itself is the plugin author's mistake, and no reason to refuse
/// the user's config.
fn options_problem(plugin: &Plugin, settings: &str, path: &str) -> Option<Unresolved> {
    let schema: Value = serde_json::from_str(plugin.settings_schema.as_deref()?).ok()?;
    let settings: Value = serde_json::from_str(settings).ok()?;
    let validator = match jsonschema::validator_for(&schema) {
        Ok(validator) => validator,
        Err(error) => {
            tracing::warn!(plugin = %plugin.label(), "its settings schema is no JSON Schema: {error}");
            return None;
        }
    };
    let errors: Vec<String> = validator
        .iter_errors(&settings)
        // Masked: an option may be a token, and the message goes to the log.
        .map(|error| match error.instance_path().to_string() {
            place if place.is_empty() => error.masked().to_string(),
            place => format!("{}: {}", place.trim_start_matches('/'), error.masked()),
        })
        .collect();
    if errors.is_empty() {
        return None;
    }
    let known: Vec<&str> =
        schema["properties"].as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
    Some(Unresolved {
        path: path.to_owned(),
        message: format!("the options of `{}` do not fit: {}", plugin.name, errors.join("; ")),
        hint: (!known.is_empty()).then(|| format!("its options are: {}", known.join(", "))),
    })
}

fn only_one(slot: &mut Option<Protocol>, protocol: Protocol, provider: &Provider) -> Result<(), String> {
    if let Some(first) = slot {
        return Err(format!("provider `{}` names two protocols ({first:?} and {protocol:?}); keep one", provider.name));
    }
    *slot = Some(protocol);
    Ok(())
}
