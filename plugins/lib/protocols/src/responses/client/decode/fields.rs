//! The top level of the client's request: the fields that mean something here, and those that a gateway without a memory must
//! refuse.

use crate::shared::members::members;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value};

members! {
    /// The fields that are read one by one.
    pub(super) struct Fields {
        pub(super) model,
        pub(super) input,
        pub(super) instructions,
        pub(super) tools,
        pub(super) tool_choice,
        pub(super) parallel_tool_calls,
        pub(super) reasoning,
        pub(super) text,
        pub(super) max_output_tokens,
        pub(super) max_tool_calls,
        pub(super) temperature,
        pub(super) top_p,
        pub(super) prompt_cache_key,
        stream,
        ;
        /// The whole request.
        root: Option<Value<'d>>,
    }
}

/// What asks for something that would have to be kept between requests, and what to do instead.
const STATEFUL: &[(&str, &str)] = &[
    (
        "previous_response_id",
        "the gateway keeps no responses. Send the whole conversation in `input`, with the earlier output items as they came.",
    ),
    ("conversation", "the gateway keeps no conversations. Send the whole conversation in `input`."),
    ("prompt", "the gateway has no stored prompts. Send the prompt's text in `instructions` or `input`."),
];

impl<'d> Fields<'d> {
    pub(super) fn read(root: Value<'d>) -> Result<Self, Fault> {
        if root.kind() != Kind::Object {
            return Err(Fault::invalid("The body of the request must be a JSON object with `model` and `input`."));
        }
        let mut fields = Self { root: Some(root), ..Self::default() };
        for (key, value) in root.members().filter(|(_, value)| !value.is_null()) {
            let key = key.decode();
            match fields.field(&key) {
                Some(field) => *field = Some(value),
                None => refuse_what_must_be_kept(&key, value)?,
            }
        }
        fields.check()?;
        Ok(fields)
    }

    /// All that is given, known or not.
    pub(super) fn members(&self) -> impl Iterator<Item = (Str<'d>, Value<'d>)> {
        self.root.into_iter().flat_map(Value::members).filter(|(_, value)| !value.is_null())
    }

    fn check(&self) -> Result<(), Fault> {
        for (name, value, kind, what) in [
            ("instructions", self.instructions, Kind::String, "a string"),
            ("tools", self.tools, Kind::Array, "an array of tools"),
            ("parallel_tool_calls", self.parallel_tool_calls, Kind::Bool, "true or false"),
            ("reasoning", self.reasoning, Kind::Object, "an object such as {\"effort\":\"medium\"}"),
            ("text", self.text, Kind::Object, "an object such as {\"verbosity\":\"low\"}"),
            ("max_tool_calls", self.max_tool_calls, Kind::Number, "a whole number"),
            ("temperature", self.temperature, Kind::Number, "a number"),
            ("top_p", self.top_p, Kind::Number, "a number"),
            ("prompt_cache_key", self.prompt_cache_key, Kind::String, "a string"),
        ] {
            if value.is_some_and(|value| value.kind() != kind) {
                return Err(Fault::invalid(format!("{name}: must be {what}.")));
            }
        }
        Ok(())
    }

    /// The name of the model, which must be there.
    pub(super) fn model(&self) -> Result<Str<'d>, Fault> {
        let model = self.model.and_then(Value::as_str).filter(|model| !model.is_empty());
        model.ok_or_else(|| Fault::invalid("model: must be the name of the model to ask."))
    }

    pub(super) fn streams(&self) -> Result<bool, Fault> {
        let Some(stream) = self.stream else { return Ok(false) };
        stream.as_bool().ok_or_else(|| Fault::invalid("stream: must be true or false."))
    }
}

fn refuse_what_must_be_kept(name: &str, value: Value<'_>) -> Result<(), Fault> {
    if name == "background" && value.as_bool() == Some(true) {
        return Err(Fault::invalid(
            "background: the gateway keeps no responses to be fetched later. Leave it out, and stream the answer.",
        ));
    }
    match STATEFUL.iter().find(|(stateful, _)| *stateful == name) {
        Some((name, what)) => Err(Fault::invalid(format!("{name}: {what}"))),
        None => Ok(()),
    }
}
