//! What every part of the request is written with.

use crate::responses::options::Options;

/// The target, and what follows from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct To<'o> {
    pub(super) options: &'o Options,
    /// The model reasons, by its name or by the options.
    pub(super) reasons: bool,
    /// The provider's mark in envelopes of reasoning.
    pub(super) mark: &'o str,
}
