//! What a request is written for.

use crate::anthropic::model::Model;
use crate::anthropic::options::Replay;

/// The target, and what the client and the transformers want of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::anthropic) struct To<'o> {
    /// The model's name in the body; `None` where it stands in the path.
    pub(in crate::anthropic) name: Option<&'o str>,
    pub(in crate::anthropic) model: Model,
    pub(in crate::anthropic) replay: Replay,
    /// The provider's mark in envelopes of reasoning.
    pub(in crate::anthropic) mark: &'o str,
    /// The client speaks Anthropic's format itself: what it asks for in parameters is meant for Anthropic.
    pub(in crate::anthropic) native_client: bool,
    /// Names of the API's preview features that the request switches on.
    pub(in crate::anthropic) betas: &'o [&'o str],
    /// A transformer asks for the marks of prompt caching to be left out.
    pub(in crate::anthropic) unmarked: bool,
    /// Google's Vertex AI, which knows fewer fields.
    pub(in crate::anthropic) vertex: bool,
}

impl To<'_> {
    /// Anthropic's own rules hold, which imitators of the format do not have.
    pub(super) fn is_strict(&self) -> bool {
        self.replay == Replay::Signed
    }

    pub(super) fn has_beta(&self, beginning: &str) -> bool {
        self.betas.iter().any(|beta| beta.starts_with(beginning))
    }
}
