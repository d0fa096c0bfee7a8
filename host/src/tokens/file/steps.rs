//! What is done with a text before its pieces are merged: normalizers change it, splitters ("pre-tokenizers") cut it.

use std::borrow::Cow;

use fancy_regex::{NoExpand, Regex, RegexBuilder};
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use serde_json::Value;

use super::pieces::{Behavior, Pattern, Pieces};

/// Most memory of one compiled expression: lists of thousands of added tokens need some megabytes.
const REGEX_BYTES: usize = 64 * 1024 * 1024;

/// An expression as the files have them.
pub(super) fn regex(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).delegate_size_limit(REGEX_BYTES).build();
    built.map_err(|error| format!("has an expression that is not understood: {error}"))
}

/// A change of the text.
pub(super) enum Normalizer {
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
    Lowercase,
    Prepend(String),
    Strip { left: bool, right: bool },
    ReplaceText(String, String),
    Replace(Box<Regex>, String),
}

/// Adds the steps of a `normalizer`, in their order.
pub(super) fn normalizers(node: &Value, steps: &mut Vec<Normalizer>) -> Result<(), String> {
    let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
    let flag = |name: &str| node[name].as_bool().unwrap_or(true);
    let step = match node["type"].as_str() {
        None if node.is_null() => return Ok(()),
        Some("Sequence") => {
            return node["normalizers"].as_array().into_iter().flatten().try_for_each(|node| normalizers(node, steps));
        }
        Some("NFC") => Normalizer::Nfc,
        Some("NFD") => Normalizer::Nfd,
        Some("NFKC") => Normalizer::Nfkc,
        Some("NFKD") => Normalizer::Nfkd,
        Some("Lowercase") => Normalizer::Lowercase,
        Some("Prepend") => Normalizer::Prepend(text("prepend")),
        Some("Strip") => Normalizer::Strip { left: flag("strip_left"), right: flag("strip_right") },
        Some("Replace") => match pattern(&node["pattern"], false)? {
            Pattern::Text(from) => Normalizer::ReplaceText(from, text("content")),
            Pattern::Regex(regex) | Pattern::Inverted(regex) => Normalizer::Replace(regex, text("content")),
        },
        other => return Err(unknown("normalizer", other)),
    };
    steps.push(step);
    Ok(())
}

fn unknown(what: &str, kind: Option<&str>) -> String {
    format!("has a {what} of the type `{}`, which cannot be counted with", kind.unwrap_or("?"))
}

/// `{"String": …}` or `{"Regex": …}`.
fn pattern(node: &Value, invert: bool) -> Result<Pattern, String> {
    match (node["String"].as_str().or(node.as_str()), node["Regex"].as_str()) {
        (Some(text), _) if !text.is_empty() && !invert => Ok(Pattern::Text(text.to_owned())),
        (Some(text), _) if !text.is_empty() => Ok(Pattern::Inverted(Box::new(regex(&fancy_regex::escape(text))?))),
        (_, Some(text)) if invert => Ok(Pattern::Inverted(Box::new(regex(text)?))),
        (_, Some(text)) => Ok(Pattern::Regex(Box::new(regex(text)?))),
        _ => Err("has a step without a pattern".to_owned()),
    }
}

impl Normalizer {
    pub(super) fn apply<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        let changed = match self {
            Self::Nfc => ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned(),
            Self::Nfkc => ComposingNormalizerBorrowed::new_nfkc().normalize(&text).into_owned(),
            Self::Nfd => DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned(),
            Self::Nfkd => DecomposingNormalizerBorrowed::new_nfkd().normalize(&text).into_owned(),
            // Character by character, unlike `str::to_lowercase`, which knows of words.
            Self::Lowercase => text.chars().flat_map(char::to_lowercase).collect(),
            Self::Prepend(_) if text.is_empty() => return text,
            Self::Prepend(before) => format!("{before}{text}"),
            Self::Strip { left, right } => {
                let text = if *left { text.trim_start() } else { &text };
                if *right { text.trim_end().to_owned() } else { text.to_owned() }
            }
            Self::ReplaceText(from, to) if text.contains(from.as_str()) => text.replace(from.as_str(), to),
            Self::ReplaceText(..) => return text,
            Self::Replace(regex, to) => match regex.try_replacen(&text, 0, NoExpand(to)) {
                Ok(replaced) => replaced.into_owned(),
                Err(_) => return text,
            },
        };
        Cow::Owned(changed)
    }

    /// The most bytes that become of so many (Unicode's FAQ on normalization has the factors in UTF-8).
    pub(super) fn most(&self, bytes: u64) -> u64 {
        match self {
            Self::Nfc | Self::Nfd => bytes.saturating_mul(3),
            Self::Nfkc | Self::Nfkd => bytes.saturating_mul(11),
            Self::Lowercase => bytes.saturating_mul(2),
            Self::Prepend(before) => bytes.saturating_add(before.len() as u64),
            Self::Strip { .. } => bytes,
            // An expression may match the nothing between two bytes.
            Self::ReplaceText(_, to) | Self::Replace(_, to) => {
                bytes.saturating_add(1).saturating_mul(to.len() as u64 + 1)
            }
        }
    }
}

