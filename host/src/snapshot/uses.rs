//! Plugins as they are used: with the options of one place in the config, and one after the other for a provider.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::error::GatewayError;
use crate::plugins::client::{self, ClientFormat};
use crate::plugins::{Cause, Plugin, PluginError, Surroundings};

/// The name of the protocol that needs no component.
pub(super) const INNER_PROTOCOL: &str = "anthropic";

/// How a provider's requests are made.
pub(super) struct ProviderPlan {
    pub(super) any_model: Result<Arc<Chain>, String>,
    /// Models with transformers of their own.
    pub(super) per_model: HashMap<Arc<str>, Result<Arc<Chain>, String>>,
}

/// A protocol, and the transformers around it, the outermost first.
#[derive(Debug)]
pub struct Chain {
    /// Who speaks with the provider.
    pub protocol: Protocol,
    /// They edit requests and answers.
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
    /// A component translates both ways.
    Plugin(PluginUse),
}

/// A plugin with the options of one use.
#[derive(Clone)]
pub struct PluginUse {
    /// The loaded component.
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

    /// What is noted where the plugin has failed and a request may do without it; the error itself where it may not.
    pub fn fail_open(&self, error: PluginError) -> Result<String, GatewayError> {
        if !self.plugin.fails_open() || matches!(error.cause, Cause::Refused(_)) {
            return Err(error.into());
        }
        tracing::warn!(plugin = %self.plugin.label(), "plugin failed, the request continues without it: {error}");
        Ok(format!("plugin {}: {}", self.plugin.name, error.cause))
    }
}

impl std::fmt::Debug for PluginUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.plugin.label())
    }
}

/// A client's format that a component speaks.
#[derive(Clone)]
pub struct Format {
    /// The component that speaks it.
    pub used: PluginUse,
    /// What it says of the format.
    pub format: Arc<ClientFormat>,
}

impl Format {
    /// Whether clients of this format post to this path.
    pub fn serves(&self, path: &str) -> bool {
        self.format.paths.iter().any(|pattern| client::matches(pattern, path))
    }
}
