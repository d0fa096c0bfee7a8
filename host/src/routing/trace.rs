//! The way to a decision: what was asked in which order, what was seen, and what it came to. It is built for every request, so
//! it holds few and short texts; values of prompts and headers with credentials are never among them.

use std::borrow::Cow;

use serde::Serialize;

use crate::record::RouteStep;

/// Longest value that is shown: enough to recognise it.
const SHOWN: usize = 80;

/// All of them, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Trace(Vec<RouteStep>);

impl Trace {
    /// Notes a rule that does not apply.
    pub fn passed(&mut self, rule: impl Into<Cow<'static, str>>, seen: impl Into<Cow<'static, str>>) {
        self.0.push(RouteStep { rule: rule.into(), matched: false, seen: seen.into() });
    }

    /// Notes a rule that applies.
    pub fn matched(&mut self, rule: impl Into<Cow<'static, str>>, seen: impl Into<Cow<'static, str>>) {
        self.0.push(RouteStep { rule: rule.into(), matched: true, seen: seen.into() });
    }

    /// Forgets all steps but the first ones.
    pub fn truncate(&mut self, steps: usize) {
        self.0.truncate(steps);
    }

    /// The steps so far.
    pub fn steps(&self) -> &[RouteStep] {
        &self.0
    }

    /// The steps, for the record.
    pub fn into_steps(self) -> Vec<RouteStep> {
        self.0
    }
}

/// Somebody else's word, on one line and short enough to be one of several.
pub fn brief(text: &str) -> Cow<'_, str> {
    line(text, SHOWN)
}

/// Somebody else's words on one line, without what a terminal would act on, and no longer than this many bytes.
pub fn line(text: &str, most: usize) -> Cow<'_, str> {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let shown = &text[..end];
    if end == text.len() && !shown.contains(char::is_control) {
        return Cow::Borrowed(shown);
    }
    let mut plain: String = shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if end < text.len() {
        plain.push('…');
    }
    Cow::Owned(plain)
}
