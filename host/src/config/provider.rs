//! What a provider is: an address, keys, models, and the transformers that requests to it go through.
//!
//! Which wire format it speaks is decided by its transformers, elsewhere.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use url::Url;

use super::{Config, Options, SafeUrl, Secret, names::same_name};

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
    /// `type`: the protocol's name, where it is not told by a transformer.
    pub protocol: Option<String>,
    /// `tokenizer`, as written.
    pub tokenizer: Options,
    /// `capabilities`, as written: further endpoints in other formats.
    pub capabilities: Options,
    /// `modelMetadata`, as written: context windows, limits, prices.
    pub model_metadata: Options,
    /// `extraBody`, as written: merged into each request.
    pub extra_body: Options,
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
            tokenizer: Options::default(),
            capabilities: Options::default(),
            model_metadata: Options::default(),
            extra_body: Options::default(),
        }
    }

    /// The transformers that only this model has; the exact name goes before one that differs in case.
    pub fn model_transformers(&self, model: &str) -> &[TransformerUse] {
        let exact = self.per_model.iter().find(|(name, _)| **name == *model);
        let found = exact.or_else(|| self.per_model.iter().find(|(name, _)| same_name(name, model)));
        found.map_or(&[], |(_, uses)| uses)
    }
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
    /// As written: windows of requests and tokens.
    pub limits: Options,
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
    /// `provider,model`, for headers, records and messages.
    pub fn display(&self, config: &Config) -> String {
        let provider = config.providers.get(self.provider).map_or("?", |provider| &*provider.name);
        format!("{provider},{}", self.model)
    }
}
