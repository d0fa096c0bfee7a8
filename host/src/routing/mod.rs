//! Step 5, route: which provider and model serve a request, and why.
//!
//! The order: custom routers ([`custom`]), `Router.rules` ([`rules`]), then what the request names itself and the scenarios
//! ([`order`]). A project's `Router` lies over the global one ([`projects`](crate::config::projects)). What was asked on the way is kept ([`trace`]), and
//! can be seen without sending anything ([`explain`]).

pub mod count;
pub mod counting_service;
mod custom;
pub mod explain;
pub mod order;
pub mod progress;
pub mod question;
pub mod rules;
pub mod sessions;
pub mod tags;
#[cfg(test)]
mod tests;
mod think;
pub mod trace;

use std::sync::Arc;
use std::time::Duration;

use self::count::{Counted, KnownCount, Probe};
use self::progress::Progress;
use self::question::{Decision, Question};
use self::sessions::Sessions;
use self::trace::{Trace, line};
use crate::base::error::GatewayError;
use crate::base::request::{self, InnerRequest};
use crate::config::{Failover, ModelRef, RouterConfig, Rule, Scenario};
use crate::plugins::PluginEngine;
use crate::snapshot::Snapshot;
use crate::tokens::{CountingApi, Tokenizer};
use crate::upstream::Upstreams;

/// Longest reason that goes into a header; the trace in the record has the rest.
const MAX_REASON: usize = 1024;

/// The decision for one request.
#[derive(Debug, Clone)]
pub struct Route {
    /// In the order in which they are tried.
    pub targets: Vec<ModelRef>,
    /// Where it goes once a target finds it too long.
    pub longer: Option<ModelRef>,
    /// What happens when these fail: as the config says, or the project, or the rule.
    pub failover: Arc<Failover>,
    /// What is being tried, for whoever cannot wait for the answer.
    pub progress: Arc<Progress>,
    /// What kind of request it is.
    pub scenario: Scenario,
    /// Why it goes where it goes.
    pub reason: String,
    /// Time spent in routers.
    pub plugin_time: Duration,
    /// The request was changed: a tag taken out, or a rule's rewrites made.
    pub edited: bool,
}

impl Route {
    /// The same, but whoever has served an earlier turn of the answer is asked first: it has the conversation in its cache.
    pub fn beginning_with(&self, served: Option<&ModelRef>) -> Self {
        let mut route = self.clone();
        let Some(served) = served else { return route };
        match route.targets.iter().position(|target| target == served) {
            Some(at) => route.targets[..=at].rotate_right(1),
            // By an alias, or beyond the fallbacks.
            None => route.targets.insert(0, served.clone()),
        }
        route
    }
}

/// What routing works with.
pub struct Routing<'a> {
    /// For custom routers.
    pub engine: &'a PluginEngine,
    /// The config.
    pub snapshot: &'a Snapshot,
    /// What is remembered of sessions.
    pub sessions: &'a Sessions,
    /// The name of the client's key.
    pub client_key: Option<&'a str>,
    /// Asks services that count; none where nothing shall be sent.
    pub upstreams: Option<&'a Upstreams>,
}

