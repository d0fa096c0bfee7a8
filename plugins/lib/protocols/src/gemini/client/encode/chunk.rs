//! The members of a response beside its parts.

use super::parts::State;
use super::{finish, usage};
use ccr_plugin::messages::json::Writer;

/// What every chunk of an answer ends with, written once.
#[derive(Debug)]
pub(super) struct Names {
    model: String,
    id: String,
}

impl Names {
    pub(super) fn new(id: &str, model: &str) -> Self {
        let quoted = |text: &str| {
            let mut out = Writer::new();
            out.string(text);
            out.into_string()
        };
        Self { model: quoted(model), id: quoted(id) }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.key("modelVersion").raw(&self.model).key("responseId").raw(&self.id);
    }
}

/// The members of a candidate that says how the answer ends.
pub(super) fn conclusion(state: &State, out: &mut Writer) {
    out.key("finishReason").string(finish::reason(state.reason()));
    if let Some(message) = finish::message(state.reason()) {
        out.key("finishMessage").string(message);
    }
    out.key("index").number(0);
    state.sources().write(out);
}

pub(super) fn counts(state: &State, out: &mut Writer) {
    usage::write(state.usage(), out.key("usageMetadata"));
}
