//! What a provider is: an address, keys, models, and the transformers that requests to it go through.
//!
//! Which wire format it speaks is decided by its transformers, elsewhere.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::{Alias, Config, KeyLimit, Options, SafeUrl, Secret, spelling::same_name};
use crate::tokens::Tokenizers;

/// A place to send requests to.
#[derive(Debug, Clone)]
pub struct Provider {
    /// As written; compared without regard to case.
    pub name: Arc<str>,
    /// Where it stands in the file (`Providers[2]`), for messages.
    pub path: String,
    /// As written: the full endpoint or the base, query kept. Of a provider that is [unavailable](Self::unavailable) it may be a
    /// placeholder under `.invalid`, which no resolver knows (RFC 2606).
    pub base_url: SafeUrl,
    /// In the order of the file; empty for a provider that wants none, as Ollama.
    pub keys: Vec<ProviderKey>,
    /// The models that are listed. Others are sent on as they are asked for.
    pub models: Vec<Arc<str>>,
    /// The outermost first.
    pub transformers: Vec<TransformerUse>,
    /// More transformers for single models, within the provider's own.
    pub per_model: Vec<(Arc<str>, Vec<TransformerUse>)>,
    /// Sent with every request, after what the protocol sets.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Why no request can be sent there, in words for the user; then it is still known by name.
    pub unavailable: Option<String>,
    /// The protocol's name, where it is not told by a transformer.
    pub protocol: Option<String>,
    /// What a preset gave.
    pub preset: Option<PresetUse>,
    /// The file has a `use` list for all models, if only an empty one.
    pub uses_given: bool,
    /// What single models can take.
    pub limits: Vec<(Arc<str>, ModelLimits)>,
    /// What single models cost, in dollars for a million tokens, input and output taken together.
    pub prices: Vec<(Arc<str>, f64)>,
    /// How the tokens of its models are counted.
    pub tokenizers: Arc<Tokenizers>,
    /// Members of the body of each request, in the place of what would be sent under the same name.
    pub extra_body: Options,
    /// It is no provider but a name for several targets, which take its place when a request is sent.
    pub alias: Option<Alias>,
}

impl Provider {
    /// A provider with nothing but a name, which cannot be used before it has an address.
    pub fn named(name: &str) -> Self {
        let nowhere = Url::parse("http://provider.invalid/").expect("a constant that is a URL");
        Self {
            name: name.into(),
            path: String::new(),
            base_url: SafeUrl::new(nowhere),
            keys: Vec::new(),
            models: Vec::new(),
            transformers: Vec::new(),
            per_model: Vec::new(),
            headers: Vec::new(),
            unavailable: None,
            protocol: None,
            preset: None,
            uses_given: false,
            limits: Vec::new(),
            prices: Vec::new(),
            tokenizers: Arc::default(),
            extra_body: Options::default(),
            alias: None,
        }
    }

    /// What is known of a model; the exact name goes before one that differs in case.
    pub fn model_limits(&self, model: &str) -> ModelLimits {
        let exact = self.limits.iter().find(|(name, _)| **name == *model);
        let found = exact.or_else(|| self.limits.iter().find(|(name, _)| same_name(name, model)));
        found.map_or_else(ModelLimits::default, |(_, limits)| *limits)
    }

    /// What a model costs, if that is known; the exact name goes before one that differs in case.
    pub fn model_price(&self, model: &str) -> Option<f64> {
        let exact = self.prices.iter().find(|(name, _)| **name == *model);
        let found = exact.or_else(|| self.prices.iter().find(|(name, _)| same_name(name, model)));
        found.map(|(_, price)| *price)
    }

    /// The limits of a model, to be filled in.
    pub(super) fn limits_mut(&mut self, model: &str) -> &mut ModelLimits {
        let at = self.limits.iter().position(|(name, _)| **name == *model).unwrap_or_else(|| {
            self.limits.push((model.into(), ModelLimits::default()));
            self.limits.len() - 1
        });
        &mut self.limits[at].1
    }

    /// The options that a preset has for the protocol of this name; null if there are none.
    pub fn preset_options(&self, protocol: &str) -> &Value {
        let preset = self.preset.as_ref().filter(|preset| preset.protocol.eq_ignore_ascii_case(protocol));
        preset.map_or(&Value::Null, |preset| &preset.options)
    }

    /// The transformers that only this model has; the exact name goes before one that differs in case.
    pub fn model_transformers(&self, model: &str) -> &[TransformerUse] {
        let exact = self.per_model.iter().find(|(name, _)| **name == *model);
        let found = exact.or_else(|| self.per_model.iter().find(|(name, _)| same_name(name, model)));
        found.map_or(&[], |(_, uses)| uses)
    }
}

/// What a preset gave a provider.
#[derive(Debug, Clone)]
pub struct PresetUse {
    /// The preset's.
    pub name: &'static str,
    /// The protocol that the options are for.
    pub protocol: &'static str,
    /// Of the protocol, beneath all that is written.
    pub options: Options,
    /// In words, for the log; nothing but limits if it is empty.
    pub filled: Vec<String>,
}

/// What a model can take, in tokens; `None` is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ModelLimits {
    /// Input and output together.
    pub context_window: Option<u64>,
    /// What `max_tokens` may be at the most.
    pub max_output_tokens: Option<u64>,
}

/// One of a provider's keys.
#[derive(Debug, Clone)]
pub struct ProviderKey {
    /// For records and headers: the key's `id` or `name`, else `1`, `2`, … by its place.
    pub id: String,
    pub secret: Secret,
    /// Not switched off by `enabled: false`.
    pub enabled: bool,
    /// Lower goes first.
    pub priority: u32,
    /// Share among keys of one priority.
    pub weight: u32,
    /// How much it may be used.
    pub limits: Vec<KeyLimit>,
}

impl ProviderKey {
    /// A key that is the only one.
    pub(super) fn alone(id: String, secret: Secret) -> Self {
        Self { id, secret, enabled: true, priority: 0, weight: 1, limits: Vec::new() }
    }
}

/// One entry of a `use` list.
#[derive(Debug, Clone)]
pub struct TransformerUse {
    /// As written; transformers are found without regard to case.
    pub name: String,
    /// An object; empty if nothing was given.
    pub options: Options,
    /// Where it stands in the file, for messages.
    pub path: String,
}

/// A provider and one of its models: the end of every routing decision. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelRef {
    /// Place in [`Config::providers`]. Only good with the configuration that gave it.
    pub provider: usize,
    /// The name that the provider knows.
    pub model: Arc<str>,
}

impl ModelRef {
    /// `provider,model`, or an alias, for headers, records and messages.
    pub fn display(&self, config: &Config) -> String {
        match config.providers.get(self.provider) {
            Some(provider) if provider.alias.is_some() => provider.name.to_string(),
            Some(provider) => format!("{},{}", provider.name, self.model),
            None => format!("?,{}", self.model),
        }
    }
}
