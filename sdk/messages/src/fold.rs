//! Builds the whole message of an answer that is not streamed, from the same steps as the stream.

#[cfg(test)]
mod tests;

use crate::answer::{BlockStart, Delta, Head, Sink};
use crate::encode::parts::{write_content_block, write_message_usage, write_reason};
use crate::event::{Failure, FinishReason, Usage};
use crate::json::Writer;

/// Collects an answer into one Anthropic message. A tool call that was cut off is left out of it.
#[derive(Debug, Default)]
pub struct Folder {
    out: Writer,
    block: Block,
    /// Whether a block is written, so that the next needs a comma.
    any: bool,
    end: Option<End>,
}

/// The block being written.
#[derive(Debug, Default)]
enum Block {
    #[default]
    None,
    /// Text so far is written; its citations follow the text.
    Text { citations: String },
    /// Reasoning so far is written; the signature follows it.
    Thinking { signature: String },
    /// Written at its end, as only then it is certain that it stands.
    Tool { id: String, name: String, input: String },
}

#[derive(Debug)]
enum End {
    Message,
    Failure(Failure),
}

impl Folder {
    /// A folder that has nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The message as JSON.
    ///
    /// # Errors
    /// The failure that ended the answer. An answer that has not ended at all is one as well.
    pub fn into_json(self) -> Result<Vec<u8>, Failure> {
        match self.end {
            Some(End::Message) => Ok(self.out.into_bytes()),
            Some(End::Failure(failure)) => Err(failure),
            None => Err(Failure {
                kind: crate::event::ErrorKind::Api,
                message: "the answer did not end; try again".to_owned(),
                status: None,
                retry_after_ms: None,
            }),
        }
    }

    fn separate(&mut self) {
        if self.any {
            self.out.escaped_part(",");
        }
        self.any = true;
    }
}

impl Sink for Folder {
    fn message_start(&mut self, head: &Head, _usage: &Usage) {
        self.out
            .escaped_part("{\"id\":\"")
            .string_part(&head.id)
            .escaped_part("\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"")
            .string_part(&head.model)
            .escaped_part("\",\"content\":[");
    }

    fn block_start(&mut self, _index: u32, block: &BlockStart<'_>) {
        self.block = match block {
            BlockStart::Text => {
                self.separate();
                self.out.escaped_part("{\"type\":\"text\",\"text\":\"");
                Block::Text { citations: String::new() }
            }
            BlockStart::Thinking => {
                self.separate();
                self.out.escaped_part("{\"type\":\"thinking\",\"thinking\":\"");
                Block::Thinking { signature: String::new() }
            }
            BlockStart::ToolUse { id, name } => {
                Block::Tool { id: (*id).to_owned(), name: (*name).to_owned(), input: String::new() }
            }
            BlockStart::RedactedThinking(_) | BlockStart::Whole(_) => {
                self.separate();
                write_content_block(&mut self.out, block);
                Block::None
            }
        };
    }

    fn delta(&mut self, _index: u32, delta: Delta<'_>) {
        match (&mut self.block, delta) {
            (_, Delta::Text(text) | Delta::Thinking(text)) => {
                self.out.string_part(text);
            }
            (Block::Text { citations }, Delta::Citation(json)) => {
                citations.push_str(if citations.is_empty() { "" } else { "," });
                citations.push_str(json);
            }
            (Block::Thinking { signature }, Delta::Signature(piece)) => signature.push_str(piece),
            (Block::Tool { input, .. }, Delta::Input(json)) => input.push_str(json),
            // The answer's types send each block only pieces of its own kind.
            (_, Delta::Citation(_) | Delta::Signature(_) | Delta::Input(_)) => {}
        }
    }

    fn block_stop(&mut self, _index: u32, complete: bool) {
        match std::mem::take(&mut self.block) {
            Block::Text { citations } if citations.is_empty() => {
                self.out.escaped_part("\"}");
            }
            Block::Text { citations } => {
                self.out.escaped_part("\",\"citations\":[").escaped_part(&citations).escaped_part("]}");
            }
            Block::Thinking { signature } => {
                self.out.escaped_part("\",\"signature\":\"").string_part(&signature).escaped_part("\"}");
            }
            Block::Tool { id, name, input } if complete => {
                self.separate();
                self.out
                    .escaped_part("{\"type\":\"tool_use\",\"id\":\"")
                    .string_part(&id)
                    .escaped_part("\",\"name\":\"")
                    .string_part(&name)
                    .escaped_part("\",\"input\":")
                    .escaped_part(&input)
                    .escaped_part("}");
            }
            Block::Tool { .. } | Block::None => {}
        }
    }

    fn message_end(&mut self, reason: &FinishReason, usage: &Usage) {
        self.out.escaped_part("],");
        write_reason(&mut self.out, reason);
        self.out.escaped_part(",\"usage\":");
        write_message_usage(&mut self.out, usage);
        self.out.escaped_part("}");
        self.end = Some(End::Message);
    }

    fn error(&mut self, failure: &Failure) {
        self.end = Some(End::Failure(failure.clone()));
    }
}
