//! How much the request wants the model to think, in Anthropic's words or as a budget.

use ccr_plugin::messages::json::Value;

/// Budgets up to which thinking counts as low and as medium. Claude Code's steps are 4,000, 10,000 and 31,999 tokens
/// ("think", "think hard", "ultrathink"): each falls into a step of its own.
const LOW_BUDGET: u64 = 4_096;
const MEDIUM_BUDGET: u64 = 16_384;

/// Anthropic's steps, from little to much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effort {
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl Effort {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "xhigh" => Self::Xhigh,
            "max" => Self::Max,
            _ => return None,
        })
    }

    pub(crate) fn of_budget(tokens: u64) -> Self {
        if tokens <= LOW_BUDGET {
            Self::Low
        } else if tokens <= MEDIUM_BUDGET {
            Self::Medium
        } else {
            Self::High
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }
}

/// What the request says: by name in its `output_config`, which wins even where the name is unknown, else by the budget of its
/// `thinking`.
pub(crate) fn asked(output_config: Option<Value<'_>>, thinking: Option<Value<'_>>) -> Option<Effort> {
    match output_config.and_then(|config| config.get("effort")?.as_str()) {
        Some(named) => Effort::named(&named.decode()),
        None => thinking?.get("budget_tokens")?.as_u64().map(Effort::of_budget),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{Effort, asked};
    use ccr_plugin::messages::json::Document;

    #[test]
    fn a_name_wins_over_a_budget() {
        for (config, thinking, effort) in [
            (r#"{"effort":"max"}"#, r#"{"budget_tokens":1}"#, Some(Effort::Max)),
            (r#"{"effort":"warp"}"#, r#"{"budget_tokens":1}"#, None),
            ("{}", r#"{"budget_tokens":4000}"#, Some(Effort::Low)),
            ("{}", r#"{"budget_tokens":10000}"#, Some(Effort::Medium)),
            ("{}", r#"{"budget_tokens":31999}"#, Some(Effort::High)),
            ("{}", r#"{"type":"adaptive"}"#, None),
        ] {
            let (config, thinking) = (Document::parse_str(config).unwrap(), Document::parse_str(thinking).unwrap());
            assert_eq!(asked(Some(config.root()), Some(thinking.root())), effort);
        }
        assert_eq!(asked(None, None), None);
    }

    #[test]
    fn every_step_has_a_name() {
        for effort in [Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max] {
            assert_eq!(Effort::named(effort.as_str()), Some(effort));
        }
    }
}
