//! The order of the built-in rules: a function of the request, the config and what is known of the session, and of nothing else.

use ccr_messages::json::Value;

use super::question::{Decision, Question};
use super::think;
use super::trace::{Trace, brief};
use crate::base::error::GatewayError;
use crate::base::request::InnerRequest;
use crate::config::{Config, ModelRef, Scenario};

/// A session counts as long by its last request only while the present one has more tokens than this, as in claude-code-router:
/// side jobs of a long session are short.
const LAST_USAGE_FROM: u64 = 20_000;

/// Where a request goes where no rule says so.
pub fn usual<'a>(question: &Question<'_, '_>, trace: &mut Trace) -> Result<Decision<'a>, GatewayError> {
    let decision =
        |target, scenario, reason: &str| Decision { target, scenario, reason: reason.to_owned(), rule: None };
    let model = &question.request.about().model;
    if let Some(target) = explicit(question, model, trace)? {
        return Ok(decision(target, Scenario::Default, "the request names provider and model"));
    }
    if let Some(found) = scenario(question, Scenario::LongContext, trace) {
        return Ok(found);
    }
    if let Some(target) = subagent(question, trace)? {
        return Ok(decision(target, Scenario::Default, "a subagent's tag names it"));
    }
    for kind in [Scenario::Background, Scenario::WebSearch, Scenario::Think, Scenario::Image] {
        if let Some(found) = scenario(question, kind, trace) {
            return Ok(found);
        }
    }
    match question.router.target(Scenario::Default) {
        Some(target) => {
            trace.matched("default", "nothing else applies");
            Ok(decision(target.clone(), Scenario::Default, "Router.default"))
        }
        None => {
            trace.passed("default", "Router.default is not set");
            Err(GatewayError::NoRoute(no_default(question.config, model)))
        }
    }
}

fn no_default(config: &Config, model: &str) -> String {
    if config.providers.is_empty() {
        return "the config has no `Providers`: add one, and name it in `Router.default`".into();
    }
    let near = config.nearest_target(model).map(|name| format!(", as in `{name}`")).unwrap_or_default();
    let model = brief(model);
    format!(
        "nothing says where model `{model}` goes: set `Router.default` in the config, or ask for `provider,model`{near}"
    )
}

fn explicit(question: &Question<'_, '_>, model: &str, trace: &mut Trace) -> Result<Option<ModelRef>, GatewayError> {
    match question.config.resolve_model(model) {
        Ok(Some(target)) => {
            trace.matched(
                "provider,model",
                format!("the model is `{}`{}", brief(model), unlisted(question.config, &target)),
            );
            Ok(Some(target))
        }
        Ok(None) => {
            trace.passed("provider,model", format!("the model `{}` names no provider", brief(model)));
            Ok(None)
        }
        Err(unknown) => {
            trace.matched("provider,model", unknown.to_string());
            Err(GatewayError::NoRoute(unknown.to_string()))
        }
    }
}

/// A note on a target that its provider does not list: it may be a slip, which only the provider can tell.
fn unlisted(config: &Config, target: &ModelRef) -> String {
    let Some(provider) = config.provider(target) else { return String::new() };
    if provider.models.is_empty() || provider.models.contains(&target.model) {
        return String::new();
    }
    let near = config.nearest_target(&target.model).map(|name| format!("; the nearest is `{name}`"));
    format!(", which `{}` does not list{}", provider.name, near.unwrap_or_default())
}

fn subagent(question: &Question<'_, '_>, trace: &mut Trace) -> Result<Option<ModelRef>, GatewayError> {
    let Some(name) = question.tag else {
        trace.passed("subagent", "no tag");
        return Ok(None);
    };
    let refused = match question.config.resolve_model(name) {
        Ok(Some(target)) => {
            trace.matched("subagent", format!("the tag names `{}`{}", brief(name), unlisted(question.config, &target)));
            return Ok(Some(target));
        }
        Ok(None) => {
            let near = question.config.nearest_target(name).map(|name| format!("; did you mean `{name}`?"));
            let near = near.unwrap_or_else(|| "; write `provider,model`".into());
            format!("`{}` names no provider{near}", brief(name))
        }
        Err(unknown) => unknown.to_string(),
    };
    trace.matched("subagent", refused.clone());
    Err(GatewayError::NoRoute(format!("the tag CCR-SUBAGENT-MODEL: {refused}")))
}

