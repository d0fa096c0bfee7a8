//! The formats of upstreams: one name for each, and what a test needs to put a provider of it into a config.

use serde_json::{Value, json};

use super::story::{Failure, Part, Story};
use super::{Asked, FakeUpstream, Script, SeenRequest, google};
use super::{bedrock, chat, gemini, messages, responses};

/// A pair of keys as AWS makes them, and as the config names them; they open nothing.
const AWS_KEYS: &str = "AKIAMADEUPFORTESTS00:aws-upstream-secret/wJalrXUtnFEMIK7MDENG";

/// How an upstream talks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OpenAI Chat Completions.
    Chat,
    /// OpenAI Responses.
    Responses,
    /// Gemini's `generateContent`.
    Gemini,
    /// Anthropic Messages.
    Messages,
    /// Gemini at Vertex AI: the calls have no ids.
    VertexGemini,
    /// Claude at Vertex AI: `rawPredict`.
    VertexClaude,
    /// Bedrock's Converse.
    Bedrock,
    /// OpenAI Chat Completions as Azure serves them.
    Azure,
}

impl Format {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "openai",
            Self::Responses => "openai-responses",
            Self::Gemini => "gemini",
            Self::Messages => "anthropic",
            Self::VertexGemini => "vertex-gemini",
            Self::VertexClaude => "vertex-claude",
            Self::Bedrock => "bedrock",
            Self::Azure => "azure-openai",
        }
    }

    /// The model of its provider: a name that tells transformers what it can do.
    pub fn model(self) -> &'static str {
        match self {
            Self::Chat => "m",
            Self::Responses => "gpt-5.1",
            Self::Gemini | Self::VertexGemini => "gemini-3-pro",
            Self::Messages | Self::VertexClaude => "claude-sonnet-4-5",
            Self::Bedrock => "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            Self::Azure => "my-deployment",
        }
    }

    /// The story as a provider of this format tells it.
    pub fn tell(self, story: &Story, streaming: bool) -> Script {
        if let Some(Failure::Status { status, message, retry_after }) = &story.failure {
            return self.refusal(*status, message, *retry_after);
        }
        match (self, streaming) {
            (Self::Chat | Self::Azure, false) => chat::whole(story),
            (Self::Chat | Self::Azure, true) => chat::stream(story),
            (Self::Responses, false) => responses::whole(story),
            (Self::Responses, true) => responses::stream(story),
            (Self::Gemini | Self::VertexGemini, false) => gemini::whole(story, self == Self::Gemini),
            (Self::Gemini | Self::VertexGemini, true) => gemini::stream(story, self == Self::Gemini),
            (Self::Messages | Self::VertexClaude, false) => messages::whole(story),
            (Self::Messages | Self::VertexClaude, true) => messages::stream(story),
            (Self::Bedrock, false) => bedrock::whole(story),
            (Self::Bedrock, true) => bedrock::stream(story),
        }
    }

    /// What a request asks for.
    pub fn read(self, request: &SeenRequest) -> Asked {
        let body = request.json();
        match self {
            Self::Chat | Self::Azure => chat::read(&body),
            Self::Responses => responses::read(&body),
            Self::Gemini | Self::VertexGemini => gemini::read(&request.target, &body),
            Self::Messages => messages::read(&body),
            Self::VertexClaude => {
                let streaming = request.target.contains(":streamRawPredict");
                Asked { streaming, ..messages::read(&body) }
            }
            Self::Bedrock => bedrock::read(&request.target, &body),
        }
    }

    /// What has to come back of this piece of reasoning in the next turn.
    pub fn proof(self, part: &Part) -> Option<String> {
        match (self, part) {
            (Self::Chat | Self::Azure, Part::Thought { text, .. }) => Some(text.clone()),
            (_, Part::Thought { proof, .. }) => Some(proof.clone()),
            _ => None,
        }
    }

    /// A provider of this name at this upstream, with its one model, for the config's `Providers`. Bedrock's needs a region in
    /// the environment besides, as a loopback address names none.
    pub fn provider(self, name: &str, upstream: &FakeUpstream) -> Value {
        let (path, uses) = match self {
            // Without the option earlier reasoning goes nowhere: most providers refuse it.
            Self::Chat => ("/v1", json!([["openai", {"reasoning": "reasoning_content"}]])),
            Self::Azure => ("", json!([["azure-openai", {"reasoning": "reasoning_content"}]])),
            Self::Responses => ("/v1", json!(["openai-responses"])),
            Self::Gemini => ("/v1beta/models/", json!(["gemini"])),
            Self::Messages => ("/v1/messages", json!(["Anthropic"])),
            // The two ways to say which project it is.
            Self::VertexGemini => ("", json!([["vertex-gemini", {"GOOGLE_CLOUD_PROJECT": "p"}]])),
            Self::VertexClaude => ("/v1/projects/p/locations/us-east5", json!(["vertex-claude"])),
            Self::Bedrock => ("", json!(["bedrock"])),
        };
        let key = match self {
            Self::VertexGemini | Self::VertexClaude => google::service_account(upstream),
            Self::Bedrock => json!(AWS_KEYS),
            _ => json!("sk-upstream-secret"),
        };
        json!({
            "name": name,
            "api_base_url": format!("http://{}{path}", upstream.address()),
            "api_key": key,
            "models": [self.model()],
            "transformer": {"use": uses},
        })
    }

    fn refusal(self, status: u16, message: &str, retry_after: Option<u64>) -> Script {
        let body = match (self, retry_after) {
            (Self::Chat | Self::Responses | Self::Azure, _) => chat::refusal(status, message),
            (Self::Messages | Self::VertexClaude, _) => messages::refusal(status, message),
            (Self::Gemini | Self::VertexGemini, Some(seconds)) => gemini::refusal_for(status, message, seconds),
            (Self::Gemini | Self::VertexGemini, None) => gemini::refusal(status, message),
            (Self::Bedrock, _) => bedrock::refusal(message),
        };
        let seconds = retry_after.map(|seconds| seconds.to_string());
        let mut headers = vec![("content-type", "application/json")];
        match (self, &seconds) {
            (Self::Gemini | Self::VertexGemini, _) | (_, None) => {}
            (_, Some(seconds)) => headers.push(("retry-after", seconds)),
        }
        if self == Self::Bedrock {
            headers.push(("x-amzn-errortype", bedrock::error_type(status)));
        }
        Script::whole(status, &headers, body.to_string().as_bytes())
    }
}
