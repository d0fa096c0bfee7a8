//! Messages that belong together: those of the assistant in a row, and those of everybody else between two of them.
//!
//! Anthropic joins neighbours of one role, and the results that answer an assistant's calls may be spread over several messages,
//! while providers want all of them right behind the calls.

use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value};
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    User,
    Assistant,
    System,
}

impl Role {
    pub(crate) fn of(index: usize, message: Value<'_>) -> Result<Self, Fault> {
        let role = message.get("role").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
        match &*role {
            "user" => Ok(Self::User),
            "assistant" => Ok(Self::Assistant),
            "system" | "developer" => Ok(Self::System),
            other => Err(Fault::invalid(format!(
                "messages.{index}.role: `{other}` is not a role; use `user`, `assistant` or `system`."
            ))),
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
        }
    }
}

/// Reads a conversation run by run: `read` gives what the format reads of a block, `write` gets each run when it is complete.
pub(crate) fn each_run<'d, B: Copy, N>(
    messages: Value<'d>,
    notes: &mut N,
    read: impl Fn(Role, Value<'d>, &mut N) -> Option<B>,
    mut write: impl FnMut(&Run<B>, &mut N),
) -> Result<(), Fault> {
    let mut run = Run::default();
    for (index, message) in messages.items().enumerate() {
        let role = Role::of(index, message)?;
        if run.ends_before(role) {
            write(&run, notes);
            run.clear();
        }
        run.add(role, message.get("content"), |value| read(role, value, notes));
    }
    write(&run, notes);
    Ok(())
}

/// The messages of a run; `B` is what a format reads of a block.
#[derive(Debug)]
pub(crate) struct Run<B> {
    blocks: Vec<B>,
    messages: Vec<(Role, Range<usize>)>,
}

impl<B> Default for Run<B> {
    fn default() -> Self {
        Self { blocks: Vec::new(), messages: Vec::new() }
    }
}

impl<B: Copy> Run<B> {
    /// Whether a message of this role begins another run.
    fn ends_before(&self, role: Role) -> bool {
        self.messages.first().is_some_and(|(first, _)| (*first == Role::Assistant) != (role == Role::Assistant))
    }

    pub(crate) fn is_assistant(&self) -> bool {
        self.messages.first().is_some_and(|(first, _)| *first == Role::Assistant)
    }

    /// Content is a list of blocks, or (text as a rule) one of them.
    #[inline]
    fn add<'d>(&mut self, role: Role, content: Option<Value<'d>>, mut read: impl FnMut(Value<'d>) -> Option<B>) {
        let start = self.blocks.len();
        match content {
            Some(list) if list.kind() == Kind::Array => self.blocks.extend(list.items().filter_map(read)),
            Some(single) => self.blocks.extend(read(single)),
            None => {}
        }
        self.messages.push((role, start..self.blocks.len()));
    }

    fn clear(&mut self) {
        self.blocks.clear();
        self.messages.clear();
    }

    /// All blocks, in order.
    pub(crate) fn list(&self) -> &[B] {
        &self.blocks
    }

    /// All blocks with their number in the run.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (usize, B)> {
        self.blocks.iter().copied().enumerate()
    }

    /// The messages: role, and the blocks with their number in the run.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (Role, impl Iterator<Item = (usize, B)> + Clone)> {
        self.messages.iter().map(|(role, range)| {
            let blocks = self.blocks.get(range.clone()).unwrap_or_default();
            (*role, range.clone().zip(blocks.iter().copied()))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{Role, Run};
    use ccr_plugin::messages::json::{Document, Value};

    #[test]
    fn blocks_keep_their_numbers_across_messages() {
        let document = Document::parse_str(r#"[[1,null,2],3,[]]"#).unwrap();
        let mut run = Run::default();
        for content in document.root().items() {
            run.add(Role::User, Some(content), Value::as_u64);
        }
        run.add(Role::System, None, Value::as_u64);
        let messages: Vec<(Role, Vec<_>)> = run.messages().map(|(role, blocks)| (role, blocks.collect())).collect();
        let user = |blocks| (Role::User, blocks);
        let expected = [user(vec![(0, 1), (1, 2)]), user(vec![(2, 3)]), user(Vec::new()), (Role::System, Vec::new())];
        assert_eq!(messages, expected);
        assert_eq!(run.list(), [1, 2, 3]);
    }

    #[test]
    fn only_the_assistant_parts_runs() {
        let mut run: Run<u64> = Run::default();
        assert!(!run.ends_before(Role::Assistant) && !run.is_assistant());
        run.add(Role::System, None, Value::as_u64);
        assert!(run.ends_before(Role::Assistant) && !run.ends_before(Role::User));
        run.clear();
        run.add(Role::Assistant, None, Value::as_u64);
        assert!(run.is_assistant() && run.ends_before(Role::System) && !run.ends_before(Role::Assistant));
    }
}
