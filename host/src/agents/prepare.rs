//! Agents prepare a request for one target: whoever it concerns edits it and brings tools.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ccr_messages::json::{Kind, Value};

use super::append::{self, Offered, is_json};
use super::caller::Caller;
use super::calls::{Active, Tool};
use super::conversation::Conversation;
use super::history::{Fingerprint, Turns};
use crate::answer_editor::Editor;
use crate::base::error::GatewayError;
use crate::base::request::InnerRequest;
use crate::config::{FailMode, ModelRef, Provider};
use crate::plugins::agent::{self, Prepared, ToolDefinition};
use crate::plugins::answer_stream::AnswerStream;
use crate::plugins::{Cause, Destination, PluginError};
use crate::record::AttemptNotes;
use crate::snapshot::PluginUse;
use crate::transform;

/// Longest name of a tool that all providers take (OpenAI's function names).
const MAX_NAME: usize = 64;

/// An agent that has prepared the request.
struct Contribution {
    agent: Arc<Active>,
    tools: Vec<ToolDefinition>,
}

/// Asks all agents in their order. `None` if none has anything to do with the request.
pub async fn prepare(
    caller: &Arc<Caller>,
    provider: &Provider,
    target: &ModelRef,
    request: &InnerRequest,
    notes: &mut AttemptNotes,
) -> Result<Option<Conversation>, GatewayError> {
    let destination = transform::destination(provider, target);
    let turns = Turns {
        store: caller.engine.turns(),
        session: caller.session.as_ref(),
        client_key: caller.client_key.as_deref(),
    };
    let mut prepared = turns.put_back(request).unwrap_or_else(|| request.clone());
    let (mut contributions, mut system) = (Vec::new(), Vec::new());
    for used in caller.snapshot.agents.iter().filter(|used| caller.may_ask(used)) {
        let Some(prepares) = ask(caller, used, &prepared, destination.clone(), notes).await? else { continue };
        notes.agents.push(used.plugin.name.to_string());
        notes.dropped.extend(prepares.dropped);
        prepared = prepares.request;
        system.extend(prepares.system.filter(|text| !text.is_empty()));
        let agent = Arc::new(Active { used: used.clone(), state: prepares.state });
        contributions.push(Contribution { agent, tools: prepares.tools });
    }
    if contributions.is_empty() {
        return Ok(None);
    }
    let tools = offer(&mut prepared, &contributions, &system, &caller.request).map_err(GatewayError::invalid)?;
    let editors = open_editors(caller, &contributions, notes).await?;
    // As the client will send it again, not as agents have left it.
    let seen = Fingerprint::of_answer_to(request);
    Ok(Some(Conversation::new(Arc::clone(caller), prepared, tools, editors, seen)))
}

/// One agent's part. One that cannot even be instantiated is left out; one that fails as it prepares was perhaps asked for, so
/// that the request fails with it, unless the config says otherwise.
async fn ask(
    caller: &Arc<Caller>,
    used: &PluginUse,
    request: &InnerRequest,
    destination: Destination,
    notes: &mut AttemptNotes,
) -> Result<Option<Prepared>, GatewayError> {
    let surroundings = caller.surroundings(used, false);
    let asked = agent::prepare(&caller.engine, &used.plugin, surroundings, request.clone(), destination).await;
    let checked = asked.and_then(|(prepared, spent)| {
        notes.plugin_time += spent;
        prepared.map(|prepared| legal(used, prepared)).transpose()
    });
    match checked {
        Ok(prepared) => Ok(prepared),
        Err(error) if error.step == "prepare" => {
            notes.dropped.push(used.fail_open(error)?);
            Ok(None)
        }
        Err(error) if used.plugin.limits.fail == Some(FailMode::Closed) => Err(error.into()),
        Err(error) => {
            tracing::warn!(request = caller.request, agent = %used.plugin.name, "agent failed and is left out: {error}");
            notes.dropped.push(format!("agent {}: {}", used.plugin.name, error.cause));
            Ok(None)
        }
    }
}

