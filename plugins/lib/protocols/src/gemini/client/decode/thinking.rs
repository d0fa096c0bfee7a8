//! `thinkingConfig` → `thinking` and `output_config.effort`.

use super::fields::{member, members, whole};
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Value, Writer};

/// The least budget that the inner form knows: Anthropic refuses smaller ones.
const LEAST_BUDGET: u64 = 1024;

/// What the client wants of the model's thinking.
#[derive(Debug, Default)]
pub(super) struct Wish {
    said: bool,
    budget: Option<i64>,
    pub(super) effort: Option<&'static str>,
    shown: bool,
}

impl Wish {
    pub(super) fn read(config: Option<Value<'_>>, notes: &mut Notes) -> Self {
        let mut wish = Self::default();
        for (name, value) in config.into_iter().flat_map(members) {
            match &*name {
                "thinkingBudget" => wish.budget = whole(value),
                "thinkingLevel" => wish.effort = effort(value, notes),
                "includeThoughts" => wish.shown = value.as_bool() == Some(true),
                other => notes.dropped(format!("generationConfig.thinkingConfig.{other}")),
            }
        }
        wish.said = wish.budget.is_some() || wish.effort.is_some() || wish.shown;
        wish
    }

    pub(super) fn write(&self, out: &mut Writer) {
        if !self.said {
            return;
        }
        out.key("thinking").begin_object().key("type");
        match self.budget {
            Some(0) => {
                out.string("disabled").end_object();
                return;
            }
            // -1 is "as you like".
            Some(tokens) if tokens > 0 => {
                out.string("enabled").key("budget_tokens").number(tokens.unsigned_abs().max(LEAST_BUDGET));
            }
            _ => _ = out.string("adaptive"),
        }
        if !self.shown {
            out.key("display").string("omitted");
        }
        out.end_object();
    }
}

pub(super) fn is_shown(config: Option<Value<'_>>) -> bool {
    config.and_then(|config| member(config, "includeThoughts")).and_then(Value::as_bool) == Some(true)
}

fn effort(level: Value<'_>, notes: &mut Notes) -> Option<&'static str> {
    let level = level.as_str().map(|level| level.decode().to_ascii_lowercase()).unwrap_or_default();
    match level.as_str() {
        "minimal" | "low" => Some("low"),
        "medium" => Some("medium"),
        "high" => Some("high"),
        "thinking_level_unspecified" => None,
        other => {
            notes.dropped(format!("generationConfig.thinkingConfig.thinkingLevel {other}"));
            None
        }
    }
}
