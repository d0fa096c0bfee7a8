//! What Converse takes for every model: limits, sampling, stop sequences, the form of the output.

use super::additional;
use super::to::To;
use crate::bedrock::family::Family;
use crate::bedrock::options::StructuredOutput;
use crate::shared::body::Body;
use crate::shared::notes::Notes;
use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::json::{Str, Value, Writer};

/// The highest temperature (API reference, `InferenceConfiguration`); OpenAI's goes up to 2.
const HIGHEST_TEMPERATURE: f64 = 1.0;

pub(super) fn write(body: &Body<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) {
    config(body, to, notes, out);
    let stops = body.stop_sequences.is_some_and(|sequences| sequences.items().any(can_stop));
    if stops && to.model.is_claude() {
        // Converse itself does not tell which sequence was hit.
        out.key("additionalModelResponseFieldPaths").raw(r#"["/stop_sequence"]"#);
    }
    text_format(body, to, notes, out);
}

fn config(body: &Body<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) {
    // Nova at its highest effort refuses limits and sampling (AWS's user guide, "Extended thinking").
    let is_free = to.model.family != Family::Nova || additional::effort(body, to.model) != Some(Effort::High);
    let mut config = Writer::new();
    config.begin_object();
    for (name, wire, value) in [
        ("max_tokens", "maxTokens", body.max_tokens.filter(|_| !body.is_unlimited())),
        ("temperature", "temperature", body.temperature),
        ("top_p", "topP", body.top_p),
    ] {
        match value {
            Some(_) if !is_free => notes.dropped(name),
            Some(value) if name == "temperature" && value.as_f64().is_some_and(|of| of > HIGHEST_TEMPERATURE) => {
                notes.dropped("temperature above 1");
                config.key(wire).number(1);
            }
            Some(value) => _ = config.key(wire).value(value),
            None => {}
        }
    }
    let sequences = || body.stop_sequences.into_iter().flat_map(Value::items).filter(|sequence| can_stop(*sequence));
    if sequences().next().is_some() {
        config.key("stopSequences").begin_array();
        sequences().for_each(|sequence| _ = config.value(sequence));
        config.end_array();
    }
    config.end_object();
    if config.as_str() != "{}" {
        out.key("inferenceConfig").raw(config.as_str());
    }
}

/// Empty ones are refused.
fn can_stop(sequence: Value<'_>) -> bool {
    sequence.as_str().is_some_and(|sequence| !sequence.is_empty())
}

/// Structured output, unless the options say that the model has none.
fn text_format(body: &Body<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) {
    let Some(format) = body.format() else { return };
    if to.options.structured_output == StructuredOutput::Omit {
        return notes.dropped("output_config.format");
    }
    let name = format.beside("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    out.key("outputConfig").begin_object().key("textFormat").begin_object().key("type").string("json_schema");
    // The schema travels as text.
    out.key("structure").begin_object().key("jsonSchema").begin_object().key("schema").string(format.schema.raw());
    if let Some(name) = name.map(Str::raw) {
        out.key("name").escaped(name);
    }
    out.end_object().end_object().end_object().end_object();
}
