//! Counts the searches of one request. Its calls run in instances of their own, some at the same time, and the store knows no
//! counting: it can only keep, list and read.
//!
//! So each search takes the lowest number that nobody has, writes it down under a key of its own, and looks again: if another
//! search has the same one, it takes another. Whoever writes last sees the other, so no two keep the same number.

use ccr_plugin::Fault;
use ccr_plugin::host::{Scope, kv_get, kv_keys, kv_set, random};

/// How long a count is kept: longer than any request lasts, and its keys are few and small.
const TTL_MS: u64 = 60 * 60 * 1000;

/// How often a number is chosen anew. Each time another search must have written at the very same moment.
const TRIES: usize = 32;

/// The number of this search within the request, from 1. Every attempt counts, also one that fails.
pub(crate) fn take(request: &str) -> Result<u64, Fault> {
    let prefix = ["uses/", request, "/"].concat();
    let own = [&prefix, &*token()].concat();
    kv_set(Scope::Global, &own, b"", Some(TTL_MS))?;
    for _ in 0..TRIES {
        let number = choose(&prefix, &own)?;
        kv_set(Scope::Global, &own, number.to_string().as_bytes(), Some(TTL_MS))?;
        if !others(&prefix, &own)?.contains(&Other::Has(number)) {
            return Ok(number);
        }
        kv_set(Scope::Global, &own, b"", Some(TTL_MS))?;
    }
    Err(Fault::Unavailable("too many searches at once".into()))
}

/// Another search of the same request.
#[derive(Debug, PartialEq, Eq)]
enum Other {
    Has(u64),
    /// It is choosing; whether its key comes before this one's.
    Chooses {
        before: bool,
    },
}

/// The lowest free number, leaving one to each that chooses at the same time and comes before.
fn choose(prefix: &str, own: &str) -> Result<u64, Fault> {
    let others = others(prefix, own)?;
    let mut ahead = others.iter().filter(|other| **other == Other::Chooses { before: true }).count();
    let mut number = 1;
    loop {
        if !others.contains(&Other::Has(number)) {
            if ahead == 0 {
                return Ok(number);
            }
            ahead -= 1;
        }
        number += 1;
    }
}

fn others(prefix: &str, own: &str) -> Result<Vec<Other>, Fault> {
    let keys = kv_keys(Scope::Global, prefix)?;
    let mut others = Vec::with_capacity(keys.len());
    for key in keys.iter().filter(|key| *key != own) {
        let kept = kv_get(Scope::Global, key)?.unwrap_or_default();
        let number = std::str::from_utf8(&kept).ok().and_then(|digits| digits.parse().ok());
        others.push(number.map_or(Other::Chooses { before: **key < *own }, Other::Has));
    }
    Ok(others)
}

/// What tells this search from the others: 64 random bits, in letters.
fn token() -> String {
    let letter = |half: u8| char::from(b'a' + (half & 15));
    random(8).into_iter().flat_map(|byte| [letter(byte >> 4), letter(byte)]).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{choose, take};
    use ccr_plugin::host::{Scope, kv_set};

    #[test]
    fn searches_are_counted_by_request() {
        let numbers: Vec<u64> = (0..5).map(|_| take("req_a").unwrap()).collect();
        assert_eq!((numbers, take("req_b").unwrap()), (vec![1, 2, 3, 4, 5], 1));
    }

    #[test]
    fn those_that_choose_at_once_choose_differently() {
        for key in ["uses/r/a", "uses/r/b", "uses/r/c"] {
            kv_set(Scope::Global, key, b"", None).unwrap();
        }
        kv_set(Scope::Global, "uses/r/d", b"2", None).unwrap();
        let chosen = ["uses/r/a", "uses/r/b", "uses/r/c"].map(|own| choose("uses/r/", own).unwrap());
        assert_eq!(chosen, [1, 3, 4]);
    }
}
