//! Counting as a `tokenizer.json` says, the file in which models on Hugging Face describe their tokenizers.
//!
//! Read is what tokenizers of large language models are made of: normalizers, splitters and byte pair encoding ([`steps`],
//! [`pieces`], [`bpe`]). Other kinds of models (`Unigram`, `WordPiece`, `WordLevel`) and rare steps are refused by name when the
//! file is loaded, never counted wrongly. The tests hold the counts against those of the `tokenizers` library itself, which is not
//! used here as it cannot be without its thread pool and its macros, whose features would build the WebAssembly engine anew.
//!
//! Special tokens are text, as everywhere in [`tokens`](crate::tokens); other added tokens (`<think>`) count as one.

mod bpe;
mod pieces;
mod steps;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fancy_regex::Regex;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use self::bpe::{Bpe, Start, pair};
use self::pieces::Pieces;
use self::steps::{Normalizer, Splitter};
use super::known::Known;

/// Largest file that is read: the largest vocabularies of today have 35 MB.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// A tokenizer that has been read.
pub(super) struct Model {
    /// Tells its counts from those of others.
    pub(super) id: u64,
    /// Tokens in the midst of a text that nothing splits.
    added: Option<Regex>,
    normalizers: Vec<Normalizer>,
    splitters: Vec<Splitter>,
    bpe: Bpe,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The tokenizer of a file; files with the same content share one. `Err` says what is wrong with it.
pub(super) fn load(path: &Path) -> Result<Arc<Model>, String> {
    static LOADED: Mutex<Vec<([u8; 32], Weak<Model>)>> = Mutex::new(Vec::new());
    let size = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if size > MAX_FILE {
        return Err(format!("has {size} bytes; a tokenizer.json has less than {MAX_FILE}"));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let hash: [u8; 32] = Sha256::digest(&bytes).into();
    // Held while a file is read, so that two who want the same one read it once.
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    loaded.retain(|(_, model)| model.strong_count() > 0);
    if let Some(model) = loaded.iter().find(|(known, _)| *known == hash).and_then(|(_, model)| model.upgrade()) {
        return Ok(model);
    }
    let model = Arc::new(Model::parse(&bytes)?);
    loaded.push((hash, Arc::downgrade(&model)));
    Ok(model)
}

impl Model {
    /// From the text of a `tokenizer.json`.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        /// Numbers below are those of encodings.
        static NEXT: AtomicU64 = AtomicU64::new(super::FIRST_FILE);
        let root: Value = serde_json::from_slice(bytes).map_err(|error| format!("is not valid JSON: {error}"))?;
        let model = root.get("model").ok_or("has no `model`; is it a tokenizer.json?")?;
        let mut normalizers = Vec::new();
        steps::normalizers(&root["normalizer"], &mut normalizers)?;
        let mut splitters = Vec::new();
        steps::splitters(&root["pre_tokenizer"], &mut splitters)?;
        let by_bytes = splitters.iter().any(Splitter::maps_bytes);
        let bpe = bpe_of(model, by_bytes)?;
        Ok(Self { id: NEXT.fetch_add(1, Relaxed), added: added(&root["added_tokens"])?, normalizers, splitters, bpe })
    }

    /// The most tokens that a text of this many bytes can have.
    pub(super) fn most(&self, bytes: usize) -> u64 {
        let grown = self.normalizers.iter().fold(bytes as u64, |bytes, step| step.most(bytes));
        // What begins a piece can be put before each.
        if self.splitters.iter().any(Splitter::adds) { grown.saturating_mul(4).saturating_add(3) } else { grown }
    }

    /// A counter for texts of about this many bytes altogether.
    pub(super) fn counter(&self, bytes: usize) -> Counter<'_> {
        Counter { model: self, known: Known::for_bytes(bytes) }
    }
}

/// Counts texts with one tokenizer.
pub(super) struct Counter<'m> {
    model: &'m Model,
    known: Known,
}

