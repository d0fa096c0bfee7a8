//! Step 6, transform: the request through a target's chain of transformers and its protocol, into what goes over the wire.

use std::time::Duration;

use bytes::Bytes;
use ccr_messages::json::Writer;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::base::error::GatewayError;
use crate::base::request::InnerRequest;
use crate::base::wire::{self, Credential, WireBody, WireRequest};
use crate::client::ClientCodec;
use crate::config::{ModelRef, Provider};
use crate::plugins::from_protocol;
use crate::plugins::{Destination, PluginEngine, transformer, upstream};
use crate::reading::Codec;
use crate::snapshot::{Chain, Protocol};

/// A request ready to be sent, and what the way back needs.
pub struct Transformed<'a> {
    /// What goes over the wire.
    pub wire: WireRequest,
    /// Who reads the answer.
    pub codec: Codec<'a>,
    /// What was left out.
    pub dropped: Vec<String>,
    /// Time spent in plugins.
    pub plugin_time: Duration,
    /// A transformer wants arguments of tool calls that are not valid JSON to be repaired.
    pub repairs_arguments: bool,
    /// The upstream gets the client's own bytes, or nearly, and nobody wants to see the answer: the client may get the
    /// upstream's.
    pub passes_through: bool,
}

/// The hint with which a transformer (`enhancetool`) asks for the repair of tool calls, as these are put together here.
const REPAIRING: &str = "/ccr/repair_tool_arguments";

/// Makes the wire request for one target from the original request.
pub async fn transform<'a>(
    engine: &PluginEngine,
    provider: &Provider,
    chain: &'a Chain,
    target: &ModelRef,
    mut request: InnerRequest,
    client: &ClientCodec,
) -> Result<Transformed<'a>, GatewayError> {
    let destination = destination(provider, target);
    let session = request.about().session.clone();
    let mut dropped = Vec::new();
    let mut plugin_time = Duration::ZERO;
    for used in chain.transformers.iter().filter(|used| used.plugin.edits_requests()) {
        let (surroundings, before) = (used.in_session(session.as_ref()), request.clone());
        match transformer::transform_request(engine, &used.plugin, surroundings, request, destination.clone()).await {
            Ok(edited) => {
                request = edited.request;
                dropped.extend(edited.dropped);
                plugin_time += edited.spent;
            }
            Err(error) => {
                dropped.push(used.fail_open(error)?);
                request = before;
            }
        }
    }
    let repairs_arguments = request.get(REPAIRING) == Some("true");
    dropped.extend(limit_output(&mut request, provider, &target.model)?);
    let (mut wire, codec) = match &chain.protocol {
        Protocol::Inner { use_bearer, thinking: false, .. } if goes_as_it_is(client, &request) => {
            (inner_wire(&request, &destination, *use_bearer), Codec::Anthropic)
        }
        Protocol::Inner { component: used, .. } | Protocol::Plugin(used) => {
            let surroundings = used.in_session(session.as_ref());
            let encoded = upstream::encode(engine, &used.plugin, surroundings, request, destination.clone())
                .await
                .map_err(|error| from_protocol(error, &provider.name))?;
            dropped.extend(encoded.dropped);
            plugin_time += encoded.spent;
            (encoded.request, Codec::Component { used, context: encoded.context, instance: encoded.instance })
        }
    };
    add_extra_body(&mut wire, provider)?;
    for used in chain.transformers.iter().filter(|used| used.plugin.edits_wire_requests()) {
        let (surroundings, before) = (used.in_session(session.as_ref()), wire.clone());
        match transformer::transform_wire_request(engine, &used.plugin, surroundings, wire, destination.clone()).await {
            Ok(edited) => {
                wire = edited.request;
                dropped.extend(edited.dropped);
                plugin_time += edited.spent;
            }
            Err(error) => {
                dropped.push(used.fail_open(error)?);
                wire = before;
            }
        }
    }
    let passes_through =
        matches!(codec, Codec::Anthropic) && !chain.transformers.iter().any(|used| used.plugin.edits_answers());
    Ok(Transformed { wire, codec, dropped, plugin_time, repairs_arguments, passes_through })
}

/// Whether a request can go to an upstream of Anthropic's format without a component.
fn goes_as_it_is(client: &ClientCodec, request: &InnerRequest) -> bool {
    client.speaks_inner_form() && !ccr_messages::anthropic::needs_cleaning(request.document())
}

/// What the config adds to every request of a provider.
fn add_extra_body(wire: &mut WireRequest, provider: &Provider) -> Result<(), GatewayError> {
    let Some(members) = provider.extra_body.as_object() else { return Ok(()) };
    wire.body.merge(members).map_err(|error| GatewayError::Unavailable(format!("`extraBody`: {error}")))
}

/// The client's own request for a target that speaks its format; `None` if it has to be translated.
pub async fn forward<'a>(
    engine: &PluginEngine,
    provider: &Provider,
    chain: &'a Chain,
    target: &ModelRef,
    client: &ClientCodec,
    request: &InnerRequest,
) -> Result<Option<Transformed<'a>>, GatewayError> {
    let Protocol::Plugin(used) = &chain.protocol else { return Ok(None) };
    let destination = destination(provider, target);
    // A limit of the model's is a reason to edit the request.
    if limit_output(&mut request.clone(), provider, &target.model)?.is_some() {
        return Ok(None);
    }
    let Some(mut forwarded) = client.forward(engine, chain, &destination, request).await? else { return Ok(None) };
    add_extra_body(&mut forwarded.request, provider)?;
    Ok(Some(Transformed {
        wire: forwarded.request,
        codec: Codec::Component { used, context: forwarded.context, instance: None },
        dropped: Vec::new(),
        plugin_time: forwarded.spent,
        repairs_arguments: false,
        passes_through: true,
    }))
}

