//! Which class a character is of, as far as the encodings' patterns tell characters apart.
//!
//! The table is made by `build/tokens.rs` from the regular expressions' own tables.

use super::Rest;

include!(concat!(env!("OUT_DIR"), "/classes.rs"));

/// Upper and title case: `[\p{Lu}\p{Lt}]`.
pub(super) const UPPER: u8 = 1;
/// Lower case: `\p{Ll}`.
pub(super) const LOWER: u8 = 2;
/// Letters without case: `[\p{Lm}\p{Lo}]`.
pub(super) const CASELESS: u8 = 4;
/// Marks: `\p{M}`.
pub(super) const MARK: u8 = 8;
/// Numbers: `\p{N}`.
pub(super) const NUMBER: u8 = 16;
/// White space: `\s`.
pub(super) const SPACE: u8 = 32;
/// `[\r\n]`.
pub(super) const NEWLINE: u8 = 64;

/// `\p{L}`
pub(super) const LETTER: u8 = UPPER | LOWER | CASELESS;

/// The class of the character at a place, and how many bytes it takes. At the end of the text: no class, and no bytes.
#[inline]
pub(super) fn at(text: Rest<'_>, at: usize) -> (u8, usize) {
    let Some(&byte) = text.as_bytes().get(at) else { return (0, 0) };
    of_byte(byte).unwrap_or_else(|| {
        let character = text[at..].chars().next();
        character.map_or((0, 0), |character| (of(character), character.len_utf8()))
    })
}

/// The same, if it is known from the character's first byte.
#[inline]
pub(super) fn of_byte(byte: u8) -> Option<(u8, usize)> {
    // The first block of the table begins with ASCII.
    byte.is_ascii().then(|| (ASCII[usize::from(byte)], 1))
}

/// The classes of ASCII, where most of all text needs only one step.
static ASCII: [u8; 256] = BLOCKS[INDEX[0] as usize];

fn of(character: char) -> u8 {
    let code = character as usize;
    let block = INDEX.get(code / 256).and_then(|block| BLOCKS.get(usize::from(*block)));
    block.map_or(0, |block| block[code % 256])
}
