//! Where a part stands in the request.

use ccr_plugin::Fault;

/// The number of the content, and that of the part in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) content: usize,
    pub(super) part: usize,
}

impl At {
    /// The id of a call for which the client gave none; the same in every turn of the conversation.
    pub(super) fn id(self) -> String {
        format!("call_{}_{}", self.content, self.part)
    }

    pub(super) fn fault(self, what: &str) -> Fault {
        Fault::invalid(format!("contents[{}].parts[{}]{what}", self.content, self.part))
    }
}
