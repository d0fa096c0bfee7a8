//! The editing of one answer, by a transformer (`answer-transformer`) or by an agent (`agent-answer`): the calls are the same.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::ResourceAny;

use super::bindings::Event;
use super::bindings::agent_answer::AgentAnswerPlugin;
use super::bindings::answer_transformer::AnswerTransformerPlugin;
use super::component::Plugin;
use super::engine::PluginEngine;
use super::error::PluginError;
use super::guest::Surroundings;
use super::instance::Instance;

/// One answer being edited by an instance that lives as long as the answer.
pub struct AnswerStream {
    editor: Editor,
    handle: ResourceAny,
    /// Bytes of the answer so far: what came earlier may be held back and handed over later.
    held: usize,
}

/// The instance, by what it exports.
enum Editor {
    Transformer(Instance<AnswerTransformerPlugin>),
    Agent(Instance<AgentAnswerPlugin>),
}

/// One call of the stream's methods, whichever interface it belongs to.
macro_rules! call {
    ($self:ident, $step:literal, $method:ident($($argument:expr)?)) => {
        match &mut $self.editor {
            Editor::Transformer(instance) => {
                call!(@ $self, $step, instance.ccr_plugin_answer_transformer.$method($($argument)?))
            }
            Editor::Agent(instance) => call!(@ $self, $step, instance.ccr_plugin_agent_answer.$method($($argument)?)),
        }
    };
    (@ $self:ident, $step:literal, $instance:ident.$interface:ident.$method:ident($($argument:expr)?)) => {{
        let limit = $instance.plugin().limits.events;
        let (bindings, store) = $instance.begin(limit, $self.held);
        let result = bindings.$interface().answer_stream().$method(store, $self.handle $(, $argument)?).await;
        $instance.end($step, result)?.map_err(|fault| $instance.refused($step, fault))
    }};
}

impl AnswerStream {
    /// Has a transformer begin to edit an answer.
    pub async fn of_transformer(
        engine: &PluginEngine,
        plugin: &Arc<Plugin>,
        surroundings: Surroundings,
    ) -> Result<Self, PluginError> {
        let mut instance = Instance::<AnswerTransformerPlugin>::new(engine, plugin, surroundings).await?;
        let (bindings, store) = instance.begin(plugin.limits.request, 0);
        let result = bindings.ccr_plugin_answer_transformer().answer_stream().call_constructor(store).await;
        let handle = instance.end("answer-stream", result)?;
        Ok(Self { editor: Editor::Transformer(instance), handle, held: 0 })
    }

    /// Has an agent begin to edit an answer; `state` is what its preparation left.
    pub async fn of_agent(
        engine: &PluginEngine,
        plugin: &Arc<Plugin>,
        surroundings: Surroundings,
        state: &[u8],
    ) -> Result<Self, PluginError> {
        let mut instance = Instance::<AgentAnswerPlugin>::new(engine, plugin, surroundings).await?;
        let (bindings, store) = instance.begin(plugin.limits.request, state.len());
        let result = bindings.ccr_plugin_agent_answer().answer_stream().call_constructor(store, state).await;
        let handle = instance.end("answer-stream", result)?;
        Ok(Self { editor: Editor::Agent(instance), handle, held: 0 })
    }

    /// Edits a batch of events.
    pub async fn push(&mut self, batch: &[Event]) -> Result<Vec<Event>, PluginError> {
        self.held = self.held.saturating_add(batch.iter().map(content_bytes).sum());
        call!(self, "answer-stream.push", call_push(batch))
    }

    /// The answer has ended.
    pub async fn finish(&mut self) -> Result<Vec<Event>, PluginError> {
        call!(self, "answer-stream.finish", call_finish())
    }

    /// Time spent in the plugin.
    pub fn spent(&self) -> Duration {
        match &self.editor {
            Editor::Transformer(instance) => instance.spent(),
            Editor::Agent(instance) => instance.spent(),
        }
    }
}

/// Bytes of an event that count as its content.
fn content_bytes(event: &Event) -> usize {
    match event {
        Event::Text(text)
        | Event::Thinking(text)
        | Event::Signature(text)
        | Event::RedactedThinking(text)
        | Event::Block(text)
        | Event::Citation(text) => text.len(),
        Event::ToolArguments(piece) => piece.json.len(),
        _ => 0,
    }
}
