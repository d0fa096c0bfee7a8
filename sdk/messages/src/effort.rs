//! How much a request wants the model to think, in Anthropic's words or as a budget.

use crate::json::Value;

/// Budgets up to which thinking counts as low and as medium. Claude Code's steps are 4,000, 10,000 and 31,999 tokens
/// ("think", "think hard", "ultrathink"): each falls into a step of its own.
const LOW_BUDGET: u64 = 4_096;
const MEDIUM_BUDGET: u64 = 16_384;

/// The steps of `output_config.effort` ("Effort" in Anthropic's documentation), from little to much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are what Anthropic's documentation says of them")]
pub enum Effort {
    Low,
    Medium,
    /// What the API does when nothing is said.
    High,
    Xhigh,
    Max,
}

impl Effort {
    /// All, the least first.
    pub const ALL: [Self; 5] = [Self::Low, Self::Medium, Self::High, Self::Xhigh, Self::Max];

    /// As requests and the gateway's configuration spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// By its name, in small letters or capital ones.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.as_str().eq_ignore_ascii_case(name))
    }

    /// The step that a budget of `thinking` comes to, in tokens.
    #[must_use]
    pub fn of_budget(tokens: u64) -> Self {
        if tokens <= LOW_BUDGET {
            Self::Low
        } else if tokens <= MEDIUM_BUDGET {
            Self::Medium
        } else {
            Self::High
        }
    }

    /// What a request says: by name in its `output_config`, which wins even where the name is unknown, else by the budget of its
    /// `thinking`.
    #[must_use]
    pub fn asked(output_config: Option<Value<'_>>, thinking: Option<Value<'_>>) -> Option<Self> {
        match output_config.and_then(|config| config.get("effort")?.as_str()) {
            Some(named) => Self::by_name(&named.decode()),
            None => thinking?.get("budget_tokens")?.as_u64().map(Self::of_budget),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::Effort;
    use crate::json::Document;

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
            assert_eq!(Effort::asked(Some(config.root()), Some(thinking.root())), effort);
        }
        assert_eq!(Effort::asked(None, None), None);
    }

    #[test]
    fn every_step_has_a_name() {
        for effort in Effort::ALL {
            assert_eq!(Effort::by_name(effort.as_str()), Some(effort));
        }
    }
}
