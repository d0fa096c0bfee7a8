//! Step 5, route: which provider and model serve a request, and why.
//!
//! The order: a custom router's word, then the target that the request names itself (`provider,model`), then the scenario's
//! entry of `Router`.

use std::time::Duration;

use crate::config::{Config, ModelRef, Scenario, UnknownModel};
use crate::error::GatewayError;
use crate::plugins::{Cause, PluginEngine, PluginError, router};
use crate::request::{self, InnerRequest};
use crate::snapshot::{PluginUse, Snapshot};

/// Longest reason that goes into a header; the whole one is in the record.
const MAX_REASON: usize = 1024;

/// The decision for one request.
#[derive(Debug, Clone)]
pub struct Route {
    /// In the order in which they are tried.
    pub targets: Vec<ModelRef>,
    /// What kind of request it is.
    pub scenario: Scenario,
    /// Why it goes where it goes.
    pub reason: String,
    /// Time spent in routers.
    pub plugin_time: Duration,
}

/// Chooses the targets of a request.
pub async fn route(engine: &PluginEngine, snapshot: &Snapshot, request: &InnerRequest) -> Result<Route, GatewayError> {
    let config = &snapshot.config;
    let asked = ask_routers(engine, snapshot, request).await?;
    let scenario = Scenario::Default;
    let (first, mut reason) = match asked.target {
        Some(decided) => decided,
        None => by_name_or_scenario(config, &request.about().model, scenario)?,
    };
    for failure in &asked.failures {
        reason.push_str("; ");
        reason.push_str(failure);
    }
    let mut targets = vec![first];
    for fallback in config.fallback.get(&scenario).into_iter().flatten() {
        if !targets.contains(fallback) {
            targets.push(fallback.clone());
        }
    }
    Ok(Route { targets, scenario, reason: request::shortened(reason, MAX_REASON), plugin_time: asked.time })
}

#[derive(Default)]
struct Asked {
    target: Option<(ModelRef, String)>,
    /// Routers fail open: the request goes on, and the reason says what happened.
    failures: Vec<String>,
    time: Duration,
}

async fn ask_routers(
    engine: &PluginEngine,
    snapshot: &Snapshot,
    request: &InnerRequest,
) -> Result<Asked, GatewayError> {
    let mut asked = Asked::default();
    for custom in &snapshot.routers {
        let failure = match custom {
            Err(reason) => reason.clone(),
            Ok(custom) => match ask(engine, snapshot, custom, request, &mut asked.time).await {
                Ok(None) => continue,
                Ok(target) => {
                    asked.target = target;
                    return Ok(asked);
                }
                Err(failure) if custom.plugin.router_fails_closed() => return Err(failure.into()),
                Err(failure) => failure.to_string(),
            },
        };
        tracing::warn!(request = request.about().id, "routed without a custom router: {failure}");
        asked.failures.push(failure);
    }
    Ok(asked)
}

async fn ask(
    engine: &PluginEngine,
    snapshot: &Snapshot,
    custom: &PluginUse,
    request: &InnerRequest,
    time: &mut Duration,
) -> Result<Option<(ModelRef, String)>, PluginError> {
    let (decision, spent) = router::route(engine, &custom.plugin, custom.surroundings.clone(), request).await?;
    *time += spent;
    let Some(decision) = decision else { return Ok(None) };
    let label = custom.plugin.label();
    let wrong = |reason: String| PluginError { plugin: label.clone(), step: "route", cause: Cause::BadOutput(reason) };
    match snapshot.config.resolve_model(&decision.target) {
        Ok(Some(target)) => Ok(Some((target, format!("router `{label}`: {}", decision.reason)))),
        Ok(None) => Err(wrong(format!("it named `{}`, which is not `provider,model`", brief(&decision.target)))),
        Err(_) => Err(wrong(format!("it named `{}`, which is not in the config", brief(&decision.target)))),
    }
}

fn by_name_or_scenario(config: &Config, model: &str, scenario: Scenario) -> Result<(ModelRef, String), GatewayError> {
    match config.resolve_model(model) {
        Ok(Some(target)) => return Ok((target, "the request names provider and model".into())),
        Ok(None) => {}
        Err(unknown) => return Err(GatewayError::NoRoute(unknown_model(&unknown))),
    }
    match config.router.target(scenario) {
        Some(target) => Ok((target.clone(), format!("Router.{}", scenario.as_str()))),
        None if config.providers.is_empty() => {
            Err(GatewayError::NoRoute("the config has no `Providers`: add one, and name it in `Router.default`".into()))
        }
        None => Err(GatewayError::NoRoute(format!(
            "nothing says where model `{}` goes: set `Router.default` in the config, or ask for `provider,model`",
            brief(model)
        ))),
    }
}

fn unknown_model(unknown: &UnknownModel) -> String {
    unknown.to_string()
}

/// A client's or plugin's own words, short enough for a message.
fn brief(text: &str) -> &str {
    // Longer than any model's name.
    let mut end = text.len().min(120);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
