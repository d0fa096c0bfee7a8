//! The options, as the operator wrote them.

use ccr_plugin::messages::json::{Document, Value};
use ccr_plugin::{Fault, Settings};

/// How many results a search has unless the options say otherwise: as many as Anthropic's own.
const COUNT: u64 = 10;

/// No service gives more than this for one search (Brave's and Tavily's limit).
pub(crate) const MOST_RESULTS: usize = 20;

/// How long a search may take unless the options say otherwise. Services answer within a second or two; a SearXNG waits for the
/// slowest engine that it asks.
const TIMEOUT_MS: u64 = 15_000;

/// How often one request may search unless the options say otherwise. Claude Code allows itself 8.
const MAX_USES: u64 = 20;

/// What the host checks the options against when the config is loaded.
pub(crate) const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "backend": {
      "enum": ["brave", "tavily", "serper", "searxng"],
      "description": "The service that searches. Without it the agent leaves all requests alone."
    },
    "url": {
      "type": "string",
      "pattern": "^https?://",
      "description": "Where SearXNG is, as https://search.example.com; its JSON format must be switched on."
    },
    "secret": {
      "type": "string",
      "pattern": "^[A-Za-z0-9_]+$",
      "description": "The granted secret that holds the service's key: BRAVE_API_KEY, TAVILY_API_KEY or SERPER_API_KEY unless given. SearXNG is sent one only if it is given, as a bearer token."
    },
    "count": {"type": "integer", "minimum": 1, "maximum": 20, "description": "Results of one search; 10 unless given."},
    "timeout_ms": {"type": "integer", "minimum": 1, "maximum": 60000, "description": "How long a search may take; 15000 unless given."},
    "max_uses": {"type": "integer", "minimum": 1, "maximum": 99, "description": "Searches that one request may make, even if its max_uses is higher; 20 unless given."},
    "always": {
      "anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "string"}}],
      "description": "Search also for providers that have a search of their own: all of them, or those named."
    },
    "only": {"type": "array", "items": {"type": "string"}, "description": "Search for no other providers than these."},
    "never": {"type": "array", "items": {"type": "string"}, "description": "Do not search for these providers."}
  },
  "additionalProperties": false
}"#;

/// The service that searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Brave,
    Tavily,
    Serper,
    Searxng,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "brave" => Self::Brave,
            "tavily" => Self::Tavily,
            "serper" => Self::Serper,
            "searxng" => Self::Searxng,
            _ => return None,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Options {
    /// Without one, nothing can be searched.
    pub(crate) backend: Option<Kind>,
    pub(crate) url: Option<String>,
    pub(crate) secret: Option<String>,
    pub(crate) count: usize,
    pub(crate) timeout_ms: u32,
    pub(crate) max_uses: u64,
    always: Names,
    only: Names,
    never: Names,
}

/// Which providers an option is about.
#[derive(Debug)]
enum Names {
    All,
    These(Vec<String>),
}

impl Names {
    fn has(&self, provider: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.iter().any(|name| name.eq_ignore_ascii_case(provider)),
        }
    }

    /// `absent` is for an option that is not given.
    fn read(value: Option<Value<'_>>, absent: Self) -> Self {
        match value.filter(|value| !value.is_null()) {
            None => absent,
            Some(value) => match value.as_bool() {
                Some(true) => Self::All,
                Some(false) => Self::These(Vec::new()),
                None => Self::These(crate::text::strings(Some(value))),
            },
        }
    }
}

impl Options {
    pub(crate) fn read(settings: &Settings) -> Result<Self, Fault> {
        let document = Document::parse_str(settings.json()).map_err(|_| Fault::own("options: this is not JSON"))?;
        let given = |name: &str| document.root().get(name);
        let backend = settings.text("backend")?;
        let backend = match backend.as_deref() {
            None => None,
            Some(name) => Some(Kind::named(name).ok_or_else(|| {
                Fault::own("options: `backend` must be one of \"brave\", \"tavily\", \"serper\" and \"searxng\"")
            })?),
        };
        let url = settings.text("url")?;
        if backend == Some(Kind::Searxng) && url.is_none() {
            return Err(Fault::own("options: `url` must say where SearXNG is, as https://search.example.com"));
        }
        let number = |name: &str, absent| settings.number(name).map(|number| number.unwrap_or(absent));
        let count = number("count", COUNT)?;
        Ok(Self {
            backend,
            url,
            secret: settings.text("secret")?,
            count: usize::try_from(count).unwrap_or(MOST_RESULTS).clamp(1, MOST_RESULTS),
            timeout_ms: u32::try_from(number("timeout_ms", TIMEOUT_MS)?).unwrap_or(u32::MAX),
            max_uses: number("max_uses", MAX_USES)?,
            always: Names::read(given("always"), Names::These(Vec::new())),
            only: Names::read(given("only"), Names::All),
            never: Names::read(given("never"), Names::These(Vec::new())),
        })
    }

    /// Whether the agent may search for this provider at all.
    pub(crate) fn allows(&self, provider: &str) -> bool {
        self.only.has(provider) && !self.never.has(provider)
    }

    /// Whether it does so even where the provider has a search of its own.
    pub(crate) fn overrides(&self, provider: &str) -> bool {
        self.always.has(provider)
    }
}
