//! Fits the loaded plugins to the config: which of them speak with a provider, route and act as agents.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::uses::{Chain, INNER_PROTOCOL, PluginUse, Protocol, ProviderPlan};
use crate::config::{Config, Provider, TransformerUse};
use crate::plugins::PluginEngine;
use crate::plugins::registry::{DEFAULT_PROTOCOL, Registry};
use crate::upstream::Upstreams;

/// What uses of plugins are made of.
pub(super) struct Resolver<'a> {
    /// Runs them, and keeps their stores.
    pub(super) engine: &'a PluginEngine,
    /// Says which are used, and with what.
    pub(super) config: &'a Config,
    /// The plugins that are loaded.
    pub(super) registry: &'a Registry,
    /// The public part of the config, which they get to see.
    pub(super) public_config: &'a Arc<str>,
    /// What their HTTP goes over.
    pub(super) upstreams: &'a Arc<Upstreams>,
}

impl Resolver<'_> {
    /// Whether a name stands for a plugin, be it one that cannot be used.
    pub(super) fn is_known(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(INNER_PROTOCOL)
            || self.registry.get(name).is_some()
            || self.registry.is_disabled(name)
            || self.registry.why_broken(name).is_some()
    }

    /// How requests to a provider are made.
    pub(super) fn plan(&self, provider: &Provider) -> ProviderPlan {
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

    /// The custom router of a file; `Err` says why it cannot be asked.
    pub(super) fn router(&self, path: &Path) -> Result<PluginUse, String> {
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
    pub(super) fn agents(&self) -> Vec<PluginUse> {
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
                    tracing::error!(agent = name, "failed to set up agent: {reason}");
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
}

fn only_one(slot: &mut Option<Protocol>, protocol: Protocol, provider: &Provider) -> Result<(), String> {
    if let Some(first) = slot {
        return Err(format!("provider `{}` names two protocols ({first:?} and {protocol:?}); keep one", provider.name));
    }
    *slot = Some(protocol);
    Ok(())
}