impl Counter<'_> {
    /// The number of tokens of a text.
    pub(super) fn count(&mut self, text: &str) -> u64 {
        let (mut tokens, mut end) = (0, 0);
        let model = self.model;
        for found in model.added.iter().flat_map(|added| added.find_iter(text)) {
            // An alternation of plain words does not give up.
            let Ok(found) = found else { break };
            tokens += self.section(&text[end..found.start()], end == 0) + 1;
            end = found.end();
        }
        tokens + self.section(&text[end..], end == 0)
    }

    /// What is between added tokens.
    fn section(&mut self, text: &str, first: bool) -> u64 {
        if text.is_empty() {
            return 0;
        }
        let text = self.model.normalizers.iter().fold(text.into(), |text, step| step.apply(text));
        let mut pieces = Pieces::new(text.into_owned());
        for splitter in &self.model.splitters {
            splitter.apply(&mut pieces, first);
        }
        let bpe = &self.model.bpe;
        let count = |piece: &[u8]| std::str::from_utf8(piece).map_or(0, |piece| bpe.count(piece));
        pieces.iter().map(|piece| self.known.count(piece.as_bytes(), count)).sum()
    }
}

/// Added tokens that are found in texts; the longest goes first where several begin alike.
fn added(list: &Value) -> Result<Option<Regex>, String> {
    let is = |token: &Value, name: &str| token[name].as_bool().unwrap_or_default();
    let wanted =
        list.as_array().into_iter().flatten().filter(|token| !is(token, "special") && !is(token, "single_word"));
    let mut words: Vec<&str> =
        wanted.filter_map(|token| token["content"].as_str()).filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return Ok(None);
    }
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let alternatives: Vec<_> = words.iter().map(|word| fancy_regex::escape(word)).collect();
    steps::regex(&alternatives.join("|")).map(Some)
}

fn bpe_of(model: &Value, by_bytes: bool) -> Result<Bpe, String> {
    let kind = model["type"].as_str().unwrap_or(if model.get("merges").is_some() { "BPE" } else { "" });
    if kind != "BPE" {
        return Err(format!("its model is of the type `{kind}`; `BPE` is what can be counted with"));
    }
    for affix in ["continuing_subword_prefix", "end_of_word_suffix"] {
        if model[affix].as_str().is_some_and(|affix| !affix.is_empty()) {
            return Err(format!("its model has a `{affix}`, which cannot be counted with"));
        }
    }
    let vocabulary = model["vocab"].as_object().ok_or("its model has no `vocab`")?;
    let id = |token: &str| vocabulary.get(token).and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    let mut merges = bpe::Map::default();
    for (rank, merge) in model["merges"].as_array().ok_or("its model has no `merges`")?.iter().enumerate() {
        let wrong = || format!("merge {rank} of its model is not of two tokens of the vocabulary");
        let (first, second) = merge_of(merge).ok_or_else(wrong)?;
        let made = id(&format!("{first}{second}")).ok_or_else(wrong)?;
        let pair = pair(id(first).ok_or_else(wrong)?, id(second).ok_or_else(wrong)?);
        merges.insert(pair, (u32::try_from(rank).map_err(|_| wrong())?, made));
    }
    let start = if by_bytes {
        Start::Bytes(Box::new(bpe::letters().map(|letter| id(letter.encode_utf8(&mut [0; 4])))))
    } else {
        characters(model, vocabulary, id)
    };
    let whole = model["ignore_merges"].as_bool().unwrap_or_default().then(|| {
        let bytes = bpe::bytes_of_letters();
        let token = |token: &String| match by_bytes {
            true => token.chars().filter_map(|letter| bytes.get(&letter).copied()).collect(),
            false => token.as_bytes().into(),
        };
        vocabulary.keys().map(token).collect()
    });
    Ok(Bpe { start, merges, whole })
}

/// `"a b"`, or `["a", "b"]` in newer files.
fn merge_of(merge: &Value) -> Option<(&str, &str)> {
    match merge {
        Value::String(both) => both.split_once(' '),
        Value::Array(both) => match both.as_slice() {
            [first, second] => first.as_str().zip(second.as_str()),
            _ => None,
        },
        _ => None,
    }
}

fn characters(model: &Value, vocabulary: &serde_json::Map<String, Value>, id: impl Fn(&str) -> Option<u32>) -> Start {
    let mut known = bpe::Map::default();
    for token in vocabulary.keys() {
        let mut letters = token.chars();
        if let (Some(only), None, Some(id)) = (letters.next(), letters.next(), id(token)) {
            known.insert(u32::from(only), id);
        }
    }
    let is = |name: &str| model[name].as_bool().unwrap_or_default();
    let mut bytes = Box::new([0; 256]);
    let all =
        bytes.iter_mut().enumerate().all(|(byte, slot)| id(&format!("<0x{byte:02X}>")).map(|id| *slot = id).is_some());
    let unknown = model["unk_token"].as_str().and_then(id);
    Start::Characters { known, bytes: (all && is("byte_fallback")).then_some(bytes), unknown, fused: is("fuse_unk") }
}
