//! Images between the request that brought them and the call of the tool, in the plugin's store, by the hash of their content.

use std::borrow::Cow;

use ccr_plugin::host::{self, Scope};

use crate::prompts::{self, placeholder};
use crate::source::{Source, decoded, decoded_len};

/// Bytes of an entry: what the gateway's store takes for one, 8 MiB, less room for the first line.
const PART: usize = 8 * 1024 * 1024 - 256;

/// Largest image that is kept, in bytes: three entries of the eight that the store has room for. Twice what the largest
/// telephones make, and six times what Anthropic's API takes.
const MAX_IMAGE: usize = 3 * PART;

/// What the keys of images begin with. The gateway lists a thousand of them; an image beyond is kept once more, which harms nothing.
const PREFIX: &str = "image/";

/// What stands for a media type where an entry is a source, as JSON.
const ELSEWHERE: &str = "source";

/// The images of a request, by number.
#[derive(Debug)]
pub(crate) struct Known {
    scope: Scope,
    images: Vec<(u32, Kept)>,
}

/// What has become of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// In the store, under this hash.
    As(String),
    /// Not kept; why, as the end of a sentence.
    Not(String),
}

/// An image that was kept.
#[derive(Debug)]
pub(crate) enum Image {
    Data {
        media_type: String,
        bytes: Vec<u8>,
    },
    /// The source, as JSON.
    Elsewhere(String),
}

impl Known {
    pub(crate) fn new(scope: Scope) -> Self {
        Self { scope, images: Vec::new() }
    }

    pub(crate) fn add(&mut self, number: u32, kept: Kept) {
        if !self.images.iter().any(|(known, _)| *known == number) {
            self.images.push((number, kept));
        }
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Kept> {
        self.images.iter().find(|(known, _)| *known == number).map(|(_, kept)| kept)
    }

    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }

    /// All of them, as a model reads it.
    pub(crate) fn listed(&self) -> String {
        /// Enough to find the right one among, few enough for a line.
        const SHOWN: usize = 40;
        let mut numbers: Vec<u32> = self.images.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        let shown: Vec<String> = numbers.iter().take(SHOWN).map(|number| placeholder(*number)).collect();
        let more = if numbers.len() > SHOWN { ", …" } else { "" };
        format!("{}{more}", shown.join(", "))
    }

    /// What the tool's call is given: a line for the scope, and one for each image.
    pub(crate) fn to_state(&self) -> String {
        let mut state = String::from(if matches!(self.scope, Scope::Session) { "session\n" } else { "global\n" });
        for (number, kept) in &self.images {
            state.push_str(&match kept {
                Kept::As(hash) => format!("{number} {hash}\n"),
                Kept::Not(reason) => format!("{number} - {}\n", reason.replace('\n', " ")),
            });
        }
        state
    }

    /// What [`Known::to_state`] wrote. Lines that it cannot have written are left out.
    pub(crate) fn from_state(state: &[u8]) -> Self {
        let state = String::from_utf8_lossy(state);
        let mut lines = state.lines();
        let scope = if lines.next() == Some("session") { Scope::Session } else { Scope::Global };
        let mut known = Self::new(scope);
        for (number, kept) in lines.filter_map(|line| line.split_once(' ')) {
            let Ok(number) = number.parse() else { continue };
            known.add(
                number,
                match kept.strip_prefix("- ") {
                    Some(reason) => Kept::Not(reason.into()),
                    None => Kept::As(kept.into()),
                },
            );
        }
        known
    }
}

/// Which images are in the store, so that none is put there twice.
pub(crate) struct Keeper {
    scope: Scope,
    there: Vec<String>,
}

impl Keeper {
    pub(crate) fn new(scope: Scope) -> Self {
        let mut there = host::kv_keys(scope, PREFIX).unwrap_or_default();
        there.sort_unstable();
        Self { scope, there }
    }

    /// Keeps an image if it is not there yet.
    pub(crate) fn keep(&self, hash: String, source: &Source<'_>) -> Kept {
        match self.put(&hash, source) {
            Ok(()) => Kept::As(hash),
            Err(reason) => Kept::Not(reason),
        }
    }

    /// Whether an image was kept by an earlier request.
    pub(crate) fn has(&self, hash: &str) -> bool {
        self.has_part(hash, 0)
    }

    fn has_part(&self, hash: &str, part: usize) -> bool {
        self.there.binary_search(&key(hash, part)).is_ok()
    }

    fn put(&self, hash: &str, source: &Source<'_>) -> Result<(), String> {
        match source {
            Source::Missing => Err("came without any content".into()),
            Source::Elsewhere(json) => self.write(hash, ELSEWHERE, json.len(), || Some(json.as_bytes().into())),
            Source::Data { base64, .. } if decoded_len(base64) > MAX_IMAGE => {
                Err(format!("is larger than the {} MB that can be kept", MAX_IMAGE / 1_000_000))
            }
            Source::Data { media_type, base64 } => {
                self.write(hash, media_type, decoded_len(base64), || decoded(base64).map(Into::into))
            }
        }
    }

    /// The first entry says in a line what follows, and in how many entries.
    fn write<'b>(
        &self,
        hash: &str,
        kind: &str,
        length: usize,
        bytes: impl FnOnce() -> Option<Cow<'b, [u8]>>,
    ) -> Result<(), String> {
        let parts = length.div_ceil(PART);
        if parts > 0 && (0..parts).all(|part| self.has_part(hash, part)) {
            return Ok(());
        }
        let bytes = bytes().ok_or("came with data that is no base64")?;
        for (part, bytes) in bytes.chunks(PART).enumerate() {
            let head = if part == 0 { format!("{parts} {kind}\n") } else { String::new() };
            let value = [head.as_bytes(), bytes].concat();
            host::kv_set(self.scope, &key(hash, part), &value, None)
                .map_err(|fault| format!("could not be kept: {}", prompts::fault(&fault)))?;
        }
        Ok(())
    }
}

/// What was kept of an image. `Err` says why it is not there, as the end of a sentence.
pub(crate) fn fetch(scope: Scope, hash: &str) -> Result<Image, String> {
    let gone = || "is no longer kept by the gateway; it is again as soon as the client repeats the request".to_owned();
    let entry = |part| match host::kv_get(scope, &key(hash, part)) {
        Ok(entry) => entry.ok_or_else(gone),
        Err(fault) => Err(format!("cannot be fetched: {}", prompts::fault(&fault))),
    };
    let mut bytes = entry(0)?;
    let line = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(gone)?;
    let head: Vec<u8> = bytes.drain(..=line).collect();
    let head = String::from_utf8_lossy(&head);
    let (parts, kind) = head.trim_end().split_once(' ').unwrap_or(("1", head.trim_end()));
    for part in 1..parts.parse().unwrap_or(1) {
        bytes.append(&mut entry(part)?);
    }
    if kind == ELSEWHERE {
        return String::from_utf8(bytes).map(Image::Elsewhere).map_err(|_| gone());
    }
    Ok(Image::Data { media_type: kind.to_owned(), bytes })
}

fn key(hash: &str, part: usize) -> String {
    format!("{PREFIX}{hash}/{part}")
}
