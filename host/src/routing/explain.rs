//! Where a request would go, and why, without sending anything: for `ccr explain` and `POST /api/explain`.

use std::fmt::Write as _;

use http::request::Parts;
use http::{HeaderMap, Uri};
use serde::Serialize;

use super::trace::{Trace, brief, line};
use super::{MAX_REASON, Route, Routing};
use crate::base::error::GatewayError;
use crate::base::request::{self, InnerRequest};
use crate::client::Client;
use crate::config::Config;
use crate::record::RouteStep;

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
    pub route: Vec<RouteStep>,
    /// Why the request would be refused.
    pub error: Option<String>,
}

/// Where Anthropic's clients post their requests; what is explained where no other path is named.
pub const USUAL_PATH: &str = "/v1/messages";

/// A request's head for a path that a client would post to, with these headers. `Err`: it is no path.
pub fn head(path: &str, headers: HeaderMap) -> Result<Parts, GatewayError> {
    let wrong = || GatewayError::invalid(format!("`{}` is not a path, as `{USUAL_PATH}` is", brief(path)));
    let uri = path.starts_with('/').then(|| path.parse::<Uri>().ok()).flatten().ok_or_else(wrong)?;
    let mut request = http::Request::new(());
    (*request.uri_mut(), *request.method_mut(), *request.headers_mut()) = (uri, http::Method::POST, headers);
    Ok(request.into_parts().0)
}

/// Routes a request and tells how. `client`: who reads requests to the head's path; none if nobody does. `Err`: it is no legal
/// request.
pub async fn explain(
    routing: &Routing<'_>,
    client: Option<Client>,
    head: &Parts,
    body: Vec<u8>,
) -> Result<Explained, GatewayError> {
    let mut request = match client {
        Some(client @ Client::Component(_)) => client.decode(routing.engine, head, body, "explain").await?.request,
        None if head.uri.path() != USUAL_PATH => {
            let path = brief(head.uri.path());
            return Err(GatewayError::invalid(format!(
                "nobody's requests go to `{path}`; `{USUAL_PATH}` is Anthropic's"
            )));
        }
        _ => InnerRequest::parse(body, "explain", request::visible_headers(&head.headers), None).map_err(|error| {
            let hint = "a request of another format needs its path, as in `path=/v1/chat/completions`";
            GatewayError::invalid(format!("{error} ({hint})"))
        })?,
    };
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
