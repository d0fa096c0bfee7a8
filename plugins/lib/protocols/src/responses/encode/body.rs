//! The top level of the inner request, with the hints that are for this API.

use super::hints::Hints;
use crate::shared::body;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::Value;
use std::ops::Deref;

#[derive(Debug, Default)]
pub(super) struct Body<'d> {
    fields: body::Body<'d>,
    pub(super) hints: Hints<'d>,
}

impl<'d> Deref for Body<'d> {
    type Target = body::Body<'d>;

    fn deref(&self) -> &Self::Target {
        &self.fields
    }
}

/// Fields that this API has no place for.
const LACKS: &[&str] = &["top_k", "stop_sequences"];

impl<'d> Body<'d> {
    pub(super) fn read(root: Value<'d>, notes: &mut Notes) -> Result<Self, Fault> {
        let fields = body::Body::read(root, LACKS, notes)?;
        let hints = fields.ccr.map(Hints::read).unwrap_or_default();
        Ok(Self { fields, hints })
    }

    pub(super) fn thinks(&self) -> Thinks {
        let kind = self.thinking.and_then(|thinking| thinking.get("type")?.as_str());
        match kind {
            None => Thinks::Unsaid,
            Some(kind) if kind == "disabled" => Thinks::No,
            Some(_) => Thinks::Yes,
        }
    }
}

/// Whether the client wants thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinks {
    Yes,
    No,
    Unsaid,
}
