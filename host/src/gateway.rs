//! What all requests share: the current snapshot, the plugin engine, the HTTP clients, the record log.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context as _;
use arc_swap::ArcSwap;

use crate::attempts::Shared;
use crate::client::Client;
use crate::config::{self, Config, Home, Overrides, Problem, Problems, Scenario, Source};
use crate::plugins::PluginEngine;
use crate::plugins::cache::CompileCache;
use crate::record::RecordLog;
use crate::routing::sessions::Sessions;
use crate::snapshot::{Snapshot, Unresolved};
use crate::tokens::TokenCounts;
use crate::upstream::Upstreams;

/// Where everything comes from, so that it can be loaded again.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The config file.
    pub config: Source,
    /// The plugins folder.
    pub plugins: PathBuf,
    /// What the command line says.
    pub overrides: Overrides,
}

/// The gateway's shared state.
pub struct Gateway {
    sources: Sources,
    engine: Arc<PluginEngine>,
    cache: CompileCache,
    snapshot: ArcSwap<Snapshot>,
    upstreams: ArcSwap<Upstreams>,
    records: Arc<RecordLog>,
    shared: Arc<Shared>,
    home: Home,
    sessions: Arc<Sessions>,
    /// Problems of the config that serves, and of a newer one that could not take its place.
    problems: Mutex<Vec<Problem>>,
    /// The address that is listened on was chosen at start; a reload cannot change it.
    listening: (String, u16),
    /// When it was started.
    pub started: Instant,
}

impl Gateway {
    /// Loads config and plugins. `Err` lists every problem: the program ends with 64.
    pub async fn start(
        sources: Sources,
        home: &Home,
        records: impl FnOnce(&Config) -> anyhow::Result<Arc<RecordLog>>,
    ) -> Result<Self, StartError> {
        let Loaded { engine, cache, upstreams, snapshot, warnings } = Loaded::build(&sources, home).await?;
        log_presets(&snapshot.config);
        let records = records(&snapshot.config)?;
        let listening = (snapshot.config.host.clone(), snapshot.config.port);
        Ok(Self {
            sources,
            engine,
            cache,
            snapshot: ArcSwap::from_pointee(snapshot),
            upstreams: ArcSwap::new(upstreams),
            records,
            shared: Shared::new(),
            home: home.clone(),
            sessions: Arc::default(),
            problems: Mutex::new(warnings.iter().cloned().collect()),
            listening,
            started: Instant::now(),
        })
    }

    /// The generation that serves now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The plugin engine.
    pub fn engine(&self) -> &Arc<PluginEngine> {
        &self.engine
    }

    /// Counts tokens.
    pub fn tokens(&self) -> &TokenCounts {
        self.engine.tokens()
    }

    /// Reads what the first count would have to wait for, if requests are going to be counted to tell long ones.
    pub async fn prepare_counting(&self) {
        let config = &self.snapshot().config;
        if config.router.target(Scenario::LongContext).is_none() {
            return;
        }
        let usual = config.router.target(Scenario::Default);
        let tokenizer = usual.map(|target| config.tokenizer(target)).unwrap_or_default();
        if let Err(error) = tokio::task::spawn_blocking(move || tokenizer.prepare()).await {
            tracing::error!("the tokenizer could not be prepared: {error}");
        }
    }

    /// Who posts to this path, if anything is served there.
    pub async fn client(&self, snapshot: &Snapshot, path: &str) -> Option<Client> {
        snapshot.format(&self.engine, &self.cache, path).await.map(Client::Component)
    }

    /// The HTTP clients.
    pub fn upstreams(&self) -> Arc<Upstreams> {
        self.upstreams.load_full()
    }

    /// What attempts at targets have taught.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The record log.
    pub fn records(&self) -> &Arc<RecordLog> {
        &self.records
    }

    /// What is remembered of sessions; it outlives reloads.
    pub fn sessions(&self) -> &Arc<Sessions> {
        &self.sessions
    }

