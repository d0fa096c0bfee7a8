//! The pieces of `p50k_base` and `r50k_base`, as of GPT-2.

use super::classes::{self, LETTER, NUMBER, SPACE};
use super::{Rest, contraction, run, run_without, spaces};

/// `'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`
pub(crate) fn gpt2(text: Rest<'_>) -> usize {
    let short = contraction(text, false);
    if short > 0 {
        return short;
    }
    let start = usize::from(text.starts_with(' '));
    let (class, length) = classes::at(text, start);
    if class & LETTER != 0 {
        run(text, start, LETTER)
    } else if class & NUMBER != 0 {
        run(text, start, NUMBER)
    } else if length > 0 && class & SPACE == 0 {
        run_without(text, start, SPACE | LETTER | NUMBER)
    } else {
        spaces(text).before_word(text)
    }
}
