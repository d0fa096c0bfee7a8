//! `Router.rules`: the first whose conditions all hold decides, and the usual order where none does.

mod condition;
pub mod rewrite;

use super::order;
use super::question::{Decision, Question};
use super::trace::Trace;
use crate::base::error::GatewayError;
use crate::config::{Rule, Scenario};

/// Chooses where a request goes: by the first rule with a target that matches, else by the usual order.
pub fn decide<'r>(question: &Question<'r, '_>, trace: &mut Trace) -> Result<Decision<'r>, GatewayError> {
    let rule = match question.tag {
        Some(_) if !question.router.rules.is_empty() => {
            trace.passed("Router.rules", "not asked: a subagent's tag names the model");
            None
        }
        _ => first(question, trace),
    };
    if let Some((rule, target)) = rule.and_then(|rule| Some((rule, rule.target.clone()?))) {
        let reason = format!("rule `{}`", rule.name);
        return Ok(Decision { target, scenario: Scenario::Default, reason, rule: Some(rule) });
    }
    let mut decision = order::usual(question, trace)?;
    decision.rule = rule;
    Ok(decision)
}

/// The first rule that matches.
fn first<'r>(question: &Question<'r, '_>, trace: &mut Trace) -> Option<&'r Rule> {
    question.router.rules.iter().find(|rule| matches(rule, question, trace))
}

fn matches(rule: &Rule, question: &Question<'_, '_>, trace: &mut Trace) -> bool {
    let mut seen = String::new();
    for condition in &rule.conditions {
        let (holds, value) = condition::holds(condition, question);
        if !seen.is_empty() {
            seen.push_str("; ");
        }
        seen.push_str(&condition.written);
        seen.push_str(" is ");
        seen.push_str(&value);
        if !holds {
            trace.passed(format!("rule `{}`", rule.name), seen);
            return false;
        }
    }
    trace.matched(format!("rule `{}`", rule.name), if seen.is_empty() { "it has no conditions".into() } else { seen });
    true
}
