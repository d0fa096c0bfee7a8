//! Where a request would go, and why, without sending anything: for `ccr explain` and `POST /api/explain`.

use std::fmt::Write as _;

use http::HeaderMap;
use serde::Serialize;

use super::trace::{Step, Trace, line};
use super::{MAX_REASON, Route, Routing};
use crate::config::Config;
use crate::error::GatewayError;
use crate::request::InnerRequest;

/// A decision as it is told.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// Where the request would go; nothing if it would be refused.
    pub provider: Option<String>,
    /// The model there.
    pub model: Option<String>,
    /// What kind of request it is.
    pub scenario: Option<&'static str>,
    /// As in `x-ccr-route-reason`.
    pub reason: Option<String>,
    /// What would be tried after the first target failed: `provider,model`.
    pub fallback: Vec<String>,
    /// Whether the request would be changed before it is sent: a tag taken out, or a rule's rewrites.
    pub edited: bool,
    /// What was asked on the way.
    pub route: Vec<Step>,
    /// Why the request would be refused.
    pub error: Option<String>,
}

/// Routes a request and tells how. `Err`: it is no legal request.
pub async fn explain(routing: &Routing<'_>, body: Vec<u8>, headers: HeaderMap) -> Result<Explained, GatewayError> {
    let mut request = InnerRequest::parse(body, "explain", headers, None)?;
    let mut trace = Trace::default();
    let routed = routing.route(&mut request, &mut trace).await;
    Ok(Explained::of(&routing.snapshot.config, routed, trace))
}

impl Explained {
    fn of(config: &Config, routed: Result<Route, GatewayError>, trace: Trace) -> Self {
        let mut told = Self {
            provider: None,
            model: None,
            scenario: None,
            reason: None,
            fallback: Vec::new(),
            edited: false,
            route: trace.into_steps(),
            error: None,
        };
        match routed {
            Ok(route) => {
                let mut targets = route.targets.iter();
                if let Some(first) = targets.next() {
                    told.provider = config.provider(first).map(|provider| provider.name.to_string());
                    told.model = Some(first.model.to_string());
                }
                told.fallback = targets.map(|target| target.display(config)).collect();
                told.scenario = Some(route.scenario.as_str());
                told.reason = Some(route.reason);
                told.edited = route.edited;
            }
            Err(error) => told.error = Some(error.to_string()),
        }
        told
    }

    /// For people: a line for each question, then the outcome.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let width = self.route.iter().map(|step| step.rule.chars().count()).max().unwrap_or_default();
        for step in &self.route {
            let sign = if step.matched { "yes" } else { "no" };
            let _ = writeln!(text, "{sign:<3}  {:<width$}  {}", step.rule, step.seen);
        }
        if let Some(error) = &self.error {
            let _ = writeln!(text, "=> refused: {error}");
        }
        if let (Some(provider), Some(model)) = (&self.provider, &self.model) {
            let reason = line(self.reason.as_deref().unwrap_or_default(), MAX_REASON);
            let _ = writeln!(text, "=> {provider},{model} ({reason})");
        }
        if !self.fallback.is_empty() {
            let _ = writeln!(text, "   then {}", self.fallback.join(", "));
        }
        if self.edited {
            let _ = writeln!(text, "   with changes: a subagent's tag is taken out, or a rule's rewrites are made");
        }
        text
    }
}
