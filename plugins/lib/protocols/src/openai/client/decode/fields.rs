//! The top level of a chat completion request: which fields the inner form has a place for, and which are parameters.

use super::wrong::{Checked, Wrong};
use crate::shared::members::members;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value};

members! {
    /// The fields that have a counterpart.
    pub(super) struct Fields {
        model,
        pub(super) messages,
        pub(super) tools,
        /// The predecessor of `tools`.
        pub(super) functions,
        pub(super) tool_choice,
        /// The predecessor of `tool_choice`.
        pub(super) function_call,
        pub(super) parallel_tool_calls,
        pub(super) max_tokens,
        pub(super) max_completion_tokens,
        pub(super) temperature,
        pub(super) top_p,
        /// Not OpenAI's: OpenRouter's and local servers'.
        pub(super) top_k,
        pub(super) stop,
        stream,
        pub(super) stream_options,
        pub(super) response_format,
        pub(super) reasoning_effort,
        /// OpenRouter's object, which says more than `reasoning_effort`.
        pub(super) reasoning,
        /// Anthropic's object, which GLM and DeepSeek have as well.
        pub(super) thinking,
        ;
        /// Everything else, in the client's order.
        pub(super) params: Vec<(Str<'d>, Value<'d>)>,
    }
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

    pub(super) fn model(&self) -> Checked<Value<'d>> {
        let named = self.model.filter(|model| model.as_str().is_some_and(|name| !name.is_empty()));
        named.ok_or_else(|| Wrong::new("model", "must be a string, the name of the model to ask"))
    }

    pub(super) fn streams(&self) -> bool {
        self.stream.and_then(Value::as_bool) == Some(true)
    }
}
