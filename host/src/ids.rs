//! Ids that nobody can guess and that never repeat.

/// Random bytes in an id: 96 bits, so that two ids never meet in a lifetime of requests.
const BYTES: usize = 12;

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
    let mut bytes = [0; BYTES];
    // Without a source of randomness ids repeat, which spoils logs but nothing else.
    let _ = getrandom::fill(&mut bytes);
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
    use super::*;

    #[test]
    fn ids_differ_and_have_their_form() {
        let (one, other) = (request_id(), request_id());
        assert_ne!(one, other);
        assert_eq!(one.len(), "req_".len() + 24);
        assert!(message_id().starts_with("msg_"));
    }
}
