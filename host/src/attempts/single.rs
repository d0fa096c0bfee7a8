//! One attempt: the request transformed for one target, sent with one key, and the beginning of the answer.
//!
//! Each starts from the original request, so nothing of an earlier target's format is left in it.

use std::sync::Arc;

use ccr_messages::answer::Head;

use super::Attempts;
use super::plan::Candidate;
use crate::agents;
use crate::answer::{self, Answer, Reading};
use crate::config::{ModelRef, Provider};
use crate::error::GatewayError;
use crate::gateway::Gateway;
use crate::ids;
use crate::plugins::bindings::platform::exports::ccr::plugin::plugin::TransformerHooks;
use crate::record::OpenRecord;
use crate::request::InnerRequest;
use crate::snapshot::{Chain, Protocol, Snapshot};
use crate::{tokens, transform};

/// Transform, forward, and the answer up to its first content, or all of it if the client does not stream.
pub(super) async fn attempt(attempts: &mut Attempts<'_>, candidate: &Candidate) -> Result<Answer, GatewayError> {
    let Attempts { gateway, snapshot, request, inner_client, answering, unread, record, caller, continued } = attempts;
    let target = &candidate.target;
    let (provider, chain) = reachable(snapshot, target, record)?;
    check_thread(request, chain)?;

    let engine = gateway.engine();
    if continued.is_none() {
        // What an earlier target could not be told is not left out for this one.
        record.record.dropped.clear();
    }
    let agents = match (caller, &continued) {
        (Some(caller), None) => agents::prepare(caller, provider, target, request, record).await?.map(Box::new),
        _ => None,
    };
    let has_agents = agents.is_some() || continued.is_some();
    let request = agents.as_ref().map_or(*request, |agents| agents.request());
    let noted = std::mem::take(&mut record.record.dropped);
    let forwarded = match answering {
        Some(answering) if !has_agents => {
            transform::forward(engine, provider, chain, target, answering, request).await?
        }
        _ => None,
    };
    let is_forwarded = forwarded.is_some();
    let transformed = match forwarded {
        Some(forwarded) => forwarded,
        None => {
            let copy = request.clone();
            transform::transform(engine, provider, chain, target, copy, *inner_client).await?
        }
    };
    record.add_plugin_time(transformed.plugin_time);
    let unread = unread.iter().filter(|_| !is_forwarded).cloned();
    note_dropped(record, unread.chain(noted).chain(transformed.dropped));
    record.record.ms.encode = Some(record.elapsed_ms());

    let streaming = request.about().streaming;
    let session = request.about().session.clone();
    let model = request.about().model.clone();
    let key = candidate.key.and_then(|key| provider.keys.get(key)).map(|key| &key.secret);
    let mut response = gateway.upstreams().forward(provider, key, transformed.wire, streaming).await?;
    record.record.ms.upstream_head = Some(record.elapsed_ms());

    let forwarded = !has_agents && (is_forwarded || (transformed.native && !edits_answers(chain)));
    let expected_input =
        (streaming && !forwarded && answering.is_none()).then(|| expect_input(gateway, request, record));
    let secrets = std::mem::take(&mut response.secrets);
    let reading = Reading {
        engine,
        chain,
        native: transformed.native,
        context: &transformed.context,
        instance: transformed.instance,
        head: Head { id: ids::message_id(), model },
        answering: *answering,
        mending: transformed.mending,
        agents_tools: match (&agents, &continued) {
            (Some(agents), _) => agents.tool_names().collect(),
            (None, tools) => (*tools).clone().unwrap_or_default(),
        },
        is_later_turn: continued.is_some(),
        session: session.as_ref(),
        forwarded,
        secrets: &secrets,
        streaming,
        expected_input,
        ping_every: snapshot.config.timeouts.ping,
        agents,
    };
    answer::begin(reading, response, record).await.map_err(|error| error.redacted(&secrets))
}

/// The target's provider, and how its requests are made.
fn reachable<'a>(
    snapshot: &'a Snapshot,
    target: &ModelRef,
    record: &mut OpenRecord,
) -> Result<(&'a Provider, &'a Arc<Chain>), GatewayError> {
    let provider = snapshot
        .config
        .provider(target)
        .ok_or_else(|| GatewayError::NoRoute("the provider is gone from the config".into()))?;
    record.record.provider = Some(provider.name.to_string());
    record.record.model = Some(target.model.to_string());
    let unavailable =
        |reason: &str| GatewayError::Unavailable(format!("provider `{}` is unavailable: {reason}", provider.name));
    if let Some(reason) = &provider.unavailable {
        return Err(unavailable(reason));
    }
    Ok((provider, snapshot.chain(target).map_err(unavailable)?))
}

/// Keeps what is left out, once: every turn of an answer leaves out the same.
fn note_dropped(record: &mut OpenRecord, notes: impl Iterator<Item = String>) {
    for note in notes {
        if !record.record.dropped.contains(&note) {
            record.record.dropped.push(note);
        }
    }
}

/// What the request's input may come to, and a note of it for the session's next request.
fn expect_input(gateway: &Gateway, request: &InnerRequest, record: &mut OpenRecord) -> u64 {
    let estimate = tokens::estimate(request);
    record.estimated_input = Some(estimate);
    gateway.sessions().expected_input(request.about().session.as_deref(), estimate)
}

/// Whether a transformer wants to see the answer.
fn edits_answers(chain: &Chain) -> bool {
    chain.transformers.iter().any(|used| used.plugin.hooks.contains(TransformerHooks::EVENTS))
}

/// Only an upstream of the same format can keep threads. The anthropic package's `tool_runner` asks for one by default, and
/// goes on without when it is told in just these words.
fn check_thread(request: &InnerRequest, chain: &Arc<Chain>) -> Result<(), GatewayError> {
    let asks = request.get("/thread").is_some_and(|thread| thread != "null");
    if asks && !matches!(chain.protocol, Protocol::Inner { .. }) {
        return Err(GatewayError::Unsupported {
            code: "thread_unsupported_request",
            message: "threads are not supported for this model; send the whole conversation without `thread`".into(),
        });
    }
    Ok(())
}
