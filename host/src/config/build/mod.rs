//! From a JSON value to a [`Config`]: the names and spellings of all keys, one function for each object.
//!
//! `docs/config.md` lists the same keys for people. What can only be judged with everything at hand is left to `check`.

mod agents;
mod failover;
mod keys;
mod plugins;
mod preset;
mod provider;
mod router;
mod rules;
mod tokenizer;
mod transformers;

pub(super) use self::router::router as router_over;

use std::path::{Path, PathBuf};

use http::uri::Authority;
use serde_json::Value;
use url::Url;

use super::{
    Config, CustomTransformer, Env, LogLevel, Options, SafeUrl, Timeouts,
    home::expand,
    overrides::{Demo, without_brackets},
    provider::{ModelRef, Provider},
    reader::{Node, Table},
};

/// Where relative paths and `~` lead, and where presets find keys.
pub(super) struct Places<'a> {
    /// The folder of the configuration file.
    pub(super) base: &'a Path,
    pub(super) home: Option<PathBuf>,
    pub(super) env: Env<'a>,
}

impl Places<'_> {
    fn resolve(&self, path: &str) -> PathBuf {
        self.base.join(expand(path, self.home.as_deref()))
    }
}

/// Reads the whole file. Problems go to the reader; what is wrong keeps its default.
pub(super) fn config(root: &Node<'_>, places: &Places<'_>, demo: Option<&Demo>) -> Config {
    let mut config = Config::default();
    let Some(table) = root.table() else {
        return config;
    };
    listening(&table, &mut config);
    logging(&table, &mut config);
    upstream(&table, &mut config);
    config.providers = table.get(&["Providers"]).map(|node| provider::providers(&node, places)).unwrap_or_default();
    if let Some(demo) = demo {
        config.providers.retain(|provider| !provider.name.eq_ignore_ascii_case(DEMO));
        config.providers.push(demo_provider(demo));
    }
    if let Some(node) = table.get(&["Router"]) {
        // What is no object is reported once, by `router`.
        if node.value.is_object() {
            failover::add_aliases(&node, &mut config.providers);
        }
        config.router = router::router(&node, &config.providers, &config.router);
    }
    if let Some(node) = table.get(&["fallback"]) {
        config.fallback = router::fallback(&node, &config.providers);
    }
    if let Some(demo) = demo {
        default_to_demo(&mut config, demo);
    }
    components(&table, places, &mut config);
    commands(&table, &mut config);
    table.finish();
    config
}

/// The name of the built-in scripted provider.
const DEMO: &str = "demo";

fn demo_provider(demo: &Demo) -> Provider {
    let models = demo.models.iter().map(|model| model.as_str().into()).collect();
    Provider { base_url: demo.base_url.clone(), models, ..Provider::named(DEMO) }
}

/// Only aliases stand behind the demo.
fn default_to_demo(config: &mut Config, demo: &Demo) {
    let position = config.providers.iter().position(|provider| *provider.name == *DEMO);
    let Some((provider, model)) = position.zip(demo.models.first()) else {
        return;
    };
    let target = ModelRef { provider, model: model.as_str().into() };
    config.router.targets.entry(super::Scenario::Default).or_insert(target);
}

fn listening(table: &Table<'_>, config: &mut Config) {
    if let Some(host) = table.get(&["HOST"]).and_then(|node| node.filled_text()) {
        config.host = without_brackets(host).to_owned();
    }
    if let Some(port) = table.get(&["PORT"]).and_then(|node| node.port()) {
        config.port = port;
    }
    config.api_key = table.get(&["APIKEY"]).and_then(|node| node.secret());
    config.allowed_hosts = checked_list(
        table,
        "ALLOWED_HOSTS",
        "a host as in `gateway.example.com` or `gateway.example.com:3456`",
        host_header,
    );
    config.allowed_origins = checked_list(table, "ALLOWED_ORIGINS", "an origin as in `https://example.com`", origin);
}

fn logging(table: &Table<'_>, config: &mut Config) {
    if let Some(log) = table.get(&["LOG"]).and_then(|node| node.boolean()) {
        config.log = log;
    }
    if let Some(record) = table.get(&["RECORD_BODIES"]).and_then(|node| node.boolean()) {
        config.record_bodies = record;
    }
    if let Some(node) = table.get(&["LOG_LEVEL"])
        && let Some(text) = node.filled_text()
    {
        match text.parse::<LogLevel>() {
            Ok(level) => config.log_level = level,
            Err(message) => node.error(message, "`info` is what most need"),
        }
    }
}

fn upstream(table: &Table<'_>, config: &mut Config) {
    config.proxy_url = table.get(&["PROXY_URL", "HTTPS_PROXY"]).and_then(|node| proxy(&node));
    let mut timeouts = Timeouts::default();
    if let Some(time) = table.get(&["API_TIMEOUT_MS"]).and_then(|node| node.milliseconds()) {
        timeouts.first_byte = time;
    }
    if let Some(own) = table.get(&["TIMEOUTS"]).and_then(|node| node.table()) {
        let read = |name: &'static str, time: &mut _| {
            if let Some(given) = own.get(&[name]).and_then(|node| node.milliseconds()) {
                *time = given;
            }
        };
        read("connect_ms", &mut timeouts.connect);
        read("first_byte_ms", &mut timeouts.first_byte);
        read("idle_ms", &mut timeouts.idle);
        read("shutdown_ms", &mut timeouts.shutdown);
        read("client_ms", &mut timeouts.client);
        own.finish();
    }
    if let Some(time) = table.get(&["PING_INTERVAL_MS"]).and_then(|node| node.milliseconds()) {
        timeouts.ping = time;
    }
    config.timeouts = timeouts;
}

