//! Which tokenizer a model is counted with.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue};

use super::file::{self, Model};
use super::{Encoding, aside};
use crate::base::secret::{SafeUrl, Secret};

/// How tokens are counted.
#[derive(Debug, Clone)]
pub enum Tokenizer {
    /// As OpenAI's `tiktoken` does.
    Tiktoken(Encoding),
    /// As a `tokenizer.json` says.
    File(Arc<TokenizerFile>),
    /// By asking somebody.
    Api(Arc<CountingApi>),
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self::Tiktoken(Encoding::default())
    }
}

impl Tokenizer {
    /// What counts where the tokenizer itself cannot.
    pub fn encoding(&self) -> Encoding {
        match self {
            Self::Tiktoken(encoding) => *encoding,
            Self::File(file) => file.fallback,
            Self::Api(api) => api.fallback,
        }
    }

    /// Reads what the first count would have to wait for. May take some tenths of a second, on this thread.
    pub fn prepare(&self) {
        if let Scheme::Encoding(encoding) = self.scheme() {
            encoding.prepare();
        }
    }

    /// What counts within this process.
    pub(super) fn scheme(&self) -> Scheme {
        match self {
            Self::File(file) => file.model().map_or(Scheme::Encoding(file.fallback), Scheme::File),
            other => Scheme::Encoding(other.encoding()),
        }
    }
}

/// A counter's rules.
#[derive(Debug, Clone)]
pub(super) enum Scheme {
    Encoding(Encoding),
    File(Arc<Model>),
}

impl Scheme {
    /// Tells the counts of one from those of others; encodings are numbered from 0.
    pub(super) fn id(&self) -> u64 {
        match self {
            Self::Encoding(encoding) => *encoding as u64,
            Self::File(model) => model.id,
        }
    }
}

/// A `tokenizer.json`, read when it is first needed.
#[derive(Debug)]
pub struct TokenizerFile {
    /// Where it is.
    pub path: PathBuf,
    /// Where it stands in the config, for messages.
    pub at: String,
    /// What counts if it cannot be read.
    pub fallback: Encoding,
    model: OnceLock<Option<Arc<Model>>>,
}

impl TokenizerFile {
    /// One that has not been read.
    pub fn new(path: PathBuf, at: String, fallback: Encoding) -> Self {
        Self { path, at, fallback, model: OnceLock::new() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it can be read, and if not, why.
    pub fn check(&self) -> Result<(), String> {
        file::load(&self.path).map(|_| ())
    }

    fn model(&self) -> Option<Arc<Model>> {
        let read = || {
            // Some megabytes of JSON.
            aside(usize::MAX, || file::load(&self.path))
                .inspect_err(|reason| {
                    let (path, fallback) = (self.path.display(), self.fallback);
                    tracing::warn!("{}: {path}: {reason}; tokens are counted with {fallback}", self.at);
                })
                .ok()
        };
        self.model.get_or_init(read).clone()
    }
}

/// How a counting service is asked, in claude-code-router's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiFormat {
    /// `{model, system, tools, messages}` as in the request.
    Standard,
    /// `{model, messages: [{role, content}]}` with plain texts.
    OpenAi,
    /// Anthropic's own `count_tokens`.
    Anthropic,
    /// `{text}`: everything in one.
    Custom,
}

/// A service that counts.
#[derive(Debug)]
pub struct CountingApi {
    /// Where it is asked.
    pub url: SafeUrl,
    /// What it is shown.
    pub key: Option<Secret>,
    /// How it is asked.
    pub format: ApiFormat,
    /// Where in its answer the number is: names with dots between them.
    pub field: String,
    /// Further headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What counts when it does not answer.
    pub fallback: Encoding,
    /// Tells its counts from those of others.
    pub(super) id: u64,
    failed: Mutex<Option<Instant>>,
}

/// How long a service is left alone after a failure: each try can cost a request the whole time-out.
const REST: Duration = Duration::from_secs(30);

impl CountingApi {
    /// One that has not been asked yet.
    pub fn new(url: SafeUrl, format: ApiFormat, fallback: Encoding) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(super::FIRST_API);
        // Anthropic's answer is `{"input_tokens": …}`.
        let field = if format == ApiFormat::Anthropic { "input_tokens" } else { "token_count" };
        let (field, id) = (field.to_owned(), NEXT.fetch_add(1, Relaxed));
        Self { url, key: None, format, field, headers: Vec::new(), fallback, id, failed: Mutex::new(None) }
    }

    /// Its host, for messages.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether it failed a short while ago.
    pub fn rests(&self) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|when| when.elapsed() < REST)
    }

    /// Notes how asking went.
    pub fn note(&self, well: bool) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = (!well).then(Instant::now);
    }
}

/// The tokenizers of a provider's models.
#[derive(Debug, Clone, Default)]
pub struct Tokenizers {
    /// Of models without one of their own.
    pub default: Tokenizer,
    /// By model.
    pub models: Vec<(Box<str>, Tokenizer)>,
}

impl Tokenizers {
    /// The tokenizer of a model; the exact name goes before one that differs in case.
    pub fn of(&self, model: &str) -> Tokenizer {
        let exact = self.models.iter().find(|(name, _)| **name == *model);
        let found = exact.or_else(|| self.models.iter().find(|(name, _)| name.eq_ignore_ascii_case(model)));
        found.map_or(&self.default, |(_, tokenizer)| tokenizer).clone()
    }

    /// All that are files.
    pub fn files(&self) -> impl Iterator<Item = &Arc<TokenizerFile>> {
        let all = std::iter::once(&self.default).chain(self.models.iter().map(|(_, tokenizer)| tokenizer));
        all.filter_map(|tokenizer| match tokenizer {
            Tokenizer::File(file) => Some(file),
            _ => None,
        })
    }
}