impl Routing<'_> {
    /// Chooses the targets of a request, and makes the changes that go with the choice. `trace` gets what was asked, also
    /// where there is no target.
    pub async fn route(&self, request: &mut InnerRequest, trace: &mut Trace) -> Result<Route, GatewayError> {
        let config = &self.snapshot.config;
        let asked = custom::ask_all(self.engine, self.snapshot, request, trace).await?;
        let about = request.about();
        let project = self.snapshot.projects.router(config, about.session.as_ref());
        if let Some(project) = &project {
            trace.matched("project", project.files.clone());
        }
        let router = project.as_ref().map_or(&config.router, |project| &project.router);
        let tag = if router.subagent_tags { tags::find(request) } else { None };
        let (first, scenario, mut reason, rule) = match asked.target {
            Some((target, reason)) => (target, Scenario::Default, reason, None),
            None => {
                // Where it goes is not known yet: what most requests go to counts.
                let usual = router.targets.get(&Scenario::Default);
                let tokenizer = usual.map(|target| config.tokenizer(target)).unwrap_or_default();
                let counted = Counted { counts: self.engine.tokens(), request, tokenizer };
                let last_input = about.session.as_deref().and_then(|session| self.sessions.last_input(session));
                let (tag, client_key) = (tag.as_deref(), self.client_key);
                let question = Question { config, router, request, tag, client_key, last_input, tokens: &counted };
                let decision = match &counted.tokenizer {
                    Tokenizer::Api(api) => {
                        let model = usual.map_or(&*about.model, |target| &target.model);
                        self.decide_by(api, model, &counted, question, trace).await?
                    }
                    _ => rules::decide(&question, trace)?,
                };
                (decision.target, decision.scenario, decision.reason, decision.rule)
            }
        };
        if let Some(project) = project.as_ref().filter(|_| rule.is_some() || reason.starts_with("Router.")) {
            reason = format!("{reason}, with {} over the config", project.files);
        }
        for failure in &asked.failures {
            reason.push_str("; ");
            reason.push_str(failure);
        }
        let edited = edit(request, tag.is_some(), rule)?;
        let failover = failover(router, rule);
        let targets = self.with_fallback(first, scenario, rule, &failover);
        let longer = router.target(Scenario::LongContext).cloned();
        let reason = request::shortened(reason, MAX_REASON);
        let progress = Arc::default();
        Ok(Route { targets, longer, failover, progress, scenario, reason, plugin_time: asked.time, edited })
    }

    /// Decides where a service counts. It is asked only if the decision depends on the number.
    async fn decide_by<'r>(
        &self,
        api: &CountingApi,
        model: &str,
        counted: &Counted<'_>,
        question: Question<'r, '_>,
        trace: &mut Trace,
    ) -> Result<Decision<'r>, GatewayError> {
        let probe = Probe::new(counted);
        let steps = trace.steps().len();
        let decision = rules::decide(&Question { tokens: &probe, ..question }, trace)?;
        if !probe.was_asked() {
            return Ok(decision);
        }
        let Some(upstreams) = self.upstreams else {
            let (host, fallback) = (api.host(), api.fallback);
            trace.passed("tokenizer", format!("{host} is not asked here; counted with {fallback}"));
            return Ok(decision);
        };
        match counting_service::ask(upstreams, counted.counts, counted.request, api, model).await {
            Ok(count) => {
                trace.truncate(steps);
                trace.passed("tokenizer", format!("{} counts {count} tokens", api.host()));
                rules::decide(&Question { tokens: &KnownCount(count), ..question }, trace)
            }
            Err(reason) => {
                trace.passed("tokenizer", line(&reason, MAX_REASON).into_owned());
                Ok(decision)
            }
        }
    }

    /// The target and what is tried after it: the rule's own list, or that of the scenario and then the router's.
    fn with_fallback(
        &self,
        first: ModelRef,
        scenario: Scenario,
        rule: Option<&Rule>,
        failover: &Failover,
    ) -> Vec<ModelRef> {
        let of_rule = rule.is_some_and(|rule| rule.fallback.is_some());
        let of_scenario = self.snapshot.config.fallback.get(&scenario).filter(|_| !of_rule);
        let mut targets = vec![first];
        for target in of_scenario.into_iter().flatten().chain(&failover.models) {
            if !targets.contains(target) {
                targets.push(target.clone());
            }
        }
        targets
    }
}

/// What happens when targets fail: a rule's own word goes before the router's.
fn failover(router: &RouterConfig, rule: Option<&Rule>) -> Arc<Failover> {
    let Some(fallback) = rule.and_then(|rule| rule.fallback.as_ref()) else { return Arc::clone(&router.failover) };
    let retries = fallback.retries.unwrap_or(router.failover.retries);
    Arc::new(Failover { models: fallback.models.clone(), retries, ..(*router.failover).clone() })
}

/// Makes the changes that go with a decision.
fn edit(request: &mut InnerRequest, tagged: bool, rule: Option<&Rule>) -> Result<bool, GatewayError> {
    if tagged {
        tags::strip(request).map_err(GatewayError::invalid)?;
    }
    let rewrites = rule.is_some_and(|rule| !rule.rewrites.is_empty());
    if let Some(rule) = rule.filter(|_| rewrites) {
        rules::rewrite::apply(rule, request)?;
    }
    Ok(tagged || rewrites)
}