    /// What is wrong with the config, or with a newer one that could not be taken.
    pub fn problems(&self) -> Vec<Problem> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Loads everything again, and swaps it in whole if it is good. Otherwise the last good one goes on serving.
    pub async fn reload(&self) {
        match self.build_again().await {
            Ok(warnings) => {
                tracing::info!("config and plugins loaded again");
                log_presets(&self.snapshot().config);
                self.set_problems(warnings.iter().cloned().collect());
            }
            Err(StartError::Config(problems)) => {
                tracing::error!("the changed config is not used, the last good one goes on serving:\n{problems}");
                self.set_problems(problems.iter().cloned().collect());
            }
            Err(StartError::Other(error)) => {
                tracing::error!("the changed config is not used, the last good one goes on serving: {error:#}");
                let path = self.sources.config.path.display().to_string();
                let message = format!("{error:#}");
                self.set_problems(vec![Problem::error(path, String::new(), message, None)]);
            }
        }
    }

    async fn build_again(&self) -> Result<Problems, StartError> {
        let (config, warnings) = load(&self.sources)?;
        if (&config.host, config.port) != (&self.listening.0, self.listening.1) {
            tracing::warn!("HOST and PORT have changed; that takes effect when the gateway is started again");
        }
        let current = self.snapshot();
        let upstreams = self.upstreams();
        let upstreams = match upstreams.fits(&current.config, &config) {
            true => upstreams,
            false => Arc::new(Upstreams::new(&config)?),
        };
        let snapshot = Snapshot::build(
            config,
            &self.engine,
            &self.cache,
            &self.sources.plugins,
            &self.home,
            &upstreams,
            Some(&current),
        )
        .await
        .map_err(|unresolved| StartError::Config(as_problems(&self.sources, unresolved)))?;
        self.upstreams.store(upstreams);
        self.snapshot.store(Arc::new(snapshot));
        Ok(warnings)
    }

    fn set_problems(&self, problems: Vec<Problem>) {
        *self.problems.lock().unwrap_or_else(PoisonError::into_inner) = problems;
    }

    /// Files outside the plugins folder that the config names.
    pub fn extra_files(&self) -> Vec<PathBuf> {
        let config = &self.snapshot().config;
        let transformers = config.transformers.iter().map(|transformer| transformer.path.clone());
        let plugins = config.plugins.iter().filter_map(|plugin| plugin.path.clone());
        let tokenizers = config.providers.iter().flat_map(|provider| provider.tokenizers.files());
        let tokenizers = tokenizers.map(|file| file.path.clone());
        transformers.chain(plugins).chain(tokenizers).chain(config.custom_routers.iter().cloned()).collect()
    }
}

/// What a config means, and the plugins that fit it.
pub struct Loaded {
    /// Runs plugins, also those of later reloads.
    pub engine: Arc<PluginEngine>,
    /// Where their compiled code is kept.
    pub cache: CompileCache,
    /// The HTTP clients.
    pub upstreams: Arc<Upstreams>,
    /// Config and plugins.
    pub snapshot: Snapshot,
    /// What is odd about the config.
    pub warnings: Problems,
}

impl Loaded {
    /// Loads everything, as a start does.
    pub async fn build(sources: &Sources, home: &Home) -> Result<Self, StartError> {
        let (config, warnings) = load(sources)?;
        let engine = Arc::new(PluginEngine::new().context("plugins cannot be loaded")?);
        let cache = CompileCache::open(home.dir().join("cache"));
        let upstreams = Arc::new(Upstreams::new(&config)?);
        let snapshot = Snapshot::build(config, &engine, &cache, &sources.plugins, home, &upstreams, None)
            .await
            .map_err(|unresolved| StartError::Config(as_problems(sources, unresolved)))?;
        Ok(Self { engine, cache, upstreams, snapshot, warnings })
    }
}

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The config is bad.
    #[error("{0}")]
    Config(Problems),
    /// Something else.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

fn load(sources: &Sources) -> Result<(Config, Problems), StartError> {
    config::load(&sources.config, &config::process_env, &sources.overrides).map_err(StartError::Config)
}

/// Says what presets gave to providers, which no file shows.
fn log_presets(config: &Config) {
    for line in config.preset_lines() {
        tracing::info!("{line}");
    }
}

fn as_problems(sources: &Sources, unresolved: Vec<Unresolved>) -> Problems {
    let file = sources.config.path.display().to_string();
    let mut problems = Problems::default();
    for name in unresolved {
        problems.push(Problem::error(file.clone(), name.path, name.message, name.hint));
    }
    problems
}
