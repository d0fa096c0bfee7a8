//! What is wrong with a request, and where: in the words of the client's own format (`messages[2].content[0].type`).

use ccr_plugin::Fault;
use std::borrow::Cow;

/// A field, and what it must be.
#[derive(Debug)]
pub(super) struct Wrong {
    path: String,
    message: Cow<'static, str>,
}

pub(super) type Checked<T = ()> = Result<T, Wrong>;

impl Wrong {
    #[cold]
    pub(super) fn new(path: &str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { path: path.to_owned(), message: message.into() }
    }

    /// The same seen from the list that the value is an item of.
    #[cold]
    pub(super) fn item(self, list: &str, index: usize) -> Self {
        self.member(&format!("{list}[{index}]"))
    }

    /// The same seen from one level up.
    #[cold]
    pub(super) fn member(mut self, name: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{name}{separator}{}", self.path);
        self
    }
}

impl From<Wrong> for Fault {
    fn from(wrong: Wrong) -> Self {
        Self::invalid(format!("{}: {}", wrong.path, wrong.message))
    }
}
