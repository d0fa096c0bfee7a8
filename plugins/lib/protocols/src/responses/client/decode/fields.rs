//! The top level of the client's request: the fields that mean something here, and those that a gateway without a memory must
//! refuse.

use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value};

/// The fields that are read one by one. `null` is read as absent.
#[derive(Debug)]
pub(super) struct Fields<'d> {
    /// The whole request.
    pub(super) root: Value<'d>,
    pub(super) model: Option<Value<'d>>,
    pub(super) input: Option<Value<'d>>,
    pub(super) instructions: Option<Value<'d>>,
    pub(super) tools: Option<Value<'d>>,
    pub(super) tool_choice: Option<Value<'d>>,
    pub(super) parallel_tool_calls: Option<Value<'d>>,
    pub(super) reasoning: Option<Value<'d>>,
    pub(super) text: Option<Value<'d>>,
    pub(super) max_output_tokens: Option<Value<'d>>,
    pub(super) max_tool_calls: Option<Value<'d>>,
    pub(super) temperature: Option<Value<'d>>,
    pub(super) top_p: Option<Value<'d>>,
    pub(super) prompt_cache_key: Option<Value<'d>>,
    stream: Option<Value<'d>>,
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
        let mut fields = Self::none(root);
        for (key, value) in root.members() {
            let value = Some(value).filter(|value| !value.is_null());
            let place = match &*key.decode() {
                "model" => &mut fields.model,
                "input" => &mut fields.input,
                "instructions" => &mut fields.instructions,
                "tools" => &mut fields.tools,
                "tool_choice" => &mut fields.tool_choice,
                "parallel_tool_calls" => &mut fields.parallel_tool_calls,
                "reasoning" => &mut fields.reasoning,
                "text" => &mut fields.text,
                "max_output_tokens" => &mut fields.max_output_tokens,
                "max_tool_calls" => &mut fields.max_tool_calls,
                "temperature" => &mut fields.temperature,
                "top_p" => &mut fields.top_p,
                "prompt_cache_key" => &mut fields.prompt_cache_key,
                "stream" => &mut fields.stream,
                other => {
                    refuse_what_must_be_kept(other, value)?;
                    continue;
                }
            };
            *place = value;
        }
        fields.check()?;
        Ok(fields)
    }

    fn none(root: Value<'d>) -> Self {
        Self {
            root,
            model: None,
            input: None,
            instructions: None,
            tools: None,
            tool_choice: None,
            parallel_tool_calls: None,
            reasoning: None,
            text: None,
            max_output_tokens: None,
            max_tool_calls: None,
            temperature: None,
            top_p: None,
            prompt_cache_key: None,
            stream: None,
        }
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

fn refuse_what_must_be_kept(name: &str, value: Option<Value<'_>>) -> Result<(), Fault> {
    let Some(value) = value else { return Ok(()) };
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
