//! The top level of a chat completion request: which fields the inner form has a place for, and which are parameters.

use super::wrong::{Checked, Wrong};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value};

/// The fields that have a counterpart. `null` is read as absent.
#[derive(Debug, Default)]
pub(super) struct Fields<'d> {
    model: Option<Value<'d>>,
    pub(super) messages: Option<Value<'d>>,
    pub(super) tools: Option<Value<'d>>,
    /// The predecessor of `tools`.
    pub(super) functions: Option<Value<'d>>,
    pub(super) tool_choice: Option<Value<'d>>,
    /// The predecessor of `tool_choice`.
    pub(super) function_call: Option<Value<'d>>,
    pub(super) parallel_tool_calls: Option<Value<'d>>,
    pub(super) max_tokens: Option<Value<'d>>,
    pub(super) max_completion_tokens: Option<Value<'d>>,
    pub(super) temperature: Option<Value<'d>>,
    pub(super) top_p: Option<Value<'d>>,
    /// Not OpenAI's: OpenRouter's and local servers'.
    pub(super) top_k: Option<Value<'d>>,
    pub(super) stop: Option<Value<'d>>,
    stream: Option<Value<'d>>,
    pub(super) stream_options: Option<Value<'d>>,
    pub(super) response_format: Option<Value<'d>>,
    pub(super) reasoning_effort: Option<Value<'d>>,
    /// OpenRouter's object.
    pub(super) reasoning: Option<Value<'d>>,
    /// Anthropic's object, which GLM and DeepSeek have as well.
    pub(super) thinking: Option<Value<'d>>,
    /// Everything else, in the client's order.
    pub(super) params: Vec<(Str<'d>, Value<'d>)>,
}

/// The member in which the gateway's own parts speak to each other: no client's.
const PRIVATE: &str = "ccr";

impl<'d> Fields<'d> {
    pub(super) fn read(root: Value<'d>) -> Result<Self, Fault> {
        if root.kind() != Kind::Object {
            return Err(Fault::invalid("The body must be a JSON object with `model` and `messages`."));
        }
        let mut fields = Self::default();
        for (key, value) in root.members().filter(|(_, value)| !value.is_null()) {
            match fields.field(&key.decode()) {
                Some(field) => *field = Some(value),
                None if key == PRIVATE => {}
                None => {
                    // Of a repeated field the last one counts.
                    fields.params.retain(|(known, _)| *known != key);
                    fields.params.push((key, value));
                }
            }
        }
        Ok(fields)
    }

    fn field(&mut self, key: &str) -> Option<&mut Option<Value<'d>>> {
        Some(match key {
            "model" => &mut self.model,
            "messages" => &mut self.messages,
            "tools" => &mut self.tools,
            "functions" => &mut self.functions,
            "tool_choice" => &mut self.tool_choice,
            "function_call" => &mut self.function_call,
            "parallel_tool_calls" => &mut self.parallel_tool_calls,
            "max_tokens" => &mut self.max_tokens,
            "max_completion_tokens" => &mut self.max_completion_tokens,
            "temperature" => &mut self.temperature,
            "top_p" => &mut self.top_p,
            "top_k" => &mut self.top_k,
            "stop" => &mut self.stop,
            "stream" => &mut self.stream,
            "stream_options" => &mut self.stream_options,
            "response_format" => &mut self.response_format,
            "reasoning_effort" => &mut self.reasoning_effort,
            "reasoning" => &mut self.reasoning,
            "thinking" => &mut self.thinking,
            _ => return None,
        })
    }

    pub(super) fn model(&self) -> Checked<Value<'d>> {
        let named = self.model.filter(|model| model.as_str().is_some_and(|name| !name.is_empty()));
        named.ok_or_else(|| Wrong::new("model", "must be a string, the name of the model to ask"))
    }

    pub(super) fn streams(&self) -> bool {
        self.stream.and_then(Value::as_bool) == Some(true)
    }
}
