//! What a provider said of a failure: `{"error":{…}}`, `{"error":"…"}`, `{"message":…}`, `{"detail":…}`, lists of these.

use super::{excerpt, retry};
use ccr_plugin::messages::json::{Document, Kind, Str, Value};

/// Errors may stand within errors (lists, proxies that quote the provider behind them); no real one nests deeper.
const DEEPEST: u32 = 4;

/// What can be told from an error.
#[derive(Debug, Default)]
pub(crate) struct ProviderError {
    pub(crate) message: String,
    /// Codes, types and reasons.
    pub(crate) names: Vec<String>,
    /// A code that is an HTTP status.
    pub(crate) status: Option<u16>,
    /// Tokens of the prompt and of the context, where they are members of their own (llama.cpp).
    pub(crate) tokens: Option<(u64, u64)>,
    /// How long Google asks to wait.
    pub(crate) retry_after_ms: Option<u64>,
    /// Whether it looks like an error at all.
    pub(crate) is_error: bool,
}

impl ProviderError {
    pub(crate) fn of(root: Value<'_>) -> Self {
        let mut reported = Self::default();
        reported.read(root, 0);
        if reported.message.is_empty() && !reported.names.is_empty() {
            reported.message = reported.names.join(", ");
        }
        if reported.message.is_empty() && root.kind() == Kind::Object && !root.is_empty() {
            reported.message = excerpt::bounded(root.raw());
        }
        reported
    }

    fn read(&mut self, value: Value<'_>, depth: u32) {
        if depth > DEEPEST {
            return;
        }
        match value.kind() {
            Kind::String => self.say(&value.as_str().map(Str::decode).unwrap_or_default()),
            // Gemini's compatible endpoint sends a list of one.
            Kind::Array => value.items().take(1).for_each(|item| self.read(item, depth + 1)),
            Kind::Object => self.object(value, depth),
            Kind::Null | Kind::Bool | Kind::Number => {}
        }
    }

    fn object(&mut self, object: Value<'_>, depth: u32) {
        for (key, value) in object.members() {
            match key.raw() {
                "error" | "errors" | "detail" => self.read(value, depth + 1),
                // MiniMax reports errors in here.
                "base_resp" if value.get("status_code").and_then(Value::as_i64) != Some(0) => {
                    self.read(value, depth + 1)
                }
                "message" | "msg" | "error_msg" | "status_msg" if value.kind() == Kind::String => {
                    self.read(value, depth + 1);
                }
                "code" | "type" | "status" => self.name(value),
                "details" => value.items().for_each(|detail| self.detail(detail)),
                _ => {}
            }
        }
        self.tokens = object
            .get("n_prompt_tokens")
            .and_then(Value::as_u64)
            .zip(object.get("n_ctx").and_then(Value::as_u64))
            .or(self.tokens);
        if let Some(metadata) = object.get("metadata") {
            self.quoted(metadata, depth);
        }
    }

    /// OpenRouter's own message is "Provider returned error"; what the provider said stands in `metadata.raw`.
    fn quoted(&mut self, metadata: Value<'_>, depth: u32) {
        let Some(raw) = metadata.get("raw").and_then(Value::as_str).map(Str::decode) else { return };
        match Document::parse(raw.as_bytes()) {
            Ok(document) => self.read(document.root(), depth + 1),
            Err(_) => self.say(&raw),
        }
    }

    /// One of Google's standard details (`google.rpc`), told apart by the end of their type.
    fn detail(&mut self, detail: Value<'_>) {
        let member = |name: &str| detail.get(name).and_then(Value::as_str).map(Str::decode).unwrap_or_default();
        let kind = member("@type");
        if kind.ends_with("google.rpc.RetryInfo") {
            // As protobuf writes a duration in JSON: seconds, perhaps with a fraction, and `s`.
            self.retry_after_ms = member("retryDelay").strip_suffix('s').and_then(retry::milliseconds);
        } else if kind.ends_with("google.rpc.ErrorInfo") {
            self.names.push(excerpt::bounded(&member("reason")));
        }
    }

    fn name(&mut self, value: Value<'_>) {
        let code = value.as_str().map_or(value.raw().into(), Str::decode);
        match code.parse::<u16>() {
            Ok(status @ 400..=599) => self.status = Some(status),
            Ok(_) => {}
            Err(_) if value.kind() == Kind::String && !code.is_empty() => self.names.push(excerpt::bounded(&code)),
            Err(_) => {}
        }
    }

    fn say(&mut self, text: &str) {
        let text = excerpt::of(text.as_bytes());
        self.is_error |= !text.is_empty();
        if text.is_empty() || self.message.contains(&text) {
            return;
        }
        if !self.message.is_empty() {
            self.message.push_str(": ");
        }
        self.message.push_str(&text);
    }
}
