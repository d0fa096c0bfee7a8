//! Which path is answered by what, and the small answers that need no provider.

use std::sync::Arc;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde_json::{Value, json};

use percent_encoding::percent_decode_str;

use super::{count_tokens, inventory};
use crate::attempts::Report;
use crate::base::body::{self, Body, json_response};
use crate::base::error::GatewayError;
use crate::base::{ids, request};
use crate::client::Client;
use crate::config::Severity;
use crate::gateway::Gateway;
use crate::routing::Routing;
use crate::routing::explain::{self, USUAL_PATH};
use crate::{auth, headers, pipeline};

/// The gateway's version.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Answers one request.
pub(super) async fn answer(gateway: &Arc<Gateway>, request: Request<Incoming>) -> Response<Body> {
    let head_only = request.method() == Method::HEAD;
    let path = request.uri().path();
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let response = match (path, request.method()) {
        ("/v1/messages", &Method::POST) => pipeline::messages(gateway, request, Client::Anthropic).await,
        ("/v1/messages", _) => refuse(&method("/v1/messages", "POST")),
        (count_tokens::PATH, &Method::POST) => count_tokens::answer(gateway, request).await,
        (count_tokens::PATH, _) => refuse(&method(count_tokens::PATH, "POST")),
        ("/" | "/health", &Method::GET | &Method::HEAD) => public(gateway, &request, path),
        ("/v1/models", &Method::GET | &Method::HEAD) => models(gateway, &request, None),
        (path, &Method::GET | &Method::HEAD) if path.starts_with("/v1/models/") => {
            let id = percent_decode_str(&path["/v1/models/".len()..]).decode_utf8_lossy().into_owned();
            models(gateway, &request, Some(&id))
        }
        ("/api/plugins", &Method::GET | &Method::HEAD) => {
            inventory::answer(gateway, &request).unwrap_or_else(|error| refuse(&error))
        }
        ("/api/explain", &Method::POST) => explain_route(gateway, request).await,
        ("/api/explain", _) => refuse(&method("/api/explain", "POST")),
        (path, &Method::POST) => {
            let snapshot = gateway.snapshot();
            match gateway.client(&snapshot, path).await {
                Some(client) => pipeline::messages(gateway, request, client).await,
                None => refuse(&nothing_at(path)),
            }
        }
        (path, _) => refuse(&nothing_at(path)),
    };
    if head_only { without_body(response) } else { response }
}

fn nothing_at(path: &str) -> GatewayError {
    GatewayError::NotFound(format!(
        "there is nothing at `{}`; clients post to /v1/messages, /v1/chat/completions, /v1/responses or \
         /v1beta/models/MODEL:generateContent, and ask for /v1/models",
        path.chars().take(80).collect::<String>()
    ))
}

/// What anybody may ask, but for pages and names that may not use a loopback gateway.
fn public(gateway: &Gateway, request: &Request<Incoming>, path: &str) -> Response<Body> {
    let snapshot = gateway.snapshot();
    if snapshot.config.api_key.is_none()
        && let Err(error) = auth::authenticate(&snapshot.config, request.headers(), request.uri())
    {
        return refuse(&error);
    }
    match path {
        "/" => json_response(&json!({ "message": "LLMs API", "version": VERSION })),
        _ => json_response(&health(gateway)),
    }
}

/// How the gateway is: `degraded` when something of the config or the plugins is not as it was meant.
fn health(gateway: &Gateway) -> Value {
    let snapshot = gateway.snapshot();
    let problems = gateway.problems();
    let registry = &snapshot.registry;
    let incomplete = !registry.broken().is_empty() || !registry.set_aside().is_empty();
    let bad = problems.iter().any(|problem| problem.severity == Severity::Error) || incomplete;
    let problems: Vec<Value> = problems
        .iter()
        .map(|problem| {
            json!({
                "severity": if problem.severity == Severity::Error { "error" } else { "warning" },
                "path": problem.path,
                "message": problem.message,
                "hint": problem.hint,
            })
        })
        .collect();
    json!({
        "status": if bad { "degraded" } else { "ok" },
        "timestamp": jiff::Timestamp::now().to_string(),
        "version": VERSION,
        "uptime_s": gateway.started.elapsed().as_secs(),
        "problems": problems,
        "plugins": inventory::all(&snapshot),
        "targets": targets(gateway),
        "records_lost": gateway.records().lost(),
    })
}

