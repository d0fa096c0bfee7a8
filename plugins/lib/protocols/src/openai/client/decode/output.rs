//! How the model shall think and in which form it shall answer: `reasoning_effort` and its relatives, `response_format`.

use super::fields::Fields;
use super::wrong::{Checked, Wrong};
use crate::openai::encode::notes::Notes;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// Steps of `reasoning_effort` and Anthropic's. `minimal` has no counterpart; the least that Anthropic has stands for it, and
/// the word itself travels among the parameters ([`params`]).
const EFFORTS: [(&str, &str); 6] =
    [("minimal", "low"), ("low", "low"), ("medium", "medium"), ("high", "high"), ("xhigh", "xhigh"), ("max", "max")];

/// What a request says of thinking, whichever field says it.
#[derive(Debug, Default)]
struct Wish<'d> {
    /// `thinking` as it stands.
    given: Option<Value<'d>>,
    effort: Option<&'static str>,
    budget: Option<Value<'d>>,
    on: Option<bool>,
}

pub(super) fn write(fields: &Fields<'_>, notes: &mut Notes, out: &mut Writer) -> Checked {
    let wish = Wish::read(fields, notes)?;
    wish.thinking(out);
    let format = schema(fields.response_format)?;
    if wish.effort.is_none() && format.is_none() {
        return Ok(());
    }
    out.key("output_config").begin_object();
    if let Some(effort) = wish.effort {
        out.key("effort").string(effort);
    }
    if let Some(format) = format {
        out.key("format").begin_object().key("type").string("json_schema");
        for name in ["schema", "name", "strict", "description"] {
            if let Some(value) = format.get(name).filter(|value| !value.is_null()) {
                out.key(name).value(value);
            }
        }
        out.end_object();
    }
    out.end_object();
    Ok(())
}

impl<'d> Wish<'d> {
    fn read(fields: &Fields<'d>, notes: &mut Notes) -> Checked<Self> {
        let mut wish = Self::default();
        if let Some(thinking) = fields.thinking {
            if thinking.get("type").and_then(Value::as_str).is_none() {
                return Err(Wrong::new("thinking", "must be an object with a `type`, such as {\"type\":\"enabled\"}"));
            }
            wish.given = Some(thinking);
        }
        if let Some(reasoning) = fields.reasoning {
            if reasoning.kind() != Kind::Object {
                return Err(Wrong::new("reasoning", "must be an object, such as {\"effort\":\"high\"}"));
            }
            wish.reasoning(reasoning, notes).map_err(|wrong| wrong.member("reasoning"))?;
        }
        if let Some(effort) = fields.reasoning_effort {
            wish.effort(effort, "reasoning_effort")?;
        }
        Ok(wish)
    }

    /// Reads OpenRouter's object `reasoning`.
    fn reasoning(&mut self, reasoning: Value<'d>, notes: &mut Notes) -> Checked {
        for (key, value) in reasoning.members().filter(|(_, value)| !value.is_null()) {
            match key.raw() {
                "effort" => self.effort(value, "effort")?,
                "max_tokens" if value.as_u64().is_some() => self.budget = Some(value),
                "enabled" if value.as_bool().is_some() => self.on = self.on.or(value.as_bool()),
                other => notes.dropped(format!("reasoning.{other}")),
            }
        }
        Ok(())
    }

    fn effort(&mut self, effort: Value<'d>, name: &str) -> Checked {
        let named = effort.as_str().map(Str::decode).unwrap_or_default();
        if &*named == "none" {
            self.on = Some(false);
            return Ok(());
        }
        let known = EFFORTS.iter().find(|(effort, _)| *effort == &*named);
        let (_, meaning) =
            known.ok_or_else(|| Wrong::new(name, "must be none, minimal, low, medium, high, xhigh or max"))?;
        self.effort = Some(meaning);
        self.on = Some(true);
        Ok(())
    }

    fn thinking(&self, out: &mut Writer) {
        match (self.given, self.budget, self.on) {
            (Some(given), _, _) if is_bare_switch(given) => _ = out.key("thinking").raw(r#"{"type":"adaptive"}"#),
            (Some(given), _, _) => _ = out.key("thinking").value(given),
            (None, _, Some(false)) => _ = out.key("thinking").raw(r#"{"type":"disabled"}"#),
            (None, Some(budget), _) => {
                out.key("thinking").begin_object().key("type").string("enabled");
                out.key("budget_tokens").value(budget).end_object();
            }
            (None, None, Some(true)) => _ = out.key("thinking").raw(r#"{"type":"adaptive"}"#),
            (None, None, None) => {}
        }
    }
}

/// GLM and DeepSeek switch thinking on without a budget, which Anthropic has another word for.
fn is_bare_switch(thinking: Value<'_>) -> bool {
    let on = thinking.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "enabled");
    on && thinking.get("budget_tokens").is_none_or(Value::is_null)
}

/// The object that holds the schema of a wanted JSON answer.
fn schema(format: Option<Value<'_>>) -> Checked<Option<Value<'_>>> {
    let Some(format) = format.filter(|format| is_kind(*format, "json_schema")) else { return Ok(None) };
    let inner = format.get("json_schema").unwrap_or(format);
    if inner.get("schema").is_none_or(|schema| schema.kind() != Kind::Object) {
        return Err(Wrong::new("response_format.json_schema.schema", "is required: an object, a JSON Schema"));
    }
    Ok(Some(inner))
}

fn is_kind(object: Value<'_>, kind: &str) -> bool {
    object.get("type").and_then(Value::as_str).is_some_and(|is| is == kind)
}

/// What the inner form says less exactly, as parameters for upstreams that know the words: an answer in any JSON, and the two
/// steps of effort that Anthropic does not have.
pub(super) fn params<'d>(fields: &Fields<'d>) -> [(&'static str, Option<Value<'d>>); 2] {
    let format = fields.response_format.filter(|format| !is_kind(*format, "json_schema") && !is_kind(*format, "text"));
    let effort = fields
        .reasoning_effort
        .filter(|effort| effort.as_str().is_some_and(|effort| effort == "minimal" || effort == "none"));
    [("response_format", format), ("reasoning_effort", effort)]
}
