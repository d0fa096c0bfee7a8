//! What a user may choose for one provider, where providers that speak this format disagree.

use crate::shared::options::{Rule, choices, each, options, schema};
use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::json::{Value, Writer};
use ccr_plugin::{Fault, Settings};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) max_tokens_field: MaxTokensField,
    pub(crate) reasoning: Replay,
    pub(crate) reasoning_effort: Rule,
    pub(crate) max_effort: Effort,
    pub(crate) empty_content: EmptyContent,
    pub(crate) response_format: ResponseFormat,
    pub(crate) include_usage: bool,
    pub(crate) cache_control: bool,
    pub(crate) max_tools: Option<u64>,
    pub(crate) excess_tools: ExcessTools,
    pub(crate) default_max_tokens: Option<u64>,
    pub(crate) images: Images,
    pub(crate) documents: Documents,
    pub(crate) prompt_cache_key: bool,
    pub(crate) schemas: Schemas,
}

options! { Options {
    max_tokens_field: "The field that carries the limit of output tokens. auto: max_completion_tokens for OpenAI's reasoning models, else max_tokens.",
    reasoning: "Where earlier reasoning goes. off: it is left out. reasoning_content: into that field of the assistant's messages, as DeepSeek and Kimi demand it in thinking mode. reasoning: into the field of that name, where there is some. reasoning_details: signed and encrypted reasoning into that list, as OpenRouter and Vercel take it, other reasoning into reasoning; Claude gets only what it signed.",
    reasoning_effort: "When reasoning_effort is sent. auto: only to OpenAI's reasoning models.",
    max_effort: "The highest reasoning_effort that the model knows; high unless given.",
    empty_content: "The content of an assistant message that only calls tools. null is OpenAI's own way; Ollama and LM Studio want empty, endpoints in front of Bedrock refuse empty.",
    response_format: "What a request for JSON output becomes; json_schema unless given.",
    include_usage: "Whether token counts are asked for in streams (stream_options); true unless given.",
    cache_control: "Whether Anthropic's cache_control is kept, on the parts of messages, on tools, and on the assistant's and the tools' messages, for gateways that hand it on; false unless given.",
    max_tools: "The most tools that the provider takes (OpenAI: 128). A request with more is refused with a message that says so, or see excess_tools. Not checked unless given.",
    excess_tools: "What happens to tools beyond max_tools. drop: the last ones are left out and noted, but not those that the conversation has calls of.",
    default_max_tokens: "The limit of output tokens where the client gives none; without this option none is sent then.",
    images: "omit: for models that take text only. A sentence stands in the place of every image.",
    documents: "file: documents that are no text go as file parts, sounds as input_audio parts. text: a sentence stands in their places.",
    prompt_cache_key: "Whether the session's id is sent as prompt_cache_key, which brings the requests of a session to the same cache at OpenAI; false unless given.",
    schemas: "How the schemas of tools are written. openai_strict: compiled to the subset of OpenAI's strict mode, with strict: true. groq: to the subset that Groq accepts.",
} }

choices! { MaxTokensField {
    #[default] Auto = "auto",
    MaxTokens = "max_tokens",
    MaxCompletionTokens = "max_completion_tokens",
} }

choices! {
    /// Where the reasoning of earlier turns goes.
    Replay {
        #[default] Off = "off",
        ReasoningContent = "reasoning_content",
        Reasoning = "reasoning",
        Details = "reasoning_details",
    }
}

choices! { EmptyContent { #[default] Null = "null", Empty = "empty", Omit = "omit" } }

choices! { ResponseFormat { #[default] JsonSchema = "json_schema", JsonObject = "json_object", Omit = "omit" } }

choices! { ExcessTools { #[default] Refuse = "refuse", Drop = "drop" } }

choices! { Images { #[default] Send = "send", Omit = "omit" } }

choices! { Documents { #[default] Text = "text", File = "file" } }

choices! {
    /// How the schemas of tools are written.
    Schemas { #[default] AsIs = "as_is", OpenAiStrict = "openai_strict", Groq = "groq" }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_tokens_field: MaxTokensField::default(),
            reasoning: Replay::default(),
            reasoning_effort: Rule::default(),
            // Only some of OpenAI's models know `xhigh`; the others answer it with a 400.
            max_effort: Effort::High,
            empty_content: EmptyContent::default(),
            response_format: ResponseFormat::default(),
            include_usage: true,
            cache_control: false,
            max_tools: None,
            excess_tools: ExcessTools::default(),
            default_max_tokens: None,
            images: Images::default(),
            documents: Documents::default(),
            prompt_cache_key: false,
            schemas: Schemas::default(),
        }
    }
}

impl Options {
    pub(crate) fn schema() -> String {
        schema(Self::properties)
    }

    pub(crate) fn read(settings: &Settings) -> Result<Self, Fault> {
        Self::read_beside(settings, |_, _| Ok(false))
    }

    /// Reads options among which may be others; `other` says whether one is.
    pub(crate) fn read_beside(
        settings: &Settings,
        mut other: impl FnMut(&str, Value<'_>) -> Result<bool, Fault>,
    ) -> Result<Self, Fault> {
        let mut options = Self::default();
        each(settings, |name, value| Ok(options.set(name, value)? || other(name, value)?))?;
        Ok(options)
    }

    /// The options with the hints for one request laid over them. What is no option is a hint for somebody else.
    pub(crate) fn with(&self, hints: Value<'_>) -> Result<Self, Fault> {
        let mut options = self.clone();
        for (name, value) in hints.members() {
            // A client's request without a limit says so under the name of the option for it (see `params`).
            if !(name == "default_max_tokens" && value.as_bool().is_some()) {
                options.set(&name.decode(), value)?;
            }
        }
        Ok(options)
    }

    /// Whether a chat completion request of a client's own goes as it is. Options that say how a *translated* request is written
    /// count as edits, too, where they are set: the user had a reason.
    pub(crate) fn leave_alone(&self, request: Value<'_>) -> bool {
        let many = || request.get("tools").map_or(0, Value::len) as u64;
        if self.max_tools.is_some_and(|most| many() > most) {
            return false;
        }
        let default = Self::default();
        // Marks that a client sets itself are for a provider that knows them.
        let plain = Self { max_tools: default.max_tools, cache_control: default.cache_control, ..self.clone() };
        plain == default
    }
}
