//! The pieces of `cl100k_base`.

use super::classes::{self, LETTER, NEWLINE, NUMBER, SPACE};
use super::{Rest, contraction, run, run_without, spaces, three_numbers};

/// `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`
pub(crate) fn cl100k(text: Rest<'_>) -> usize {
    let (class, length) = classes::at(text, 0);
    if class & LETTER != 0 {
        return run(text, length, LETTER);
    }
    if class & NUMBER != 0 {
        return three_numbers(text);
    }
    let short = contraction(text, true);
    if short > 0 {
        return short;
    }
    let next = classes::at(text, length).0;
    if class & NEWLINE == 0 && next & LETTER != 0 {
        return run(text, length, LETTER);
    }
    if class & SPACE == 0 {
        return run(text, run_without(text, length, SPACE | LETTER | NUMBER), NEWLINE);
    }
    if text.starts_with(' ') && length < text.len() && next & (SPACE | LETTER | NUMBER) == 0 {
        return run(text, run_without(text, length, SPACE | LETTER | NUMBER), NEWLINE);
    }
    let found = spaces(text);
    match found.after_newline {
        Some(end) if found.end < text.len() => end,
        _ => found.before_word(text),
    }
}
