//! Asking a service how many tokens a request has: a `tokenizer` of the type `api`.
//!
//! A count is wanted before a request is routed, so the service has little time, and one that has failed is left alone for a
//! while. Its key goes into the request and nowhere else.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use serde_json::{Value, json};

use crate::base::request::InnerRequest;
use crate::tokens::{self, ApiFormat, CountingApi, TokenCounts};
use crate::upstream::{Ask, Upstreams};

/// How long a service may take: it counts in a fraction of a second, and a request to a model waits for it.
const LIMIT: Duration = Duration::from_secs(5);

/// What the service says, now or earlier of the same request. `Err` says why it says nothing; that is in the log already.
pub async fn ask(
    upstreams: &Upstreams,
    counts: &TokenCounts,
    request: &InnerRequest,
    api: &CountingApi,
    model: &str,
) -> Result<u64, String> {
    if let Some(known) = counts.told(request, api) {
        return Ok(known);
    }
    let fallback = api.fallback;
    if api.rests() {
        return Err(format!("{} failed a moment ago and is not asked; counted with {fallback}", api.host()));
    }
    let asked = tokio::time::timeout(LIMIT, ask_now(upstreams, request, api, model)).await;
    let asked = asked.unwrap_or_else(|_| Err(format!("it did not answer within {} s", LIMIT.as_secs())));
    api.note(asked.is_ok());
    match asked {
        Ok(count) => {
            counts.remember(request, api, count);
            Ok(count)
        }
        Err(reason) => {
            let reason = format!("{} does not count: {reason}; counted with {fallback}", api.host());
            tracing::warn!(request = request.about().id, "{reason}");
            Err(reason)
        }
    }
}

async fn ask_now(upstreams: &Upstreams, request: &InnerRequest, api: &CountingApi, model: &str) -> Result<u64, String> {
    let (body, besides) = body(request, api.format, model);
    let url = api.url.expose();
    let ask = Ask { method: Method::POST, url, headers: headers(api), body: body.into(), direct: false };
    let said = upstreams.ask(ask).await?;
    if !(200..300).contains(&said.status) {
        return Err(format!("it answers {}", said.status));
    }
    let answer: Value = serde_json::from_slice(&said.body).map_err(|_| "its answer is not valid JSON")?;
    let found = api.field.split('.').try_fold(&answer, |value, name| match value {
        Value::Array(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
        value => value.get(name),
    });
    let count = found.and_then(Value::as_u64).ok_or_else(|| format!("its answer has no number `{}`", api.field))?;
    Ok(count.saturating_add(besides))
}

/// Those of the config go before those of the format.
fn headers(api: &CountingApi) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    if api.format == ApiFormat::Anthropic {
        headers.push((HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01")));
    }
    let shown = api.key.as_ref().map(|key| match api.format {
        ApiFormat::Anthropic => (HeaderName::from_static("x-api-key"), key.expose().to_owned()),
        _ => (header::AUTHORIZATION, format!("Bearer {}", key.expose())),
    });
    if let Some((name, value)) = shown
        && let Ok(mut value) = HeaderValue::from_str(&value)
    {
        value.set_sensitive(true);
        headers.push((name, value));
    }
    headers.retain(|(name, _)| !api.headers.iter().any(|(own, _)| own == name));
    headers.extend(api.headers.iter().cloned());
    headers
}

/// What is asked, and how many tokens stand for what of the request is not in it.
fn body(request: &InnerRequest, format: ApiFormat, model: &str) -> (String, u64) {
    match format {
        ApiFormat::Standard | ApiFormat::Anthropic => {
            let mut body = format!("{{\"model\":{}", json!(model));
            for name in ["system", "tools", "messages"] {
                if let Some(value) = request.get(&format!("/{name}")) {
                    body.push_str(&format!(",\"{name}\":{value}"));
                }
            }
            body.push('}');
            (body, 0)
        }
        ApiFormat::OpenAi => {
            let texts = tokens::texts(request);
            let head = (!texts.head.is_empty()).then_some(("system", texts.head));
            let said = head.into_iter().chain(texts.messages);
            let messages: Vec<Value> = said.map(|(role, text)| json!({"role": role, "content": text})).collect();
            (json!({"model": model, "messages": messages}).to_string(), texts.fixed)
        }
        ApiFormat::Custom => {
            let texts = tokens::texts(request);
            let all = std::iter::once(texts.head).chain(texts.messages.into_iter().map(|(_, text)| text));
            let all: Vec<String> = all.filter(|text| !text.is_empty()).collect();
            (json!({"text": all.join(" ")}).to_string(), texts.fixed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(format: ApiFormat) -> (Value, u64) {
        let request = json!({"model": "x", "max_tokens": 5, "system": "Be brief.",
            "tools": [{"name": "f", "input_schema": {"type": "object"}}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image", "source": {"type": "url", "url": "u"}}]},
                {"role": "assistant", "content": "b"}]});
        let request = InnerRequest::parse(request.to_string().into_bytes(), "r", http::HeaderMap::new(), None);
        let (body, besides) = body(&request.expect("legal"), format, "m");
        (serde_json::from_str(&body).expect("JSON"), besides)
    }

    #[test]
    fn each_format_has_all_that_counts() {
        let (whole, besides) = asked(ApiFormat::Standard);
        assert_eq!((&whole["model"], &whole["system"], besides), (&json!("m"), &json!("Be brief."), 0));
        assert_eq!(whole["messages"].as_array().map(Vec::len), Some(2));
        assert_eq!((whole.get("max_tokens"), &whole["tools"][0]["name"]), (None, &json!("f")));
        assert_eq!(asked(ApiFormat::Anthropic), (whole, 0));
        let head = r#"Be brief. f {"type":"object"}"#;
        let messages = json!([{"role": "system", "content": head}, {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"}]);
        assert_eq!(asked(ApiFormat::OpenAi), (json!({"model": "m", "messages": messages}), 1600));
        assert_eq!(asked(ApiFormat::Custom), (json!({"text": format!("{head} a b")}), 1600));
    }
}