/// What an agent brings, if its tools are such as providers take.
fn legal(used: &PluginUse, prepared: Prepared) -> Result<Prepared, PluginError> {
    let is_legal = |tool: &ToolDefinition| {
        let bytes = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let named = !tool.name.is_empty() && tool.name.len() <= MAX_NAME && tool.name.bytes().all(bytes);
        named && is_json(&tool.input_schema, Kind::Object)
    };
    match prepared.tools.iter().find(|tool| !is_legal(tool)) {
        None => Ok(prepared),
        Some(tool) => {
            let name = crate::base::request::shortened(tool.name.clone(), MAX_NAME);
            let cause =
                Cause::BadOutput(format!("its tool `{name}` has an illegal name, or a schema that is no JSON object"));
            Err(PluginError { plugin: used.plugin.label(), step: "prepare", cause })
        }
    }
}

/// Adds everyone's tools and system texts to the request. Returns the tools by the names that the model knows them by.
fn offer(
    request: &mut InnerRequest,
    contributions: &[Contribution],
    system: &[String],
    id: &str,
) -> Result<BTreeMap<String, Tool>, String> {
    let listed = request.document().root().get("tools");
    let mut names: BTreeSet<String> =
        listed.into_iter().flat_map(Value::items).filter_map(|tool| append::name(tool).map(Into::into)).collect();
    let (mut offered, mut tools) = (Vec::new(), BTreeMap::new());
    for (agent, tool) in contributions.iter().flat_map(|one| one.tools.iter().map(move |tool| (&one.agent, tool))) {
        let name = free_name(&agent.used.plugin.name, &tool.name, &names);
        if name != tool.name {
            let agent = &*agent.used.plugin.name;
            tracing::info!(request = id, agent, "its tool `{}` is offered as `{name}`: that name is taken", tool.name);
        }
        names.insert(name.clone());
        tools.insert(name.clone(), Tool { agent: Arc::clone(agent), name: tool.name.clone() });
        offered.push(Offered { name, tool });
    }
    append::tools_and_system(request, &offered, system)?;
    Ok(tools)
}

/// A name that nobody has: the tool's own, or with the agent's before it, or with a number behind that.
fn free_name(agent: &str, tool: &str, taken: &BTreeSet<String>) -> String {
    let with_agent = crate::base::request::shortened(format!("{agent}_{tool}"), MAX_NAME - 4);
    let numbered = (2..).map(|number| format!("{with_agent}_{number}"));
    let mut names = [tool.to_owned(), with_agent.clone()].into_iter().chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or(with_agent)
}

async fn open_editors(
    caller: &Arc<Caller>,
    contributions: &[Contribution],
    notes: &mut AttemptNotes,
) -> Result<Vec<Editor>, GatewayError> {
    let mut editors = Vec::new();
    for Contribution { agent, .. } in
        contributions.iter().filter(|contribution| contribution.agent.used.plugin.edits_prepared_answers())
    {
        let Active { used, state } = &**agent;
        let surroundings = caller.surroundings(used, false);
        match AnswerStream::of_agent(&caller.engine, &used.plugin, surroundings, state).await {
            Ok(stream) => editors.push(Editor::new(used.clone(), stream)),
            Err(error) => notes.dropped.push(used.fail_open(error)?),
        }
    }
    Ok(editors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_gets_the_agents_before_it() {
        let taken = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(free_name("memory", "recall", &taken(&[])), "recall");
        assert_eq!(free_name("memory", "recall", &taken(&["recall"])), "memory_recall");
        assert_eq!(free_name("memory", "recall", &taken(&["recall", "memory_recall"])), "memory_recall_2");
        let long = "x".repeat(64);
        assert!(free_name("memory", &long, &taken(&[&long])).len() <= MAX_NAME);
    }
}
