//! How many input tokens a request has.
//!
//! Nothing is counted until somebody asks, and what is asked is mostly whether there are more than so many: bounds that need no
//! counting answer that first ([`TokenCounts::exceeds`]). What has been counted is remembered by block, so that the next turn
//! of a conversation counts only what is new. The counts are those of `tiktoken` to the last token (`encoding_tests`), for the
//! texts that [`parts`] finds; no provider's own count is the same, as each adds words of its own around them. A model's own
//! `tokenizer.json` can count in its place ([`mod@file`]).
//!
//! Which tokenizer a model has is the config's part; asking a service that counts, [`counting`](crate::routing::counting_service)'s; what is done with a count, the caller's.

mod cache;
pub mod encoding;
#[cfg(test)]
mod encoding_tests;
mod file;
mod image;
mod known;
mod merge;
mod parts;
mod split;
#[cfg(test)]
mod tests;
mod tokenizer;
mod vocabulary;

use ccr_messages::json::Document;
use ccr_messages::request::{MessagesRequest, Role};

use self::cache::Cache;
pub use self::encoding::Encoding;
use self::parts::Part;
use self::tokenizer::Scheme;
pub use self::tokenizer::{ApiFormat, CountingApi, Tokenizer, TokenizerFile, Tokenizers};
use crate::base::request::InnerRequest;

/// Numbers of tokenizers, by which counts are remembered: encodings come first, then files, then services.
const FIRST_FILE: u64 = 1 << 8;
/// Beyond any number of files.
const FIRST_API: u64 = 1 << 32;

/// Counts requests, and remembers the parts.
#[derive(Debug, Default)]
pub struct TokenCounts {
    cache: Cache,
}

impl TokenCounts {
    /// The number of a request's input tokens.
    pub fn count(&self, request: &InnerRequest, tokenizer: &Tokenizer) -> u64 {
        self.settle(request.document(), &tokenizer.scheme(), |bounds| bounds.low == bounds.high).low
    }

    /// Whether the sizes of a request's texts alone say that it has at most so many tokens, however they are counted.
    pub fn at_most(&self, request: &InnerRequest, threshold: u64) -> bool {
        let Ok(request) = MessagesRequest::parse(request.document()) else { return true };
        let scheme = Scheme::Encoding(Encoding::default());
        parts::parts(&request).iter().map(|part| Bounds::of(part, &scheme).high).sum::<u64>() <= threshold
    }

    /// What a service said of this request.
    pub fn told(&self, request: &InnerRequest, api: &CountingApi) -> Option<u64> {
        let key = self.cache.key_of(request.text(), false, api.id);
        self.cache.lock().get(key)
    }

    /// Remembers what a service says of a request.
    pub fn remember(&self, request: &InnerRequest, api: &CountingApi, count: u64) {
        let key = self.cache.key_of(request.text(), false, api.id);
        self.cache.lock().extend(vec![(key, count)]);
    }

    /// Whether a request has more input tokens than `threshold`, and how many, if that came to be known. It is known exactly
    /// where it had to be, so `None` means that it is far from the threshold.
    pub fn exceeds(&self, request: &InnerRequest, tokenizer: &Tokenizer, threshold: u64) -> (bool, Option<u64>) {
        let bounds = self.settle(request.document(), &tokenizer.scheme(), |bounds| {
            bounds.low > threshold || bounds.high <= threshold
        });
        (bounds.low > threshold, (bounds.low == bounds.high).then_some(bounds.low))
    }

    /// Counts as much of a request as it takes to know enough.
    fn settle(&self, document: &Document<'_>, scheme: &Scheme, enough: impl Fn(Bounds) -> bool) -> Bounds {
        // What is no request has no tokens; requests are checked when they come in.
        let Ok(request) = MessagesRequest::parse(document) else { return Bounds::default() };
        let (mut sum, mut open) = (Bounds::default(), Vec::new());
        for part in parts::parts(&request) {
            let bounds = Bounds::of(&part, scheme);
            sum.add(bounds);
            if bounds.low != bounds.high {
                open.push(Open { part, bounds, key: 0 });
            }
        }
        if enough(sum) {
            return sum;
        }
        self.recall(&mut open, scheme, &mut sum);
        if !enough(sum) && !open.is_empty() {
            self.count_parts(open, scheme, &mut sum, enough);
        }
        sum
    }

    /// Takes out what has been counted before.
    fn recall(&self, open: &mut Vec<Open<'_>>, scheme: &Scheme, sum: &mut Bounds) {
        for open in &mut *open {
            open.key = self.cache.key(&open.part, scheme);
        }
        let mut cache = self.cache.lock();
        open.retain(|open| match cache.get(open.key) {
            Some(count) => {
                sum.replace(open.bounds, count);
                false
            }
            None => true,
        });
    }

