//! Thought signatures: the encrypted reasoning that Gemini puts on a part and wants back with it in the next turn.
//!
//! Anthropic's format has no place for one on a tool call, so it travels as the signature of the thinking block before the
//! call, in an envelope of the gateway's own: `ccr1:gemini:` and Gemini's signature as it came, or nothing where Gemini gave
//! none. Whoever reads it later can tell that the block must not go to another provider; it survives restarts, since the
//! client keeps it. Clients of other formats may lose it: [`remember`] and [`recall`] keep it beside the client, by the call's id.

use ccr_plugin::messages::fingerprint::Fingerprint;

/// How signatures of this plugin begin: the version of the envelope, then the origin.
const ENVELOPE: &str = "ccr1:gemini:";

/// What Gemini takes in the place of a signature for calls that it did not make itself (its guide "Thought signatures").
pub(crate) const SENTINEL: &str = "skip_thought_signature_validator";

/// The envelope around a signature.
pub(crate) fn wrap(signature: &str) -> String {
    format!("{ENVELOPE}{signature}")
}

/// Gemini's signature out of a thinking block's; `None` if the block came from elsewhere. May be empty.
pub(crate) fn unwrap(signature: &str) -> Option<&str> {
    // Such a signature is base64, of either alphabet; anything else would fail the whole request.
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
    signature.strip_prefix(ENVELOPE).filter(|inner| inner.bytes().all(legal))
}

/// A day: nobody goes on with a session later and minds that the model has forgotten how it came to a call.
const REMEMBERED_MS: u64 = 24 * 60 * 60 * 1000;

/// Shorter ids, longer ones, and those with other characters are not what the client gets: the host makes others of them.
const KEPT_IDS: std::ops::RangeInclusive<usize> = 9..=128;

/// Keeps the signature of a call, and gives the id under which the client will name it: Gemini's own, or where that is missing
/// or would not stay, one that depends on nothing but the signature.
pub(crate) fn remember(id: Option<String>, signature: &str) -> String {
    let stays = |id: &String| KEPT_IDS.contains(&id.len()) && id.bytes().all(is_plain);
    let id = id.filter(stays).unwrap_or_else(|| format!("call_{}", Fingerprint::of(signature).digits()));
    ccr_plugin::memory::remember(&key(&id), signature.as_bytes(), Some(REMEMBERED_MS));
    id
}

/// The signature that a call came with.
pub(crate) fn recall(id: &str) -> Option<String> {
    let signature = String::from_utf8(ccr_plugin::memory::recall(&key(id))?).ok()?;
    // Whatever is in the store, only a signature goes on.
    unwrap(&wrap(&signature)).map(str::to_owned).filter(|signature| !signature.is_empty())
}

fn key(id: &str) -> String {
    format!("signature:{id}")
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{recall, remember, unwrap, wrap};

    #[test]
    fn what_was_wrapped_comes_back() {
        for signature in ["", "CpcCAdHtim8+/==", "a-b_c"] {
            assert_eq!(unwrap(&wrap(signature)), Some(signature));
        }
    }

    #[test]
    fn signatures_of_others_are_none() {
        for signature in ["", "EqQBCkYIARgCKkA=", "ccr1:openai:00ff", "ccr1:gemini:a b", "ccr1:gemini:\\u0041"] {
            assert_eq!(unwrap(signature), None, "{signature}");
        }
    }

    #[test]
    fn signatures_are_recalled_by_the_id_that_the_client_sees() {
        assert_eq!(remember(Some("call_12345".into()), "S1"), "call_12345");
        assert_eq!(recall("call_12345").as_deref(), Some("S1"));
        for id in [None, Some("short".to_owned()), Some("function-call:1".to_owned()), Some("x".repeat(129))] {
            let given = remember(id, "S2");
            assert!(given.starts_with("call_") && given.len() == 21);
            assert_eq!(recall(&given).as_deref(), Some("S2"));
        }
        assert_eq!(recall("call_other1"), None);
        remember(Some("call_broken".into()), "not a signature");
        assert_eq!(recall("call_broken"), None);
    }
}
