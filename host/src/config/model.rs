//! What a configuration means: everything parsed, resolved and in its unit. `docs/config.md` is the same for people who write it.
//!
//! Nothing here knows how it is spelled in a file; that is `build`'s part.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use super::{Effort, Failover, HostPort, ModelRef, Options, Provider, Rule, SafeUrl, Secret, TransformerUse};
use crate::tokens::Tokenizer;

/// The whole configuration. Its `Debug` may be logged: secrets print as `[redacted]`.
#[derive(Debug, Clone)]
pub struct Config {
    /// An address or a name to listen on, without brackets around IPv6. Loopback whenever there is no [`api_key`](Self::api_key).
    pub host: String,
    /// 0 takes a free one.
    pub port: u16,
    /// What clients must show.
    pub api_key: Option<Secret>,
    /// Whether to write log files.
    pub log: bool,
    pub log_level: LogLevel,
    /// Whether request records keep bodies.
    pub record_bodies: bool,
    /// For all upstream connections, except those to loopback.
    pub proxy_url: Option<SafeUrl>,
    pub timeouts: Timeouts,
    /// In the order of the file; [`ModelRef`]s point into it.
    pub providers: Vec<Provider>,
    pub router: RouterConfig,
    /// What to try after the first target failed. A scenario that is not in it has no fallback.
    pub fallback: BTreeMap<Scenario, Vec<ModelRef>>,
    /// Transformers from files.
    pub transformers: Vec<CustomTransformer>,
    /// Router components, asked in this order.
    pub custom_routers: Vec<PathBuf>,
    pub force_use_image_agent: bool,
    /// Agents beside those that are on by themselves, in the order in which they are asked.
    pub agents: Vec<TransformerUse>,
    /// How far agents may go within one request.
    pub agent_limits: AgentLimits,
    /// A file whose text replaces the first part of Claude Code's system prompt.
    pub rewrite_system_prompt: Option<PathBuf>,
    /// Settings of plugins by name; a plugin without an entry has the defaults.
    pub plugins: Vec<PluginSettings>,
    /// `Host` headers that are accepted beside the address listened on: `name` or `name:port`, lower case.
    pub allowed_hosts: Vec<String>,
    /// Origins of web pages that may use the gateway: `https://example.com`, lower case.
    pub allowed_origins: Vec<String>,
    /// Program and mode for `ccr code`.
    pub claude_path: String,
    pub non_interactive: bool,
    /// `StatusLine`, as written.
    pub status_line: Options,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 3456,
            api_key: None,
            log: true,
            log_level: LogLevel::Info,
            record_bodies: false,
            proxy_url: None,
            timeouts: Timeouts::default(),
            providers: Vec::new(),
            router: RouterConfig::default(),
            fallback: BTreeMap::new(),
            transformers: Vec::new(),
            custom_routers: Vec::new(),
            force_use_image_agent: false,
            agents: Vec::new(),
            agent_limits: AgentLimits::default(),
            rewrite_system_prompt: None,
            plugins: Vec::new(),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            claude_path: "claude".to_owned(),
            non_interactive: false,
            status_line: Options::default(),
        }
    }
}

impl Config {
    /// Whether only this machine can connect.
    pub fn listens_on_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// The settings of a plugin, if the file has any; names are compared without regard to case.
    pub fn plugin(&self, name: &str) -> Option<&PluginSettings> {
        self.plugins.iter().find(|plugin| plugin.name.eq_ignore_ascii_case(name))
    }

    /// The agents that are on, in their order, with the options of their entry: those of `agents`, then the built-in ones that
    /// another key asks for.
    pub fn active_agents(&self) -> impl Iterator<Item = (&str, Option<&TransformerUse>)> {
        let sees = self.router.target(Scenario::Image).is_some();
        let searches = self.plugin(SEARCH_AGENT).is_some_and(|settings| settings.enabled);
        let built_in = [(sees, IMAGE_AGENT), (searches, SEARCH_AGENT)];
        let listed = |name: &str| self.agents.iter().any(|agent| agent.name.eq_ignore_ascii_case(name));
        let implied = built_in.into_iter().filter(move |(on, name)| *on && !listed(name));
        self.agents.iter().map(|agent| (agent.name.as_str(), Some(agent))).chain(implied.map(|(_, name)| (name, None)))
    }

