//! Cuts a text into the pieces that the encodings merge on their own, as the regular expressions of the encodings would, at a
//! tenth of the time. `tests` holds both side by side.
//!
//! Each file has one expression above the function that stands for it.

mod cl100k;
mod classes;
mod gpt2;
mod o200k;

use self::classes::{NEWLINE, SPACE};

pub(super) use self::{cl100k::cl100k, gpt2::gpt2, o200k::o200k};

/// What is left of a text; a piece is taken from its beginning.
type Rest<'t> = &'t str;

/// How long the first piece of a text is that is not empty.
pub(super) type Split = fn(Rest<'_>) -> usize;

/// The end of a run of characters of some class, from `start` on.
#[inline]
fn run(text: Rest<'_>, start: usize, wanted: u8) -> usize {
    run_while(text, start, |class| class & wanted != 0)
}

/// The end of a run of characters that are of none of these classes.
#[inline]
fn run_without(text: Rest<'_>, start: usize, unwanted: u8) -> usize {
    run_while(text, start, |class| class & unwanted == 0)
}

#[inline]
fn run_while(text: Rest<'_>, start: usize, fits: impl Fn(u8) -> bool) -> usize {
    let mut end = start;
    while let Some(&byte) = text.as_bytes().get(end) {
        let (class, length) = classes::of_byte(byte).unwrap_or_else(|| classes::at(text, end));
        if !fits(class) {
            break;
        }
        end += length;
    }
    end
}

/// At most three numbers.
#[inline]
fn three_numbers(text: Rest<'_>) -> usize {
    let mut end = 0;
    for _ in 0..3 {
        let (class, length) = classes::at(text, end);
        if class & classes::NUMBER == 0 {
            break;
        }
        end += length;
    }
    end
}

/// White space with which a text begins.
struct Spaces {
    /// Where it ends.
    end: usize,
    /// Behind its last line break, if there is one.
    after_newline: Option<usize>,
    /// Where its last character begins.
    last: usize,
}

#[inline]
fn spaces(text: Rest<'_>) -> Spaces {
    let mut found = Spaces { end: 0, after_newline: None, last: 0 };
    loop {
        let (class, length) = classes::at(text, found.end);
        if class & SPACE == 0 {
            return found;
        }
        found.last = found.end;
        found.end += length;
        if class & NEWLINE != 0 {
            found.after_newline = Some(found.end);
        }
    }
}

impl Spaces {
    /// `\s+(?!\S)|\s`: all at the end of the text, else all but the last, which belongs to the word behind it.
    #[inline]
    fn before_word(&self, text: Rest<'_>) -> usize {
        if self.end == text.len() || self.last == 0 { self.end } else { self.last }
    }
}

/// The length of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at the beginning of a text, else 0.
#[inline]
fn contraction(text: Rest<'_>, any_case: bool) -> usize {
    let Some(rest) = text.strip_prefix('\'') else { return 0 };
    let mut characters = rest.chars().map(|character| if any_case { folded(character) } else { character });
    match (characters.next(), characters.next()) {
        (Some('s' | 't' | 'm' | 'd'), _) => 1 + rest.chars().next().map_or(0, char::len_utf8),
        (Some('l'), Some('l')) | (Some('v' | 'r'), Some('e')) => 3,
        _ => 0,
    }
}

/// Case as regular expressions fold it: the long s is an s.
fn folded(character: char) -> char {
    if character == 'ſ' { 's' } else { character.to_ascii_lowercase() }
}