    /// Counts, the longest first, as they change the most.
    fn count_parts(&self, mut open: Vec<Open<'_>>, scheme: &Scheme, sum: &mut Bounds, enough: impl Fn(Bounds) -> bool) {
        open.sort_by_key(|open| std::cmp::Reverse(open.bounds.high));
        let bytes: usize = open.iter().map(|open| open.part.raw().len()).sum();
        let mut counted = Vec::with_capacity(open.len());
        aside(bytes, || {
            let mut counter = Counter::new(scheme, bytes);
            for open in open {
                let count = match open.part {
                    Part::Text(text) => counter.count(&text.decode()),
                    Part::Json(value) => counter.count(value.raw()),
                    Part::Fixed(count) => count,
                };
                sum.replace(open.bounds, count);
                counted.push((open.key, count));
                if enough(*sum) {
                    break;
                }
            }
        });
        self.cache.lock().extend(counted);
    }
}

/// Bytes of text and code for each token, in the tokenizers of today.
const BYTES_PER_TOKEN: u64 = 4;

/// About how many input tokens a request has, from the sizes of its texts alone: some microseconds, where a count would take
/// longer than all else that is done with the request.
pub fn estimate(request: &InnerRequest) -> u64 {
    let Ok(request) = MessagesRequest::parse(request.document()) else { return 0 };
    let (mut tokens, mut bytes) = (0, 0);
    for part in parts::parts(&request) {
        match part {
            Part::Fixed(count) => tokens += count,
            part => bytes += part.raw().len() as u64,
        }
    }
    tokens + bytes.div_ceil(BYTES_PER_TOKEN)
}

/// Counts texts by some rules.
enum Counter<'s> {
    Encoding(encoding::Counter),
    File(file::Counter<'s>),
}

impl<'s> Counter<'s> {
    /// For texts of about this many bytes altogether.
    fn new(scheme: &'s Scheme, bytes: usize) -> Self {
        match scheme {
            Scheme::Encoding(encoding) => Self::Encoding(encoding.counter(bytes)),
            Scheme::File(model) => Self::File(model.counter(bytes)),
        }
    }

    fn count(&mut self, text: &str) -> u64 {
        match self {
            Self::Encoding(counter) => counter.count(text),
            Self::File(counter) => counter.count(text),
        }
    }
}

/// A request's texts, for services that take nothing else.
#[derive(Debug, Default)]
pub struct Texts {
    /// The system prompt and the tools.
    pub head: String,
    /// Who speaks, and what.
    pub messages: Vec<(&'static str, String)>,
    /// What everything else counts for: images and the like.
    pub fixed: u64,
}

/// Takes a request's texts apart from all else.
pub fn texts(request: &InnerRequest) -> Texts {
    let mut texts = Texts::default();
    let Ok(request) = MessagesRequest::parse(request.document()) else { return texts };
    let mut join = |parts: Vec<Part<'_>>| {
        let mut words = Vec::with_capacity(parts.len());
        for part in &parts {
            match part {
                Part::Text(text) => words.push(text.decode()),
                Part::Json(value) => words.push(value.raw().into()),
                Part::Fixed(count) => texts.fixed += count,
            }
        }
        words.join(" ")
    };
    texts.head = join(parts::head(&request));
    for message in request.messages() {
        let role = if matches!(message.role, Role::Assistant) { "assistant" } else { "user" };
        texts.messages.push((role, join(parts::of_message(message))));
    }
    texts
}

/// Text from this size on takes about as long as a plugin's time slice (a millisecond), and would hold up what else the thread
/// has to do.
const LARGE: usize = 64 * 1024;

/// Counts within this thread, but tells the runtime to go on elsewhere if it takes long.
fn aside<T>(bytes: usize, count: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    let on_worker = Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if bytes >= LARGE && on_worker { tokio::task::block_in_place(count) } else { count() }
}

/// A part that is not counted yet.
struct Open<'d> {
    part: Part<'d>,
    bounds: Bounds,
    key: u128,
}

/// What is known of a number of tokens: it is from `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Bounds {
    low: u64,
    high: u64,
}

/// Most bytes of JSON that stand for one byte of text: `\u0041` is `A`.
const ESCAPED_PER_BYTE: usize = 6;

impl Bounds {
    /// Without looking at the text: a token stands for one byte at least, and no token for more than the longest does. An escape
    /// is never shorter than what it stands for.
    fn of(part: &Part<'_>, scheme: &Scheme) -> Self {
        if let Part::Fixed(count) = *part {
            return Self { low: count, high: count };
        }
        let high = part.raw().len();
        let bytes = if part.is_escaped() { high.div_ceil(ESCAPED_PER_BYTE) } else { high };
        match scheme {
            Scheme::Encoding(encoding) => {
                Self { low: bytes.div_ceil(encoding.longest_token()) as u64, high: high as u64 }
            }
            // What normalizers take away is not known without the text.
            Scheme::File(model) => Self { low: 0, high: model.most(high) },
        }
    }

    fn add(&mut self, other: Self) {
        self.low += other.low;
        self.high = self.high.saturating_add(other.high);
    }

    /// Puts a count in the place of what was assumed.
    fn replace(&mut self, assumed: Self, count: u64) {
        self.low = self.low - assumed.low + count;
        self.high = self.high - assumed.high + count;
    }
}