    /// Whether there is an agent that shows images to models which cannot see.
    pub fn has_image_agent(&self) -> bool {
        let on = self.plugin(IMAGE_AGENT).is_none_or(|settings| settings.enabled);
        on && self.active_agents().any(|(name, _)| name.eq_ignore_ascii_case(IMAGE_AGENT))
    }

    /// For each provider that a preset gave something to, what it was.
    pub fn preset_lines(&self) -> impl Iterator<Item = String> {
        self.providers.iter().filter_map(|provider| {
            let preset = provider.preset.as_ref().filter(|preset| !preset.filled.is_empty())?;
            Some(format!("provider {}: preset {}: {}", provider.name, preset.name, preset.filled.join(", ")))
        })
    }

    /// How the tokens of a target are counted.
    pub fn tokenizer(&self, target: &ModelRef) -> Tokenizer {
        self.provider(target).map(|provider| provider.tokenizers.of(&target.model)).unwrap_or_default()
    }

    /// Whether there are names for several targets; they stand behind the providers.
    pub fn has_aliases(&self) -> bool {
        self.providers.last().is_some_and(|last| last.alias.is_some())
    }

    /// The provider that a reference points to.
    pub fn provider(&self, target: &ModelRef) -> Option<&Provider> {
        self.providers.get(target.provider)
    }
}

/// The built-in agent that `Router.image` switches on, as claude-code-router's is.
const IMAGE_AGENT: &str = "image";

/// The built-in agent that its entry in `plugins` switches on: without one it has nowhere to search.
const SEARCH_AGENT: &str = "websearch";

/// How far agents may go within one request of a client, whatever they and the model do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentLimits {
    /// Turns of the model. In the last one it has no agents' tools any more, so that it answers with what it has.
    pub turns: u32,
    /// Calls of agents' tools within one turn; those beyond get an error as their result.
    pub calls: u32,
    /// Models called by agents.
    pub model_calls: u32,
    /// Agents' calls of models within agents' calls of models.
    pub depth: u32,
    /// Tokens of all turns and of all models that agents call, in and out.
    pub tokens: u64,
    /// From the first turn on.
    pub time: Duration,
}

impl Default for AgentLimits {
    fn default() -> Self {
        Self {
            // A search, its refinement and a few looks at images; models that go on after that turn in circles.
            turns: 10,
            // More than any useful turn has; models that lose their way send forty.
            calls: 16,
            // Two for each turn, and some.
            model_calls: 32,
            // An agent is never asked within its own calls, so this is for chains of several.
            depth: 3,
            // Ten turns over a conversation of 200,000 tokens.
            tokens: 2_000_000,
            // As long as claude-code-router's clients wait for an answer.
            time: Duration::from_secs(600),
        }
    }
}

/// Whether a host is this machine's own: `localhost` or a loopback address.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// As `tracing`'s filters spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl FromStr for LogLevel {
    type Err = String;

    /// Also takes the names of claude-code-router's logger (`fatal`, `silent`).
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "off" | "silent" | "none" => Ok(Self::Off),
            "error" | "fatal" => Ok(Self::Error),
            "warn" | "warning" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err("must be one of off, error, warn, info, debug, trace".to_owned()),
        }
    }
}

/// How long the gateway waits for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To be connected with a provider, TLS included.
    pub connect: Duration,
    /// From the request's end to the answer's first byte.
    pub first_byte: Duration,
    /// Between two reads of an answer.
    pub idle: Duration,
    /// For streams to finish after the gateway was told to stop.
    pub shutdown: Duration,
    /// Between two reads of a request's body.
    pub client: Duration,
    /// Between two pings to a client that streams while its upstream is silent.
    pub ping: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            // Three SYN retransmissions (1 + 2 + 4 s) and a handshake; a host that needs longer is down.
            connect: Duration::from_secs(10),
            // What `API_TIMEOUT_MS` is by default: a model may think for minutes before it says anything.
            first_byte: Duration::from_secs(600),
            // Providers that think for long in mid-answer send comments or pings at least twice a minute.
            idle: Duration::from_secs(120),
            // As long as container platforms wait before they kill.
            shutdown: Duration::from_secs(30),
            // Generous for a bad line, finite for an attacker.
            client: Duration::from_secs(30),
            // Claude Code gives a silent stream up after 20 s (litellm PR#36024); two pings fit in that.
            ping: Duration::from_secs(10),
        }
    }
}

