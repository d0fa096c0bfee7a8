//! `Router.rules`: the first whose conditions all hold decides.

mod condition;
pub mod rewrite;

use super::order::Question;
use super::trace::Trace;
use crate::config::Rule;

/// The first rule that matches.
pub fn first<'r>(question: &Question<'r, '_>, trace: &mut Trace) -> Option<&'r Rule> {
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
