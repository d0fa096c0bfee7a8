//! The pieces of `o200k_base`.

use super::classes::{self, CASELESS, LETTER, LOWER, MARK, NEWLINE, NUMBER, SPACE, UPPER};
use super::{Rest, contraction, run, run_without, spaces, three_numbers};

/// What may stand where a word has its capitals.
const HEAD: u8 = UPPER | CASELESS | MARK;

/// What may stand where a word goes on.
const TAIL: u8 = LOWER | CASELESS | MARK;

/// `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?`, or
/// `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?`, or
/// `\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
pub(crate) fn o200k(text: Rest<'_>) -> usize {
    let (class, length) = classes::at(text, 0);
    if class & NUMBER != 0 {
        return three_numbers(text);
    }
    if let Some(end) = word(text, class, length) {
        return end + contraction(&text[end..], true);
    }
    let next = classes::at(text, length).0;
    let before_mark = text.starts_with(' ') && length < text.len() && next & (SPACE | LETTER | NUMBER) == 0;
    if class & SPACE == 0 || before_mark {
        let mut end = run_without(text, length, SPACE | LETTER | NUMBER);
        while text[end..].starts_with(['\r', '\n', '/']) {
            end += 1;
        }
        return end;
    }
    let found = spaces(text);
    found.after_newline.unwrap_or_else(|| found.before_word(text))
}

/// The first two expressions in their order, each with what may stand before a word and without it.
fn word(text: Rest<'_>, class: u8, length: usize) -> Option<usize> {
    if class & LETTER != 0 {
        return with_tail(text, 0).or_else(|| with_head(text, 0));
    }
    if class & NEWLINE != 0 {
        return None;
    }
    let bare_mark = || if class & MARK != 0 { with_tail(text, 0) } else { None };
    with_tail(text, length).or_else(bare_mark).or_else(|| with_head(text, length))
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+` from `start` on.
fn with_tail(text: Rest<'_>, start: usize) -> Option<usize> {
    let mut end = start;
    // Where the head could end so that something is left for the tail, which is no longer than that.
    let mut shorter = None;
    loop {
        let (class, length) = classes::at(text, end);
        if class & HEAD == 0 {
            break if class & LOWER != 0 { Some(run(text, end, TAIL)) } else { shorter };
        }
        end += length;
        if class & TAIL != 0 {
            shorter = Some(end);
        }
    }
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*` from `start` on, where nothing fits `with_tail`.
fn with_head(text: Rest<'_>, start: usize) -> Option<usize> {
    let end = run(text, start, HEAD);
    (end > start).then_some(end)
}
