//! What transformers ask for in the inner request's member `ccr`: other options for this one request, and members of the
//! wire body that OpenAI's format does not have (`ccr.extra`). See the README.

use crate::openai::options::Options;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Document, Splice, Str, Value, Writer};
use std::borrow::Cow;

/// Members that are written by this plugin itself: those of `extra` take their places afterwards.
const OWN: [&str; 15] = [
    "model",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "stop",
    "reasoning_effort",
    "response_format",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "messages",
    PRIVATE,
];

/// The member that hints are in, which no provider knows.
const PRIVATE: &str = "ccr";

/// Members of `extra` in which a transformer says how the model shall think.
const THINKING: [&str; 3] = ["reasoning", "thinking", "enable_thinking"];

#[derive(Debug)]
pub(super) struct Hints<'d> {
    options: Cow<'d, Options>,
    extra: Option<Value<'d>>,
    params: Option<Value<'d>>,
}

impl<'d> Hints<'d> {
    pub(super) fn read(ccr: Option<Value<'d>>, options: &'d Options) -> Result<Self, Fault> {
        let Some(ccr) = ccr else { return Ok(Self { options: Cow::Borrowed(options), extra: None, params: None }) };
        let params = ccr.get("params");
        check(params)?;
        Ok(Self { options: Cow::Owned(options.with(ccr)?), extra: ccr.get("extra"), params })
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// Adds the members that nothing else writes.
    pub(super) fn add(&self, out: &mut Writer) {
        for (key, value) in self.extra.into_iter().flat_map(Value::members) {
            if !OWN.iter().any(|own| key == *own) {
                out.key_str(key).value(value);
            }
        }
        let extra = |key: Str<'_>| self.extra.and_then(|extra| extra.get(&key.decode())).is_some();
        for (key, value) in self.params.into_iter().flat_map(Value::members) {
            if !OWN.iter().any(|own| key == *own) && !extra(key) {
                out.key_str(key).value(value);
            }
        }
    }

    /// Whether some hint or parameter has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        [self.extra, self.params].into_iter().flatten().any(|members| members.get(name).is_some())
    }

    /// Puts the others in the places of what has been written. Hardly ever needed, and so not made fast.
    pub(super) fn replace(&self, wire: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let extra = || self.extra.into_iter().flat_map(Value::members);
        let own = || extra().filter(|(key, _)| *key != PRIVATE && OWN.iter().any(|own| key == own));
        if own().next().is_none() {
            return Ok(wire);
        }
        let unreadable = |_| Fault::own("the encoded request is not JSON");
        let document = Document::parse(&wire).map_err(unreadable)?;
        let mut splice = Splice::new();
        for (key, value) in own() {
            let key = key.decode();
            if let Some(old) = document.root().get(&key) {
                splice.replace(old.span(), value.raw());
            } else {
                // Before the closing brace; the model is always there.
                let end = document.root().span().end.saturating_sub(1);
                splice.replace(end..end, format!(",\"{key}\":{}", value.raw()));
            }
        }
        splice.apply(&wire).map_err(|_| Fault::own("a transformer asks for a member of the request twice"))
    }
}

/// Refuses parameters that ask for an answer which the gateway's events cannot hold.
fn check(params: Option<Value<'_>>) -> Result<(), Fault> {
    let Some(params) = params else { return Ok(()) };
    let several = params.get("n").and_then(Value::as_f64).is_some_and(|number| number > 1.0);
    let logprobs = params.get("logprobs").and_then(Value::as_bool) == Some(true);
    let sound =
        params.get("modalities").into_iter().flat_map(Value::items).filter_map(Value::as_str).any(|of| of != "text");
    let asked = [(several, "`n` above 1"), (logprobs, "`logprobs`"), (sound, "`modalities` other than text")];
    match asked.into_iter().find(|(asked, _)| *asked) {
        None => Ok(()),
        Some((_, what)) => Err(Fault::unsupported(format!(
            "{what} cannot be translated: leave it out, or ask a provider of OpenAI's format that has no transformers and no \
             options, which gets the request as it is."
        ))),
    }
}

/// The value of one of the client's parameters.
pub(super) fn param<'d>(ccr: Option<Value<'d>>, name: &str) -> Option<Value<'d>> {
    ccr?.get("params")?.get(name).filter(|value| !value.is_null())
}

/// Whether the hints say how the model shall think.
pub(super) fn speak_of_thinking(ccr: Option<Value<'_>>) -> bool {
    let extra = ccr.and_then(|ccr| ccr.get("extra"));
    extra.is_some_and(|extra| THINKING.iter().any(|name| extra.get(name).is_some()))
}
