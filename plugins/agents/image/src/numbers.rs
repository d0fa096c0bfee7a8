//! The numbers of images. An image keeps its number as long as the gateway remembers the session, also when the client
//! forgets what came before; without a session the order of appearance gives the same numbers for the same conversation.

use ccr_plugin::host::{self, Scope};

/// Where the numbers of a session are kept.
const KEY: &str = "numbers";

/// Images of one session whose numbers are remembered; those that came first are forgotten first. Ten times as many as
/// Anthropic's API takes in one request.
const REMEMBERED: usize = 1000;

/// Largest number that is taken from a client's text: one that a person has counted up to.
const MOST_ADOPTED: u32 = 9999;

/// Numbers by the hash of the image, in the order in which they were given.
#[derive(Debug)]
pub(crate) struct Numbers {
    given: Vec<(u32, String)>,
    changed: bool,
}

impl Numbers {
    /// Those of the session, if there is one.
    pub(crate) fn recall(scope: Scope) -> Self {
        let kept = if matches!(scope, Scope::Session) { host::kv_get(scope, KEY).ok().flatten() } else { None };
        let text = kept.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let given = text.lines().filter_map(|line| line.split_once(' '));
        let given = given.filter_map(|(number, hash)| Some((number.parse().ok()?, hash.to_owned()))).collect();
        Self { given, changed: false }
    }

    /// The number of an image: the one it has, else the one that the client's text gives it if no other image has that,
    /// else the next one.
    pub(crate) fn of(&mut self, hash: &str, wanted: Option<u32>) -> u32 {
        if let Some((number, _)) = self.given.iter().find(|(_, known)| known == hash) {
            return *number;
        }
        let is_free =
            |number: &u32| (1..=MOST_ADOPTED).contains(number) && self.given.iter().all(|(taken, _)| taken != number);
        let next = || self.given.iter().map(|(taken, _)| *taken).max().unwrap_or(0).saturating_add(1);
        let number = wanted.filter(is_free).unwrap_or_else(next);
        self.given.push((number, hash.to_owned()));
        self.changed = true;
        number
    }

    /// All of them, with the image's hash.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, &str)> {
        self.given.iter().map(|(number, hash)| (*number, &**hash))
    }

    /// Keeps them for the session's next request.
    pub(crate) fn remember(&self, scope: Scope) {
        if !self.changed || !matches!(scope, Scope::Session) {
            return;
        }
        let forgotten = self.given.len().saturating_sub(REMEMBERED);
        let lines = self.given.iter().skip(forgotten).map(|(number, hash)| format!("{number} {hash}\n"));
        // Without the store, the order of appearance still gives numbers.
        let _ = host::kv_set(scope, KEY, lines.collect::<String>().as_bytes(), None);
    }
}
