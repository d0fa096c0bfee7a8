//! What the writing of an answer must know of the request: two letters.

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Context {
    /// Streamed as server-sent events; else, where it is streamed, as a JSON array.
    pub(super) sse: bool,
    /// The client asked to see thoughts.
    pub(super) thoughts: bool,
}

impl Context {
    pub(super) fn write(self) -> Vec<u8> {
        vec![if self.sse { b'e' } else { b'a' }, if self.thoughts { b't' } else { b'h' }]
    }

    pub(super) fn read(bytes: &[u8]) -> Self {
        Self { sse: bytes.first() == Some(&b'e'), thoughts: bytes.get(1) == Some(&b't') }
    }
}

#[cfg(test)]
mod tests {
    use super::Context;

    #[test]
    fn what_was_written_is_read() {
        for (sse, thoughts) in [(false, false), (false, true), (true, false), (true, true)] {
            let context = Context { sse, thoughts };
            assert_eq!(Context::read(&context.write()), context);
        }
    }
}
