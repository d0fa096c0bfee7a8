//! Names of tools that come in fragments: only the whole alias can be turned back into the tool's own name.

use crate::shared::context::Context;
use ccr_plugin::messages::event::ToolDelta;

/// The beginning of a name that may become an alias, held back until it is one or cannot become one.
#[derive(Debug, Default)]
pub(super) struct Names {
    held: Vec<(Option<u32>, String)>,
}

impl Names {
    /// Gives the fragment the name that the client knows, or takes the name out of it until more of it has come. Names that are
    /// no aliases pass as they come: putting those together is the host's.
    pub(super) fn put_together(&mut self, delta: &mut ToolDelta, context: &Context) {
        let held = self.held.iter().position(|(index, _)| *index == delta.index).map(|at| self.held.remove(at).1);
        let name = match (held, delta.name.take()) {
            (None, None) => return,
            (None, Some(name)) => name,
            // Some servers repeat what they have sent.
            (Some(held), Some(name)) if name.starts_with(&held) => name,
            (Some(held), Some(name)) => held + &name,
            (Some(held), None) => held,
        };
        // Nobody sends arguments before the name is complete.
        if !name.is_empty() && delta.arguments.is_empty() && context.begins_alias(&name) {
            self.held.push((delta.index, name));
        } else {
            delta.name = Some(context.tool_name(name));
        }
    }

    /// What is held back when nothing more comes.
    pub(super) fn rest(&mut self) -> impl Iterator<Item = ToolDelta> {
        self.held.drain(..).map(|(index, name)| ToolDelta { index, name: Some(name), ..ToolDelta::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::Names;
    use crate::shared::context::{Context, ContextWriter};
    use ccr_plugin::messages::event::ToolDelta;

    fn names(pieces: &[(u32, &str, &str)]) -> Vec<(u32, Option<String>)> {
        let mut writer = ContextWriter::default();
        writer.tool("long_name_1234", "long.name");
        let context = Context::read(&writer.finish());
        let mut names = Names::default();
        let mut seen: Vec<(u32, Option<String>)> = Vec::new();
        for (index, name, arguments) in pieces {
            let name = (!name.is_empty()).then(|| (*name).to_owned());
            let mut delta =
                ToolDelta { index: Some(*index), name, arguments: (*arguments).into(), ..ToolDelta::default() };
            names.put_together(&mut delta, &context);
            seen.push((*index, delta.name));
        }
        seen.extend(names.rest().map(|delta| (delta.index.unwrap_or_default(), delta.name)));
        seen
    }

    fn name(name: &str) -> Option<String> {
        Some(name.into())
    }

    #[test]
    fn an_alias_in_fragments_is_one_name() {
        let seen = names(&[(0, "long_", ""), (1, "Bash", ""), (0, "name_1234", ""), (0, "", "{}")]);
        assert_eq!(seen, [(0, None), (1, name("Bash")), (0, name("long.name")), (0, None)]);
        let seen = names(&[(0, "long_", ""), (0, "long_name_1234", ""), (0, "long_name_1234", "")]);
        assert_eq!(seen, [(0, None), (0, name("long.name")), (0, name("long.name"))]);
    }

    #[test]
    fn a_name_that_only_begins_like_an_alias_is_itself() {
        assert_eq!(names(&[(0, "long", ""), (0, "", "{}")]), [(0, None), (0, name("long"))]);
        assert_eq!(names(&[(0, "long", ""), (0, "er", "")]), [(0, None), (0, name("longer"))]);
        assert_eq!(names(&[(0, "long", "{}")]), [(0, name("long"))]);
        assert_eq!(names(&[(0, "long", "")]), [(0, None), (0, name("long"))]);
    }
}
