//! Which requests are for `Router.think`: those that ask for more thought than usual.
//!
//! `thinking: enabled` is one, with whatever budget, as in claude-code-router. `adaptive` alone is none: newer versions of Claude
//! Code send it with every turn, and the effort `high`, which is the API's own default. It takes a higher effort
//! (`Router.thinkEffort`), or the word `ultrathink` in the turn's prompt.

use ccr_messages::json::{Kind, Value};

use super::trace::brief;
use crate::base::request::InnerRequest;
use crate::config::Effort;

/// What Claude Code adds to a turn whose prompt has the keyword, as it stands in JSON; seen of 2.1.197, for all models.
const KEYWORD: &str = r#"included the keyword \"ultrathink\""#;

/// Whether a request is one, and what was seen.
pub(super) fn applies(request: &InnerRequest, least: Effort) -> (bool, String) {
    let root = request.document().root();
    let Some(thinking) = root.get("thinking").filter(|value| value.kind() == Kind::Object) else {
        return (false, "`thinking` is not there".into());
    };
    let kind = thinking.get("type").and_then(Value::as_str).map(|kind| kind.decode()).unwrap_or("disabled".into());
    match &*kind {
        "disabled" => (false, "`thinking` is `disabled`".into()),
        "adaptive" => adaptive(root, least),
        kind => (true, format!("`thinking` is `{}`", brief(kind))),
    }
}

fn adaptive(root: Value<'_>, least: Effort) -> (bool, String) {
    let written = root.get("output_config").and_then(|config| config.get("effort")).and_then(Value::as_str);
    let effort = written.and_then(|effort| Effort::by_name(&effort.decode())).unwrap_or(Effort::High);
    let (shown, wanted) = (effort.as_str(), least.as_str());
    if effort >= least {
        return (true, format!("`thinking` is `adaptive` with the effort `{shown}`"));
    }
    if turn_says(root, KEYWORD) {
        return (true, "`thinking` is `adaptive`, and the prompt says `ultrathink`".into());
    }
    (false, format!("`thinking` is `adaptive` with the effort `{shown}`, below `{wanted}`"))
}

/// Whether a text stands in the present turn: the last prompt, and what Claude Code has put beside and behind it. Results of
/// tools are no part of it; they may be files in which the word stands.
fn turn_says(root: Value<'_>, text: &str) -> bool {
    let messages = || root.get("messages").into_iter().flat_map(Value::items);
    let start = messages().enumerate().filter(|(_, message)| is_prompt(*message)).last().map_or(0, |(at, _)| at);
    let blocks = messages().skip(start).filter_map(|message| message.get("content"));
    blocks.flat_map(texts).any(|block| block.raw().contains(text))
}

fn is_prompt(message: Value<'_>) -> bool {
    let has_result = || message.get("content").into_iter().flat_map(Value::items).any(|block| is(block, "tool_result"));
    message.get("role").and_then(Value::as_str).is_some_and(|role| role == "user") && !has_result()
}

/// The texts of a message's content, which may be a text itself.
fn texts(content: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let itself = (content.kind() == Kind::String).then_some(content);
    let blocks = content.items().filter(|block| is(*block, "text")).filter_map(|block| block.get("text"));
    itself.into_iter().chain(blocks)
}

fn is(block: Value<'_>, kind: &str) -> bool {
    block.get("type").and_then(Value::as_str).is_some_and(|it| it == kind)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use http::HeaderMap;
    use serde_json::{Value, json};

    use super::*;

    fn thinks(body: &Value, least: Effort) -> (bool, String) {
        let request = InnerRequest::parse(body.to_string().into_bytes(), "r", HeaderMap::new(), None).unwrap();
        applies(&request, least)
    }

    fn turn(thinking: Value, effort: Value) -> Value {
        let messages = json!([{"role": "user", "content": "hi"}]);
        json!({"model": "claude-opus-4-8", "max_tokens": 9, "thinking": thinking, "output_config": {"effort": effort}, "messages": messages})
    }

    #[test]
    fn adaptive_thinking_counts_from_the_effort_on_that_the_router_says() {
        for (effort, xhigh, high, low) in [
            (Value::Null, false, true, true),
            (json!("low"), false, false, true),
            (json!("medium"), false, false, true),
            (json!("high"), false, true, true),
            (json!("xhigh"), true, true, true),
            (json!("max"), true, true, true),
            (json!("warp"), false, true, true),
        ] {
            let body = turn(json!({"type": "adaptive", "budget_tokens": 0}), effort.clone());
            let counts = [Effort::Xhigh, Effort::High, Effort::Low].map(|least| thinks(&body, least).0);
            assert_eq!(counts, [xhigh, high, low], "{effort}");
        }
        let (_, seen) = thinks(&turn(json!({"type": "adaptive"}), json!("high")), Effort::Xhigh);
        assert_eq!(seen, "`thinking` is `adaptive` with the effort `high`, below `xhigh`");
    }

    #[test]
    fn a_budget_always_counts_and_disabled_never() {
        for (thinking, counts) in [
            (json!({"type": "enabled", "budget_tokens": 1024}), true),
            (json!({"type": "disabled"}), false),
            (Value::Null, false),
        ] {
            assert_eq!(thinks(&turn(thinking.clone(), json!("max")), Effort::Low).0, counts, "{thinking}");
        }
    }

    #[test]
    fn the_keyword_counts_in_its_own_turn_only() {
        let reminder = "The user included the keyword \"ultrathink\", requesting deeper reasoning on this turn.";
        let user = |content: Value| json!({"role": "user", "content": content});
        let text = |text: &str| json!({"type": "text", "text": text});
        let call =
            json!({"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Read", "input": {}}]});
        let result =
            |words: &str| user(json!([{"type": "tool_result", "tool_use_id": "t", "content": words}, text("go on")]));
        let asked = user(json!([text(reminder), text("ultrathink: why?")]));
        let system = json!({"role": "system", "content": reminder});
        for (messages, counts) in [
            (json!([asked]), true),
            (json!([user(json!("ultrathink: why?")), system]), true),
            (json!([asked, call, result("x")]), true),
            (json!([user(json!(reminder))]), true),
            (json!([asked, call, result("x"), user(json!("and now?"))]), false),
            (json!([user(json!("read it")), call, result(reminder)]), false),
            (json!([user(json!("ultrathink"))]), false),
        ] {
            let mut body = turn(json!({"type": "adaptive"}), json!("high"));
            body["messages"] = messages.clone();
            assert_eq!(thinks(&body, Effort::Xhigh).0, counts, "{messages}");
        }
    }
}