/// Targets and keys that have failed lately; a key is only named.
fn targets(gateway: &Gateway) -> Vec<Value> {
    let entry = |report: Report| {
        json!({
            "provider": report.provider,
            "model": report.model,
            "key": report.key,
            "state": report.state,
            "failures": report.failures,
            "left_s": report.left.as_secs_f64(),
        })
    };
    gateway.shared().report().into_iter().map(entry).collect()
}

/// The models of the config, as Anthropic lists them: once as `provider,model`, which every client can ask for.
fn models(gateway: &Gateway, request: &Request<Incoming>, id: Option<&str>) -> Response<Body> {
    let snapshot = gateway.snapshot();
    if let Err(error) = auth::authenticate(&snapshot.config, request.headers(), request.uri()) {
        return refuse(&error);
    }
    let Some(id) = id else {
        let data: Vec<Value> = snapshot
            .config
            .providers
            .iter()
            .flat_map(|provider| {
                let models = provider.models.iter().map(move |model| model_entry(&provider.name, model));
                models.chain(provider.alias.as_ref().map(|_| alias_entry(&provider.name)))
            })
            .collect();
        let end = |entry: Option<&Value>| entry.map_or(Value::Null, |entry| entry["id"].clone());
        let (first, last) = (end(data.first()), end(data.last()));
        return json_response(&json!({ "data": data, "has_more": false, "first_id": first, "last_id": last }));
    };
    match snapshot.config.resolve_model(id) {
        Ok(Some(target)) => {
            let provider = snapshot.config.provider(&target).map(|provider| &*provider.name).unwrap_or_default();
            let mut entry = model_entry(provider, &target.model);
            entry["id"] = Value::String(id.to_owned());
            json_response(&entry)
        }
        // A bare name goes where the router says, so it is there.
        Ok(None) => json_response(&json!({ "type": "model", "id": id, "display_name": id, "created_at": CREATED })),
        Err(unknown) => refuse(&GatewayError::NoRoute(unknown.to_string())),
    }
}

/// Where the request in the body would go, and why. Nothing is sent, and nothing is remembered.
async fn explain_route(gateway: &Gateway, request: Request<Incoming>) -> Response<Body> {
    let snapshot = gateway.snapshot();
    let (head, body) = request.into_parts();
    let told = async {
        let caller = auth::authenticate(&snapshot.config, &head.headers, &head.uri)?;
        let body = request::read_body(&head.headers, body, snapshot.config.timeouts.client).await?;
        let (engine, sessions, client_key) = (gateway.engine(), gateway.sessions(), caller.key_name.as_deref());
        let routing = Routing { engine, snapshot: &snapshot, sessions, client_key, upstreams: None };
        let path = query_value(&head.uri, "path").unwrap_or_else(|| USUAL_PATH.into());
        let asked = explain::head(&path, head.headers)?;
        let client = match asked.uri.path() {
            USUAL_PATH => None,
            path => gateway.client(&snapshot, path).await,
        };
        explain::explain(&routing, client, &asked, body).await
    };
    match told.await {
        Ok(told) => json_response(&json!(told)),
        Err(error) => refuse(&error),
    }
}

fn query_value(uri: &http::Uri, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Clients want a date; nothing says when a provider's model was made.
const CREATED: &str = "1970-01-01T00:00:00Z";

fn model_entry(provider: &str, model: &str) -> Value {
    json!({
        "type": "model",
        "id": format!("{provider},{model}"),
        "display_name": format!("{model} ({provider})"),
        "created_at": CREATED,
    })
}

/// A name for several models.
fn alias_entry(name: &str) -> Value {
    json!({ "type": "model", "id": name, "display_name": name, "created_at": CREATED })
}

fn refuse(error: &GatewayError) -> Response<Body> {
    let id = ids::request_id();
    let mut response = error.render(&id);
    if let GatewayError::MethodNotAllowed(_) = error {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    headers::with_request_id(response, &id)
}

fn method(path: &str, allowed: &str) -> GatewayError {
    GatewayError::MethodNotAllowed(format!("{path} takes {allowed} only"))
}

/// The head of a response, its length kept.
fn without_body(mut response: Response<Body>) -> Response<Body> {
    if response.status() == StatusCode::OK
        && let Some(length) = http_body::Body::size_hint(response.body()).exact()
    {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response.map(|_| body::empty())
}
