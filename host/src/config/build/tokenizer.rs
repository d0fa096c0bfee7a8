//! `tokenizer`: in which encoding the tokens of a provider's models are counted.

use std::sync::Arc;

use serde_json::Value;

use crate::config::reader::Node;
use crate::tokens::{Encoding, Tokenizer, Tokenizers};

/// `{default, models: {…}}` as in claude-code-router; also one tokenizer for all models without that around it.
pub(super) fn tokenizers(node: &Node<'_>) -> Arc<Tokenizers> {
    let is_one = node.value.is_string() || ["type", "encoding"].iter().any(|key| node.value.get(key).is_some());
    if is_one {
        return Arc::new(Tokenizers { default: tokenizer(node), models: Vec::new() });
    }
    let Some(table) = node.table() else { return Arc::default() };
    let default = table.get(&["default"]).map(|node| tokenizer(&node)).unwrap_or_default();
    let models = table.get(&["models"]).and_then(|node| node.table()).map(|models| models.entries());
    table.finish();
    let models = models.unwrap_or_default();
    Arc::new(Tokenizers {
        default,
        models: models.into_iter().map(|(model, node)| (model.into(), tokenizer(&node))).collect(),
    })
}

/// The name of an encoding, or an object with a type.
fn tokenizer(node: &Node<'_>) -> Tokenizer {
    if let Value::String(_) = node.value {
        return Tokenizer { encoding: encoding(node) };
    }
    let Some(table) = node.table() else { return Tokenizer::default() };
    let written = table.get(&["type"]);
    let encoding = table.get(&["encoding"]).map(|node| encoding(&node)).unwrap_or_default();
    // Of the types that are not served; the key is no word for messages.
    for name in ["model", "url", "requestFormat", "responseField", "headers"] {
        table.get(&[name]);
    }
    table.get(&["apiKey"]).and_then(|node| node.secret());
    table.finish();
    if let Some(node) = written {
        match node.filled_text() {
            Some("tiktoken") | None => {}
            Some(other @ ("huggingface" | "api")) => node.warning(
                format!("tokenizers of the type `{other}` are not served; tokens are counted with {encoding}"),
                "write the type `tiktoken` and the `encoding` that comes nearest",
            ),
            Some(_) => node.error("is not the type of a tokenizer", "write `tiktoken`"),
        }
    }
    Tokenizer { encoding }
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