fn proxy(node: &Node<'_>) -> Option<SafeUrl> {
    let url = Url::parse(node.filled_text()?).ok().filter(Url::has_host);
    match url {
        Some(url) if matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") => Some(SafeUrl::new(url)),
        _ => {
            node.error("is not the URL of a proxy", "write `http://host:port` or `socks5://host:port`");
            None
        }
    }
}

fn components(table: &Table<'_>, places: &Places<'_>, config: &mut Config) {
    let path = |node: &Node<'_>| node.filled_text().map(|text| places.resolve(text));
    if let Some(node) = table.get(&["transformers"]) {
        let items = node.items().unwrap_or_default();
        config.transformers = items.iter().filter_map(|item| transformer(item, places)).collect();
    }
    if let Some(node) = table.get(&["CUSTOM_ROUTER_PATH"]) {
        let files = node.one_or_many();
        config.custom_routers = files.iter().filter(|node| !is_router_script(node)).filter_map(path).collect();
    }
    if let Some(force) = table.get(&["forceUseImageAgent"]).and_then(|node| node.boolean()) {
        config.force_use_image_agent = force;
    }
    config.agents = table.get(&["agents"]).map(|node| transformers::uses(&node)).unwrap_or_default();
    if let Some(node) = table.get(&["agentLimits"]) {
        config.agent_limits = agents::limits(&node);
    }
    config.rewrite_system_prompt = table.get(&["REWRITE_SYSTEM_PROMPT"]).and_then(|node| path(&node));
    config.plugins = table.get(&["plugins"]).map(|node| plugins::plugins(&node, places)).unwrap_or_default();
}

fn transformer(node: &Node<'_>, places: &Places<'_>) -> Option<CustomTransformer> {
    let table = node.table()?;
    let name = table.get(&["name"]).and_then(|node| node.filled_text()).map(str::to_owned);
    let file = table.get(&["path"]);
    let options = options(&table);
    table.finish();
    let Some(file) = file else {
        node.error("has no `path`", "add `path`, the component's .wasm file");
        return None;
    };
    if is_script(&file) {
        return None;
    }
    Some(CustomTransformer { name, path: places.resolve(file.filled_text()?), options, at: node.path.clone() })
}

/// The path of a script of claude-code-router, which cannot be run here.
fn script<'a>(node: &Node<'a>) -> Option<&'a str> {
    let Value::String(path) = node.value else {
        return None;
    };
    let is_script = [".js", ".cjs", ".mjs", ".ts"].iter().any(|ending| path.to_ascii_lowercase().ends_with(ending));
    is_script.then_some(path)
}

const IS_SCRIPT: &str = "is a script and is left out: plugins are WebAssembly components here";

/// Says so where a path names a script.
fn is_script(node: &Node<'_>) -> bool {
    let script = script(node).is_some();
    if script {
        node.warning(IS_SCRIPT, "build it as a component and name the .wasm file");
    }
    script
}

/// The same for a custom router: those of claude-code-router become components with one command.
fn is_router_script(node: &Node<'_>) -> bool {
    let Some(path) = script(node) else { return false };
    let wasm = Path::new(path).with_extension("wasm");
    let command = format!("node plugins/examples/js-router/build.mjs {path} {}", wasm.display());
    let hint =
        format!("make a component of it with `{command}` (its README says how), and name {} here", wasm.display());
    node.warning(IS_SCRIPT, hint);
    true
}

/// The `options` of a plugin or transformer: an object, empty if there is none.
fn options(table: &Table<'_>) -> Options {
    let given = table.get(&["options"]).filter(|node| node.table().is_some());
    given.map_or_else(|| Options::new(Value::Object(serde_json::Map::new())), |node| node.options())
}

fn commands(table: &Table<'_>, config: &mut Config) {
    if let Some(path) = table.get(&["CLAUDE_PATH"]).and_then(|node| node.filled_text()) {
        config.claude_path = path.to_owned();
    }
    config.non_interactive = table.get(&["NON_INTERACTIVE_MODE"]).and_then(|node| node.boolean()).unwrap_or_default();
    config.status_line = raw(table, "StatusLine");
}

fn raw(table: &Table<'_>, name: &'static str) -> Options {
    table.get(&[name]).map(|node| node.options()).unwrap_or_default()
}

fn checked_list(table: &Table<'_>, name: &'static str, wanted: &str, parse: fn(&str) -> Option<String>) -> Vec<String> {
    let items = table.get(&[name]).map(|node| node.one_or_many()).unwrap_or_default();
    let read = |node: &Node<'_>| {
        let parsed = parse(node.filled_text()?);
        if parsed.is_none() {
            node.error(format!("is not {wanted}"), "write one exact name; there are no wildcards");
        }
        parsed
    };
    items.iter().filter_map(read).collect()
}

fn host_header(text: &str) -> Option<String> {
    authority(text).map(|authority| authority.as_str().to_ascii_lowercase())
}

/// A host with or without a port, and nothing else.
fn authority(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok().filter(|_| !text.contains(['@', '*']))?;
    let (host, whole) = (authority.host(), authority.as_str());
    (!host.is_empty() && (host == whole || authority.port_u16().is_some())).then_some(authority)
}

fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && !text.contains(['@', '*', '#']);
    plain.then(|| url.origin().ascii_serialization())
}
