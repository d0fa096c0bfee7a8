//! Custom routers, the components of `CUSTOM_ROUTER_PATH`: asked in their order; the first that names a target decides.
//!
//! They fail open: one that fails, or names what is not there, costs nothing but its word, and the reason says so.

use std::time::Duration;

use super::trace::{Trace, brief, line};
use crate::base::error::GatewayError;
use crate::base::request::InnerRequest;
use crate::config::ModelRef;
use crate::plugins::{Cause, PluginEngine, PluginError, router};
use crate::snapshot::{PluginUse, Snapshot};

/// Longest failure in a trace: a sentence or two with a path.
const MAX_FAILURE: usize = 400;

/// What came of asking them.
#[derive(Default)]
pub(super) struct Asked {
    /// What one decided, and why.
    pub(super) target: Option<(ModelRef, String)>,
    /// What went wrong with others.
    pub(super) failures: Vec<String>,
    /// Time spent in them.
    pub(super) time: Duration,
}

/// Asks all until one decides.
pub(super) async fn ask_all(
    engine: &PluginEngine,
    snapshot: &Snapshot,
    request: &InnerRequest,
    trace: &mut Trace,
) -> Result<Asked, GatewayError> {
    let mut asked = Asked::default();
    for custom in &snapshot.routers {
        let failure = match custom {
            Err(reason) => reason.clone(),
            Ok(custom) => match ask(engine, snapshot, custom, request, &mut asked.time).await {
                Ok(None) => {
                    trace.passed(named(custom), "no opinion");
                    continue;
                }
                Ok(Some((target, reason))) => {
                    trace.matched(named(custom), brief(&reason).into_owned());
                    asked.target = Some((target, format!("{}: {reason}", named(custom))));
                    return Ok(asked);
                }
                Err(failure) if custom.plugin.router_fails_closed() => {
                    trace.matched(named(custom), failure.to_string());
                    return Err(failure.into());
                }
                Err(failure) => failure.to_string(),
            },
        };
        tracing::warn!(request = request.about().id, "failed to ask a custom router: {failure}");
        trace.passed("CUSTOM_ROUTER_PATH", line(&failure, MAX_FAILURE).into_owned());
        asked.failures.push(failure);
    }
    Ok(asked)
}

fn named(custom: &PluginUse) -> String {
    format!("router `{}`", custom.plugin.label())
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
    let wrong = |reason| PluginError { plugin: custom.plugin.label(), step: "route", cause: Cause::BadOutput(reason) };
    let named = format!("{},{}", decision.target.provider, decision.target.model);
    match snapshot.config.resolve_model(&named) {
        Ok(Some(target)) => Ok(Some((target, decision.reason))),
        Ok(None) => Err(wrong(format!("it named `{}`, which is not `provider,model`", brief(&named)))),
        Err(unknown) => {
            let near = unknown.nearest.or(unknown.instead).map(|name| format!("; the nearest is `{name}`"));
            let target = brief(&named);
            Err(wrong(format!("it named `{target}`, which is not in the config{}", near.unwrap_or_default())))
        }
    }
}
