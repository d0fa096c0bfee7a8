//! A configuration as one JSON value, every part of it, for comparing with a fixture.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::config::{
    Alias, Config, Failover, KeyLimit, ModelRef, Options, PluginSettings, Provider, Rule, RuleFallback, TransformerUse,
};
use crate::tokens::{Encoding, Tokenizer};

pub(super) fn summary(config: &Config) -> Value {
    let target = |target: &ModelRef| target.display(config);
    let paths = |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
    let times = [config.timeouts.connect, config.timeouts.first_byte, config.timeouts.idle, config.timeouts.shutdown];
    let mut summary = json!({
        "host": config.host,
        "port": config.port,
        "key": config.api_key.as_ref().map(|key| key.expose().to_owned()),
        "log": [json!(config.log), json!(config.log_level.as_str()), json!(config.record_bodies)],
        "proxy": config.proxy_url.as_ref().map(|url| url.expose().as_str()),
        "timeouts_ms": times.map(|time| time.as_millis() as u64),
        "providers": config.providers.iter().filter(|provider| provider.alias.is_none()).map(provider).collect::<Vec<_>>(),
        "router": config.router.targets.iter().map(|(scenario, model)| (scenario.as_str().to_owned(), target(model).into())).collect::<serde_json::Map<_, _>>(),
        "threshold": config.router.long_context_threshold,
        "think": [json!(config.router.think_effort.as_str()), json!(config.router.subagent_tags)],
        "raw": [&*rules(config), &*config.status_line],
        "fallback": config.fallback.iter().map(|(scenario, list)| (scenario.as_str().to_owned(), list.iter().map(target).collect::<Vec<_>>().into())).collect::<serde_json::Map<_, Value>>(),
        "transformers": config.transformers.iter().map(|entry| json!([entry.name, entry.path.display().to_string(), *entry.options])).collect::<Vec<_>>(),
        "routers": paths(&config.custom_routers),
        "image_agent": config.force_use_image_agent,
        "system_prompt": config.rewrite_system_prompt.as_ref().map(|path| path.display().to_string()),
        "plugins": config.plugins.iter().map(plugin).collect::<Vec<_>>(),
        "allowed": [&config.allowed_hosts, &config.allowed_origins],
        "claude": [json!(config.claude_path), json!(config.non_interactive)],
    });
    if *config.router.failover != Failover::default() {
        let models = config.router.failover.models.iter().map(target).collect::<Vec<_>>();
        let settings = Failover { models: Vec::new(), ..(*config.router.failover).clone() };
        summary["failover"] = json!([models, format!("{settings:?}")]);
    }
    let alias = |alias: &Alias| {
        let members = alias
            .members
            .iter()
            .map(|member| json!([target(&member.target), member.weight, member.priority, member.price]));
        json!([alias.strategy.as_str(), members.collect::<Vec<_>>()])
    };
    let aliases = config
        .providers
        .iter()
        .filter_map(|provider| Some((provider.name.to_string(), alias(provider.alias.as_ref()?))));
    if config.has_aliases() {
        summary["aliases"] = aliases.collect();
    }
    summary
}

/// Null for a key without any.
fn limits(limits: &[KeyLimit]) -> Value {
    let limit = |limit: &KeyLimit| json!([format!("{:?}", limit.counts), limit.most, limit.window.as_millis() as u64]);
    if limits.is_empty() { Value::Null } else { limits.iter().map(limit).collect() }
}

/// `null` if there are none.
fn rules(config: &Config) -> Options {
    let fallback = |fallback: &RuleFallback| {
        let models = fallback.models.iter().map(|target| target.display(config)).collect::<Vec<_>>();
        json!([models, fallback.retries])
    };
    let rule = |rule: &Rule| {
        let target = rule.target.as_ref().map(|target| target.display(config));
        let made = [format!("{:?}", rule.conditions), format!("{:?}", rule.rewrites)];
        json!([rule.name, made, target, rule.fallback.as_ref().map(fallback)])
    };
    let rules: Vec<Value> = config.router.rules.iter().map(rule).collect();
    Options::new(if rules.is_empty() { Value::Null } else { Value::Array(rules) })
}

fn provider(provider: &Provider) -> Value {
    let uses =
        |uses: &[TransformerUse]| uses.iter().map(|entry| json!([entry.name, *entry.options])).collect::<Vec<_>>();
    json!({
        "name": &*provider.name,
        "url": provider.base_url.expose().as_str(),
        "keys": provider.keys.iter().map(|key| json!([key.id, key.secret.expose(), key.enabled, key.priority, key.weight, limits(&key.limits)])).collect::<Vec<_>>(),
        "models": provider.models.iter().map(|model| &**model).collect::<Vec<_>>(),
        "use": uses(&provider.transformers),
        "per_model": provider.per_model.iter().map(|(model, list)| (model.to_string(), uses(list).into())).collect::<serde_json::Map<_, Value>>(),
        "headers": provider.headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()])).collect::<Vec<_>>(),
        "unavailable": provider.unavailable,
        "raw": [tokenizers(provider), (*provider.extra_body).clone()],
        "limits": provider.limits.iter().filter(|(model, _)| provider.models.contains(model)).map(|(model, limits)| (model.to_string(), json!([limits.context_window, limits.max_output_tokens]))).collect::<serde_json::Map<_, Value>>(),
        "preset": provider.preset.as_ref().map(|preset| json!([preset.name, preset.filled])),
        "type": provider.protocol,
    })
}

/// Null where nothing is said.
fn tokenizers(provider: &Provider) -> Value {
    let models = &provider.tokenizers.models;
    let models = models.iter().map(|(model, tokenizer)| (model.to_string(), tokenizer_in_words(tokenizer)));
    let models: serde_json::Map<_, Value> = models.collect();
    let default = &provider.tokenizers.default;
    if models.is_empty() && matches!(default, Tokenizer::Tiktoken(encoding) if *encoding == Encoding::default()) {
        return Value::Null;
    }
    json!({ "default": tokenizer_in_words(default), "models": models })
}

fn tokenizer_in_words(tokenizer: &Tokenizer) -> Value {
    match tokenizer {
        Tokenizer::Tiktoken(encoding) => encoding.as_str().into(),
        Tokenizer::File(file) => json!(["file", file.fallback.as_str()]),
        Tokenizer::Api(api) => {
            let (key, format) = (api.key.as_ref().map(crate::config::Secret::expose), format!("{:?}", api.format));
            let headers: Vec<_> =
                api.headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()])).collect();
            json!([api.url.expose().as_str(), key, format, api.field, headers, api.fallback.as_str()])
        }
    }
}

fn plugin(plugin: &PluginSettings) -> Value {
    let times = [plugin.timeouts.request, plugin.timeouts.events, plugin.timeouts.init, plugin.timeouts.tool];
    json!({
        "name": plugin.name,
        "path": plugin.path.as_ref().map(|path| path.display().to_string()),
        "enabled": plugin.enabled,
        "options": *plugin.options,
        "memory": plugin.memory,
        "times_ms": times.map(|time| time.map(|time| time.as_millis() as u64)),
        "http": plugin.grants.http.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "private_network": plugin.grants.private_network,
        "kv_model": [plugin.grants.kv, plugin.grants.model],
        "secrets": plugin.grants.secrets.iter().map(|(name, value)| json!([name, value.expose()])).collect::<Vec<_>>(),
        "fail": plugin.fail.map(|mode| format!("{mode:?}")),
    })
}