/// What kind of request it is, for the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scenario {
    Default,
    Background,
    Think,
    LongContext,
    WebSearch,
    Image,
}

impl Scenario {
    pub const ALL: [Self; 6] =
        [Self::Default, Self::Background, Self::Think, Self::LongContext, Self::WebSearch, Self::Image];

    /// As the configuration and the header `x-ccr-scenario` spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Background => "background",
            Self::Think => "think",
            Self::LongContext => "longContext",
            Self::WebSearch => "webSearch",
            Self::Image => "image",
        }
    }
}

/// Which model serves which scenario.
#[derive(Debug, Clone)]
pub struct RouterConfig {
    /// A scenario that is not in it goes where `default` says.
    pub targets: BTreeMap<Scenario, ModelRef>,
    /// From how many input tokens on a request is long.
    pub long_context_threshold: u64,
    /// Asked in this order; the first that matches counts.
    pub rules: Vec<Rule>,
    /// From which effort on a request that leaves the amount of thinking to the model is one for `think`.
    pub think_effort: Effort,
    /// Whether the tags in subagents' prompts count; `builtInRules` can switch them off.
    pub subagent_tags: bool,
    /// What happens when targets fail.
    pub failover: Arc<Failover>,
}

impl RouterConfig {
    /// The target of a scenario, without falling back to `default`.
    pub fn target(&self, scenario: Scenario) -> Option<&ModelRef> {
        self.targets.get(&scenario)
    }
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self {
            targets: BTreeMap::new(),
            // claude-code-router's: about half of what common models take, before they get slow and dear.
            long_context_threshold: 60_000,
            rules: Vec::new(),
            // Claude Code sends `high` with every ordinary turn, and it is what the API does when nothing is said.
            think_effort: Effort::Xhigh,
            subagent_tags: true,
            failover: Arc::default(),
        }
    }
}

/// An entry of `transformers`: a component outside the plugins folder.
#[derive(Debug, Clone)]
pub struct CustomTransformer {
    /// How providers call it; without one the component's own name counts.
    pub name: Option<String>,
    pub path: PathBuf,
    /// Defaults beneath the options of each use.
    pub options: Options,
    /// Where it stands in the file, for messages.
    pub at: String,
}

/// What the operator says about one plugin. `None` leaves the host's default.
#[derive(Debug, Clone)]
pub struct PluginSettings {
    pub name: String,
    /// The file that the name means, where there are several or a built-in one.
    pub path: Option<PathBuf>,
    /// Where it stands in the file, for messages.
    pub at: String,
    pub enabled: bool,
    pub options: Options,
    /// In bytes.
    pub memory: Option<u64>,
    pub timeouts: PluginTimeouts,
    pub grants: Grants,
    pub fail: Option<FailMode>,
}

/// How long single calls of a plugin may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PluginTimeouts {
    pub request: Option<Duration>,
    pub events: Option<Duration>,
    pub init: Option<Duration>,
    pub tool: Option<Duration>,
}

/// What a plugin may use, if it asks for it too. Default: nothing.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    pub http: Vec<HostPort>,
    /// Hosts may be in the operator's own network, too.
    pub private_network: bool,
    pub kv: bool,
    pub model: bool,
    /// Values that the host puts in the place of `{{secret:NAME}}` in the plugin's HTTP requests.
    pub secrets: BTreeMap<String, Secret>,
}

/// What happens to a request when a plugin in its way fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailMode {
    /// The request continues without the plugin.
    Open,
    /// The request is refused.
    Closed,
}