/// A cut, or what is done with pieces before one.
pub(super) enum Splitter {
    Split(Pattern, Behavior),
    /// Puts a space before pieces without one.
    PrefixSpace,
    /// From here on, letters stand for bytes.
    Bytes,
    /// Spaces become this sign, and pieces begin with it.
    Metaspace {
        sign: String,
        prepend: Prepend,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prepend {
    Always,
    First,
    Never,
}

/// GPT-2's expression, which `ByteLevel` has without naming it.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// Adds the steps of a `pre_tokenizer`, in their order.
pub(super) fn splitters(node: &Value, steps: &mut Vec<Splitter>) -> Result<(), String> {
    let kind = node["type"].as_str();
    let flag = |name: &str, default| node[name].as_bool().unwrap_or(default);
    let own =
        |pattern: &str, behavior| Ok::<_, String>(Splitter::Split(Pattern::Regex(Box::new(regex(pattern)?)), behavior));
    match kind {
        None if node.is_null() => {}
        Some("Sequence") => {
            return node["pretokenizers"].as_array().into_iter().flatten().try_for_each(|node| splitters(node, steps));
        }
        Some("ByteLevel") => {
            if flag("add_prefix_space", true) {
                steps.push(Splitter::PrefixSpace);
            }
            if flag("use_regex", true) {
                steps.push(own(GPT2, Behavior::Isolated)?);
            }
            steps.push(Splitter::Bytes);
        }
        Some("Split") => {
            let behavior =
                node["behavior"].as_str().and_then(Behavior::named).ok_or("has a `Split` without a known behavior")?;
            steps.push(Splitter::Split(pattern(&node["pattern"], flag("invert", false))?, behavior));
        }
        Some("Metaspace") => metaspace(node, steps)?,
        Some("Digits") => {
            let behavior = if flag("individual_digits", false) { Behavior::Isolated } else { Behavior::Contiguous };
            steps.push(own(r"\p{N}", behavior)?);
        }
        Some("Punctuation") => {
            let behavior = node["behavior"].as_str().and_then(Behavior::named).unwrap_or(Behavior::Isolated);
            steps.push(own(r"[[:punct:]\p{P}]", behavior)?);
        }
        Some("Whitespace") => {
            let words = Pattern::Inverted(Box::new(regex(r"\w+|[^\w\s]+")?));
            steps.push(Splitter::Split(words, Behavior::Removed));
        }
        Some("WhitespaceSplit") => steps.push(own(r"\s", Behavior::Removed)?),
        other => return Err(unknown("pre_tokenizer", other)),
    }
    Ok(())
}

fn metaspace(node: &Value, steps: &mut Vec<Splitter>) -> Result<(), String> {
    let sign = node["replacement"].as_str().unwrap_or("▁").to_owned();
    let prepend = match (node["prepend_scheme"].as_str(), node["add_prefix_space"].as_bool()) {
        (Some("first"), _) => Prepend::First,
        (Some("never"), _) | (None, Some(false)) => Prepend::Never,
        _ => Prepend::Always,
    };
    let split = node["split"].as_bool().unwrap_or(true);
    let cut = Splitter::Split(pattern(&Value::from(sign.clone()), false)?, Behavior::MergedWithNext);
    steps.push(Splitter::Metaspace { sign, prepend });
    if split {
        steps.push(cut);
    }
    Ok(())
}

impl Splitter {
    /// `first`: the pieces are the text's beginning.
    pub(super) fn apply(&self, pieces: &mut Pieces, first: bool) {
        match self {
            Self::Split(pattern, behavior) => pieces.split(pattern, *behavior),
            Self::PrefixSpace => pieces.rewrite(|piece, _| match piece.starts_with(' ') {
                true => piece.into(),
                false => format!(" {piece}").into(),
            }),
            Self::Bytes => {}
            Self::Metaspace { sign, prepend } => pieces.rewrite(|piece, is_first| {
                let piece: Cow<'_, str> =
                    if piece.contains(' ') { piece.replace(' ', sign).into() } else { piece.into() };
                let wanted = *prepend == Prepend::Always || (*prepend == Prepend::First && first && is_first);
                if wanted && !piece.starts_with(sign.as_str()) { format!("{sign}{piece}").into() } else { piece }
            }),
        }
    }

    pub(super) fn maps_bytes(&self) -> bool {
        matches!(self, Self::Bytes)
    }

    /// Whether pieces can get longer.
    pub(super) fn adds(&self) -> bool {
        matches!(self, Self::PrefixSpace | Self::Metaspace { .. })
    }
}
