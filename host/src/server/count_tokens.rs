//! `POST /v1/messages/count_tokens`: how many input tokens a request has, before it is sent.
//!
//! The gateway counts by itself, with the tokenizer that the config gives the model, and nothing is recorded. Only where that
//! tokenizer is a service, the service is asked ([`counting_service`]). Counting is [`tokens`](crate::tokens)' part.

use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use serde_json::json;

use crate::base::body::{Body, json_response};
use crate::base::error::GatewayError;
use crate::base::ids;
use crate::base::request::{self, InnerRequest};
use crate::config::{Config, ModelRef, Scenario};
use crate::gateway::Gateway;
use crate::routing::counting_service;
use crate::tokens::Tokenizer;
use crate::{auth, headers};

/// Where it is asked.
pub(super) const PATH: &str = "/v1/messages/count_tokens";

/// Answers one question.
pub(super) async fn answer(gateway: &Gateway, request: Request<Incoming>) -> Response<Body> {
    let id = ids::request_id();
    let response = match count(gateway, request, &id).await {
        Ok(tokens) => json_response(&json!({ "input_tokens": tokens })),
        Err(error) => error.render(&id),
    };
    headers::with_request_id(response, &id)
}

async fn count(gateway: &Gateway, request: Request<Incoming>, id: &str) -> Result<u64, GatewayError> {
    let snapshot = gateway.snapshot();
    let config = &snapshot.config;
    let (head, body) = request.into_parts();
    auth::authenticate(config, &head.headers, &head.uri)?;
    let body = request::read_body(&head.headers, body, config.timeouts.client).await?;
    let request = InnerRequest::parse(body, id, HeaderMap::new(), None)?;
    let target = target(config, &request.about().model)?;
    let tokenizer = target.as_ref().map(|target| config.tokenizer(target)).unwrap_or_default();
    if let (Tokenizer::Api(api), Some(target)) = (&tokenizer, &target) {
        let asked = counting_service::ask(&gateway.upstreams(), gateway.tokens(), &request, api, &target.model).await;
        if let Ok(count) = asked {
            return Ok(count);
        }
    }
    Ok(gateway.tokens().count(&request, &tokenizer))
}

/// The model that is asked for. A name without a provider, as Claude Code sends it, is counted like the model that serves such
/// requests when nothing else is known of them.
fn target(config: &Config, model: &str) -> Result<Option<ModelRef>, GatewayError> {
    let named = config.resolve_model(model).map_err(|unknown| GatewayError::NoRoute(unknown.to_string()))?;
    Ok(named.or_else(|| config.router.target(Scenario::Default).cloned()))
}
