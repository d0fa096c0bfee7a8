//! With which tokenizer the input of a model is counted, as the config says.

use std::sync::Arc;

use super::Encoding;

/// How the tokens of a model are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokenizer {
    /// The encoding in which the gateway counts.
    pub encoding: Encoding,
}

/// The tokenizers of a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokenizers {
    /// For models without one of their own.
    pub default: Tokenizer,
    /// By model.
    pub models: Vec<(Arc<str>, Tokenizer)>,
}

impl Tokenizers {
    /// The tokenizer of a model; the exact name goes before one that differs in case.
    pub fn of(&self, model: &str) -> Tokenizer {
        let exact = self.models.iter().find(|(name, _)| **name == *model);
        let found = exact.or_else(|| self.models.iter().find(|(name, _)| name.eq_ignore_ascii_case(model)));
        found.map_or(self.default, |(_, tokenizer)| *tokenizer)
    }
}
