//! One chunk: the bytes that all chunks of an answer share, and strings escaped into it.

use ccr_plugin::messages::json;

/// What stands around the delta of every chunk.
#[derive(Debug)]
pub(super) struct Frame {
    /// Up to the value of `choices`.
    head: Vec<u8>,
    /// Between head and delta.
    open: &'static [u8],
    /// Behind the delta of a chunk that is not the last.
    close: Vec<u8>,
    /// Behind the choices: the member `usage`, which OpenAI sends as null while counts are still to come.
    tail: &'static [u8],
}

impl Frame {
    pub(super) fn new(id: &str, model: &str, created: u64, usage: bool) -> Self {
        let mut head = b"data: {\"id\":\"".to_vec();
        escape(id, &mut head);
        head.extend_from_slice(b"\",\"object\":\"chat.completion.chunk\",\"created\":");
        head.extend_from_slice(created.to_string().as_bytes());
        head.extend_from_slice(b",\"model\":\"");
        escape(model, &mut head);
        head.extend_from_slice(b"\",\"choices\":");
        let tail: &[u8] = if usage { b",\"usage\":null}\n\n" } else { b"}\n\n" };
        let mut close = b"},\"logprobs\":null,\"finish_reason\":null}]".to_vec();
        close.extend_from_slice(tail);
        Self { head, open: b"[{\"index\":0,\"delta\":{", close, tail }
    }

    /// Begins a chunk; the members of its delta follow.
    #[inline]
    pub(super) fn begin(&self, out: &mut Vec<u8>) {
        // A piece of text has some 20 bytes, its key as many.
        out.reserve(self.head.len() + self.open.len() + self.close.len() + 40);
        out.extend_from_slice(&self.head);
        out.extend_from_slice(self.open);
    }

    #[inline]
    pub(super) fn end(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.close);
    }

    /// The chunk that says why the answer ends.
    pub(super) fn finish(&self, reason: &str, out: &mut Vec<u8>) {
        self.begin(out);
        for part in ["},\"logprobs\":null,\"finish_reason\":\"", reason, "\"}]"] {
            out.extend_from_slice(part.as_bytes());
        }
        out.extend_from_slice(self.tail);
    }

    /// The chunk with the counts, which has no choices.
    pub(super) fn usage(&self, usage: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        for part in ["[],\"usage\":", usage, "}\n\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// Escapes text into an open JSON string.
#[inline]
pub(super) fn escape(text: &str, out: &mut Vec<u8>) {
    json::escape(text, |piece| out.extend_from_slice(piece.as_bytes()));
}
