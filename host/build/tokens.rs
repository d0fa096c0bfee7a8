//! The vocabularies and character classes that tokens are counted with, made from the crates that define them: the crate of
//! OpenAI's encodings knows the tokens, and the regular expressions' crate knows the classes its patterns are written with.
//! Neither is in the binary.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use regex_syntax::hir::{Class, HirKind};
use tiktoken_rs::CoreBPE;

/// Writes `<encoding>.vocabulary` for each encoding, and `classes.rs`.
pub(crate) fn generate(out: &Path) {
    let encodings: [(&str, &CoreBPE); 3] = [
        ("cl100k_base", tiktoken_rs::cl100k_base_singleton()),
        ("o200k_base", tiktoken_rs::o200k_base_singleton()),
        ("p50k_base", tiktoken_rs::p50k_base_singleton()),
    ];
    for (name, encoding) in encodings {
        let file = out.join(format!("{name}.vocabulary"));
        fs::write(file, vocabulary(encoding)).expect("cargo's output folder can be written to");
    }
    fs::write(out.join("classes.rs"), classes()).expect("cargo's output folder can be written to");
}

/// The tokens in the order of their ranks, each behind its length in one byte; nothing behind a length of 0, where a special
/// token has the rank.
fn vocabulary(encoding: &CoreBPE) -> Vec<u8> {
    let special: HashSet<&str> = encoding.special_tokens();
    let mut bytes = Vec::new();
    for rank in 0.. {
        let Ok(token) = encoding.decode_bytes(&[rank]) else { break };
        let is_special = std::str::from_utf8(&token).is_ok_and(|token| special.contains(token));
        let token = if is_special { &[][..] } else { &token[..] };
        bytes.push(u8::try_from(token.len()).expect("no token is longer than 255 bytes"));
        bytes.extend_from_slice(token);
    }
    bytes
}

/// What the patterns tell apart, a bit each in this order; `split/classes.rs` has the names.
const CLASSES: [&str; 7] = [r"[\p{Lu}\p{Lt}]", r"\p{Ll}", r"[\p{Lm}\p{Lo}]", r"\p{M}", r"\p{N}", r"\s", r"[\r\n]"];

/// Characters in a block of the table: blocks of this many are often alike, and are kept once.
const BLOCK: usize = 256;

/// A table in two steps: the block of a character, and its class within the block.
fn classes() -> String {
    let mut table = vec![0_u8; char::MAX as usize + 1];
    for (bit, pattern) in CLASSES.iter().enumerate() {
        let hir = regex_syntax::parse(pattern).expect("the pattern is a constant");
        let HirKind::Class(Class::Unicode(class)) = hir.kind() else { panic!("{pattern} is a class") };
        for range in class.ranges() {
            for character in range.start()..=range.end() {
                table[character as usize] |= 1 << bit;
            }
        }
    }
    let mut blocks: Vec<&[u8]> = Vec::new();
    let mut index = Vec::new();
    for block in table.chunks(BLOCK) {
        let at = blocks.iter().position(|known| *known == block).unwrap_or_else(|| {
            blocks.push(block);
            blocks.len() - 1
        });
        index.push(u8::try_from(at).expect("fewer than 256 blocks differ"));
    }
    let mut source = String::new();
    let _ = writeln!(source, "static INDEX: [u8; {}] = {index:?};", index.len());
    let _ = writeln!(source, "static BLOCKS: [[u8; {BLOCK}]; {}] = {blocks:?};", blocks.len());
    source
}