/// Anthropic's smallest thinking budget (its documentation, "Extended thinking").
const SMALLEST_THINKING_BUDGET: u64 = 1024;

/// Lowers `max_tokens` to what the model can give, where that is known: providers refuse more. Thinking is paid from it, so its
/// budget must stay below. Returns what is noted.
fn limit_output(request: &mut InnerRequest, provider: &Provider, model: &str) -> Result<Option<String>, GatewayError> {
    let number = |request: &InnerRequest, pointer| request.get(pointer).and_then(|asked| asked.parse::<u64>().ok());
    let Some(most) = provider.model_limits(model).max_output_tokens else { return Ok(None) };
    if number(request, "/max_tokens").is_none_or(|asked| asked <= most) {
        return Ok(None);
    }
    let edited =
        request.set("/max_tokens", &most.to_string()).and_then(|()| match number(request, "/thinking/budget_tokens") {
            Some(budget) if budget >= most && most > SMALLEST_THINKING_BUDGET => {
                request.set("/thinking/budget_tokens", &(most - 1).to_string())
            }
            Some(budget) if budget >= most => request.set("/thinking", r#"{"type":"disabled"}"#),
            _ => Ok(()),
        });
    edited.map_err(GatewayError::invalid)?;
    Ok(Some(format!("max_tokens above {most}")))
}

/// What plugins see of a target.
pub fn destination(provider: &Provider, target: &ModelRef) -> Destination {
    let url = provider.base_url.expose();
    let base_path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    Destination::new(&provider.name, &target.model, base_path)
}

/// A request in the inner form goes out as it came in, but for the model's name.
fn inner_wire(request: &InnerRequest, destination: &Destination, use_bearer: bool) -> WireRequest {
    let path = ccr_messages::endpoint::anthropic(&destination.base_path);
    let path = match &request.about().query {
        Some(query) if !path.contains('?') => format!("{path}?{query}"),
        _ => path,
    };
    let credential =
        if use_bearer { Credential::Bearer } else { Credential::Header(HeaderName::from_static("x-api-key")) };
    WireRequest {
        path,
        headers: forwarded_headers(&request.about().headers),
        body: with_model(request, &destination.target.model),
        credential,
    }
}

/// The client's body with another model's name in it; nothing else is copied.
fn with_model(request: &InnerRequest, model: &str) -> WireBody {
    let text = request.shared_text();
    let Some(asked) = request.document().root().get("model") else { return WireBody::new(text) };
    let mut name = Writer::with_capacity(model.len() + 2);
    name.string(model);
    if asked.raw() == name.as_str() {
        return WireBody::new(text);
    }
    let span = asked.span();
    WireBody::of_pieces(vec![text.slice(..span.start), Bytes::from(name.into_bytes()), text.slice(span.end..)])
}

/// The client's headers that an upstream of the same format may see.
fn forwarded_headers(headers: &HeaderMap) -> HeaderMap {
    let mut forwarded = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let personal = matches!(name.as_str(), "origin" | "referer" | "x-real-ip" | "via");
        let about_body = matches!(name.as_str(), "content-type" | "accept");
        if !personal && !about_body && !wire::is_protected(name.as_str()) {
            forwarded.append(name.clone(), value.clone());
        }
    }
    // The version that the inner form is; an upstream refuses requests without one.
    forwarded.entry("anthropic-version").or_insert(HeaderValue::from_static("2023-06-01"));
    forwarded
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::config::ModelLimits;

    fn request(body: &str) -> InnerRequest {
        InnerRequest::parse(body.as_bytes().to_vec(), "req", HeaderMap::new(), None).expect("legal")
    }

    #[test]
    fn only_the_models_name_is_replaced() {
        let body = "{ \"x\" : 1.0,\n\"model\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e4\"}] }";
        let wire = with_model(&request(body), "b\"c");
        assert_eq!(String::from_utf8_lossy(&wire.bytes()), body.replace("\"a\"", "\"b\\\"c\""));
        assert_eq!(with_model(&request(body), "a").into_pieces().len(), 1);
    }

    #[test]
    fn what_a_model_cannot_give_is_not_asked_for() {
        let mut provider = Provider::named("p");
        provider.limits.push(("m".into(), ModelLimits { max_output_tokens: Some(2000), ..ModelLimits::default() }));
        provider.limits.push(("small".into(), ModelLimits { max_output_tokens: Some(100), ..ModelLimits::default() }));
        let limited = |model: &str, rest: &str| {
            let mut request =
                request(&format!("{{\"model\":\"a\",\"messages\":[{{\"role\":\"user\",\"content\":\"a\"}}]{rest}}}"));
            let noted = limit_output(&mut request, &provider, model).unwrap();
            let value = |pointer| request.get(pointer).map(str::to_owned);
            (value("/max_tokens"), value("/thinking"), noted)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(limited("M", ",\"max_tokens\":2001"), (some("2000"), None, some("max_tokens above 2000")));
        assert_eq!(limited("m", ",\"max_tokens\":2000"), (some("2000"), None, None));
        assert_eq!(limited("other", ",\"max_tokens\":2001"), (some("2001"), None, None));
        assert_eq!(limited("m", ""), (None, None, None));
        let thinking = ",\"max_tokens\":32000,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":31999}";
        assert_eq!(limited("m", thinking).1, some("{\"type\":\"enabled\",\"budget_tokens\":1999}"));
        assert_eq!(limited("small", thinking).1, some("{\"type\":\"disabled\"}"));
    }
}
