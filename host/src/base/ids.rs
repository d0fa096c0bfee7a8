//! Ids that nobody can guess and that never repeat.

use std::cell::RefCell;

/// Random bytes in an id: 96 bits, so that two ids never meet in a lifetime of requests.
const BYTES: usize = 12;

/// Ids for which the system is asked at once: asking for each of a request's two costs as much as reading a small request.
const BATCH: usize = 32;

/// Random bytes for ids to come.
struct Stock {
    ids: [[u8; BYTES]; BATCH],
    used: usize,
}

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { ids: [[0; BYTES]; BATCH], used: BATCH }) };
}

impl Stock {
    fn next(&mut self) -> [u8; BYTES] {
        if self.used >= BATCH {
            // Without a source of randomness ids repeat, which spoils logs but nothing else.
            let _ = getrandom::fill(self.ids.as_flattened_mut());
            self.used = 0;
        }
        self.used += 1;
        self.ids.get(self.used - 1).copied().unwrap_or_default()
    }
}

/// An id for a request, as in `x-ccr-request-id`.
pub fn request_id() -> String {
    random("req_")
}

/// An id for a message, in the form of Anthropic's.
pub fn message_id() -> String {
    random("msg_")
}

fn random(prefix: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let bytes = STOCK.with_borrow_mut(Stock::next);
    let mut id = String::with_capacity(prefix.len() + 2 * BYTES);
    id.push_str(prefix);
    for byte in bytes {
        id.push(char::from(DIGITS[usize::from(byte >> 4)]));
        id.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    id
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_have_their_form() {
        assert_eq!(request_id().len(), "req_".len() + 24);
        assert!(message_id().starts_with("msg_"));
    }

    #[test]
    fn ids_differ_on_every_thread_and_beyond_a_batch() {
        let ids = || (0..3 * BATCH).map(|_| request_id()).collect::<Vec<_>>();
        let other = std::thread::spawn(ids).join().expect("no panic");
        let all: HashSet<String> = ids().into_iter().chain(other).collect();
        assert_eq!(all.len(), 6 * BATCH);
    }
}
