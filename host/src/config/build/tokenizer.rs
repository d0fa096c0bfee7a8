//! `tokenizer`: how the tokens of a provider's models are counted.

use std::path::PathBuf;
use std::sync::Arc;

use http::header;
use serde_json::Value;

use super::Places;
use super::provider::{base_url, headers};
use crate::config::Home;
use crate::config::reader::{Node, Table};
use crate::tokens::{ApiFormat, CountingApi, Encoding, Tokenizer, TokenizerFile, Tokenizers};

/// `{default, models: {…}}` as in claude-code-router; also one tokenizer for all models without that around it.
pub(super) fn tokenizers(node: &Node<'_>, places: &Places<'_>) -> Arc<Tokenizers> {
    let is_one = node.value.is_string() || ["type", "encoding"].iter().any(|key| node.value.get(key).is_some());
    if is_one {
        return Arc::new(Tokenizers { default: tokenizer(node, places), models: Vec::new() });
    }
    let Some(table) = node.table() else { return Arc::default() };
    let default = table.get(&["default"]).map(|node| tokenizer(&node, places)).unwrap_or_default();
    let models = table.get(&["models"]).and_then(|node| node.table()).map(|models| models.entries());
    table.finish();
    let models = models.unwrap_or_default();
    Arc::new(Tokenizers {
        default,
        models: models.into_iter().map(|(model, node)| (model.into(), tokenizer(&node, places))).collect(),
    })
}

/// The name of an encoding, or an object with a type.
fn tokenizer(node: &Node<'_>, places: &Places<'_>) -> Tokenizer {
    if let Value::String(_) = node.value {
        return Tokenizer::Tiktoken(encoding(node));
    }
    let Some(table) = node.table() else { return Tokenizer::default() };
    let kind = table.get(&["type"]);
    let fallback = table.get(&["encoding"]).map(|node| encoding(&node)).unwrap_or_default();
    let made = match kind.as_ref().and_then(Node::filled_text) {
        Some("huggingface") => file(&table, fallback, places),
        Some("api") => api(&table, fallback),
        Some("tiktoken") | None => None,
        Some(_) => {
            if let Some(node) = &kind {
                node.error("is not the type of a tokenizer", "write `tiktoken`, `huggingface` or `api`");
            }
            None
        }
    };
    table.finish();
    made.unwrap_or(Tokenizer::Tiktoken(fallback))
}

fn encoding(node: &Node<'_>) -> Encoding {
    let Some(text) = node.filled_text() else { return Encoding::default() };
    text.parse().unwrap_or_else(|message: String| {
        node.error(
            message,
            "models of OpenAI from GPT-4o on have `o200k_base`; for all others `cl100k_base` is as good",
        );
        Encoding::default()
    })
}

/// The name of the file, in its folder.
const FILE: &str = "tokenizer.json";

/// `huggingface`: a path to the file or its folder, or a model's name, whose file is below the home folder. Nothing is downloaded.
fn file(table: &Table<'_>, fallback: Encoding, places: &Places<'_>) -> Option<Tokenizer> {
    let Some(node) = table.get(&["model", "path"]) else {
        table.node.error("has no `model`", "name the model, as in `org/name`, or the path of its tokenizer.json");
        return None;
    };
    let text = node.filled_text()?;
    let folder = Home::find(places.env).dir().join(".huggingface");
    // Where claude-code-router keeps what it has downloaded.
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let kept: String = text.chars().map(plain).collect();
    let mut candidates: Vec<PathBuf> = vec![places.resolve(text)];
    // A name goes nowhere else than below the folder.
    let is_name = text.split(['/', '\\']).all(|part| !part.is_empty() && !part.starts_with(['.', '~']));
    if is_name {
        candidates.push(folder.join(text));
        candidates.push(folder.join(kept));
    }
    let found = candidates
        .iter()
        .find_map(|candidate| [candidate.join(FILE), candidate.clone()].into_iter().find(|path| path.is_file()));
    if found.is_none() {
        let hint = match is_name {
            true => format!("put it at {}, or write the path where it is", folder.join(text).join(FILE).display()),
            false => "correct the path; a relative one begins at this file's folder".to_owned(),
        };
        let message = format!("there is no {FILE} of `{text}`, so tokens are counted with {fallback}");
        node.warning(message, hint);
    }
    Some(Tokenizer::File(Arc::new(TokenizerFile::new(found?, node.path.clone(), fallback))))
}

/// `api`: a service that counts.
fn api(table: &Table<'_>, fallback: Encoding) -> Option<Tokenizer> {
    let format = table.get(&["requestFormat"]).and_then(|node| format(&node)).unwrap_or(ApiFormat::Standard);
    let key = table.get(&["apiKey"]).and_then(|node| node.secret());
    let field = table.get(&["responseField"]).and_then(|node| node.filled_text());
    let headers = table.get(&["headers"]).map(|node| headers(&node)).unwrap_or_default();
    let Some(url) = table.get(&["url"]) else {
        table.node.error("has no `url`", "add the address of the service that counts");
        return None;
    };
    let mut api = CountingApi::new(base_url(&url)?, format, fallback);
    (api.key, api.headers) = (key, headers);
    if let Some(field) = field {
        api.field = field.to_owned();
    }
    let shows_key = |name: &header::HeaderName| *name == header::AUTHORIZATION || *name == "x-api-key";
    if api.key.is_none() && !api.headers.iter().any(|(name, _)| shows_key(name)) {
        table.node.warning("has no `apiKey`", "add it, unless the service asks for none");
    }
    Some(Tokenizer::Api(Arc::new(api)))
}

fn format(node: &Node<'_>) -> Option<ApiFormat> {
    Some(match node.filled_text()? {
        "standard" => ApiFormat::Standard,
        "openai" => ApiFormat::OpenAi,
        "anthropic" => ApiFormat::Anthropic,
        "custom" => ApiFormat::Custom,
        _ => {
            node.error("is not a format", "write `standard`, `openai`, `anthropic` or `custom`");
            return None;
        }
    })
}