/// Goes where a scenario's entry says, if there is one and the request is of the kind.
fn scenario<'a>(question: &Question<'_, '_>, kind: Scenario, trace: &mut Trace) -> Option<Decision<'a>> {
    let (unset, reason) = match kind {
        Scenario::LongContext => ("Router.longContext is not set", "Router.longContext"),
        Scenario::Background => ("Router.background is not set", "Router.background"),
        Scenario::WebSearch => ("Router.webSearch is not set", "Router.webSearch"),
        Scenario::Think => ("Router.think is not set", "Router.think"),
        Scenario::Image => ("Router.image is not set", "Router.image"),
        Scenario::Default => ("Router.default is not set", "Router.default"),
    };
    let Some(target) = question.router.target(kind) else {
        trace.passed(kind.as_str(), unset);
        return None;
    };
    let (applies, seen) = match kind {
        Scenario::LongContext => is_long(question),
        Scenario::Background => is_background(&question.request.about().model),
        Scenario::WebSearch => wants_search(question.request),
        Scenario::Think => think::applies(question.request, question.router.think_effort),
        Scenario::Image => wants_eyes(question),
        Scenario::Default => (true, String::new()),
    };
    if !applies {
        trace.passed(kind.as_str(), seen);
        return None;
    }
    trace.matched(kind.as_str(), seen);
    Some(Decision { target: target.clone(), scenario: kind, reason: reason.to_owned(), rule: None })
}

fn is_long(question: &Question<'_, '_>) -> (bool, String) {
    let threshold = question.router.long_context_threshold;
    let (long, count) = question.tokens.exceeds(threshold);
    let shown = |count: Option<u64>, long: bool, limit: u64| match (count, long) {
        (Some(count), _) => format!("{count} tokens"),
        (None, true) => format!("more than {limit} tokens"),
        (None, false) => format!("at most {limit} tokens"),
    };
    if long {
        return (true, format!("{}, the threshold is {threshold}", shown(count, long, threshold)));
    }
    let Some(last) = question.last_input.filter(|last| *last > threshold) else {
        return (false, format!("{}, the threshold is {threshold}", shown(count, long, threshold)));
    };
    let (large, count) = match count {
        Some(count) => (count > LAST_USAGE_FROM, Some(count)),
        None => question.tokens.exceeds(LAST_USAGE_FROM),
    };
    let now = shown(count, large, LAST_USAGE_FROM);
    (large, format!("{now}, {last} in the session's last request, the threshold is {threshold}"))
}

fn is_background(model: &str) -> (bool, String) {
    let has = |word: &str| model.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    (has("claude") && has("haiku"), format!("the model is `{}`", brief(model)))
}

fn wants_search(request: &InnerRequest) -> (bool, String) {
    let tools = request.document().root().get("tools");
    let mut count = 0;
    for tool in tools.into_iter().flat_map(Value::items) {
        count += 1;
        if let Some(kind) = tool.get("type").and_then(Value::as_str).map(|kind| kind.decode())
            && kind.starts_with("web_search")
        {
            return (true, format!("a tool of type `{}`", brief(&kind)));
        }
    }
    (false, format!("none of {count} tools is a web search"))
}

/// With the image agent on, only a new image goes to the model that sees; older ones, and all with `forceUseImageAgent`, are the
/// agent's. Looks at the blocks' types alone: checking the whole request again would cost more than the rest of the decision.
fn wants_eyes(question: &Question<'_, '_>) -> (bool, String) {
    let mut messages = question.request.document().root().get("messages").into_iter().flat_map(Value::items);
    let has_image = |message: Value<'_>| message.get("content").is_some_and(|content| content.items().any(holds_image));
    if !question.config.has_image_agent() {
        return match messages.any(has_image) {
            true => (true, "a message has an image".into()),
            false => (false, "no message has an image".into()),
        };
    }
    if question.config.force_use_image_agent {
        return (false, "images are the image agent's: forceUseImageAgent".into());
    }
    let is_users =
        |message: &Value<'_>| message.get("role").and_then(Value::as_str).is_some_and(|role| role == *"user");
    match messages.filter(is_users).last().is_some_and(has_image) {
        true => (true, "the last user message has an image".into()),
        false => (false, "no image in the last user message".into()),
    }
}

fn holds_image(block: Value<'_>) -> bool {
    let is = |block: Value<'_>, wanted: &str| {
        block.get("type").and_then(Value::as_str).is_some_and(|kind| kind.decode() == wanted)
    };
    let in_result = || block.get("content").into_iter().flat_map(Value::items).any(|inner| is(inner, "image"));
    is(block, "image") || (is(block, "tool_result") && in_result())
}
